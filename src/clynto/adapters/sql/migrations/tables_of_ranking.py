"""The part of the first schema by which the accounts table is sorted, searched and added up."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

_WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_AMOUNT = sa.BigInteger()
_MISSING = str(2**63 - 1)
_SORTABLE = [f"{name}_{direction}" for name in ("mrr", "status", "renewal", "health") for direction in ("up", "down")]
_SUMMED = ["currency", "list_den", "net_den", "list_whole", "list_num", "net_whole", "net_num"]


def create_tables_of_ranking() -> None:
    """Create them. Stands behind the tables of accounts and of their money."""
    op.create_table(
        "account_ranking",
        sa.Column("workspace_id", _WORD, nullable=False),
        sa.Column("account_id", _WORD, nullable=False),
        sa.Column("search_text", _WORD, nullable=False),
        sa.Column("name_key", _WORD, nullable=False),
        sa.Column("status_rank", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("mrr_up", _AMOUNT, server_default=_MISSING, nullable=False),
        sa.Column("mrr_down", _AMOUNT, server_default=_MISSING, nullable=False),
        sa.Column("status_up", _AMOUNT, server_default=_MISSING, nullable=False),
        sa.Column("status_down", _AMOUNT, server_default=_MISSING, nullable=False),
        sa.Column("renewal_up", _AMOUNT, server_default=_MISSING, nullable=False),
        sa.Column("renewal_down", _AMOUNT, server_default=_MISSING, nullable=False),
        sa.Column("health_up", _AMOUNT, server_default=_MISSING, nullable=False),
        sa.Column("health_down", _AMOUNT, server_default=_MISSING, nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "account_id"],
            ["accounts.workspace_id", "accounts.id"],
            name="fk_account_ranking_accounts",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "account_id", name="pk_account_ranking"),
        sqlite_with_rowid=False,
    )
    keys: dict[str, str | sa.TextClause] = {name: name for name in _SORTABLE}
    keys |= {"name_up": "name_key", "name_down": sa.text("name_key DESC")}
    for name, key in keys.items():
        op.create_index(
            f"ix_account_ranking_{name}", "account_ranking", ["workspace_id", key, "account_id", "status_rank"]
        )
    op.create_index("ix_account_ranking_status", "account_ranking", ["workspace_id", "status_rank"])
    op.create_index("ix_account_money_sums", "account_money", ["workspace_id", *_SUMMED])
