"""Tables of measured pillars and of the history of health scores."""

from __future__ import annotations

from sqlalchemy import Column, SmallInteger, Table

from clynto.adapters.sql.column_types import AMOUNT, WORD
from clynto.adapters.sql.metadata import METADATA, key, workspace_key

health_pillars = Table(
    "health_pillars",
    METADATA,
    workspace_key(),
    key("account_id"),
    key("pillar"),
    Column("score", SmallInteger, nullable=False),
    Column("reason", WORD, nullable=False),
    Column("as_of", AMOUNT, nullable=False),
    Column("set_by", WORD, nullable=False),
)

health_history = Table(
    "health_history",
    METADATA,
    workspace_key(),
    key("account_id"),
    Column("at", AMOUNT, primary_key=True, autoincrement=False),
    Column("score", SmallInteger),
    Column("reason", WORD, nullable=False),
)
"""The current score itself stands in ``account_ranking``, where accounts are sorted by it."""
