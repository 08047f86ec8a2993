"""Moments for people: in UTC here, in the viewer's zone once the browser has seen them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache

from babel.dates import format_datetime, format_timedelta

from clynto.domain.moments import MICROS_PER_SECOND

LOCALE = "en_GB"
_JUST_NOW_SECONDS = 45
_DAY = 86_400
_UNITS = (365 * _DAY, 30 * _DAY, 7 * _DAY, _DAY, 3_600, 60, 1)
"""Years to seconds, as the words count them."""
_NEXT_UNIT_FROM = 2
"""With less than two of a unit the smaller one is told, or "8 days" would be followed by "1 week", which is longer."""


@dataclass(frozen=True, slots=True)
class MomentShown:
    """``iso`` is for the browser, ``exact`` for whoever points at it."""

    iso: str
    day: str
    minute: str
    exact: str


@lru_cache(maxsize=8_192)
def of_seconds(moment: int) -> MomentShown:
    """A Unix time."""
    at = dt.datetime.fromtimestamp(moment, tz=dt.UTC)
    return MomentShown(
        iso=at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        day=format_datetime(at, "d MMM y", locale=LOCALE),
        minute=format_datetime(at, "d MMM y, HH:mm", locale=LOCALE),
        exact=f"{format_datetime(at, 'd MMM y, HH:mm:ss', locale=LOCALE)} UTC",
    )


def of_micros(moment: int) -> MomentShown:
    """Microseconds since 1970."""
    return of_seconds(moment // MICROS_PER_SECOND)


def age_text(moment: int, now: int) -> str:
    """``3 hours ago``, both in seconds."""
    passed = abs(now - moment)
    if passed < _JUST_NOW_SECONDS:
        return "just now"
    unit = next(unit for unit in _UNITS if passed >= _NEXT_UNIT_FROM * unit)
    whole = dt.timedelta(seconds=passed - passed % unit)
    words: str = format_timedelta(whole, threshold=_NEXT_UNIT_FROM, locale=LOCALE)
    return f"{words} ago" if now > moment else f"in {words}"


def duration_text(micros: int) -> str:
    """``4 s``, ``2 min 5 s``."""
    minutes, seconds = divmod(max(micros, 0) // MICROS_PER_SECOND, 60)
    if not minutes:
        return f"{seconds} s" if seconds else "< 1 s"
    return f"{minutes} min {seconds} s"


def month_text(year: int, month: int) -> str:
    """``Sept 2026``."""
    text: str = format_datetime(dt.datetime(year, month, 1, tzinfo=dt.UTC), "MMM y", locale=LOCALE)
    return text
