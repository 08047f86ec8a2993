"""Tables of accounts, and the narrow table by which accounts are sorted and searched."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKeyConstraint, Index, SmallInteger, Table

from clynto.adapters.sql.column_types import AMOUNT, WORD
from clynto.adapters.sql.metadata import METADATA, key, workspace_key

accounts = Table(
    "accounts",
    METADATA,
    workspace_key(),
    key("id"),
    Column("name", WORD, nullable=False),
    Column("domains", WORD, nullable=False),
    Column("external_id", WORD),
    Column("created_at", AMOUNT, nullable=False),
)
Index("ix_accounts_external_id", accounts.c.workspace_id, accounts.c.external_id)

account_domains = Table(
    "account_domains",
    METADATA,
    workspace_key(),
    key("domain"),
    key("account_id"),
    ForeignKeyConstraint(["workspace_id", "account_id"], ["accounts.workspace_id", "accounts.id"], ondelete="CASCADE"),
)
Index("ix_account_domains_account", account_domains.c.workspace_id, account_domains.c.account_id)

MISSING = 2**63 - 1
"""Sorts behind every value, so missing values come last in both directions."""


def _rank(name: str) -> Column[int]:
    return Column(name, AMOUNT, nullable=False, server_default=str(MISSING))


account_ranking = Table(
    "account_ranking",
    METADATA,
    workspace_key(),
    key("account_id"),
    Column("search_text", WORD, nullable=False),
    Column("name_key", WORD, nullable=False),
    Column("status_rank", SmallInteger, nullable=False, server_default="0"),
    _rank("mrr_up"),
    _rank("mrr_down"),
    _rank("status_up"),
    _rank("status_down"),
    _rank("renewal_up"),
    _rank("renewal_down"),
    _rank("health_up"),
    _rank("health_down"),
    ForeignKeyConstraint(["workspace_id", "account_id"], ["accounts.workspace_id", "accounts.id"], ondelete="CASCADE"),
    sqlite_with_rowid=False,
)
"""One row for every account. Each sortable column is held twice, as it is and negated: ties are broken by ascending
account id in both directions, and one ascending index serves each. ``status_rank`` stands in every index so that a
filter on it never has to leave the index. ``search_text`` stands first, because a search reads it in
every row."""

SORT_COLUMNS = ("mrr", "status", "renewal", "health")
for _name in SORT_COLUMNS:
    for _direction in ("up", "down"):
        Index(
            f"ix_account_ranking_{_name}_{_direction}",
            account_ranking.c.workspace_id,
            account_ranking.c[f"{_name}_{_direction}"],
            account_ranking.c.account_id,
            account_ranking.c.status_rank,
        )
Index("ix_account_ranking_status", account_ranking.c.workspace_id, account_ranking.c.status_rank)
"""Counts accounts by payment status without sorting them."""
Index(
    "ix_account_ranking_name_up",
    account_ranking.c.workspace_id,
    account_ranking.c.name_key,
    account_ranking.c.account_id,
    account_ranking.c.status_rank,
)
Index(
    "ix_account_ranking_name_down",
    account_ranking.c.workspace_id,
    account_ranking.c.name_key.desc(),
    account_ranking.c.account_id,
    account_ranking.c.status_rank,
)


def both_ranks(name: str, value: int | None) -> dict[str, int]:
    """What the two columns of an order hold for ``value``; None sorts last in both."""
    up, down = (MISSING, MISSING) if value is None else (value, -value)
    return {f"{name}_up": up, f"{name}_down": down}
