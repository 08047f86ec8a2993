"""Completed calendar months in UTC (billing rules 6.1)."""

from __future__ import annotations

import calendar
import datetime
from dataclasses import dataclass
from functools import lru_cache

from clynto.domain.moments import UnixTime
from clynto.domain.policies import MONTHS_PER_YEAR


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month; ``str`` gives ``2026-09``."""

    year: int
    month: int

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    @property
    def end(self) -> UnixTime:
        """The first second of the next month: the point stands for the instant before it."""
        return _start(self.year + self.month // MONTHS_PER_YEAR, self.month % MONTHS_PER_YEAR + 1)

    @property
    def start(self) -> UnixTime:
        """The first second of the month."""
        return _start(self.year, self.month)


@lru_cache(maxsize=512)
def _start(year: int, month: int) -> UnixTime:
    """A page of accounts asks for the ends of the same twelve months a thousand times."""
    return UnixTime(calendar.timegm((year, month, 1, 0, 0, 0)))


def shifted(month: Month, months: int) -> Month:
    """``months`` later, or earlier for a negative number."""
    year, index = divmod(month.year * MONTHS_PER_YEAR + month.month - 1 + months, MONTHS_PER_YEAR)
    return Month(year, index + 1)


def month_of(moment: UnixTime) -> Month:
    """The month in which ``moment`` lies."""
    day = datetime.datetime.fromtimestamp(moment, tz=datetime.UTC)
    return Month(day.year, day.month)


def completed_months(now: UnixTime, count: int) -> tuple[Month, ...]:
    """The last ``count`` months that are over at ``now``, oldest first."""
    current = month_of(now)
    return tuple(shifted(current, -back) for back in range(count, 0, -1))


def months_before(moment: UnixTime, months: int) -> UnixTime:
    """The same day and time ``months`` earlier; a day that the month has not becomes its last one."""
    at = datetime.datetime.fromtimestamp(moment, tz=datetime.UTC)
    target = shifted(Month(at.year, at.month), -months)
    day = min(at.day, calendar.monthrange(target.year, target.month)[1])
    return UnixTime(calendar.timegm((target.year, target.month, day, at.hour, at.minute, at.second)))
