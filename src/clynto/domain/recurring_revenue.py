"""Monthly recurring revenue on both bases, explained line by line (billing rules 2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from clynto.domain.catalogue import Price
from clynto.domain.discount import Discount
from clynto.domain.discounted_revenue import AppliedDiscount, DiscountLevel, NetAmounts, discounted
from clynto.domain.item_amount import ItemAmount, NotCounted, assess_item
from clynto.domain.moments import UnixTime
from clynto.domain.money import ZERO, MoneyBag, total
from clynto.domain.policies import PAUSES_THAT_GIVE_THE_PERIOD_AWAY
from clynto.domain.subscription import COUNTED_STATUSES, Subscription, SubscriptionItem


@dataclass(frozen=True, slots=True)
class RevenueLine:
    """One counted item. ``period_amount`` x ``factor`` is ``list_mrr``; less ``discounts`` it is ``net_mrr``.

    All amounts are exact minor units of ``currency``: ``period_amount`` per billing period, the others per month.
    While a collection pause gives the period away, ``net_mrr`` is zero without any discount.
    """

    subscription_id: str
    item_id: str
    price_id: str
    product_id: str | None
    currency: str
    quantity: int
    interval: str
    interval_count: int
    factor: Fraction
    period_amount: Fraction
    list_mrr: Fraction
    net_mrr: Fraction
    discounts: tuple[AppliedDiscount, ...] = ()


@dataclass(frozen=True, slots=True)
class Exclusion:
    """What brings nothing and why: ``not_counted:<status>`` of a subscription, or the code of an item's note."""

    object_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class SubscriptionRevenue:
    """What one subscription brings; the lines add up exactly to ``list_mrr`` and ``net_mrr``.

    ``notes`` concern both bases, ``net_notes`` only the net one; both are ``code object_id`` words.
    """

    subscription_id: str
    currency: str
    counted: bool
    partial: bool
    list_mrr: Fraction
    net_mrr: Fraction
    lines: tuple[RevenueLine, ...] = ()
    excluded: tuple[Exclusion, ...] = ()
    notes: tuple[str, ...] = ()
    net_notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecurringRevenue:
    """The sum over subscriptions, one amount per currency. ``partial_currencies``: an amount there is unknown."""

    list_mrr: MoneyBag
    net_mrr: MoneyBag
    partial_currencies: frozenset[str]
    subscriptions: tuple[SubscriptionRevenue, ...]

    @property
    def partial(self) -> bool:
        """Whether any amount is unknown."""
        return any(subscription.partial for subscription in self.subscriptions)

    @property
    def notes(self) -> tuple[str, ...]:
        """The notes on the list basis."""
        return tuple(note for subscription in self.subscriptions for note in subscription.notes)

    @property
    def net_notes(self) -> tuple[str, ...]:
        """The notes on the net basis: those of the list basis and what the discounts add."""
        return tuple(n for subscription in self.subscriptions for n in (*subscription.notes, *subscription.net_notes))


def recurring_revenue(
    subscriptions: Iterable[Subscription],
    *,
    listed_prices: Mapping[str, Price],
    customer_discounts: Mapping[str, Discount],
    now: UnixTime,
) -> RecurringRevenue:
    """Add up what ``subscriptions`` bring at ``now``.

    ``listed_prices`` by price id complete tiers and currency options; ``customer_discounts`` by customer id.
    """
    return sum_of(
        subscription_revenue(
            subscription,
            listed_prices=listed_prices,
            customer_discount=customer_discounts.get(subscription.customer_id or ""),
            now=now,
        )
        for subscription in subscriptions
    )


def sum_of(subscriptions: Iterable[SubscriptionRevenue]) -> RecurringRevenue:
    """Add up; a currency appears as soon as a counted subscription has it, even with zero (vector M021)."""
    held = tuple(subscriptions)
    list_mrr: dict[str, Fraction] = {}
    net_mrr: dict[str, Fraction] = {}
    for revenue in held:
        if revenue.counted and revenue.currency:
            _add(list_mrr, revenue.currency, revenue.list_mrr)
            _add(net_mrr, revenue.currency, revenue.net_mrr)
    return RecurringRevenue(
        list_mrr=MoneyBag(list_mrr),
        net_mrr=MoneyBag(net_mrr),
        partial_currencies=frozenset(revenue.currency for revenue in held if revenue.partial),
        subscriptions=held,
    )


def _add(sums: dict[str, Fraction], currency: str, amount: Fraction) -> None:
    held = sums.get(currency)
    sums[currency] = amount if held is None else held + amount


