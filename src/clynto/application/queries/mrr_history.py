"""The MRR trajectory of an account or of the whole workspace (contract, mrr-history; billing rules 6)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clynto.application.actor import Actor
from clynto.application.queries.figures import shown
from clynto.application.recompute_billing import RecomputeBilling
from clynto.application.shown_figures import ShownFigures
from clynto.domain.errors import NotFound
from clynto.domain.moments import UnixMicros, seconds_of
from clynto.domain.money import MoneyBag
from clynto.domain.money_view import MoneyView
from clynto.domain.month_ends import Month, completed_months, month_of
from clynto.domain.mrr_history import (
    SNAPSHOT_IS_MONTH_END_WITHIN_HOURS,
    Confidence,
    MrrPoint,
    observed_point,
)
from clynto.domain.mrr_movements import MrrMovement, movements_between
from clynto.domain.roles import Role
from clynto.ports.read_models import AccountRow, AccountsQuery
from clynto.ports.unit_of_work import UnitOfWork, UnitsOfWork

MOVEMENT_TYPES = ("new", "expansion", "contraction", "churn", "reactivation")


@dataclass(frozen=True, slots=True)
class PointShown:
    """A month end, or the live point of the month that runs. ``bag`` is the exact amount behind ``mrr``."""

    month: Month
    mrr: MoneyView
    confidence: Confidence
    notes: tuple[str, ...]
    bag: MoneyBag
    is_live: bool = False


@dataclass(frozen=True, slots=True)
class MovementShown:
    """One kind of change up to the point of ``month``; amounts of a month add up to the difference of its points."""

    month: Month
    type: str
    amount: MoneyView


@dataclass(frozen=True, slots=True)
class HistoryShown:
    """Oldest first; the last point is the live one. A month of which nothing is recorded yet is not there."""

    points: tuple[PointShown, ...]
    movements: tuple[MovementShown, ...]


class ReadMrrHistory:
    """Any member may look. Observed points beat rebuilt ones of the same month."""

    def __init__(self, *, units: UnitsOfWork, recompute: RecomputeBilling) -> None:
        self._units = units
        self._recompute = recompute

    def __call__(self, actor: Actor, account_id: str, *, months: int = 12) -> HistoryShown:
        """One account. Raises ``NotFound``."""
        actor.must_be(Role.MEMBER)
        with self._units.reading(actor.workspace_id) as uow:
            row = uow.accounts_table.row(account_id)
            if row is None:
                raise NotFound
            return history_of_account(uow, row, self._recompute.moment(uow.connections.get()), months)

    def workspace(self, actor: Actor, *, months: int = 12) -> HistoryShown:
        """The sum over all accounts, with the movements between sums."""
        actor.must_be(Role.MEMBER)
        with self._units.reading(actor.workspace_id) as uow:
            return history_of_workspace(uow, self._recompute.moment(uow.connections.get()), months)


def history_of_account(uow: UnitOfWork, row: AccountRow, now: UnixMicros, months: int) -> HistoryShown:
    """The last ``months`` month ends before ``now`` and the live figure of one account."""
    figures = ShownFigures.of(uow, now)
    span = completed_months(seconds_of(now), months)
    rebuilt = {p.month: p for p in uow.mrr_records.points([row.id], since=span[0]).get(row.id, [])}
    taken = uow.mrr_records.snapshots([row.id], since=_day_before(span[0])).get(row.id, [])
    known = {month: observed_point(month, taken) or rebuilt.get(month) for month in span}
    points = _without_gaps(known, expected=bool(row.customers))
    live = MrrPoint(month_of(seconds_of(now)), row.list_mrr, row.net_mrr, Confidence.OBSERVED)
    return _shown(figures, points, live)


def history_of_workspace(uow: UnitOfWork, now: UnixMicros, months: int) -> HistoryShown:
    """The same for the sum over all accounts."""
    figures = ShownFigures.of(uow, now)
    points = _workspace_points(uow, completed_months(seconds_of(now), months))
    present = uow.accounts_table.totals(AccountsQuery())
    live = MrrPoint(month_of(seconds_of(now)), present.list_mrr, present.net_mrr, Confidence.OBSERVED)
    return _shown(figures, points, live)


def _workspace_points(uow: UnitOfWork, span: Sequence[Month]) -> list[MrrPoint]:
    days = uow.mrr_records.workspace_snapshots(since=_day_before(span[0]))
    sums = uow.mrr_records.workspace_points(since=span[0])
    points: dict[Month, MrrPoint | None] = {}
    for month in span:
        observed = next((day for day in (_last_day(month), _day_before(month)) if day in days), None)
        if observed is not None:
            points[month] = MrrPoint(month, *days[observed], Confidence.OBSERVED)
        else:
            points[month] = MrrPoint(month, *sums[month], Confidence.RECONSTRUCTED) if month in sums else None
    return _without_gaps(points, expected=uow.matches.matched_count() > 0)


def _without_gaps(points: Mapping[Month, MrrPoint | None], *, expected: bool) -> list[MrrPoint]:
    """Months before the record begins had no revenue that is known of. A later one without a record is unknown until
    it is rebuilt and is left out: a zero would be told as a churn of everything. So are all of them while a record is
    ``expected``, as there are customers, and has yet to be made."""
    if expected and not any(points.values()):
        return []
    kept: list[MrrPoint] = []
    began = False
    for month, point in points.items():
        began = began or point is not None
        if point is not None or not began:
            nothing = MrrPoint(month, MoneyBag.empty(), MoneyBag.empty(), Confidence.RECONSTRUCTED)
            kept.append(point or nothing)
    return kept


def _shown(figures: ShownFigures, points: Sequence[MrrPoint], live: MrrPoint) -> HistoryShown:
    every = [*points, live]
    bags = [(point.month, figures.shown_mrr(point.list_mrr, point.net_mrr)) for point in every]
    movements = movements_between(bags)
    return HistoryShown(
        points=tuple(
            PointShown(point.month, shown(figures, bag), point.confidence, point.notes, bag, point is live)
            for point, (_, bag) in zip(every, bags, strict=True)
        ),
        movements=tuple(one for movement in movements for one in _parts(figures, movement)),
    )


def _parts(figures: ShownFigures, movement: MrrMovement) -> list[MovementShown]:
    parts: list[tuple[str, MoneyBag]] = [(kind, getattr(movement, kind)) for kind in MOVEMENT_TYPES]
    return [MovementShown(movement.month, kind, shown(figures, bag)) for kind, bag in parts if bag.amounts]


def _last_day(month: Month) -> dt.date:
    return dt.datetime.fromtimestamp(month.end - 1, tz=dt.UTC).date()


def _day_before(month: Month) -> dt.date:
    hours = SNAPSHOT_IS_MONTH_END_WITHIN_HOURS
    return dt.datetime.fromtimestamp(month.end - hours * 3600, tz=dt.UTC).date()
