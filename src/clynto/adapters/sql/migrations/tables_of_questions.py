"""The part of the first schema that Larry needs: questions that were asked, and indexes for answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

_WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_OPEN = sa.text("status = 'open'")
_SQLITE_CANCELING = sa.text(
    "ended = 0 AND (json_extract(document, '$[9]') = 1 OR json_extract(document, '$[10]') IS NOT NULL)"
)
_POSTGRESQL_CANCELING = sa.text(
    "NOT ended AND ((document::json ->> 9) = 'true' OR (document::json ->> 10) IS NOT NULL)"
)


def create_tables_of_questions() -> None:
    """Create them. Stands behind all tables whose columns it indexes."""
    op.create_table(
        "questions",
        sa.Column("workspace_id", _WORD, nullable=False),
        sa.Column("id", _WORD, nullable=False),
        sa.Column("conversation_id", _WORD, nullable=False),
        sa.Column("asked_by", _WORD, nullable=False),
        sa.Column("question", _WORD, nullable=False),
        sa.Column("query", _WORD),
        sa.Column("answer", _WORD, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_questions"),
    )
    op.create_index("ix_questions_at", "questions", ["workspace_id", "at", "id"])
    op.create_index("ix_questions_conversation", "questions", ["workspace_id", "conversation_id", "at"])
    op.create_index("ix_stripe_invoices_newest", "stripe_invoices", ["workspace_id", "created", "id", "status"])
    op.create_index(
        "ix_stripe_invoices_open",
        "stripe_invoices",
        ["workspace_id", "status", "created", "id", "customer_id", "currency"],
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_index(
        "ix_stripe_subscriptions_canceling",
        "stripe_subscriptions",
        ["workspace_id", "id"],
        sqlite_where=_SQLITE_CANCELING,
        postgresql_where=_POSTGRESQL_CANCELING,
    )
    op.create_index(
        "ix_subscription_billing_plan",
        "subscription_billing",
        [
            "workspace_id",
            "plan_name",
            "interval",
            "currency",
            "counted",
            "customer_id",
            "list_whole",
            "list_num",
            "list_den",
            "net_whole",
            "net_num",
            "net_den",
        ],
    )
    op.create_index("ix_mrr_point_money_month", "mrr_point_money", ["workspace_id", "month", "account_id"])
