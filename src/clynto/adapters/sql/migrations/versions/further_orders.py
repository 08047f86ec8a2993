"""For the accounts table sorted by every column: a table of further orders. Words are filled from what is stored;
lifetime value and what MRR changed when accounts are computed next, which a worker does once an hour."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "further_orders"
down_revision = "rare_statuses"

_WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_MISSING = str(2**63 - 1)
_LAST_WORD = "\U0010ffff"
_LETTERS = 120
_AT_ONCE = 2_000
_NUMBERS = ("lifetime", "change_30", "change_90", "change_12_months")
_WORDS = ("domain", "external")
_DIRECTIONS = ("up", "down")
_FROM = (
    "SELECT a.workspace_id, a.id, a.domains, a.external_id, r.status_rank FROM accounts a JOIN account_ranking r"
    " ON r.workspace_id = a.workspace_id AND r.account_id = a.id"
    " WHERE (a.workspace_id, a.id) > (:workspace_id, :account_id) ORDER BY a.workspace_id, a.id LIMIT :at_once"
)


def upgrade() -> None:
    """Apply."""
    words = [f"{name}_{direction}" for name in _WORDS for direction in _DIRECTIONS]
    numbers = [f"{name}_{direction}" for name in _NUMBERS for direction in _DIRECTIONS]
    op.create_table(
        "account_orders",
        sa.Column("workspace_id", _WORD, nullable=False),
        sa.Column("account_id", _WORD, nullable=False),
        sa.Column("status_rank", sa.SmallInteger(), server_default="0", nullable=False),
        *(sa.Column(name, _WORD, nullable=False) for name in words),
        *(sa.Column(name, sa.BigInteger(), server_default=_MISSING, nullable=False) for name in numbers),
        sa.ForeignKeyConstraint(
            ["workspace_id", "account_id"],
            ["accounts.workspace_id", "accounts.id"],
            name="fk_account_orders_accounts",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "account_id", name="pk_account_orders"),
        sqlite_with_rowid=False,
    )
    _fill(words)
    downwards = {f"{name}_down" for name in _WORDS}
    for name in (*numbers, *words):
        key: Any = sa.text(f"{name} DESC") if name in downwards else name
        columns = ["workspace_id", key, "account_id", "status_rank"]
        op.create_index(f"ix_account_orders_{name}", "account_orders", columns)


def downgrade() -> None:
    """Take back."""
    op.drop_table("account_orders")


def _fill(words: list[str]) -> None:
    named = ["workspace_id", "account_id", "status_rank", *words]
    insert = sa.text(
        f"INSERT INTO account_orders ({', '.join(named)}) VALUES ({', '.join(f':{name}' for name in named)})"  # noqa: S608 - names of this module
    )
    connection, last = op.get_bind(), {"workspace_id": "", "account_id": ""}
    while held := connection.execute(sa.text(_FROM), {**last, "at_once": _AT_ONCE}).all():
        connection.execute(insert, [_order(*row) for row in held])
        last = {"workspace_id": held[-1][0], "account_id": held[-1][1]}


def _order(
    workspace_id: str, account_id: str, domains: str, external_id: str | None, status_rank: int
) -> dict[str, Any]:
    words: dict[str, str] = {}
    for name, word in (("domain", next(iter(json.loads(domains)), None)), ("external", external_id)):
        folded = (word or "").casefold()[:_LETTERS]
        words |= {f"{name}_up": folded or _LAST_WORD, f"{name}_down": folded}
    return {"workspace_id": workspace_id, "account_id": account_id, "status_rank": status_rank, **words}
