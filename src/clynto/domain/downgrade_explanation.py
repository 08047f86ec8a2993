"""Which falls of list MRR are no churn sign, and what caused the others (billing rules 5.5, table)."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from clynto.domain.policies import MONTHS_PER_YEAR, PAYMENTS_PER_YEAR
from clynto.domain.signal_pictures import PlanItem
from clynto.domain.signals import DowngradeCause, NonEventCode

_DAYS_PER_YEAR = PAYMENTS_PER_YEAR["day"]
_DAYS = {
    "day": Fraction(1),
    "week": Fraction(7),
    "month": _DAYS_PER_YEAR / MONTHS_PER_YEAR,
    "year": _DAYS_PER_YEAR,
}
"""Lengths by the calendar. The month factors will not do here: by them a week is longer than seven days (2.3)."""


def explained_by(old: tuple[PlanItem, ...], new: tuple[PlanItem, ...]) -> NonEventCode | None:
    """Why a lower list MRR after the change from ``old`` to ``new`` items is no downgrade, or None if it is one."""
    if _quantities(old).keys() != _quantities(new).keys() or _has_fewer_seats(old, new):
        return None
    if _is_longer_commitment(old, new):
        return NonEventCode.LONGER_COMMITMENT
    return NonEventCode.TIER_BREAK if _reaches_a_cheaper_tier(old, new) else None


def cause_of(old: tuple[PlanItem, ...], new: tuple[PlanItem, ...]) -> DowngradeCause:
    """Another product, fewer seats of the same products, or the same for less."""
    if _quantities(old).keys() != _quantities(new).keys():
        return DowngradeCause.PLAN
    return DowngradeCause.SEATS if _has_fewer_seats(old, new) else DowngradeCause.PRICE


def _quantities(items: Iterable[PlanItem]) -> dict[str, int]:
    found: dict[str, int] = {}
    for item in items:
        found[item.product_id] = found.get(item.product_id, 0) + item.quantity
    return found


def _has_fewer_seats(old: Iterable[PlanItem], new: Iterable[PlanItem]) -> bool:
    after = _quantities(new)
    return any(after.get(product_id, 0) < quantity for product_id, quantity in _quantities(old).items())


def _is_longer_commitment(old: Iterable[PlanItem], new: Iterable[PlanItem]) -> bool:
    """Every product is committed for as long as before or longer, and at least one changed its interval."""
    before, after = _intervals(old), _intervals(new)
    if before == after:
        return False
    lengths_before, lengths_after = _lengths(before), _lengths(after)
    if lengths_before is None or lengths_after is None:
        return False
    return all(min(lengths_after[product_id]) >= max(lengths_before[product_id]) for product_id in lengths_before)


def _intervals(items: Iterable[PlanItem]) -> dict[str, set[tuple[str, int]]]:
    found: dict[str, set[tuple[str, int]]] = {}
    for item in items:
        found.setdefault(item.product_id, set()).add((item.interval, item.interval_count))
    return found


def _lengths(intervals: dict[str, set[tuple[str, int]]]) -> dict[str, list[Fraction]] | None:
    if any(interval not in _DAYS for periods in intervals.values() for interval, _ in periods):
        return None
    return {
        product_id: [_DAYS[interval] * count for interval, count in periods]
        for product_id, periods in intervals.items()
    }


def _reaches_a_cheaper_tier(old: Iterable[PlanItem], new: Iterable[PlanItem]) -> bool:
    """The same prices, more units of one whose volume tier prices them all (S89)."""
    before = {item.price_id: item for item in old}
    after = {item.price_id: item for item in new}
    if before.keys() != after.keys():
        return False
    return any(item.volume and item.quantity > before[price_id].quantity for price_id, item in after.items())
