"""Tables of daily MRR snapshots and of rebuilt month points: one row that it exists, and one per currency."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table

from clynto.adapters.sql import exact_amounts
from clynto.adapters.sql.column_types import AMOUNT, WORD
from clynto.adapters.sql.metadata import METADATA, key, workspace_key


def _money() -> list[Column[int | None]]:
    return [*exact_amounts.columns("list"), *exact_amounts.columns("net")]


mrr_snapshots = Table(
    "mrr_snapshots", METADATA, workspace_key(), key("account_id"), key("day"), Column("at", AMOUNT, nullable=False)
)
Index("ix_mrr_snapshots_day", mrr_snapshots.c.workspace_id, mrr_snapshots.c.day, mrr_snapshots.c.account_id)

mrr_snapshot_money = Table(
    "mrr_snapshot_money", METADATA, workspace_key(), key("account_id"), key("day"), key("currency"), *_money()
)
Index("ix_mrr_snapshot_money_day", mrr_snapshot_money.c.workspace_id, mrr_snapshot_money.c.day)

mrr_points = Table(
    "mrr_points",
    METADATA,
    workspace_key(),
    key("account_id"),
    key("month"),
    Column("confidence", WORD, nullable=False),
    Column("notes", WORD, nullable=False),
)

mrr_point_money = Table(
    "mrr_point_money", METADATA, workspace_key(), key("account_id"), key("month"), key("currency"), *_money()
)
