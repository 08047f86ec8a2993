"""Stretches of calendar days that a question can name, in UTC (issue "Larry", periods)."""

from __future__ import annotations

import calendar
import datetime as dt
import enum
from dataclasses import dataclass
from typing import assert_never

from clynto.domain.moments import MICROS_PER_SECOND, UnixMicros, UnixTime
from clynto.domain.policies import MONTHS_PER_YEAR

DAYS_PER_WEEK = 7
MONTHS_PER_QUARTER = 3
QUARTERS_PER_YEAR = 4
LONGEST_COUNT = 1000
"""Of "the last N days": more than two and a half years of days is no question about a portfolio."""
FIRST_YEAR, LAST_YEAR = 2000, 2200


class Unit(enum.StrEnum):
    """Lengths of the calendar. Weeks begin on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


_LEAST_DAYS = {Unit.DAY: 1, Unit.WEEK: DAYS_PER_WEEK, Unit.MONTH: 30, Unit.QUARTER: 90, Unit.YEAR: 365}
_COURSE_DAYS = 59
"""Two months of any length hold at least one end of a month besides their own."""


class Which(enum.StrEnum):
    """The one before, the running one, the one after."""

    LAST = "last"
    THIS = "this"
    NEXT = "next"


class Direction(enum.StrEnum):
    """Up to today, or from today on."""

    LAST = "last"
    NEXT = "next"


@dataclass(frozen=True, slots=True)
class Relative:
    """``last month``, ``this week``, ``next quarter``; ``last day`` is yesterday."""

    unit: Unit
    which: Which


@dataclass(frozen=True, slots=True)
class Rolling:
    """``count`` units that end or begin with today. Raises ``ValueError`` for a count outside 1 to 1000."""

    count: int
    unit: Unit
    direction: Direction = Direction.LAST

    def __post_init__(self) -> None:
        if not 1 <= self.count <= LONGEST_COUNT:
            raise ValueError(f"the count of a period is between 1 and {LONGEST_COUNT}")


@dataclass(frozen=True, slots=True)
class MonthOf:
    """A named month. Raises ``ValueError`` for one that the calendar does not have."""

    year: int
    month: int

    def __post_init__(self) -> None:
        _check_year(self.year)
        if not 1 <= self.month <= MONTHS_PER_YEAR:
            raise ValueError("a month is between 1 and 12")


@dataclass(frozen=True, slots=True)
class QuarterOf:
    """A named quarter. Raises ``ValueError`` for one that the calendar does not have."""

    year: int
    quarter: int

    def __post_init__(self) -> None:
        _check_year(self.year)
        if not 1 <= self.quarter <= QUARTERS_PER_YEAR:
            raise ValueError("a quarter is between 1 and 4")


@dataclass(frozen=True, slots=True)
class YearOf:
    """A named year."""

    year: int

    def __post_init__(self) -> None:
        _check_year(self.year)


@dataclass(frozen=True, slots=True)
class Since:
    """From ``day`` through today."""

    day: dt.date

    def __post_init__(self) -> None:
        _check_year(self.day.year)


@dataclass(frozen=True, slots=True)
class Between:
    """From ``first`` through ``last``. Raises ``ValueError`` if they stand the wrong way round."""

    first: dt.date
    last: dt.date

    def __post_init__(self) -> None:
        _check_year(self.first.year)
        _check_year(self.last.year)
        if self.last < self.first:
            raise ValueError("a period ends before it begins")


Period = Relative | Rolling | MonthOf | QuarterOf | YearOf | Since | Between
PERIOD_TYPES = (Relative, Rolling, MonthOf, QuarterOf, YearOf, Since, Between)


@dataclass(frozen=True, slots=True)
class DaySpan:
    """From ``first`` through ``last``, both included, as whole days in UTC."""

    first: dt.date
    last: dt.date

    @property
    def since(self) -> UnixTime:
        """The first second inside."""
        return second_of(self.first)

    @property
    def until(self) -> UnixTime:
        """The first second behind."""
        return second_of(self.last + dt.timedelta(days=1))

    @property
    def text(self) -> str:
        """``2026-10-01 to 2026-10-31``, or the one day."""
        return str(self.first) if self.first == self.last else f"{self.first} to {self.last}"


def second_of(day: dt.date) -> UnixTime:
    """The first second of ``day``."""
    return UnixTime(calendar.timegm(day.timetuple()))


def day_of(moment: UnixTime) -> dt.date:
    """The day in which ``moment`` lies."""
    return dt.datetime.fromtimestamp(moment, tz=dt.UTC).date()


def day_of_micros(moment: UnixMicros) -> dt.date:
    """The day in which ``moment`` lies."""
    return day_of(UnixTime(moment // MICROS_PER_SECOND))


def span_of(period: Period, today: dt.date) -> DaySpan:
    """The days that ``period`` means on ``today``."""
    match period:
        case Relative(unit, which):
            return _unit_span(unit, today, {Which.LAST: -1, Which.THIS: 0, Which.NEXT: 1}[which])
        case Rolling(count, unit, direction):
            return _rolling_span(count, unit, direction, today)
        case MonthOf(year, month):
            return _months(year, month, 1)
        case QuarterOf(year, quarter):
            return _months(year, (quarter - 1) * MONTHS_PER_QUARTER + 1, MONTHS_PER_QUARTER)
        case YearOf(year):
            return _months(year, 1, MONTHS_PER_YEAR)
        case Since(day):
            return DaySpan(day, max(day, today))
        case Between(first, last):
            return DaySpan(first, last)
    assert_never(period)


def is_a_course(period: Period) -> bool:
    """Whether a figure that is asked for over ``period`` is asked for as it went: ``since March``, ``this year``,
    ``over the last 90 days``; a month or a quarter, and what is over, have an end that is meant."""
    match period:
        case Since() | Relative(Unit.YEAR, Which.THIS):
            return True
        case Rolling(count, unit, Direction.LAST):
            return count * _LEAST_DAYS[unit] >= _COURSE_DAYS
        case Between(first, last):
            return (last - first).days + 1 >= _COURSE_DAYS
        case _:
            return False


def months_back(day: dt.date, months: int) -> dt.date:
    """The same day ``months`` earlier (later for a negative number); a day that a month has not is its last one."""
    year, index = divmod(day.year * MONTHS_PER_YEAR + day.month - 1 - months, MONTHS_PER_YEAR)
    return dt.date(year, index + 1, min(day.day, calendar.monthrange(year, index + 1)[1]))


def _unit_span(unit: Unit, today: dt.date, steps: int) -> DaySpan:
    if unit is Unit.DAY:
        day = today + dt.timedelta(days=steps)
        return DaySpan(day, day)
    if unit is Unit.WEEK:
        monday = today + dt.timedelta(days=steps * DAYS_PER_WEEK - today.weekday())
        return DaySpan(monday, monday + dt.timedelta(days=DAYS_PER_WEEK - 1))
    length = {Unit.MONTH: 1, Unit.QUARTER: MONTHS_PER_QUARTER, Unit.YEAR: MONTHS_PER_YEAR}[unit]
    first = months_back(today.replace(day=1), (today.month - 1) % length - steps * length)
    return _months(first.year, first.month, length)


def _rolling_span(count: int, unit: Unit, direction: Direction, today: dt.date) -> DaySpan:
    back = direction is Direction.LAST
    if unit in (Unit.DAY, Unit.WEEK):
        days = count * (DAYS_PER_WEEK if unit is Unit.WEEK else 1) - 1
        other = today + dt.timedelta(days=-days if back else days)
    else:
        months = count * {Unit.MONTH: 1, Unit.QUARTER: MONTHS_PER_QUARTER, Unit.YEAR: MONTHS_PER_YEAR}[unit]
        # A thousand years back has no date; the product's oldest fact is younger than the first year anyway.
        months = min(months, (today.year - FIRST_YEAR) * MONTHS_PER_YEAR)
        other = months_back(today, months if back else -months)
    return DaySpan(other, today) if back else DaySpan(today, other)


def _months(year: int, month: int, length: int) -> DaySpan:
    first = dt.date(year, month, 1)
    return DaySpan(first, months_back(first, -length) - dt.timedelta(days=1))


def _check_year(year: int) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"a year is between {FIRST_YEAR} and {LAST_YEAR}")
