"""Takes discounts off invoice lines.

Item discounts come before subscription discounts, each in array order on what the one before left; a customer's
discount counts only if the subscription has none. An amount off is per invoice and never goes below zero.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from stripe_sandbox.object_store import ObjectStore
from stripe_sandbox.pricing import round_half_up
from stripe_sandbox.records import Coupon, Discount, InvoiceLine, Subscription


def runs_at(discount: Discount, moment: int) -> bool:
    """True if the discount is at work in that second; its end second is already outside."""
    return discount.start <= moment and (discount.end is None or discount.end > moment)


def subscription_level(store: ObjectStore, subscription: Subscription) -> list[Discount]:
    """Return the discounts that apply to the whole subscription."""
    if subscription.discounts:
        return subscription.discounts
    customer = store.customers[subscription.customer]
    return [customer.discount] if customer.discount else []


def discount_lines(store: ObjectStore, subscription: Subscription, lines: list[InvoiceLine], moment: int) -> None:
    """Write each line's share of every running discount into its `discount_amounts`."""
    plain = [line for line in lines if line.amount > 0 and not line.proration]
    left = {line.id: line.amount for line in plain}
    taken: dict[str, list[tuple[str, int]]] = {line.id: [] for line in plain}
    for item in subscription.items:
        own = [line for line in plain if line.subscription_item == item.id]
        _take(store, [d for d in item.discounts if runs_at(d, moment)], own, left, taken)
    general = [d for d in subscription_level(store, subscription) if runs_at(d, moment)]
    _take(store, general, plain, left, taken)
    for line in plain:
        line.discount_amounts = tuple(taken[line.id])


def _take(
    store: ObjectStore,
    discounts: Iterable[Discount],
    lines: list[InvoiceLine],
    left: dict[str, int],
    taken: dict[str, list[tuple[str, int]]],
) -> None:
    for discount in discounts:
        coupon = store.coupons[discount.coupon]
        eligible = [line for line in lines if _applies(store, coupon, line)]
        if coupon.percent_off is not None:
            share = Fraction(coupon.percent_off) / 100
            cuts = [round_half_up(left[line.id] * share) for line in eligible]
        else:
            cuts = _spread(coupon.amounts_off, eligible, left)
        for line, cut in zip(eligible, cuts, strict=True):
            if cut:
                left[line.id] -= cut
                taken[line.id].append((discount.id, cut))


def _applies(store: ObjectStore, coupon: Coupon, line: InvoiceLine) -> bool:
    if not coupon.products:
        return True
    return line.price is not None and store.prices[line.price].product in coupon.products


def _spread(amounts_off: dict[str, int], lines: list[InvoiceLine], left: dict[str, int]) -> list[int]:
    """Split an amount off over the lines in proportion to what is left on them, to the last minor unit."""
    total = sum(left[line.id] for line in lines)
    if total == 0:
        return [0] * len(lines)
    off = min(total, amounts_off.get(lines[0].currency, 0))
    cuts = []
    gone = seen = 0
    for line in lines:
        seen += left[line.id]
        cut = off * seen // total - gone
        gone += cut
        cuts.append(cut)
    return cuts


def drop_used_up(store: ObjectStore, discounts: list[Discount], moment: int) -> list[Discount]:
    """Return the discounts that stay after an invoice: `once` coupons and ended ones go."""
    return [
        discount
        for discount in discounts
        if store.coupons[discount.coupon].duration != "once" and (discount.end is None or discount.end > moment)
    ]
