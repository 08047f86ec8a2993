"""Tables of churn signals, of the ledgers behind them, and of explained non-events."""

from __future__ import annotations

from sqlalchemy import Column, Index, SmallInteger, Table, text

from clynto.adapters.sql.column_types import AMOUNT, WORD
from clynto.adapters.sql.metadata import METADATA, key, workspace_key

signals = Table(
    "signals",
    METADATA,
    workspace_key(),
    key("type"),
    key("identity"),
    Column("id", WORD, nullable=False),
    Column("customer_id", WORD),
    Column("subscription_id", WORD),
    Column("state", WORD, nullable=False),
    Column("severity_rank", SmallInteger, nullable=False),
    Column("occurred_at", AMOUNT, nullable=False),
    Column("detected_at", AMOUNT, nullable=False),
    Column("changed_at", AMOUNT, nullable=False),
    Column("dismissed_at", AMOUNT),
    Column("stands_with", WORD, nullable=False, server_default=text("''")),
    Column("document", WORD, nullable=False),
)
Index("uq_signals_id", signals.c.workspace_id, signals.c.id, unique=True)
Index("ix_signals_newest", signals.c.workspace_id, signals.c.occurred_at, signals.c.id)
Index("ix_signals_customer", signals.c.workspace_id, signals.c.customer_id)
Index("ix_signals_subscription", signals.c.workspace_id, signals.c.subscription_id)
Index("ix_signals_changed", signals.c.workspace_id, signals.c.changed_at)

IS_UNANSWERED = text("state = 'open' AND dismissed_at IS NULL")
for _name, _columns in (
    ("ix_signals_unanswered", (signals.c.type, signals.c.stands_with)),
    # Every page counts the cases: in this order they are counted as they are read.
    ("ix_signals_cases", (signals.c.stands_with,)),
):
    Index(_name, signals.c.workspace_id, *_columns, sqlite_where=IS_UNANSWERED, postgresql_where=IS_UNANSWERED)

ONE_OPEN_OF = ("payment_overdue", "subscription_canceled")
for _type in ONE_OPEN_OF:
    _open_of_type = text(f"type = '{_type}' AND state = 'open'")
    Index(
        f"uq_signals_one_open_{_type}",
        signals.c.workspace_id,
        signals.c.subscription_id,
        unique=True,
        sqlite_where=_open_of_type,
        postgresql_where=_open_of_type,
    )
"""One open signal of the type per subscription, in whatever order events come (billing rules 5.1, 3)."""

signal_ledgers = Table(
    "signal_ledgers",
    METADATA,
    workspace_key(),
    key("ledger_key"),
    Column("document", WORD, nullable=False),
)

non_events = Table(
    "non_events",
    METADATA,
    workspace_key(),
    key("subscription_id"),
    Column("at", AMOUNT, primary_key=True, autoincrement=False),
    key("code"),
    Column("customer_id", WORD),
    Column("plan", WORD, nullable=False),
)
