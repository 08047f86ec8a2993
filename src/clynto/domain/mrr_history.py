"""MRR at the end of each completed month, observed or rebuilt from invoice lines (billing rules 6)."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from clynto.domain.catalogue import Price
from clynto.domain.invoice import Invoice
from clynto.domain.invoice_line_value import PRORATION_SCALED, ValuedLine, value_lines
from clynto.domain.moments import MICROS_PER_SECOND, UnixMicros, UnixTime
from clynto.domain.money import MoneyBag
from clynto.domain.month_ends import Month, completed_months, month_of
from clynto.domain.mrr_movements import MrrMovement, movements_between
from clynto.domain.service_period import covers
from clynto.domain.subscription import COUNTED_STATUSES, Subscription

MONTHS_SHOWN = 12

SNAPSHOT_IS_MONTH_END_WITHIN_HOURS = 36
"""A snapshot that old still stands for the end of the month (billing rules 6.1)."""

VOID_PERIOD = "void_or_written_off_period"
CARRIED_FORWARD = "carried_forward"
CARRIED_BACK = "carried_back"
SUBSCRIPTION_UNKNOWN = "subscription_unknown"

RENEWAL = "subscription_cycle"
"""``billing_reason`` of an invoice that continues what was there before (billing rules 6.3, rule 8)."""


class Confidence(enum.StrEnum):
    """Whether we looked at the time, or concluded later."""

    OBSERVED = "observed"
    RECONSTRUCTED = "reconstructed"


@dataclass(frozen=True, slots=True)
class MrrSnapshot:
    """What the live figures were at ``at``; stored once a day and never changed."""

    at: UnixMicros
    list_mrr: MoneyBag
    net_mrr: MoneyBag


@dataclass(frozen=True, slots=True)
class MrrPoint:
    """Exact MRR on both bases, without currencies of amount zero. ``month`` is the current one for a live point."""

    month: Month
    list_mrr: MoneyBag
    net_mrr: MoneyBag
    confidence: Confidence
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MrrHistory:
    """``points`` oldest first, then ``live`` for now. ``list_movements`` and ``net_movements`` lead from each point to
    the next one, the last of them to ``live``."""

    points: tuple[MrrPoint, ...]
    live: MrrPoint
    list_movements: tuple[MrrMovement, ...]
    net_movements: tuple[MrrMovement, ...]


def mrr_history(
    subscriptions: Iterable[Subscription],
    invoices: Iterable[Invoice],
    *,
    listed_prices: Mapping[str, Price],
    snapshots: Iterable[MrrSnapshot],
    live_list_mrr: MoneyBag,
    live_net_mrr: MoneyBag,
    now: UnixTime,
    months: int = MONTHS_SHOWN,
) -> MrrHistory:
    """The history of whoever owns ``subscriptions`` and ``invoices``: a customer, an account or a portfolio.

    ``live_list_mrr`` and ``live_net_mrr`` are the figures of now as ``recurring_revenue`` gives them. What is told
    new and what reactivated is judged within the points shown.
    """
    points = month_points(
        subscriptions, invoices, listed_prices=listed_prices, snapshots=snapshots, now=now, months=months
    )
    live = MrrPoint(
        month=month_of(now),
        list_mrr=live_list_mrr.without_zeros(),
        net_mrr=live_net_mrr.without_zeros(),
        confidence=Confidence.OBSERVED,
    )
    every = (*points, live)
    return MrrHistory(
        points=points,
        live=live,
        list_movements=movements_between([(point.month, point.list_mrr) for point in every]),
        net_movements=movements_between([(point.month, point.net_mrr) for point in every]),
    )


def month_points(
    subscriptions: Iterable[Subscription],
    invoices: Iterable[Invoice],
    *,
    listed_prices: Mapping[str, Price],
    snapshots: Iterable[MrrSnapshot],
    now: UnixTime,
    months: int = MONTHS_SHOWN,
) -> tuple[MrrPoint, ...]:
    """One point for each of the last ``months`` completed months, oldest first; independent of the input's order."""
    valued = value_lines(invoices, listed_prices)
    by_subscription: dict[str, list[ValuedLine]] = {}
    for line in valued.lines:
        by_subscription.setdefault(line.subscription_id, []).append(line)
    known = {subscription.id: subscription for subscription in subscriptions}
    taken = sorted(snapshots, key=lambda snapshot: snapshot.at)
    points = []
    for month in completed_months(now, months):
        observed = observed_point(month, taken)
        if observed is not None:
            points.append(observed)
            continue
        state = _State()
        for subscription_id in sorted(by_subscription):
            lines = by_subscription[subscription_id]
            if subscription_id in known:
                _add_subscription(state, known[subscription_id], lines, month.end)
            elif _add_covering(state, lines, month.end):
                state.notes.add(SUBSCRIPTION_UNKNOWN)
        points.append(
            MrrPoint(
                month=month,
                list_mrr=state.list_mrr.without_zeros(),
                net_mrr=state.net_mrr.without_zeros(),
                confidence=Confidence.RECONSTRUCTED,
                notes=tuple(sorted(state.notes | valued.notes)),
            )
        )
    return tuple(points)


