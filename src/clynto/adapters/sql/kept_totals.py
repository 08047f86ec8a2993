"""Totals of a question that the kept sums already know: over all accounts, or over those of some payment statuses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from clynto.adapters.sql.kept_sums import KeptTotal, sums_of_subscriptions, together, totals_by_part
from clynto.adapters.sql.pending_sums import DAY, MONTH, NOW
from clynto.adapters.sql.question_selection import RANK_OF_STATUS
from clynto.adapters.sql.scope import Scope
from clynto.domain.money import MoneyBag
from clynto.domain.questions.query import Grouping
from clynto.ports.question_data import EVERYTHING, GroupTotal, Measure, MeasureKind, MoneyPart, Selection
from clynto.ports.workspaces import MrrBasis

_KEPT_BY = (None, Grouping.CURRENCY, Grouping.PAYMENT_STATUS)


def kept_totals(
    scope: Scope, selection: Selection, measure: Measure, grouping: Grouping | None
) -> Mapping[str, KeptTotal] | None:
    """Totals by payment status, if that is the grouping, else one under the empty key. None: they are not kept."""
    if measure.since is not None or measure.kind not in (MeasureKind.MRR, MeasureKind.LIFETIME):
        return None
    if grouping not in _KEPT_BY or replace(selection, statuses=frozenset()) != Selection():
        return None
    page = _page(measure)
    if page is None:
        parts = totals_by_part(scope, NOW, _name(measure))
        wanted = selection.statuses or RANK_OF_STATUS
        by_status = {status.value: parts.get(str(RANK_OF_STATUS[status])) for status in wanted}
        held = {status: total for status, total in by_status.items() if total is not None}
        return held if grouping is Grouping.PAYMENT_STATUS else {"": together(held.values())}
    if selection.statuses or grouping is Grouping.PAYMENT_STATUS:
        # The past is kept without the status that accounts have now.
        return None
    book, period = page
    return {"": together(totals_by_part(scope, book, _name(measure), period).values())}


def kept_by_subscription(
    scope: Scope, selection: Selection, measure: Measure, grouping: Grouping
) -> Mapping[str, MoneyBag] | None:
    """MRR of all accounts by plan or interval. None: it is not kept."""
    if selection != Selection() or measure.at is not None or measure.since is not None:
        return None
    sums: dict[str, MoneyBag] = {}
    for (interval, plan), amounts in sums_of_subscriptions(scope, _name(measure)).items():
        key = plan if grouping is Grouping.PLAN else interval
        sums[key] = sums.get(key, MoneyBag.empty()) + amounts
    return sums


def kept_of_part(scope: Scope, selection: Selection, measure: Measure) -> MoneyBag | None:
    """MRR of the subscriptions of an interval. None: it is not kept so; names of plans are compared otherwise."""
    part = selection.part
    if part.interval is None or replace(selection, part=MoneyPart(interval=part.interval)) != selection:
        return None
    kept = kept_by_subscription(scope, Selection(), measure, Grouping.INTERVAL)
    if kept is None or replace(selection, part=EVERYTHING) != Selection():
        return None
    return kept.get(part.interval, MoneyBag.empty())


def by_currency(totals: Iterable[KeptTotal]) -> list[GroupTotal]:
    """One group for each currency in which an account has an amount that is not zero."""
    whole = together(totals)
    amounts = whole.amounts.amounts
    return [
        GroupTotal(currency, accounts, accounts, MoneyBag.of(currency, amounts[currency]))
        for currency, accounts in sorted(whole.bearing_by_currency.items())
        if accounts
    ]


def _name(measure: Measure) -> str:
    if measure.kind is MeasureKind.LIFETIME:
        return "lifetime"
    return "net" if measure.basis is MrrBasis.NET else "list"


def _page(measure: Measure) -> tuple[str, str] | None:
    """The book and period of the past that is asked for."""
    moment = measure.at
    if moment is None or measure.kind is MeasureKind.LIFETIME:
        return None
    if moment.day is not None:
        return DAY, moment.day.isoformat()
    return None if moment.month is None else (MONTH, str(moment.month))
