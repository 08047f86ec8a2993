"""From a range of shown amounts to a range of exact ones, so that a list never contradicts the figures in it.

An MRR of exactly 4999.996 is shown as 5000.00, so "at least 5000" includes it and "less than 5000" does not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from clynto.domain.money import UNITS
from clynto.domain.questions.filters import AmountRange
from clynto.domain.sort_places import MILLIONTHS


@dataclass(frozen=True, slots=True)
class AmountBounds:
    """Of single amounts in major units: at least, more than, at most, less than. None: not bounded so."""

    minimum: Fraction | None = None
    above: Fraction | None = None
    maximum: Fraction | None = None
    below: Fraction | None = None

    def in_minor_units(self, digits: int) -> tuple[int | None, int | None]:
        """From (inclusive) and behind (exclusive), for a currency whose amounts carry ``digits`` decimals."""
        unit = UNITS[digits]
        low = behind = None
        if self.minimum is not None:
            low = math.ceil(self.minimum * unit)
        if self.above is not None:
            low = math.floor(self.above * unit) + 1
        if self.maximum is not None:
            behind = math.floor(self.maximum * unit) + 1
        if self.below is not None:
            behind = math.ceil(self.below * unit)
        return low, behind


UNBOUNDED = AmountBounds()


def exact_bounds(wanted: AmountRange, digits: int) -> tuple[int | None, int | None]:
    """From (inclusive) and below (exclusive), in millionths of a major unit, for figures shown with ``digits``
    decimals and rounded half-up."""
    unit = MILLIONTHS // UNITS[digits]
    half = unit // 2
    low = high = None
    if wanted.minimum is not None:
        low = _up(wanted.minimum, unit) - half
    if wanted.above is not None:
        low = _down(wanted.above, unit) + unit - half
    if wanted.maximum is not None:
        high = _down(wanted.maximum, unit) + half
    if wanted.below is not None:
        high = _up(wanted.below, unit) - unit + half
    return low, high


def _down(amount: Fraction, unit: int) -> int:
    """The largest shown amount that is not above, in millionths."""
    return amount.numerator * MILLIONTHS // (amount.denominator * unit) * unit


def _up(amount: Fraction, unit: int) -> int:
    return -_down(-amount, unit)
