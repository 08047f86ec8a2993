"""The table of questions that were asked, and the indexes that answers need on tables of others."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, text

from clynto.adapters.sql.column_types import AMOUNT, WORD
from clynto.adapters.sql.metadata import METADATA, key, workspace_key
from clynto.adapters.sql.tables_billing import subscription_billing
from clynto.adapters.sql.tables_mrr_records import mrr_point_money
from clynto.adapters.sql.tables_stripe_facts import stripe_customers, stripe_invoices, stripe_subscriptions

questions = Table(
    "questions",
    METADATA,
    workspace_key(),
    key("id"),
    Column("conversation_id", WORD, nullable=False),
    Column("asked_by", WORD, nullable=False),
    Column("question", WORD, nullable=False),
    Column("query", WORD),
    Column("answer", WORD, nullable=False),
    Column("at", AMOUNT, nullable=False),
)
Index("ix_questions_at", questions.c.workspace_id, questions.c.at, questions.c.id)
Index("ix_questions_conversation", questions.c.workspace_id, questions.c.conversation_id, questions.c.at)

Index(
    "ix_stripe_invoices_newest",
    stripe_invoices.c.workspace_id,
    stripe_invoices.c.created,
    stripe_invoices.c.id,
    stripe_invoices.c.status,
)

SQLITE_LEFT_TO_PAY = "json_extract(head, '$[2]')"
POSTGRESQL_LEFT_TO_PAY = "((head::json ->> 2)::bigint)"
"""``amount_remaining`` inside ``head`` (see ``codec_invoices``)."""
IS_OPEN = text("status = 'open'")
Index(
    "ix_stripe_invoices_open",
    stripe_invoices.c.workspace_id,
    stripe_invoices.c.status,
    stripe_invoices.c.created,
    stripe_invoices.c.id,
    stripe_invoices.c.customer_id,
    stripe_invoices.c.currency,
    sqlite_where=IS_OPEN,
    postgresql_where=IS_OPEN,
)
"""Few of a million invoices are open; what is owed is summed over these alone. ``status`` is the same in all of it,
but without it SQLite takes an index of all invoices, which serves the workspace just as well."""

SQLITE_CANCELING = text(
    "ended = 0 AND (json_extract(document, '$[9]') = 1 OR json_extract(document, '$[10]') IS NOT NULL)"
)
POSTGRESQL_CANCELING = text("NOT ended AND ((document::json ->> 9) = 'true' OR (document::json ->> 10) IS NOT NULL)")
"""A cancellation is scheduled by the flag or by the date inside ``document`` (see ``codec_subscriptions``)."""
Index(
    "ix_stripe_subscriptions_canceling",
    stripe_subscriptions.c.workspace_id,
    stripe_subscriptions.c.id,
    sqlite_where=SQLITE_CANCELING,
    postgresql_where=POSTGRESQL_CANCELING,
)

Index(
    "ix_subscription_billing_plan",
    subscription_billing.c.workspace_id,
    subscription_billing.c.plan_name,
    subscription_billing.c.account_id,
    subscription_billing.c.interval,
    subscription_billing.c.currency,
    subscription_billing.c.counted,
    subscription_billing.c.list_whole,
    subscription_billing.c.list_num,
    subscription_billing.c.list_den,
    subscription_billing.c.net_whole,
    subscription_billing.c.net_num,
    subscription_billing.c.net_den,
)
"""Holds all that a sum by plan, interval or currency needs, so that it never leaves the index."""

Index(
    "ix_mrr_point_money_month",
    mrr_point_money.c.workspace_id,
    mrr_point_money.c.month,
    mrr_point_money.c.account_id,
    mrr_point_money.c.currency,
    mrr_point_money.c.list_den,
    mrr_point_money.c.list_whole,
    mrr_point_money.c.list_num,
)
"""Holds all that a comparison of list MRR with a month end needs: its rows lie among those of all other months. It must
not hold whole rows: SQLite would read the points of one account from it, and so those of all accounts."""

ENDED = stripe_subscriptions.c.ended.is_(True)
Index(
    "ix_stripe_subscriptions_ended",
    stripe_subscriptions.c.workspace_id,
    stripe_subscriptions.c.id,
    sqlite_where=ENDED,
    postgresql_where=ENDED,
)

DELETED = stripe_customers.c.deleted.is_(True)
Index(
    "ix_stripe_customers_deleted",
    stripe_customers.c.workspace_id,
    stripe_customers.c.id,
    sqlite_where=DELETED,
    postgresql_where=DELETED,
)
"""Few customers are deleted; the living ones are counted as all but these."""
