"""How the MRR of a page of accounts moved: over 30 and 90 days, and month by month for a sparkline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from clynto.application.actor import Actor
from clynto.application.queries.figures import shown
from clynto.application.recompute_billing import ShownFigures
from clynto.domain.moments import UnixTime, seconds_of
from clynto.domain.money import MoneyBag
from clynto.domain.money_view import MoneyView
from clynto.domain.month_ends import Month, completed_months
from clynto.domain.mrr_history import Confidence, MrrPoint, MrrSnapshot, observed_point
from clynto.domain.roles import Role
from clynto.ports.clock import Clock
from clynto.ports.read_models import AccountRow
from clynto.ports.unit_of_work import UnitsOfWork

PERIODS = (30, 90)
"""Days that the change columns look back."""
MONTHS_DRAWN = 12
SNAPSHOT_MAY_BE_OLDER_BY_DAYS = 3
"""A day without a snapshot borrows from the days before it, but not from long ago."""
_DAY = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class MrrChange:
    """The present MRR less the one at ``since``, on the workspace's basis and in its currency."""

    amount: MoneyView
    since: UnixTime
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class MrrTrend:
    """``changes`` by days, without those that nothing is known for. ``line`` is oldest first, the live value last."""

    changes: Mapping[int, MrrChange]
    line: tuple[Fraction, ...]


class ReadMrrTrends:
    """Any member may look. Reads the remembered past of all accounts of a page at once."""

    def __init__(self, *, units: UnitsOfWork, clock: Clock) -> None:
        self._units = units
        self._clock = clock

    def __call__(self, actor: Actor, rows: Sequence[AccountRow]) -> Mapping[str, MrrTrend]:
        """By account id; an account that nothing is remembered of is left out."""
        actor.must_be(Role.MEMBER)
        ids = [row.id for row in rows if row.computed_at is not None]
        if not ids:
            return {}
        now = self._clock.now()
        span = completed_months(seconds_of(now), MONTHS_DRAWN)
        oldest_day = _day(span[0].start)
        with self._units.reading(actor.workspace_id) as uow:
            figures = ShownFigures.of(uow, now)
            points = uow.mrr_records.points(ids, since=span[0])
            taken = uow.mrr_records.snapshots(ids, since=oldest_day)
        return {
            row.id: _trend(figures, row, _Past(points.get(row.id, []), taken.get(row.id, [])), span, seconds_of(now))
            for row in rows
            if row.id in points or row.id in taken
        }


class _Past:
    """What is remembered of one account, oldest first."""

    def __init__(self, points: Sequence[MrrPoint], snapshots: Sequence[MrrSnapshot]) -> None:
        self._points = {point.month: point for point in points}
        self._snapshots = snapshots

    def at_end_of(self, month: Month) -> MrrPoint | None:
        """Observed beats rebuilt."""
        return observed_point(month, self._snapshots) or self._points.get(month)

    def before(self, moment: UnixTime) -> tuple[UnixTime, MoneyBag, MoneyBag, Confidence] | None:
        """The newest figure of about ``moment``: a snapshot, else the month end before it."""
        newest = next((s for s in reversed(self._snapshots) if seconds_of(s.at) <= moment), None)
        if newest is not None and moment - seconds_of(newest.at) <= SNAPSHOT_MAY_BE_OLDER_BY_DAYS * _DAY:
            return seconds_of(newest.at), newest.list_mrr, newest.net_mrr, Confidence.OBSERVED
        month = completed_months(moment, 1)[0]
        point = self._points.get(month)
        return None if point is None else (month.end, point.list_mrr, point.net_mrr, point.confidence)


def _trend(figures: ShownFigures, row: AccountRow, past: _Past, span: Sequence[Month], now: UnixTime) -> MrrTrend:
    live = figures.shown_mrr(row.list_mrr, row.net_mrr)
    changes: dict[int, MrrChange] = {}
    for days in PERIODS:
        found = past.before(UnixTime(now - days * _DAY))
        if found is not None:
            since, listed, net, confidence = found
            difference = (live - figures.shown_mrr(listed, net)).without_zeros()
            changes[days] = MrrChange(shown(figures, difference), since, confidence)
    known = [point for month in span if (point := past.at_end_of(month)) is not None]
    # Of a page of fifty accounts these are 650 figures, which nobody reads: only their values are made.
    values = [figures.value(point.list_mrr, point.net_mrr) for point in known]
    return MrrTrend(changes, (*values, figures.value(row.list_mrr, row.net_mrr)))


def _day(moment: int) -> dt.date:
    return dt.datetime.fromtimestamp(moment, tz=dt.UTC).date()