def subscription_revenue(
    subscription: Subscription,
    *,
    listed_prices: Mapping[str, Price],
    customer_discount: Discount | None,
    now: UnixTime,
) -> SubscriptionRevenue:
    """What ``subscription`` brings a month at ``now``, by its status alone, never by its dates (vector M071)."""
    if subscription.status not in COUNTED_STATUSES:
        reason = f"not_counted:{subscription.status}"
        return SubscriptionRevenue(
            subscription_id=subscription.id,
            currency=subscription.currency,
            counted=False,
            partial=False,
            list_mrr=ZERO,
            net_mrr=ZERO,
            excluded=(Exclusion(subscription.id, reason),),
            notes=(f"{reason} {subscription.id}",),
        )
    priced, excluded, notes, partial = _price_items(subscription, listed_prices, now)
    net = _net_amounts(subscription, priced, customer_discount, now)
    lines = tuple(
        _line(subscription, item, amount, net_mrr, applied)
        for (item, amount), net_mrr, applied in zip(priced, net.amounts, net.applied, strict=True)
    )
    return SubscriptionRevenue(
        subscription_id=subscription.id,
        currency=subscription.currency,
        counted=True,
        partial=partial,
        list_mrr=total([line.list_mrr for line in lines]),
        net_mrr=total([line.net_mrr for line in lines]),
        lines=lines,
        excluded=tuple(excluded),
        notes=tuple(notes),
        net_notes=net.notes,
    )


def pause_is_running(subscription: Subscription, now: UnixTime) -> bool:
    """Whether collection is paused at ``now``; a resume time that has come ends the pause (billing rules 2.6)."""
    pause = subscription.collection_pause
    return pause is not None and (pause.resumes_at is None or pause.resumes_at > now)


def _price_items(
    subscription: Subscription, listed_prices: Mapping[str, Price], now: UnixTime
) -> tuple[list[tuple[SubscriptionItem, ItemAmount]], list[Exclusion], list[str], bool]:
    priced: list[tuple[SubscriptionItem, ItemAmount]] = []
    excluded: list[Exclusion] = []
    notes: list[str] = []
    partial = False
    for item in subscription.items:
        if item.deleted:
            continue
        amount = assess_item(item, subscription.currency, listed_prices, now)
        if isinstance(amount, NotCounted):
            partial = partial or not amount.is_zero
            excluded.append(Exclusion(item.id, amount.value))
            notes.append(f"{amount.value} {item.id}")
            continue
        priced.append((item, amount))
        if amount.price.tax_inclusive:
            notes.append(f"tax_inclusive {item.id}")
    if not subscription.items_complete:
        partial = True
        notes.append(f"items_truncated {subscription.id}")
    if subscription.cancellation_is_scheduled:
        notes.append(f"scheduled_cancel {subscription.id}")
    if pause_is_running(subscription, now):
        notes.append(f"collection_paused {subscription.id}")
    return priced, excluded, notes, partial


def _net_amounts(
    subscription: Subscription,
    priced: list[tuple[SubscriptionItem, ItemAmount]],
    customer_discount: Discount | None,
    now: UnixTime,
) -> NetAmounts:
    pause = subscription.collection_pause
    none_applied = ((),) * len(priced)
    if pause is not None and pause.behavior in PAUSES_THAT_GIVE_THE_PERIOD_AWAY and pause_is_running(subscription, now):
        return NetAmounts((ZERO,) * len(priced), none_applied, ())
    shared, level = subscription.discounts, DiscountLevel.SUBSCRIPTION
    if not shared and customer_discount is not None:
        shared, level = (customer_discount,), DiscountLevel.CUSTOMER
    if not shared and not any(item.discounts for item, _ in priced):
        return NetAmounts(tuple(amount.monthly for _, amount in priced), none_applied, ())
    return discounted(priced, shared, level, subscription_id=subscription.id, currency=subscription.currency, now=now)


def _line(
    subscription: Subscription,
    item: SubscriptionItem,
    amount: ItemAmount,
    net_mrr: Fraction,
    applied: tuple[AppliedDiscount, ...],
) -> RevenueLine:
    return RevenueLine(
        subscription_id=subscription.id,
        item_id=item.id,
        price_id=amount.price.id,
        product_id=amount.price.product_id,
        currency=subscription.currency,
        quantity=amount.quantity,
        interval=amount.interval,
        interval_count=amount.interval_count,
        factor=amount.factor,
        period_amount=amount.period_amount,
        list_mrr=amount.monthly,
        net_mrr=net_mrr,
        discounts=applied,
    )
