"""What made recurring revenue change from one point to the next, so that it adds up exactly (billing rules 6)."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields

from clynto.domain.money import ZERO, MoneyBag
from clynto.domain.month_ends import Month


@dataclass(frozen=True, slots=True)
class MrrMovement:
    """Changes up to the point of ``month``, exact minor units per currency.

    ``contraction`` and ``churn`` are negative, so that the five add up to the difference of the two points.
    """

    month: Month
    new: MoneyBag = field(default_factory=MoneyBag.empty)
    expansion: MoneyBag = field(default_factory=MoneyBag.empty)
    contraction: MoneyBag = field(default_factory=MoneyBag.empty)
    churn: MoneyBag = field(default_factory=MoneyBag.empty)
    reactivation: MoneyBag = field(default_factory=MoneyBag.empty)

    @property
    def total(self) -> MoneyBag:
        """The difference between the two points."""
        return (self.new + self.expansion + self.contraction + self.churn + self.reactivation).without_zeros()


def movements_between(
    points: Sequence[tuple[Month, MoneyBag]], *, had_before: frozenset[str] = frozenset()
) -> tuple[MrrMovement, ...]:
    """One movement for each point but the first, of one account.

    ``had_before`` are currencies in which it is known to have paid before the first point; what comes back in a
    currency that was there before is a reactivation. A move to another currency is churn in one and new in the other.
    """
    seen = set(had_before)
    found = []
    for (_, before), (month, after) in itertools.pairwise(points):
        seen.update(before.without_zeros().currencies)
        parts: dict[str, MoneyBag] = {}
        for currency in sorted({*before.currencies, *after.currencies}):
            old, new = before.amounts.get(currency, ZERO), after.amounts.get(currency, ZERO)
            if old != new:
                kind = _kind(bool(old), bool(new), grows=new > old, known=currency in seen)
                parts[kind] = parts.get(kind, MoneyBag.empty()) + MoneyBag.of(currency, new - old)
        found.append(MrrMovement(month, **parts))
    return tuple(found)


def add_movements(movements: Iterable[MrrMovement]) -> tuple[MrrMovement, ...]:
    """Sum the movements of many accounts, month by month, oldest first."""
    by_month: dict[Month, MrrMovement] = {}
    for movement in movements:
        held = by_month.get(movement.month, MrrMovement(movement.month))
        sums = {
            part.name: getattr(held, part.name) + getattr(movement, part.name)
            for part in fields(MrrMovement)
            if part.name != "month"
        }
        by_month[movement.month] = MrrMovement(movement.month, **sums)
    return tuple(by_month[month] for month in sorted(by_month))


def _kind(had: bool, has: bool, *, grows: bool, known: bool) -> str:
    if not had:
        return "reactivation" if known else "new"
    if not has:
        return "churn"
    return "expansion" if grows else "contraction"
