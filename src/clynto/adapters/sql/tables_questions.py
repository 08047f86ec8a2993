"""The table of questions that were asked, and the indexes that answers need on tables of others."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, and_, text

from clynto.adapters.sql.column_types import AMOUNT, WORD
from clynto.adapters.sql.metadata import METADATA, key, workspace_key
from clynto.adapters.sql.tables_billing import customer_money, subscription_billing
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

IS_OPEN = text("status = 'open'")
Index(
    "ix_stripe_invoices_open",
    stripe_invoices.c.workspace_id,
    stripe_invoices.c.status,
    stripe_invoices.c.customer_id,
    stripe_invoices.c.currency,
    stripe_invoices.c.amount_remaining,
    stripe_invoices.c.created,
    stripe_invoices.c.id,
    sqlite_where=IS_OPEN,
    postgresql_where=IS_OPEN,
)
"""Few of a million invoices are open; what is owed is summed over these alone, by customer, so that the accounts of
neighbours are found beside each other. ``status`` is the same in all of it, but without it SQLite takes an index of all
invoices, which serves the workspace just as well."""

Index(
    "ix_stripe_invoices_amount",
    stripe_invoices.c.workspace_id,
    stripe_invoices.c.currency,
    stripe_invoices.c.amount_due,
    stripe_invoices.c.id,
    stripe_invoices.c.status,
    stripe_invoices.c.created,
)
"""The largest invoices of each currency are its last entries; those of a status or a period are found on the way."""

IS_PAID = text("status = 'paid'")
Index(
    "ix_stripe_invoices_paid",
    stripe_invoices.c.workspace_id,
    stripe_invoices.c.currency,
    stripe_invoices.c.paid_at,
    stripe_invoices.c.amount_paid,
    stripe_invoices.c.customer_id,
    sqlite_where=IS_PAID,
    postgresql_where=IS_PAID,
)
"""What came in between two moments is summed over a stretch of it, currency by currency; whose customers paid is
told from it as well."""

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
"""Holds all that the money of a plan, or of all of them, needs, so that a sum never leaves the index."""

IS_COUNTED = and_(subscription_billing.c.counted.is_(True), subscription_billing.c.account_id.is_not(None))
Index(
    "ix_subscription_billing_interval",
    subscription_billing.c.workspace_id,
    subscription_billing.c.interval,
    subscription_billing.c.account_id,
    subscription_billing.c.counted,
    sqlite_where=IS_COUNTED,
    postgresql_where=IS_COUNTED,
)
"""Counts the accounts of each interval, one after the other."""

WITHOUT_ACCOUNT = customer_money.c.account_id.is_(None)
Index(
    "ix_customer_money_unmatched",
    customer_money.c.workspace_id,
    customer_money.c.account_id,
    customer_money.c.currency,
    customer_money.c.list_den,
    customer_money.c.net_den,
    customer_money.c.list_whole,
    customer_money.c.list_num,
    customer_money.c.net_whole,
    customer_money.c.net_num,
    sqlite_where=WITHOUT_ACCOUNT,
    postgresql_where=WITHOUT_ACCOUNT,
)
"""What customers without an account pay; stands in most answers, as what their figures leave out."""

Index(
    "ix_mrr_point_money_month",
    mrr_point_money.c.workspace_id,
    mrr_point_money.c.month,
    mrr_point_money.c.account_id,
    mrr_point_money.c.currency,
    mrr_point_money.c.list_whole,
    mrr_point_money.c.list_num,
    mrr_point_money.c.list_den,
)
"""Holds all that a comparison of list MRR with a month end needs, in the order of ``ix_account_money_accounts``: what
is the same in both is passed over in one walk along the two. It must not hold whole rows: SQLite would read the points
of one account from it, and so those of all accounts."""

ENDED = stripe_subscriptions.c.ended.is_(True)
Index(
    "ix_stripe_subscriptions_ended",
    stripe_subscriptions.c.workspace_id,
    stripe_subscriptions.c.id,
    sqlite_where=ENDED,
    postgresql_where=ENDED,
)

IS_RARE = text("status IN ('trialing', 'past_due')")
Index(
    "ix_stripe_subscriptions_rare",
    stripe_subscriptions.c.workspace_id,
    stripe_subscriptions.c.status,
    stripe_subscriptions.c.id,
    sqlite_where=IS_RARE,
    postgresql_where=IS_RARE,
)
"""Statuses that few subscriptions have and that questions ask for."""

DELETED = stripe_customers.c.deleted.is_(True)
Index(
    "ix_stripe_customers_deleted",
    stripe_customers.c.workspace_id,
    stripe_customers.c.id,
    sqlite_where=DELETED,
    postgresql_where=DELETED,
)
"""Few customers are deleted; the living ones are counted as all but these."""

LIVES_UNMATCHED = and_(stripe_customers.c.deleted.is_(False), stripe_customers.c.matched.is_(False))
Index(
    "ix_stripe_customers_unmatched",
    stripe_customers.c.workspace_id,
    stripe_customers.c.deleted,
    stripe_customers.c.matched,
    stripe_customers.c.id,
    sqlite_where=LIVES_UNMATCHED,
    postgresql_where=LIVES_UNMATCHED,
)
"""Customers that are not deleted and belong to no account: most belong to one."""
