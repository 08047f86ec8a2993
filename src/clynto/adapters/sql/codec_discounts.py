"""Discounts, coupons and discount readings as compact arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clynto.adapters.sql.documents import exact, fraction
from clynto.domain.discount import Coupon, Discount
from clynto.domain.discount_readings import DiscountReading


def pack_discount(discount: Discount) -> list[Any]:
    """A discount with its coupon."""
    coupon = discount.coupon
    return [discount.id, None if coupon is None else _pack_coupon(coupon), discount.start, discount.end]


def unpack_discount(packed: list[Any]) -> Discount:
    """What ``pack_discount`` was given."""
    coupon = packed[1]
    return Discount(packed[0], None if coupon is None else _unpack_coupon(coupon), packed[2], packed[3])


def pack_discounts(discounts: Sequence[Discount]) -> list[list[Any]]:
    """Several discounts, in order."""
    return [pack_discount(discount) for discount in discounts]


def unpack_discounts(packed: list[list[Any]]) -> tuple[Discount, ...]:
    """What ``pack_discounts`` was given."""
    return tuple(unpack_discount(discount) for discount in packed)


def pack_reading(reading: DiscountReading) -> list[Any]:
    """The readable discounts of a subscription and of its items."""
    by_item = {item_id: pack_discounts(discounts) for item_id, discounts in reading.item_discounts.items()}
    return [reading.subscription_id, pack_discounts(reading.discounts), by_item]


def unpack_reading(packed: list[Any]) -> DiscountReading:
    """What ``pack_reading`` was given."""
    return DiscountReading(
        subscription_id=packed[0],
        discounts=unpack_discounts(packed[1]),
        item_discounts={item_id: unpack_discounts(discounts) for item_id, discounts in packed[2].items()},
    )


def _pack_coupon(coupon: Coupon) -> list[Any]:
    products = coupon.applies_to_products
    return [
        coupon.id,
        coupon.duration,
        exact(coupon.percent_off),
        coupon.amount_off,
        coupon.currency,
        dict(coupon.amount_off_options),
        None if products is None else sorted(products),
    ]


def _unpack_coupon(packed: list[Any]) -> Coupon:
    products = packed[6]
    return Coupon(
        id=packed[0],
        duration=packed[1],
        percent_off=fraction(packed[2]),
        amount_off=packed[3],
        currency=packed[4],
        amount_off_options=packed[5],
        applies_to_products=None if products is None else frozenset(products),
    )
