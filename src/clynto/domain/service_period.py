"""The billing interval behind an invoice line: told, looked up, or read off its period (billing rules 6.3, rule 7)."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from clynto.domain.catalogue import Price, Recurrence
from clynto.domain.interval_factor import monthly_factor
from clynto.domain.invoice import InvoiceLine
from clynto.domain.moments import UnixTime
from clynto.domain.month_ends import months_before
from clynto.domain.policies import MONTHS_PER_YEAR, PAYMENTS_PER_YEAR

SECONDS_PER_DAY = 24 * 60 * 60

_KNOWN_LENGTHS = (
    (1, 1, "day", 1),
    (7, 7, "week", 1),
    (14, 14, "week", 2),
    (28, 31, "month", 1),
    (59, 62, "month", 2),
    (89, 92, "month", 3),
    (181, 184, "month", 6),
    (365, 366, "year", 1),
    (730, 731, "year", 2),
)
"""From and to so many days, which interval it is (billing rules 6.3, rule 7)."""


class IntervalSource(enum.StrEnum):
    """Where an interval comes from."""

    LINE = "line"
    PRICE_LIST = "price_list"
    PERIOD_LENGTH = "period_length"


@dataclass(frozen=True, slots=True)
class ServiceInterval:
    """``factor`` times one period's amount is the amount per month. ``recurrence`` None: no usual length."""

    factor: Fraction
    recurrence: Recurrence | None
    source: IntervalSource


def covers(start: UnixTime, end: UnixTime, moment: UnixTime) -> bool:
    """Whether the period [start, end) holds the last instant before ``moment`` (billing rules 6.1)."""
    return start < moment <= end


def is_metered(line: InvoiceLine, listed_prices: Mapping[str, Price]) -> bool:
    """Usage is no recurring revenue; the newest payloads tell it only through the price list."""
    recurrence = line.recurrence or _listed_recurrence(line, listed_prices)
    return recurrence is not None and recurrence.metered


def interval_of(line: InvoiceLine, listed_prices: Mapping[str, Price]) -> ServiceInterval | None:
    """The interval of ``line``; None if nothing tells it.

    The length of a proration's period is no interval, so a proration needs a price.
    """
    for recurrence, source in (
        (line.recurrence, IntervalSource.LINE),
        (_listed_recurrence(line, listed_prices), IntervalSource.PRICE_LIST),
    ):
        if recurrence is not None:
            factor = monthly_factor(recurrence.interval, recurrence.interval_count)
            if factor is not None:
                return ServiceInterval(factor, recurrence, source)
    return None if line.proration else _inferred(line.period_end - line.period_start)


def full_period_seconds(line: InvoiceLine, interval: ServiceInterval, whole: InvoiceLine | None) -> int:
    """How long the period is that a proration is a part of.

    ``whole`` is a plain line of the same item that ends together with it; without one, the interval is counted back
    from the end by the calendar.
    """
    if whole is not None:
        return whole.period_end - whole.period_start
    recurrence = interval.recurrence
    if recurrence is None:
        return line.period_end - line.period_start
    return line.period_end - _one_period_before(line.period_end, recurrence)


def _listed_recurrence(line: InvoiceLine, listed_prices: Mapping[str, Price]) -> Recurrence | None:
    listed = listed_prices.get(line.price_id or "")
    return None if listed is None else listed.recurrence


def _inferred(seconds: int) -> ServiceInterval | None:
    if seconds <= 0:
        return None
    days = (2 * seconds + SECONDS_PER_DAY) // (2 * SECONDS_PER_DAY)
    for shortest, longest, interval, count in _KNOWN_LENGTHS:
        factor = monthly_factor(interval, count)
        if shortest <= days <= longest and factor is not None:
            return ServiceInterval(factor, Recurrence(interval, count, metered=False), IntervalSource.PERIOD_LENGTH)
    exact_days = Fraction(seconds, SECONDS_PER_DAY)
    factor = PAYMENTS_PER_YEAR["day"] / (MONTHS_PER_YEAR * exact_days)
    return ServiceInterval(factor, None, IntervalSource.PERIOD_LENGTH)


def _one_period_before(end: UnixTime, recurrence: Recurrence) -> UnixTime:
    count = recurrence.interval_count
    if recurrence.interval == "day":
        return UnixTime(end - count * SECONDS_PER_DAY)
    if recurrence.interval == "week":
        return UnixTime(end - 7 * count * SECONDS_PER_DAY)
    return months_before(end, count * (MONTHS_PER_YEAR if recurrence.interval == "year" else 1))
