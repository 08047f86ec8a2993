"""The narrow table of the orders in which accounts are looked at less often than by ``account_ranking`` (ADR 0040)."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKeyConstraint, Index, SmallInteger, Table

from clynto.adapters.sql.column_types import AMOUNT, WORD
from clynto.adapters.sql.metadata import METADATA, key, workspace_key
from clynto.adapters.sql.tables_accounts import MISSING

LAST_WORD = "\U0010ffff"
"""Sorts behind every word, as ``MISSING`` does behind every number; downwards that is the empty word."""

NUMBERS = ("lifetime", "change_30", "change_90", "change_12_months")
WORDS = ("domain", "external")


def _columns() -> list[Column[int] | Column[str]]:
    ranks = [
        Column(f"{name}_{direction}", AMOUNT, nullable=False, server_default=str(MISSING))
        for name in NUMBERS
        for direction in ("up", "down")
    ]
    words = [Column(f"{name}_{direction}", WORD, nullable=False) for name in WORDS for direction in ("up", "down")]
    return [*words, *ranks]


account_orders = Table(
    "account_orders",
    METADATA,
    workspace_key(),
    key("account_id"),
    Column("status_rank", SmallInteger, nullable=False, server_default="0"),
    *_columns(),
    ForeignKeyConstraint(["workspace_id", "account_id"], ["accounts.workspace_id", "accounts.id"], ondelete="CASCADE"),
    sqlite_with_rowid=False,
)
"""One row for every account. ``status_rank`` is that of ``account_ranking``, held here again so that a filter on it
never has to leave an index. Words are held twice as well, since what is missing comes last in both directions."""

for _name in (*NUMBERS, *WORDS):
    for _direction in ("up", "down"):
        _key = account_orders.c[f"{_name}_{_direction}"]
        Index(
            f"ix_account_orders_{_name}_{_direction}",
            account_orders.c.workspace_id,
            _key.desc() if (_name, _direction) in {(word, "down") for word in WORDS} else _key,
            account_orders.c.account_id,
            account_orders.c.status_rank,
        )


def both_words(name: str, word: str | None) -> dict[str, str]:
    """What the two columns of an order of words hold; None, or nothing written, sorts last in both."""
    return {f"{name}_up": word or LAST_WORD, f"{name}_down": word or ""}
