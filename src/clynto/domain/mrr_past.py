"""What is remembered of an account's MRR around the moments that its columns compare today with (billing rules 6)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from clynto.domain.moments import UnixTime, seconds_of
from clynto.domain.money import MoneyBag
from clynto.domain.month_ends import Month, completed_months
from clynto.domain.mrr_history import (
    SNAPSHOT_IS_MONTH_END_WITHIN_HOURS,
    Confidence,
    MrrPoint,
    MrrSnapshot,
    observed_point,
)

PERIODS = (30, 90)
"""Days that the change columns look back."""
MONTHS_DRAWN = 12
SNAPSHOT_MAY_BE_OLDER_BY_DAYS = 3
"""A day without a snapshot borrows from the days before it, but not from long ago."""
_HOUR = 60 * 60
_DAY = 24 * _HOUR


@dataclass(frozen=True, slots=True)
class PastFigure:
    """Exact MRR on both bases as it was ``at``."""

    at: UnixTime
    list_mrr: MoneyBag
    net_mrr: MoneyBag
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class MrrPast:
    """Snapshots and rebuilt month ends, by month, of one account; both oldest first."""

    snapshots: list[MrrSnapshot] = field(default_factory=list)
    points: dict[Month, MrrPoint] = field(default_factory=dict)

    def at_end_of(self, month: Month) -> MrrPoint | None:
        """Observed beats rebuilt."""
        return observed_point(month, self.snapshots) or self.points.get(month)

    def days_before(self, days: int, now: UnixTime) -> PastFigure | None:
        """The newest figure of about ``days`` before ``now``: a snapshot, else the month end before it."""
        moment = UnixTime(now - days * _DAY)
        newest = next((s for s in reversed(self.snapshots) if seconds_of(s.at) <= moment), None)
        if newest is not None and moment - seconds_of(newest.at) <= SNAPSHOT_MAY_BE_OLDER_BY_DAYS * _DAY:
            return PastFigure(seconds_of(newest.at), newest.list_mrr, newest.net_mrr, Confidence.OBSERVED)
        month = completed_months(moment, 1)[0]
        point = self.points.get(month)
        return None if point is None else PastFigure(month.end, point.list_mrr, point.net_mrr, point.confidence)


@dataclass(frozen=True, slots=True)
class RememberedTimes:
    """Days (UTC) whose snapshots, and months whose rebuilt ends, a comparison looks at."""

    days: frozenset[dt.date]
    months: frozenset[Month]

    @classmethod
    def of_changes(cls, now: UnixTime) -> RememberedTimes:
        """What changes over ``PERIODS`` and over the months drawn are told from: both ends of each, no more."""
        moments = [UnixTime(now - days * _DAY) for days in PERIODS]
        near = {_day(moment - back * _DAY) for moment in moments for back in range(SNAPSHOT_MAY_BE_OLDER_BY_DAYS + 1)}
        first = months_drawn(now)[0]
        before = {completed_months(moment, 1)[0] for moment in moments}
        return cls(frozenset(near | _last_days([first])), frozenset(before | {first}))

    @classmethod
    def of_lines(cls, now: UnixTime) -> RememberedTimes:
        """As ``of_changes``, and every month end between."""
        changes, span = cls.of_changes(now), months_drawn(now)
        return cls(changes.days | _last_days(span), changes.months | frozenset(span))


def months_drawn(now: UnixTime) -> Sequence[Month]:
    """The completed months that a line is drawn through, oldest first."""
    return completed_months(now, MONTHS_DRAWN)


def _last_days(months: Iterable[Month]) -> set[dt.date]:
    """Days on which a snapshot may stand for the end of one of ``months``."""
    hours = range(0, SNAPSHOT_IS_MONTH_END_WITHIN_HOURS + 1, 12)
    return {_day(month.end - 1 - back * _HOUR) for month in months for back in hours}


def _day(moment: int) -> dt.date:
    return dt.datetime.fromtimestamp(moment, tz=dt.UTC).date()
