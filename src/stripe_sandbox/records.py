"""The sandbox's own model of a seller's billing data.

Independent of any API version: `stripe_sandbox.rendering` turns these records into the payload of a version. Money is
integers in the minor unit of the record's currency; prices below one minor unit are exact `Decimal`. Times are Unix
seconds, UTC. Names follow the Stripe API where an equal thing exists there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

Json = dict[str, Any]

Interval = Literal["day", "week", "month", "year"]
RetryEnd = Literal["cancel", "unpaid", "past_due", "pause"]
PauseBehavior = Literal["keep_as_draft", "mark_uncollectible", "void"]

#: Statuses in which a subscription still exists for its customer.
LIVE_STATUSES = frozenset({"active", "past_due", "trialing", "unpaid", "paused", "incomplete"})
#: Statuses that nothing leaves any more; `GET /v1/subscriptions?status=ended` lists them.
ENDED_STATUSES = frozenset({"canceled", "incomplete_expired"})


@dataclass(slots=True, kw_only=True)
class Record:
    """What every listable object has: identity, birth, list order within one second, and a change counter."""

    id: str
    created: int
    sequence: int = 0
    revision: int = 0


@dataclass(slots=True, kw_only=True)
class Product(Record):
    """Something the seller sells; plan names on screen come from here."""

    name: str
    active: bool = True
    description: str | None = None
    unit_label: str | None = None
    default_price: str | None = None
    updated: int = 0
    deleted: bool = False
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, frozen=True)
class Tier:
    """One step of a tiered price; `up_to` is inclusive, None is open-ended; amounts in minor units."""

    up_to: int | None
    unit_amount: Decimal | None
    flat_amount: Decimal | None = None


@dataclass(slots=True, frozen=True)
class CurrencyAmounts:
    """What a price costs in one currency: a unit amount in minor units, or tiers, or neither (pay what you want)."""

    unit_amount: Decimal | None = None
    tiers: tuple[Tier, ...] = ()


@dataclass(slots=True, kw_only=True)
class Price(Record):
    """An amount per period, in one currency or more. `interval` None is a one-time price."""

    product: str
    currency: str
    amounts: dict[str, CurrencyAmounts]
    interval: Interval | None = "month"
    interval_count: int = 1
    metered: bool = False
    tiers_mode: Literal["graduated", "volume"] | None = None
    divide_by: int | None = None
    round_up: bool = True
    custom_amount: bool = False
    active: bool = True
    nickname: str | None = None
    lookup_key: str | None = None
    tax_behavior: Literal["exclusive", "inclusive", "unspecified"] = "unspecified"
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Coupon(Record):
    """A reduction: a percentage, or an amount per currency in minor units."""

    name: str
    duration: Literal["once", "repeating", "forever"]
    percent_off: Decimal | None = None
    amounts_off: dict[str, int] = field(default_factory=dict)
    currency: str | None = None
    duration_in_months: int | None = None
    products: tuple[str, ...] = ()
    redeem_by: int | None = None
    times_redeemed: int = 0
    valid: bool = True


@dataclass(slots=True, kw_only=True)
class Discount:
    """A coupon at work on a customer, a subscription or one item, from `start` until before `end`."""

    id: str
    coupon: str
    start: int
    end: int | None = None
    customer: str | None = None
    subscription: str | None = None
    subscription_item: str | None = None


@dataclass(slots=True, kw_only=True)
class PaymentBehaviour:
    """How a customer pays; drives what the life cycle makes of each charge.

    `refusals_left` counts charges still to be refused, -1 refuses for ever. `emailed_invoice_days` is how long after
    finalisation an emailed invoice is paid, None never. `settlement_days` above 0 is a bank debit in processing.
    """

    has_payment_method: bool = True
    refusals_left: int = 0
    emailed_invoice_days: int | None = 10
    settlement_days: int = 0


@dataclass(slots=True, kw_only=True)
class Customer(Record):
    """Someone who is billed. `balance` is in minor units, negative is credit."""

    name: str | None
    email: str | None
    description: str | None = None
    currency: str | None = None
    balance: int = 0
    delinquent: bool = False
    deleted: bool = False
    phone: str | None = None
    invoice_prefix: str = ""
    next_invoice_number: int = 1
    discount: Discount | None = None
    test_clock: str | None = None
    payment: PaymentBehaviour = field(default_factory=PaymentBehaviour)
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class SubscriptionItem(Record):
    """One price on a subscription. `period_number` counts the anchor's periods up to `period_end`.

    `quantity` is None for metered prices; then `usage_per_period` units are billed at each period's end.
    """

    subscription: str
    price: str
    quantity: int | None
    period_start: int
    period_end: int
    period_number: int = 1
    usage_per_period: int = 0
    discounts: list[Discount] = field(default_factory=list)
    trial_end: int | None = None
    trial_start: int | None = None
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class PauseCollection:
    """Invoices go on but nothing is collected, until `resumes_at` (None: until told)."""

    behavior: PauseBehavior
    resumes_at: int | None = None


@dataclass(slots=True, kw_only=True)
class Subscription(Record):
    """A customer's running agreement; `status` is one of Stripe's eight."""

    customer: str
    currency: str
    status: str
    start_date: int
    billing_cycle_anchor: int
    items: list[SubscriptionItem]
    collection_method: Literal["charge_automatically", "send_invoice"] = "charge_automatically"
    days_until_due: int | None = None
    trial_start: int | None = None
    trial_end: int | None = None
    trial_without_method: Literal["cancel", "create_invoice", "pause"] = "create_invoice"
    cancel_at: int | None = None
    cancel_at_period_end: bool = False
    canceled_at: int | None = None
    ended_at: int | None = None
    cancellation_reason: str | None = None
    cancellation_feedback: str | None = None
    pause_collection: PauseCollection | None = None
    paused_type: str | None = None
    paused_at: int | None = None
    discounts: list[Discount] = field(default_factory=list)
    latest_invoice: str | None = None
    pending_lines: list[InvoiceLine] = field(default_factory=list)
    flexible: bool = True
    retry_end: RetryEnd | None = None
    pause_on_first_failure: bool = False
    description: str | None = None
    test_clock: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def period_end(self) -> int:
        """Earliest end of an item's period: the renewal date, and what `current_period_end` filters on."""
        return min((item.period_end for item in self.items), default=self.start_date)

    @property
    def period_start(self) -> int:
        """Latest start of an item's period: what `current_period_start` filters on."""
        return max((item.period_start for item in self.items), default=self.start_date)


