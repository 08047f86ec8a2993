"""Discounts and the coupons behind them (stripe_facts 2.4; billing rules 2.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from clynto.domain.moments import UnixTime


@dataclass(frozen=True, slots=True)
class Coupon:
    """Either ``percent_off`` (0 to 100, exact) or ``amount_off`` (minor units of ``currency``) is set.

    ``amount_off_options`` holds the amounts for further currencies (upper-case keys). ``applies_to_products`` None
    means every product.
    """

    id: str
    duration: str
    percent_off: Fraction | None
    amount_off: int | None
    currency: str | None
    amount_off_options: Mapping[str, int]
    applies_to_products: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Discount:
    """A coupon at work. ``coupon`` None: Stripe gave us only an id, so the amount is not readable."""

    id: str
    coupon: Coupon | None
    start: UnixTime | None
    end: UnixTime | None
