"""Running discounts come from a list of their own, pinned to another API version (stripe_facts 1.4; ADR 0005)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from clynto.domain.discount import Discount
from clynto.domain.subscription import Subscription, SubscriptionItem


@dataclass(frozen=True, slots=True)
class DiscountReading:
    """The readable discounts of one subscription and of its items (by item id)."""

    subscription_id: str
    discounts: tuple[Discount, ...]
    item_discounts: Mapping[str, tuple[Discount, ...]]


def with_readable_discounts(subscription: Subscription, reading: DiscountReading | None) -> Subscription:
    """Put the coupons of ``reading`` behind discounts that ``subscription`` knows only by id.

    Only discounts of the same id are completed: which discounts run is told by the subscription itself.
    """
    if reading is None:
        return subscription
    known = {discount.id: discount for discount in reading.discounts}
    for discounts in reading.item_discounts.values():
        known.update({discount.id: discount for discount in discounts})

    def completed(discounts: tuple[Discount, ...]) -> tuple[Discount, ...]:
        return tuple(known.get(d.id, d) if d.coupon is None else d for d in discounts)

    def completed_item(item: SubscriptionItem) -> SubscriptionItem:
        return replace(item, discounts=completed(item.discounts)) if item.discounts else item

    return replace(
        subscription,
        discounts=completed(subscription.discounts),
        items=tuple(completed_item(item) for item in subscription.items),
    )
