"""Discounts of every shape to domain records (stripe_facts 1.2, 2.4)."""

from __future__ import annotations

from typing import Any

from clynto.adapters.stripe_api.payload_reading import (
    FaultsOf,
    JsonObject,
    currency,
    exact,
    expanded,
    integer,
    is_deleted,
    json_list,
    json_object,
    moment,
    nested_page,
    object_with_id,
    reference,
    storable,
    word,
    wrong,
)
from clynto.domain.discount import Coupon, Discount
from clynto.domain.discount_readings import DiscountReading

SUBSCRIPTION = "subscription"


def read_discounts(holder: JsonObject) -> tuple[Discount, ...]:
    """The discounts of a subscription or an item, in array order.

    ``discounts`` is the newer key; the older ``discount`` is used when it is empty, and puts its coupon behind an
    entry that is written as an id only, as versions between 2024-06-20 and basil send both.
    """
    single = read_discount(holder.get("discount"))
    several = json_list(holder, "discounts") if "discounts" in holder else None
    found = [read_discount(entry) for entry in several or ()]
    discounts = tuple(discount for discount in found if discount is not None)
    if single is None:
        return discounts
    if not discounts:
        return (single,)
    return tuple(single if d.coupon is None and d.id == single.id else d for d in discounts)


def read_discount(entry: object) -> Discount | None:
    """One discount: an id, an object with ``coupon``, or an object with ``source.coupon``; None for a deleted one."""
    if entry is None:
        return None
    if isinstance(entry, str):
        return Discount(id=storable(entry), coupon=None, start=None, end=None) if entry else None
    if not isinstance(entry, dict):
        raise wrong("discount", "an id or an object")
    if is_deleted(entry):
        return None
    holder = json_object(entry, "source") or entry
    coupon = expanded(holder, "coupon")
    # The oldest discounts have no id of their own; the coupon's names them well enough.
    discount_id = word(entry, "id") or reference(holder, "coupon")
    if discount_id is None:
        raise wrong("discount.id", "an id")
    return Discount(
        id=discount_id,
        coupon=None if coupon is None else _coupon(coupon),
        start=moment(entry, "start"),
        end=moment(entry, "end"),
    )


def _coupon(coupon: JsonObject) -> Coupon | None:
    """None for a coupon without a usable amount, which is the same as one we cannot read."""
    percent, amount = exact(coupon, "percent_off"), integer(coupon, "amount_off")
    unit = currency(coupon)
    sound_percent = percent is not None and 0 <= percent <= 100
    sound_amount = amount is not None and amount >= 0 and unit is not None
    coupon_id, duration = word(coupon, "id"), word(coupon, "duration")
    if coupon_id is None or duration is None or not (sound_percent or sound_amount):
        return None
    limits = json_object(coupon, "applies_to")
    products = None if limits is None else json_list(limits, "products")
    return Coupon(
        id=coupon_id,
        duration=duration,
        percent_off=percent if sound_percent else None,
        amount_off=amount,
        currency=unit,
        amount_off_options=_amount_off_options(coupon),
        applies_to_products=None
        if products is None
        else frozenset(storable(p) for p in products if isinstance(p, str)),
    )


def _product_ids(products: list[Any]) -> frozenset[str]:
    return frozenset(storable(product_id) for product_id in products if isinstance(product_id, str))


def _amount_off_options(coupon: JsonObject) -> dict[str, int]:
    amounts = {}
    for code, option in (json_object(coupon, "currency_options") or {}).items():
        amount = integer(option, "amount_off") if isinstance(option, dict) else None
        if amount is not None and amount >= 0:
            amounts[storable(code).upper()] = amount
    return amounts


def map_discount_reading(payload: object) -> DiscountReading:
    """The discounts of a subscription that was read with them expanded. Raises ``UnusablePayload``."""
    subscription, subscription_id = object_with_id(payload, SUBSCRIPTION)
    with FaultsOf(SUBSCRIPTION, subscription_id):
        items, _ = nested_page(subscription, "items")
        by_item = {}
        for item in items:
            item_id, discounts = word(item, "id"), read_discounts(item)
            if item_id is not None and discounts:
                by_item[item_id] = discounts
        return DiscountReading(
            subscription_id=subscription_id,
            discounts=read_discounts(subscription),
            item_discounts=by_item,
        )
