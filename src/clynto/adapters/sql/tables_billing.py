"""Tables of matches and of computed billing. Every row of them can be computed again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Index, Table

from clynto.adapters.sql import exact_amounts
from clynto.adapters.sql.column_types import AMOUNT, FLAG, WORD
from clynto.adapters.sql.metadata import METADATA, key, workspace_key

matches = Table(
    "matches",
    METADATA,
    workspace_key(),
    key("customer_id"),
    Column("account_id", WORD),
    Column("kind", WORD, nullable=False),
    Column("reason", WORD, nullable=False),
    Column("matched_domain", WORD),
    Column("candidates", WORD, nullable=False),
)
Index("ix_matches_account", matches.c.workspace_id, matches.c.account_id, matches.c.customer_id)


def _summary() -> list[Column[Any]]:
    return [
        Column("partial", FLAG, nullable=False),
        Column("payment_status", WORD),
        Column("renewal_at", AMOUNT),
        Column("oldest_invoice_at", AMOUNT),
        Column("live_subscriptions", AMOUNT, nullable=False),
    ]


def _money() -> list[Column[int | None]]:
    return [
        *exact_amounts.columns("list"),
        *exact_amounts.columns("net"),
        *exact_amounts.columns("lifetime"),
    ]


customer_billing = Table(
    "customer_billing",
    METADATA,
    workspace_key(),
    key("customer_id"),
    Column("account_id", WORD),
    *_summary(),
    Column("as_of", AMOUNT, nullable=False),
    Column("computed_at", AMOUNT, nullable=False),
)
Index("ix_customer_billing_account", customer_billing.c.workspace_id, customer_billing.c.account_id)

customer_money = Table(
    "customer_money",
    METADATA,
    workspace_key(),
    key("customer_id"),
    key("currency"),
    *_money(),
    Column("account_id", WORD),
)
"""A null amount: the bag does not hold that currency, which is not the same as zero of it. ``account_id`` is that of
the customer's row, as in ``subscription_billing``: what customers without an account pay is summed over their rows."""

subscription_billing = Table(
    "subscription_billing",
    METADATA,
    workspace_key(),
    key("subscription_id"),
    Column("customer_id", WORD, nullable=False),
    Column("account_id", WORD),
    Column("currency", WORD, nullable=False),
    Column("counted", FLAG, nullable=False),
    *exact_amounts.columns("list"),
    *exact_amounts.columns("net"),
    Column("partial", FLAG, nullable=False),
    Column("plan_name", WORD, nullable=False),
    Column("quantity", AMOUNT),
    Column("interval", WORD),
    Column("product_ids", WORD, nullable=False),
    Column("notes", WORD, nullable=False),
    Column("net_notes", WORD, nullable=False),
)
"""``account_id`` is that of the customer's row, held here again so that sums by plan or interval need no join."""
Index("ix_subscription_billing_customer", subscription_billing.c.workspace_id, subscription_billing.c.customer_id)

account_billing = Table(
    "account_billing",
    METADATA,
    workspace_key(),
    key("account_id"),
    *_summary(),
    Column("customers", AMOUNT, nullable=False),
    Column("as_of", AMOUNT),
    Column("computed_at", AMOUNT, nullable=False),
)

account_money = Table("account_money", METADATA, workspace_key(), key("account_id"), key("currency"), *_money())
Index("ix_account_money_accounts", *(column for column in account_money.c))
"""Holds all that answers over many accounts need, account by account; sums over every account are kept."""