@dataclass(slots=True, kw_only=True)
class InvoiceLine:
    """One row of an invoice; `amount` in minor units before discounts, negative for a credit."""

    id: str
    amount: int
    currency: str
    description: str | None
    quantity: int | None
    period_start: int
    period_end: int
    price: str | None = None
    unit_amount: Decimal | None = None
    subscription: str | None = None
    subscription_item: str | None = None
    invoice_item: str | None = None
    proration: bool = False
    discount_amounts: tuple[tuple[str, int], ...] = ()


@dataclass(slots=True, kw_only=True)
class Invoice(Record):
    """A bill. All amounts in minor units of `currency`; `amount_paid` includes money paid outside Stripe."""

    customer: str
    currency: str
    lines: list[InvoiceLine]
    period_start: int
    period_end: int
    status: Literal["draft", "open", "paid", "uncollectible", "void"] = "draft"
    subscription: str | None = None
    billing_reason: str = "manual"
    collection_method: Literal["charge_automatically", "send_invoice"] = "charge_automatically"
    number: str | None = None
    subtotal: int = 0
    total: int = 0
    discount_amounts: tuple[tuple[str, int], ...] = ()
    amount_due: int = 0
    amount_paid: int = 0
    paid_off_stripe: int = 0
    attempt_count: int = 0
    next_payment_attempt: int | None = None
    auto_advance: bool = True
    due_date: int | None = None
    finalized_at: int | None = None
    paid_at: int | None = None
    voided_at: int | None = None
    uncollectible_at: int | None = None
    uncollectible_reason: str | None = None
    pre_payment_credit: int = 0
    post_payment_credit: int = 0
    starting_balance: int = 0
    ending_balance: int | None = None
    customer_name: str | None = None
    customer_email: str | None = None
    charge: str | None = None
    test_clock: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def amount_remaining(self) -> int:
        """What is still to be paid, in minor units."""
        return self.amount_due - self.amount_paid


@dataclass(slots=True, kw_only=True)
class Event(Record):
    """Something that happened. `bodies` holds the `data` member as JSON per API version, frozen at that moment.

    `undelivered` names the webhook endpoints that have not accepted it yet.
    """

    type: str
    object_id: str
    api_version: str
    bodies: dict[str, bytes]
    request_id: str | None = None
    undelivered: set[str] = field(default_factory=set)
