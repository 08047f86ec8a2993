"""Net revenue: the exact order in which discounts are taken off (billing rules 2.5)."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from clynto.domain.discount import Coupon, Discount
from clynto.domain.item_amount import ItemAmount
from clynto.domain.moments import UnixTime
from clynto.domain.money import ZERO
from clynto.domain.policies import RECURRING_DURATIONS
from clynto.domain.subscription import SubscriptionItem

WHOLE = Fraction(100)
"""Percents are of this."""


class DiscountLevel(enum.StrEnum):
    """Where a discount hangs. A customer's counts only if the subscription has none of its own."""

    ITEM = "item"
    SUBSCRIPTION = "subscription"
    CUSTOMER = "customer"


@dataclass(frozen=True, slots=True)
class AppliedDiscount:
    """``taken`` is what it took off one item: exact minor units per month, never negative."""

    discount_id: str
    coupon_id: str
    level: DiscountLevel
    taken: Fraction


@dataclass(frozen=True, slots=True)
class NetAmounts:
    """One entry per item, in the order given. ``notes`` are ``code object_id`` words."""

    amounts: tuple[Fraction, ...]
    applied: tuple[tuple[AppliedDiscount, ...], ...]
    notes: tuple[str, ...]


def usable_coupon(discount: Discount, holder_id: str, now: UnixTime) -> Coupon | str:
    """The coupon of a discount that recurs and runs at ``now``; otherwise the note that says why it is left out.

    ``redeem_by`` and ``valid`` only stop new redemptions, so they play no part. The end second is outside.
    """
    coupon = discount.coupon
    if coupon is None:
        return f"discount_not_expanded {holder_id}"
    if coupon.duration not in RECURRING_DURATIONS:
        code = "discount_once_ignored" if coupon.duration == "once" else "discount_unknown_duration"
        return f"{code} {discount.id}"
    if discount.start is not None and discount.start > now:
        return f"discount_future {discount.id}"
    if discount.end is not None and discount.end <= now:
        return f"discount_ended {discount.id}"
    return coupon


def amount_off_in(coupon: Coupon, currency: str) -> int | None:
    """Minor units that ``coupon`` takes off an invoice in ``currency``; None if it has no amount in it."""
    if coupon.currency == currency and coupon.amount_off is not None:
        return coupon.amount_off
    return coupon.amount_off_options.get(currency)


class _Reckoning:
    """The running amounts of one subscription while its discounts are taken off one after the other."""

    def __init__(self, items: Sequence[tuple[SubscriptionItem, ItemAmount]], currency: str, now: UnixTime) -> None:
        self._items = items
        self._currency = currency
        self._now = now
        self.left = [amount.monthly for _, amount in items]
        self.applied: list[list[AppliedDiscount]] = [[] for _ in items]
        self.notes: list[str] = []

    def take_item_discounts(self) -> None:
        """Step 1: each item's own discounts, in array order, each on what the one before left."""
        for position, (item, amount) in enumerate(self._items):
            for discount in item.discounts:
                coupon = self._usable(discount, item.id)
                if coupon is None:
                    continue
                self._take(discount, coupon, DiscountLevel.ITEM, [position], amount.factor)

    def take_shared_discounts(self, discounts: Sequence[Discount], subscription_id: str, level: DiscountLevel) -> None:
        """Step 3: discounts over several items; an amount is taken from the items in proportion."""
        for discount in discounts:
            coupon = self._usable(discount, subscription_id)
            if coupon is None:
                continue
            positions = self._positions_of(coupon)
            factors = {self._items[position][1].factor for position in positions}
            if not factors:
                continue
            if coupon.percent_off is None and len(factors) > 1:
                self._note(f"mixed_interval_amount_off {subscription_id}")
            self._take(discount, coupon, level, positions, max(factors))

    def _usable(self, discount: Discount, holder_id: str) -> Coupon | None:
        coupon = usable_coupon(discount, holder_id, self._now)
        if isinstance(coupon, str):
            self._note(coupon)
            return None
        if coupon.percent_off is None and amount_off_in(coupon, self._currency) is None:
            self._note(f"amount_off_currency_mismatch {discount.id}")
            return None
        return coupon

    def _positions_of(self, coupon: Coupon) -> list[int]:
        limited_to = coupon.applies_to_products
        return [
            position
            for position, (_, amount) in enumerate(self._items)
            if limited_to is None or amount.price.product_id in limited_to
        ]

    def _take(
        self, discount: Discount, coupon: Coupon, level: DiscountLevel, positions: list[int], factor: Fraction
    ) -> None:
        total = sum((self.left[position] for position in positions), start=ZERO)
        share = self._share(coupon, total, factor)
        for position in positions:
            taken = self.left[position] * share
            self.left[position] -= taken
            self.applied[position].append(AppliedDiscount(discount.id, coupon.id, level, taken))

    def _share(self, coupon: Coupon, total: Fraction, factor: Fraction) -> Fraction:
        """Which part of each item's amount goes: percent, or the amount per invoice times how often one is made."""
        if coupon.percent_off is not None:
            return coupon.percent_off / WHOLE
        amount_off = amount_off_in(coupon, self._currency)
        if amount_off is None or total <= 0:
            return ZERO
        return min(total, amount_off * factor) / total

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)


def discounted(
    items: Sequence[tuple[SubscriptionItem, ItemAmount]],
    shared: Sequence[Discount],
    level: DiscountLevel,
    *,
    subscription_id: str,
    currency: str,
    now: UnixTime,
) -> NetAmounts:
    """Take every running discount off ``items``; ``shared`` are those of the subscription or of the customer."""
    reckoning = _Reckoning(items, currency, now)
    reckoning.take_item_discounts()
    reckoning.take_shared_discounts(shared, subscription_id, level)
    return NetAmounts(
        amounts=tuple(reckoning.left),
        applied=tuple(tuple(applied) for applied in reckoning.applied),
        notes=tuple(reckoning.notes),
    )
