"""Tables of the first schema for what comes after the first sync: webhooks, signals, health and remembered MRR."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
AMOUNT = sa.BigInteger()


def _amount(name: str) -> list[sa.Column[int]]:
    """An exact amount: the whole part and the fraction beside it."""
    return [sa.Column(f"{name}_{part}", AMOUNT) for part in ("whole", "num", "den")]


def create_tables_of_news() -> None:
    """Create them."""
    op.create_table(
        "event_inbox",
        sa.Column("workspace_id", WORD, nullable=False),
        sa.Column("event_id", WORD, nullable=False),
        sa.Column("created", AMOUNT, nullable=False),
        sa.Column("received_at", AMOUNT, nullable=False),
        sa.Column("due_at", AMOUNT, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("attempts", AMOUNT, nullable=False),
        sa.Column("finished_at", AMOUNT),
        sa.Column("event_use", WORD),
        sa.Column("fault", WORD),
        sa.Column("envelope", WORD, nullable=False),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("delivered", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "event_id", name="pk_event_inbox"),
    )
    op.create_index(
        "ix_event_inbox_finished",
        "event_inbox",
        ["workspace_id", "event_use", "delivered", "received_at"],
        sqlite_where=sa.text("state IN ('done', 'ignored')"),
        postgresql_where=sa.text("state IN ('done', 'ignored')"),
    )
    op.create_index(
        "ix_event_inbox_parked",
        "event_inbox",
        ["workspace_id", "created", "event_id"],
        sqlite_where=sa.text("state = 'parked'"),
        postgresql_where=sa.text("state = 'parked'"),
    )
    op.create_index(
        "ix_event_inbox_pending",
        "event_inbox",
        ["workspace_id", "created", "event_id", "due_at"],
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "ix_event_inbox_prunable",
        "event_inbox",
        ["received_at"],
        sqlite_where=sa.text("state IN ('done', 'ignored')"),
        postgresql_where=sa.text("state IN ('done', 'ignored')"),
    )
    op.create_table(
        "health_history",
        sa.Column("workspace_id", WORD, nullable=False),
        sa.Column("account_id", WORD, nullable=False),
        sa.Column("at", AMOUNT, nullable=False, autoincrement=False),
        sa.Column("score", sa.SmallInteger()),
        sa.Column("reason", WORD, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "account_id", "at", name="pk_health_history"),
    )
    op.create_table(
        "health_pillars",
        sa.Column("workspace_id", WORD, nullable=False),
        sa.Column("account_id", WORD, nullable=False),
        sa.Column("pillar", WORD, nullable=False),
        sa.Column("score", sa.SmallInteger(), nullable=False),
        sa.Column("reason", WORD, nullable=False),
        sa.Column("as_of", AMOUNT, nullable=False),
        sa.Column("set_by", WORD, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "account_id", "pillar", name="pk_health_pillars"),
    )
    op.create_table(
        "mrr_point_money",
        sa.Column("workspace_id", WORD, nullable=False),
        sa.Column("account_id", WORD, nullable=False),
        sa.Column("month", WORD, nullable=False),
        sa.Column("currency", WORD, nullable=False),
        *_amount("list"),
        *_amount("net"),
        sa.PrimaryKeyConstraint("workspace_id", "account_id", "month", "currency", name="pk_mrr_point_money"),
    )
    op.create_table(
        "mrr_points",
        sa.Column("workspace_id", WORD, nullable=False),
        sa.Column("account_id", WORD, nullable=False),
        sa.Column("month", WORD, nullable=False),
        sa.Column("confidence", WORD, nullable=False),
        sa.Column("notes", WORD, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "account_id", "month", name="pk_mrr_points"),
    )
    op.create_table(
        "mrr_snapshot_money",
        sa.Column("workspace_id", WORD, nullable=False),
        sa.Column("account_id", WORD, nullable=False),
        sa.Column("day", WORD, nullable=False),
        sa.Column("currency", WORD, nullable=False),
        *_amount("list"),
        *_amount("net"),
        sa.PrimaryKeyConstraint("workspace_id", "account_id", "day", "currency", name="pk_mrr_snapshot_money"),
    )
    op.create_index("ix_mrr_snapshot_money_day", "mrr_snapshot_money", ["workspace_id", "day"])
    op.create_table(
        "mrr_snapshots",
        sa.Column("workspace_id", WORD, nullable=False),
        sa.Column("account_id", WORD, nullable=False),
        sa.Column("day", WORD, nullable=False),
        sa.Column("at", AMOUNT, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "account_id", "day", name="pk_mrr_snapshots"),
    )
    op.create_index("ix_mrr_snapshots_day", "mrr_snapshots", ["workspace_id", "day", "account_id"])
    op.create_table(
        "non_events",
        sa.Column("workspace_id", WORD, nullable=False),
        sa.Column("subscription_id", WORD, nullable=False),
        sa.Column("at", AMOUNT, nullable=False, autoincrement=False),
        sa.Column("code", WORD, nullable=False),
        sa.Column("customer_id", WORD),
        sa.Column("plan", WORD, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "subscription_id", "at", "code", name="pk_non_events"),
    )
    op.create_table(
        "signal_ledgers",
        sa.Column("workspace_id", WORD, nullable=False),
        sa.Column("ledger_key", WORD, nullable=False),
        sa.Column("document", WORD, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "ledger_key", name="pk_signal_ledgers"),
    )
    op.create_table(
        "signals",
        sa.Column("workspace_id", WORD, nullable=False),
        sa.Column("type", WORD, nullable=False),
        sa.Column("identity", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("customer_id", WORD),
        sa.Column("subscription_id", WORD),
        sa.Column("state", WORD, nullable=False),
        sa.Column("severity_rank", sa.SmallInteger(), nullable=False),
        sa.Column("occurred_at", AMOUNT, nullable=False),
        sa.Column("detected_at", AMOUNT, nullable=False),
        sa.Column("changed_at", AMOUNT, nullable=False),
        sa.Column("dismissed_at", AMOUNT),
        sa.Column("document", WORD, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "type", "identity", name="pk_signals"),
    )
    op.create_index("ix_signals_changed", "signals", ["workspace_id", "changed_at"])
    op.create_index("ix_signals_customer", "signals", ["workspace_id", "customer_id"])
    op.create_index("ix_signals_newest", "signals", ["workspace_id", "occurred_at", "id"])
    op.create_index("ix_signals_subscription", "signals", ["workspace_id", "subscription_id"])
    op.create_index(
        "ix_signals_unanswered",
        "signals",
        ["workspace_id", "type"],
        sqlite_where=sa.text("state = 'open' AND dismissed_at IS NULL"),
        postgresql_where=sa.text("state = 'open' AND dismissed_at IS NULL"),
    )
    op.create_index("uq_signals_id", "signals", ["workspace_id", "id"], unique=True)
    op.create_index(
        "uq_signals_one_open_payment_overdue",
        "signals",
        ["workspace_id", "subscription_id"],
        unique=True,
        sqlite_where=sa.text("type = 'payment_overdue' AND state = 'open'"),
        postgresql_where=sa.text("type = 'payment_overdue' AND state = 'open'"),
    )
    op.create_index(
        "uq_signals_one_open_subscription_canceled",
        "signals",
        ["workspace_id", "subscription_id"],
        unique=True,
        sqlite_where=sa.text("type = 'subscription_canceled' AND state = 'open'"),
        postgresql_where=sa.text("type = 'subscription_canceled' AND state = 'open'"),
    )
    op.create_table(
        "webhook_endpoints",
        sa.Column("workspace_id", WORD, nullable=False),
        sa.Column("token", WORD, nullable=False),
        sa.Column("created_at", AMOUNT, nullable=False),
        sa.Column("current_ciphertext", sa.LargeBinary()),
        sa.Column("current_key_version", AMOUNT),
        sa.Column("secret_set_at", AMOUNT),
        sa.Column("former_ciphertext", sa.LargeBinary()),
        sa.Column("former_key_version", AMOUNT),
        sa.Column("former_valid_until", AMOUNT),
        sa.Column("refused_at", AMOUNT),
        sa.Column("refusal", WORD),
        sa.Column("clock_skew_seconds", AMOUNT),
        sa.PrimaryKeyConstraint("workspace_id", name="pk_webhook_endpoints"),
    )
    op.create_index("uq_webhook_endpoints_token", "webhook_endpoints", ["token"], unique=True)
