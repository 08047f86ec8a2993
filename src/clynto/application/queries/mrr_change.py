"""How the MRR of a page of accounts moved: over 30 and 90 days, and month by month for a sparkline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from clynto.application.account_places import change_since
from clynto.application.actor import Actor
from clynto.application.queries.figures import shown
from clynto.application.shown_figures import ShownFigures
from clynto.domain.moments import UnixTime, seconds_of
from clynto.domain.money import MoneyBag
from clynto.domain.money_view import MoneyView
from clynto.domain.month_ends import Month
from clynto.domain.mrr_history import Confidence
from clynto.domain.mrr_past import PERIODS, MrrPast, RememberedTimes, months_drawn
from clynto.domain.roles import Role
from clynto.ports.clock import Clock
from clynto.ports.read_models import AccountRow
from clynto.ports.unit_of_work import UnitsOfWork


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
        """By account id; an account of which nothing is remembered that could be shown is left out."""
        actor.must_be(Role.MEMBER)
        ids = [row.id for row in rows if row.computed_at is not None]
        if not ids:
            return {}
        now = self._clock.now()
        with self._units.reading(actor.workspace_id) as uow:
            figures = ShownFigures.of(uow, now)
            pasts = uow.mrr_records.pasts(ids, RememberedTimes.of_lines(seconds_of(now)))
        span = months_drawn(seconds_of(now))
        return {row.id: _trend(figures, row, pasts[row.id], span, seconds_of(now)) for row in rows if row.id in pasts}


def _trend(figures: ShownFigures, row: AccountRow, past: MrrPast, span: Sequence[Month], now: UnixTime) -> MrrTrend:
    changes: dict[int, MrrChange] = {}
    for days in PERIODS:
        found = past.days_before(days, now)
        if found is not None:
            difference = change_since(figures, row, found)
            changes[days] = MrrChange(shown(figures, difference), found.at, found.confidence)
    ends = (past.at_end_of(month) for month in span)
    heights = [figures.shown_mrr(end.list_mrr, end.net_mrr) for end in ends if end is not None]
    return MrrTrend(changes, _line(figures, [*heights, figures.shown_mrr(row.list_mrr, row.net_mrr)]))


def _line(figures: ShownFigures, heights: Sequence[MoneyBag]) -> tuple[Fraction, ...]:
    """Of a page of fifty accounts these are 650 figures, which nobody reads: only their values are made, and only where
    they change."""
    values: list[Fraction] = []
    for place, bag in enumerate(heights):
        same = place > 0 and bag == heights[place - 1]
        values.append(values[-1] if same else figures.value_of(bag))
    return tuple(values)