def observed_point(month: Month, snapshots: Sequence[MrrSnapshot]) -> MrrPoint | None:
    """The point that the newest of ``snapshots`` (oldest first) from the last hours of ``month`` gives, if any does."""
    end = month.end * MICROS_PER_SECOND
    earliest = end - SNAPSHOT_IS_MONTH_END_WITHIN_HOURS * 60 * 60 * MICROS_PER_SECOND
    for snapshot in reversed(snapshots):
        if earliest <= snapshot.at < end:
            return MrrPoint(
                month=month,
                list_mrr=snapshot.list_mrr.without_zeros(),
                net_mrr=snapshot.net_mrr.without_zeros(),
                confidence=Confidence.OBSERVED,
            )
    return None


class _State:
    """The sums of one point while it is put together."""

    def __init__(self) -> None:
        self.list_mrr = MoneyBag.empty()
        self.net_mrr = MoneyBag.empty()
        self.notes: set[str] = set()

    def add(self, line: ValuedLine) -> None:
        self.list_mrr += MoneyBag.of(line.currency, line.list_mrr)
        self.net_mrr += MoneyBag.of(line.currency, line.net_mrr)
        if line.scaled:
            self.notes.add(PRORATION_SCALED)


def _add_subscription(state: _State, subscription: Subscription, lines: Sequence[ValuedLine], moment: UnixTime) -> None:
    """Rules 3 to 8 for one subscription and one month end."""
    start = subscription.start_date if subscription.start_date is not None else subscription.created
    if start is not None and start >= moment:
        return
    if subscription.ended_at is not None and moment > subscription.ended_at:
        return
    if not _add_covering(state, lines, moment):
        _add_carried(state, subscription, lines, moment)


def _add_covering(state: _State, lines: Sequence[ValuedLine], moment: UnixTime) -> bool:
    """Add what the lines that cover ``moment`` are worth. False: there is a gap."""
    by_item: dict[str, list[ValuedLine]] = {}
    for line in lines:
        if covers(line.start, line.end, moment):
            by_item.setdefault(line.item, []).append(line)
    covered = False
    for item in sorted(by_item):
        charges = [line for line in by_item[item] if not line.void and not line.credit]
        if charges:
            covered = True
            credits_ = [line for line in by_item[item] if not line.void and line.credit]
            _add_item(state, charges, credits_)
        elif any(line.void and not line.credit for line in by_item[item]):
            covered = True
            state.notes.add(VOID_PERIOD)
    return covered


def _add_item(state: _State, charges: Sequence[ValuedLine], credits_: Sequence[ValuedLine]) -> None:
    """The newest charge counts, unless a later credit took the item off (rules 4 and 5)."""
    start = max(line.start for line in charges)
    if any(line.start > start for line in credits_):
        return
    latest = [line for line in charges if line.start == start]
    newest = max((line.invoice_created, line.invoice_id) for line in latest)
    latest = [line for line in latest if (line.invoice_created, line.invoice_id) == newest]
    for line in [line for line in latest if line.proration] or latest:
        state.add(line)


def _add_carried(state: _State, subscription: Subscription, lines: Sequence[ValuedLine], moment: UnixTime) -> None:
    """Fill a gap from what lies around it, where that proves something (rule 8)."""
    charges = [line for line in lines if not line.void and not line.credit]
    before = [line for line in charges if line.end < moment]
    after = [line for line in charges if line.start >= moment]
    if before and (after or subscription.status in COUNTED_STATUSES):
        _add_covering(state, lines, max(line.end for line in before))
        state.notes.add(CARRIED_FORWARD)
    elif after and not before:
        first = min(after, key=lambda line: (line.start, line.invoice_created, line.invoice_id))
        if first.billing_reason == RENEWAL:
            _add_covering(state, lines, UnixTime(first.start + 1))
            state.notes.add(CARRIED_BACK)
