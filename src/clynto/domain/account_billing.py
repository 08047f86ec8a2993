"""What a customer, and the account it belongs to, pays: the records that a recomputation leaves behind."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from clynto.domain.moments import UnixMicros, UnixTime
from clynto.domain.money import MoneyBag


class PaymentStatus(enum.StrEnum):
    """The Payment Status column of the guide; no status at all is None and shown as a dash."""

    PAID = "paid"
    OVERDUE = "overdue"
    FAILED = "failed"


SEVERITY = {None: 0, PaymentStatus.PAID: 1, PaymentStatus.OVERDUE: 2, PaymentStatus.FAILED: 3}
"""failed > overdue > paid > none (billing rules, section 1)."""


def worst(statuses: Iterable[PaymentStatus | None]) -> PaymentStatus | None:
    """The most severe of all that was said; None if nothing was said."""
    return max(statuses, key=lambda status: SEVERITY[status], default=None)


@dataclass(frozen=True, slots=True)
class SubscriptionBilling:
    """What one subscription brings. ``list_mrr`` and ``net_mrr`` are exact minor units per month of ``currency``.

    ``counted`` False: its status does not count (billing rules, section 1), the amounts are then zero.
    ``notes`` are ``code object_id`` words such as ``metered_not_counted si_1``; ``net_notes`` are those that
    concern only the net figure, such as ``discount_ended di_1``.
    """

    subscription_id: str
    customer_id: str | None
    currency: str
    counted: bool
    list_mrr: Fraction
    net_mrr: Fraction
    partial: bool
    plan_name: str
    quantity: int | None
    interval: str | None
    """``month``, ``year``, ``3 months`` ...; None where the items differ or none is known."""
    product_ids: tuple[str, ...]
    notes: tuple[str, ...]
    net_notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CustomerBilling:
    """All that one Stripe customer pays; the sum over an account's customers is the account's billing.

    ``computed_at`` is when; ``as_of`` is the age of the oldest fact it rests on (guarantee 12).
    """

    customer_id: str
    list_mrr: MoneyBag
    net_mrr: MoneyBag
    partial: bool
    payment_status: PaymentStatus | None
    renewal_at: UnixTime | None
    lifetime_value: MoneyBag
    oldest_invoice_at: UnixTime | None
    live_subscriptions: int
    subscriptions: tuple[SubscriptionBilling, ...]
    as_of: UnixMicros
    computed_at: UnixMicros


@dataclass(frozen=True, slots=True)
class AccountBilling:
    """The account's row: see ``CustomerBilling`` for the meaning of the fields."""

    account_id: str
    list_mrr: MoneyBag
    net_mrr: MoneyBag
    partial: bool
    payment_status: PaymentStatus | None
    renewal_at: UnixTime | None
    lifetime_value: MoneyBag
    oldest_invoice_at: UnixTime | None
    live_subscriptions: int
    customers: int
    as_of: UnixMicros | None
    computed_at: UnixMicros


def add_up(account_id: str, customers: Iterable[CustomerBilling], *, computed_at: UnixMicros) -> AccountBilling:
    """Sum the customers of one account; the order in which they come does not matter."""
    held = list(customers)
    list_mrr = net_mrr = lifetime = MoneyBag.empty()
    for customer in held:
        list_mrr, net_mrr = list_mrr + customer.list_mrr, net_mrr + customer.net_mrr
        lifetime = lifetime + customer.lifetime_value
    return AccountBilling(
        account_id=account_id,
        list_mrr=list_mrr,
        net_mrr=net_mrr,
        partial=any(customer.partial for customer in held),
        payment_status=worst(customer.payment_status for customer in held),
        renewal_at=min((c.renewal_at for c in held if c.renewal_at is not None), default=None),
        lifetime_value=lifetime,
        oldest_invoice_at=min((c.oldest_invoice_at for c in held if c.oldest_invoice_at is not None), default=None),
        live_subscriptions=sum(customer.live_subscriptions for customer in held),
        customers=len(held),
        as_of=min((customer.as_of for customer in held), default=None),
        computed_at=computed_at,
    )
