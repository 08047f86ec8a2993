"""What the signal rules compare: pictures of subscriptions and invoices, each with its age (billing rules 5.1, 3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from clynto.domain.catalogue import Price, Product
from clynto.domain.invoice import Invoice, InvoiceStatus
from clynto.domain.item_amount import UNSTATED_QUANTITY, ItemAmount, assess_item
from clynto.domain.moments import UnixTime, seconds_of
from clynto.domain.money import total
from clynto.domain.provenance import Provenance
from clynto.domain.subscription import COUNTED_STATUSES, ENDED_STATUSES, Subscription, SubscriptionItem

FAILURE_EVENT = "invoice.payment_failed"
"""The one event type that is a fact of its own; all others only carry a picture (billing rules 5.2)."""

FINAL_INVOICE_STATUSES = frozenset({InvoiceStatus.PAID.value, InvoiceStatus.VOID.value})
"""Nothing comes after them; a written-off invoice can still be paid (billing rules 5.1, 3)."""

SETTLED_INVOICE_STATUSES = FINAL_INVOICE_STATUSES | {InvoiceStatus.UNCOLLECTIBLE.value}


@dataclass(frozen=True, slots=True)
class PlanItem:
    """A licensed recurring item, as far as two pictures are compared. ``volume`` marks a volume-tiered price."""

    product_id: str
    price_id: str
    quantity: int
    interval: str
    interval_count: int
    volume: bool = False


@dataclass(frozen=True, slots=True)
class SubscriptionFacts:
    """One subscription at one moment.

    ``list_mrr`` is the exact monthly list value of its items in minor units, whatever the status; ``period_amount``
    the list amount of one period. ``amount_unknown``: at least one item could not be valued and is not in them.
    ``plan`` is the plan context, ``pro x 10``.
    """

    id: str
    customer_id: str | None
    status: str
    currency: str
    list_mrr: Fraction
    period_amount: Fraction
    amount_unknown: bool
    plan: str
    items: tuple[PlanItem, ...]
    created: UnixTime | None = None
    pause_reason: str | None = None
    latest_invoice_id: str | None = None
    period_start: UnixTime | None = None
    period_end: UnixTime | None = None
    cancel_at_period_end: bool = False
    cancel_at: UnixTime | None = None
    canceled_at: UnixTime | None = None
    ended_at: UnixTime | None = None
    cancellation_reason: str | None = None

    @property
    def is_counted(self) -> bool:
        """Whether its value is recurring revenue at that moment."""
        return self.status in COUNTED_STATUSES

    @property
    def is_ended(self) -> bool:
        """Over for good."""
        return self.status in ENDED_STATUSES


@dataclass(frozen=True, slots=True)
class SubscriptionPicture:
    """A subscription and when it was so."""

    facts: SubscriptionFacts
    seen: Provenance


@dataclass(frozen=True, slots=True)
class InvoicePicture:
    """An invoice, without its lines, and when it was so.

    ``tells_failure``: it came with an ``invoice.payment_failed`` event.
    """

    invoice: Invoice
    seen: Provenance
    tells_failure: bool = False


Picture = SubscriptionPicture | InvoicePicture


def subscription_picture(
    subscription: Subscription,
    seen: Provenance,
    *,
    products: Mapping[str, Product],
    listed_prices: Mapping[str, Price],
) -> SubscriptionPicture:
    """Value ``subscription`` at list (billing rules 2.2 and 5.5: never net, never proration lines).

    ``products`` (by id) name the plan; ``listed_prices`` complete tiers and currency options by id.
    """
    now = seconds_of(seen.as_of)
    counted: list[ItemAmount] = []
    unknown = not subscription.items_complete
    items = [item for item in subscription.items if not item.deleted]
    for item in items:
        assessed = assess_item(item, subscription.currency, listed_prices, now)
        if isinstance(assessed, ItemAmount):
            counted.append(assessed)
        elif not assessed.is_zero:
            unknown = True
    facts = SubscriptionFacts(
        id=subscription.id,
        customer_id=subscription.customer_id,
        status=subscription.status,
        currency=subscription.currency,
        list_mrr=total([amount.monthly for amount in counted]),
        period_amount=total([amount.period_amount for amount in counted]),
        amount_unknown=unknown,
        plan=_plan_context(items, products),
        items=tuple(_plan_item(item) for item in items if _is_licensed(item)),
        created=subscription.created,
        pause_reason=subscription.pause_reason,
        latest_invoice_id=subscription.latest_invoice_id,
        period_start=subscription.current_period_start,
        period_end=subscription.current_period_end,
        cancel_at_period_end=subscription.cancel_at_period_end,
        cancel_at=subscription.cancel_at,
        canceled_at=subscription.canceled_at,
        ended_at=subscription.ended_at,
        cancellation_reason=subscription.cancellation_reason,
    )
    return SubscriptionPicture(facts, seen)


def invoice_picture(invoice: Invoice, seen: Provenance, *, event_type: str | None = None) -> InvoicePicture:
    """The part of ``invoice`` that signals need. ``event_type`` is that of the event that carried it, if any did."""
    head = replace(invoice, lines=()) if invoice.lines else invoice
    return InvoicePicture(head, seen, tells_failure=event_type == FAILURE_EVENT)


def is_settled(invoice: Invoice) -> bool:
    """Nothing is collected any more: paid, void or written off."""
    return invoice.status in SETTLED_INVOICE_STATUSES


def is_owed(invoice: Invoice) -> bool:
    """Open with something left to pay."""
    return invoice.status == InvoiceStatus.OPEN.value and invoice.amount_remaining > 0


def settled_at(invoice: Invoice) -> UnixTime | None:
    """When a settled invoice became so, as far as Stripe tells."""
    if invoice.status == InvoiceStatus.PAID.value:
        return invoice.paid_at
    return invoice.voided_at if invoice.status == InvoiceStatus.VOID.value else invoice.uncollectible_at


def _is_licensed(item: SubscriptionItem) -> bool:
    price = item.price
    return price is not None and price.recurrence is not None and not price.recurrence.metered


def _plan_item(item: SubscriptionItem) -> PlanItem:
    price = item.price
    assert price is not None
    assert price.recurrence is not None
    return PlanItem(
        product_id=price.product_id or price.id,
        price_id=price.id,
        quantity=UNSTATED_QUANTITY if item.quantity is None else item.quantity,
        interval=price.recurrence.interval,
        interval_count=price.recurrence.interval_count,
        volume=price.tiered and price.tiers_mode == "volume",
    )


def _plan_name(price: Price, products: Mapping[str, Product]) -> str:
    product = products.get(price.product_id or "")
    if product is not None and product.name:
        return product.name
    return price.nickname or price.id


def _plan_context(items: list[SubscriptionItem], products: Mapping[str, Product]) -> str:
    """``pro x 10 + support x 1``; metered items are named only where there is nothing else, since they have no
    quantity."""
    licensed = [item for item in items if _is_licensed(item)]
    texts = []
    for item in licensed or items:
        if item.price is None:
            continue
        name = _plan_name(item.price, products)
        if licensed:
            name = f"{name} x {UNSTATED_QUANTITY if item.quantity is None else item.quantity}"
        texts.append(name)
    return " + ".join(texts)
