"""An invoice and its lines (stripe_facts 2.5). Amounts are integers in minor units of the invoice's currency."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from fractions import Fraction

from clynto.domain.catalogue import Recurrence
from clynto.domain.moments import UnixTime


class InvoiceStatus(enum.StrEnum):
    """The statuses we know. An invoice keeps its status as written."""

    DRAFT = "draft"
    OPEN = "open"
    PAID = "paid"
    UNCOLLECTIBLE = "uncollectible"
    VOID = "void"


DELETED_DRAFT = "deleted"
"""The status we give an invoice that Stripe no longer knows: only drafts can be deleted; it says nothing."""
NOT_SHOWN = frozenset({InvoiceStatus.DRAFT.value, DELETED_DRAFT})
"""Nobody was ever asked to pay these."""


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """A line with its service period. ``subscription_line`` False is a one-off invoice item.

    ``unit_amount`` is exact minor units where the line tells it. ``recurrence`` is known only in payloads that
    embed the price (before 2025-03-31.basil). ``price_per_unit`` False: the price is tiered, so quantity times
    unit amount is not the period's value; None: not told. ``discount_total`` is what discounts took off.
    """

    id: str
    amount: int
    currency: str
    quantity: int | None
    period_start: UnixTime
    period_end: UnixTime
    subscription_line: bool
    subscription_id: str | None
    subscription_item_id: str | None
    proration: bool
    price_id: str | None
    product_id: str | None
    unit_amount: Fraction | None
    recurrence: Recurrence | None
    price_per_unit: bool | None
    discount_total: int


@dataclass(frozen=True, slots=True)
class Invoice:
    """``retry_known`` tells a ``next_payment_attempt`` that is present and null from one that is absent.

    ``last_failed_at`` is our own ledger: the newest ``invoice.payment_failed`` event we hold for it.
    ``lines_complete`` False: only the first page of lines was read.
    """

    id: str
    customer_id: str | None
    subscription_id: str | None
    number: str | None
    status: str
    currency: str
    amount_due: int
    amount_paid: int
    amount_remaining: int
    post_payment_credit: int
    collection_method: str | None
    attempt_count: int
    next_payment_attempt: UnixTime | None
    retry_known: bool
    due_date: UnixTime | None
    created: UnixTime
    finalized_at: UnixTime | None
    paid_at: UnixTime | None
    voided_at: UnixTime | None
    uncollectible_at: UnixTime | None
    uncollectible_reason: str | None
    billing_reason: str | None
    lines: tuple[InvoiceLine, ...] = ()
    lines_complete: bool = True
    last_failed_at: UnixTime | None = None
