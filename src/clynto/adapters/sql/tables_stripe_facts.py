"""Tables of facts from Stripe: one row an object, its children inside, so that both change as one version."""

from __future__ import annotations

from sqlalchemy import Column, Index, SmallInteger, Table, false

from clynto.adapters.sql.column_types import AMOUNT, FLAG, WORD
from clynto.adapters.sql.metadata import METADATA, key, workspace_key


def _provenance() -> tuple[Column[int], Column[int]]:
    return Column("as_of", AMOUNT, nullable=False), Column("source", SmallInteger, nullable=False)


stripe_products = Table(
    "stripe_products",
    METADATA,
    workspace_key(),
    key("id"),
    Column("name", WORD, nullable=False),
    Column("active", FLAG, nullable=False),
    Column("deleted", FLAG, nullable=False),
    *_provenance(),
)

stripe_prices = Table(
    "stripe_prices",
    METADATA,
    workspace_key(),
    key("id"),
    Column("document", WORD, nullable=False),
    *_provenance(),
)

stripe_customers = Table(
    "stripe_customers",
    METADATA,
    workspace_key(),
    key("id"),
    Column("name", WORD),
    Column("email", WORD),
    Column("created", AMOUNT),
    Column("currency", WORD),
    Column("discount", WORD),
    Column("deleted", FLAG, nullable=False),
    Column("search_text", WORD, nullable=False),
    Column("mrr_rank", AMOUNT, nullable=False, server_default="0"),
    *_provenance(),
    Column("matched", FLAG, nullable=False, server_default=false()),
)
"""``mrr_rank`` is set by the recomputation: the negated MRR, by which the list of customers is sorted. ``matched``: the
customer's row of ``matches`` names an account; held here again (see ``matched_flags``), so that those without one are
counted without looking every customer up."""
Index("ix_stripe_customers_mrr", stripe_customers.c.workspace_id, stripe_customers.c.mrr_rank, stripe_customers.c.id)

stripe_subscriptions = Table(
    "stripe_subscriptions",
    METADATA,
    workspace_key(),
    key("id"),
    Column("customer_id", WORD),
    Column("status", WORD, nullable=False),
    Column("ended", FLAG, nullable=False),
    Column("document", WORD, nullable=False),
    *_provenance(),
)
Index("ix_stripe_subscriptions_customer", stripe_subscriptions.c.workspace_id, stripe_subscriptions.c.customer_id)

stripe_discount_readings = Table(
    "stripe_discount_readings",
    METADATA,
    workspace_key(),
    key("id"),
    Column("document", WORD, nullable=False),
    *_provenance(),
)
"""``id`` is the subscription's."""

stripe_invoices = Table(
    "stripe_invoices",
    METADATA,
    workspace_key(),
    key("id"),
    Column("customer_id", WORD),
    Column("subscription_id", WORD),
    Column("status", WORD, nullable=False),
    Column("currency", WORD, nullable=False),
    Column("amount_paid", AMOUNT, nullable=False),
    Column("post_payment_credit", AMOUNT, nullable=False),
    Column("created", AMOUNT, nullable=False),
    Column("last_failed_at", AMOUNT),
    *_provenance(),
    Column("head", WORD, nullable=False),
    Column("lines", WORD, nullable=False),
    Column("amount_remaining", AMOUNT, nullable=False, server_default="0"),
    Column("amount_due", AMOUNT, nullable=False, server_default="0"),
    Column("paid_at", AMOUNT),
)
"""``head`` holds the fields nobody asks for in SQL; ``lines`` stands behind them, as most reads leave it out.
``IN_INDEXES`` stand in ``head`` too: these columns are read from an index only, never behind the lines."""
IN_INDEXES = ("amount_remaining", "amount_due", "paid_at")
Index(
    "ix_stripe_invoices_customer",
    stripe_invoices.c.workspace_id,
    stripe_invoices.c.customer_id,
    stripe_invoices.c.created,
    stripe_invoices.c.id,
)
UNSETTLED = ("draft", "open")
Index(
    "ix_stripe_invoices_unsettled",
    stripe_invoices.c.workspace_id,
    stripe_invoices.c.id,
    sqlite_where=stripe_invoices.c.status.in_(UNSETTLED),
    postgresql_where=stripe_invoices.c.status.in_(UNSETTLED),
)
