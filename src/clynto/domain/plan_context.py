"""How people call what a subscription consists of: plan, seats, interval (guide, "Active subscription")."""

from __future__ import annotations

from collections.abc import Mapping

from clynto.domain.catalogue import Price, Product
from clynto.domain.item_amount import UNSTATED_QUANTITY
from clynto.domain.subscription import Subscription, SubscriptionItem


def plan_name(subscription: Subscription, products: Mapping[str, Product]) -> str:
    """The names of the products, joined by `` + `` in the order of the items, each once; empty without items."""
    names = [_item_name(item.price, products) for item in _standing(subscription) if item.price is not None]
    return " + ".join(dict.fromkeys(name for name in names if name))


def interval_text(subscription: Subscription) -> str | None:
    """``month``, ``year``, ``3 months``; None where the items differ or no recurring price is known."""
    texts = {
        recurrence.interval if recurrence.interval_count == 1 else f"{recurrence.interval_count} {recurrence.interval}s"
        for recurrence in (item.price.recurrence for item in _standing(subscription) if item.price is not None)
        if recurrence is not None
    }
    return texts.pop() if len(texts) == 1 else None


def seat_count(subscription: Subscription) -> int | None:
    """The quantity of the only licensed item; None if there are several or none, as they count different things."""
    licensed = [
        item
        for item in _standing(subscription)
        if item.price is not None and item.price.recurrence is not None and not item.price.recurrence.metered
    ]
    if len(licensed) != 1:
        return None
    return UNSTATED_QUANTITY if licensed[0].quantity is None else licensed[0].quantity


def product_ids(subscription: Subscription) -> tuple[str, ...]:
    """The products of the items, each once, in the order of the items."""
    found = (item.price.product_id for item in _standing(subscription) if item.price is not None)
    return tuple(dict.fromkeys(product_id for product_id in found if product_id is not None))


def _standing(subscription: Subscription) -> list[SubscriptionItem]:
    return [item for item in subscription.items if not item.deleted]


def _item_name(price: Price, products: Mapping[str, Product]) -> str:
    product = products.get(price.product_id or "")
    if product is not None and product.name:
        return product.name
    return price.nickname or price.id
