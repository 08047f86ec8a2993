"""Short ways to write the domain records that billing rules are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from clynto.domain.catalogue import PackageRule, Price, PriceAmounts, Recurrence, Tier
from clynto.domain.discount import Coupon, Discount
from clynto.domain.invoice import Invoice
from clynto.domain.moments import UnixTime
from clynto.domain.recurring_revenue import RecurringRevenue, recurring_revenue
from clynto.domain.subscription import CollectionPause, Subscription, SubscriptionItem

NOW = UnixTime(1_794_744_000)
DAY = 24 * 60 * 60
TWO_DAYS_AGO = UnixTime(NOW - 2 * DAY)
MONTHLY = Recurrence("month", 1, metered=False)


def at(offset: int) -> UnixTime:
    """A moment ``offset`` seconds from now."""
    return UnixTime(NOW + offset)


def every(interval: str, count: int = 1) -> Recurrence:
    """A licensed recurrence."""
    return Recurrence(interval, count, metered=False)


def tier(up_to: int | None, unit: int | None, flat: int | None = None) -> Tier:
    """A tier with whole minor units."""
    return Tier(up_to, None if unit is None else Fraction(unit), None if flat is None else Fraction(flat))


def price(
    unit: Fraction | int | None = 10_000,
    recurrence: Recurrence | None = MONTHLY,
    *,
    price_id: str = "price_a",
    product: str | None = "prod_a",
    currency: str = "USD",
    tiers: Sequence[Tier] | None = None,
    tiers_mode: str | None = None,
    options: Mapping[str, PriceAmounts] | None = None,
    package: PackageRule | None = None,
    nickname: str | None = None,
    tax_inclusive: bool = False,
) -> Price:
    """A price; ``tiers_mode`` makes it a tiered one."""
    return Price(
        id=price_id,
        product_id=product,
        currency=currency,
        active=True,
        nickname=nickname,
        tiered=tiers_mode is not None,
        tiers_mode=tiers_mode,
        amounts=PriceAmounts(None if unit is None else Fraction(unit), None if tiers is None else tuple(tiers)),
        currency_options=options,
        package=package,
        recurrence=recurrence,
        tax_inclusive=tax_inclusive,
    )


def item(
    of: Price | None = None,
    quantity: int | None = 1,
    *discounts: Discount,
    item_id: str = "si_1",
    trial_end: UnixTime | None = None,
    deleted: bool = False,
    period_end: UnixTime | None = None,
) -> SubscriptionItem:
    """An item of the default price."""
    return SubscriptionItem(
        id=item_id,
        price=of or price(),
        quantity=quantity,
        discounts=discounts,
        trial_end=trial_end,
        deleted=deleted,
        period_end=period_end,
    )


def subscription(
    *items: SubscriptionItem,
    status: str = "active",
    currency: str = "USD",
    subscription_id: str = "sub_1",
    discounts: tuple[Discount, ...] = (),
    pause: CollectionPause | None = None,
    pause_reason: str | None = None,
    cancel_at_period_end: bool = False,
    cancel_at: UnixTime | None = None,
    items_complete: bool = True,
    customer: str = "cus_1",
) -> Subscription:
    """A subscription, with one default item if none is given."""
    return Subscription(
        id=subscription_id,
        customer_id=customer,
        status=status,
        currency=currency,
        created=at(-400 * DAY),
        start_date=at(-400 * DAY),
        items=items or (item(),),
        items_complete=items_complete,
        discounts=discounts,
        cancel_at_period_end=cancel_at_period_end,
        cancel_at=cancel_at,
        collection_pause=pause,
        pause_reason=pause_reason,
    )


def percent_off(
    percent: Fraction | int,
    discount_id: str = "di_1",
    *,
    duration: str = "forever",
    start: UnixTime | None = None,
    end: UnixTime | None = None,
    products: frozenset[str] | None = None,
) -> Discount:
    """A percentage at work."""
    coupon = Coupon(f"co_{discount_id}", duration, Fraction(percent), None, None, {}, products)
    return Discount(discount_id, coupon, start, end)


def amount_off(
    amount: int,
    discount_id: str = "di_1",
    *,
    currency: str = "USD",
    options: Mapping[str, int] | None = None,
    products: frozenset[str] | None = None,
) -> Discount:
    """An amount at work, for ever."""
    coupon = Coupon(f"co_{discount_id}", "forever", None, amount, currency, options or {}, products)
    return Discount(discount_id, coupon, None, None)


def invoice(
    invoice_id: str = "in_1",
    *,
    of: str | None = "sub_1",
    status: str = "open",
    due: int = 10_000,
    paid: int = 0,
    credit: int = 0,
    currency: str = "USD",
    attempts: int = 0,
    retry_at: UnixTime | None = None,
    retry_known: bool = True,
    method: str | None = "charge_automatically",
    due_date: UnixTime | None = None,
    created: UnixTime = TWO_DAYS_AGO,
    finalized: UnixTime | None = TWO_DAYS_AGO,
    marked_at: UnixTime | None = None,
    marked_because: str | None = None,
    failed_at: UnixTime | None = None,
) -> Invoice:
    """An invoice of two days ago."""
    return Invoice(
        id=invoice_id,
        customer_id="cus_1",
        subscription_id=of,
        number=None,
        status=status,
        currency=currency,
        amount_due=due,
        amount_paid=paid,
        amount_remaining=due - paid,
        post_payment_credit=credit,
        collection_method=method,
        attempt_count=attempts,
        next_payment_attempt=retry_at,
        retry_known=retry_known,
        due_date=due_date,
        created=created,
        finalized_at=finalized,
        paid_at=None,
        voided_at=None,
        uncollectible_at=marked_at,
        uncollectible_reason=marked_because,
        billing_reason=None,
        last_failed_at=failed_at,
    )


def revenue(
    *subscriptions: Subscription,
    listed: Mapping[str, Price] | None = None,
    customer_discounts: Mapping[str, Discount] | None = None,
) -> RecurringRevenue:
    """The revenue of ``subscriptions`` now."""
    return recurring_revenue(
        subscriptions, listed_prices=listed or {}, customer_discounts=customer_discounts or {}, now=NOW
    )


def list_amount(of: SubscriptionItem, currency: str = "USD", listed: Mapping[str, Price] | None = None) -> Fraction:
    """What one item brings a month on the list basis."""
    return revenue(subscription(of, currency=currency), listed=listed).list_mrr.amounts[currency]


def net_amount(of: Subscription, customer_discount: Discount | None = None) -> Fraction:
    """What one subscription brings a month on the net basis."""
    discounts = {"cus_1": customer_discount} if customer_discount is not None else {}
    return revenue(of, customer_discounts=discounts).net_mrr.amounts[of.currency]
