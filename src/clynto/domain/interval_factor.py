"""From a billing period to a month (billing rules 2.3)."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from clynto.domain.policies import MONTHS_PER_YEAR, PAYMENTS_PER_YEAR


@lru_cache(maxsize=1024)
def monthly_factor(interval: str, interval_count: int) -> Fraction | None:
    """The exact share of one period's amount that falls on a month; None for a period that we do not know.

    ``365/(12n)`` for days, ``52/(12n)`` for weeks, ``1/n`` for months, ``1/(12n)`` for years.
    """
    payments = PAYMENTS_PER_YEAR.get(interval)
    if payments is None or interval_count < 1:
        return None
    return payments / (MONTHS_PER_YEAR * interval_count)
