"""From the conditions of a typed query to a selection of accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clynto.application.queries.question_ground import Ground
from clynto.domain.moments import UnixTime
from clynto.domain.money import USUAL_DIGITS, shown_digits
from clynto.domain.questions.filters import (
    CancelsIn,
    ChurnedIn,
    Filter,
    HasProduct,
    HealthIs,
    HealthUnknown,
    InCurrency,
    MrrRange,
    NewIn,
    NoSubscription,
    NotMatched,
    NotOnPlan,
    OnPlan,
    OnTrial,
    PaidEvery,
    PaymentStatusIs,
    RenewsIn,
    SignalStanding,
    WithoutProduct,
    WithSignal,
)
from clynto.domain.questions.periods import Period
from clynto.domain.questions.shown_bounds import exact_bounds
from clynto.domain.questions.wording import day_text
from clynto.domain.signals import SignalType
from clynto.ports.question_data import Lacking, Movement, Selection, SignalCondition, Stretch
from clynto.ports.read_models import StatusFilter
from clynto.ports.signals import InboxStatus

ALWAYS = Stretch(UnixTime(0), UnixTime(2**40))
"""Longer than any moment that Stripe can name."""


_LACKING: dict[type[Filter], Lacking] = {
    HealthUnknown: Lacking.HEALTH_SCORE,
    NoSubscription: Lacking.SUBSCRIPTION,
    NotMatched: Lacking.CUSTOMER,
}


def selection_of(ground: Ground, filters: Sequence[Filter]) -> Selection:
    """Accounts that meet all of ``filters``. Raises ``NotRecorded``."""
    selection = Selection()
    for condition in filters:
        selection = _with(ground, selection, condition)
    return selection


def with_statuses(selection: Selection, statuses: frozenset[StatusFilter]) -> Selection | None:
    """Those of the selection that also have one of ``statuses``; None: nobody can."""
    both = selection.statuses & statuses if selection.statuses else statuses
    return replace(selection, statuses=both) if both else None


def stretch_of(ground: Ground, period: Period | None) -> Stretch:
    """From the first to the last second of a period; None: always."""
    if period is None:
        return ALWAYS
    span = ground.span(period)
    return Stretch(span.since, span.until)


def signal_condition(
    ground: Ground, types: Sequence[SignalType], standings: Sequence[SignalStanding], period: Period | None
) -> SignalCondition:
    """Which signals are meant."""
    return SignalCondition(
        types=frozenset(types),
        statuses=frozenset(InboxStatus(standing.value) for standing in standings),
        within=None if period is None else stretch_of(ground, period),
    )


def what_is_compared(ground: Ground, filters: Sequence[Filter]) -> list[str]:
    """Which moments a condition on new or churned accounts compares, and what a bound beside a currency is put to."""
    notes = []
    if {InCurrency, MrrRange} <= {type(condition) for condition in filters}:
        notes.append("The bound is put to an account's whole MRR, also where a part of it is in another currency.")
    for condition in filters:
        if isinstance(condition, NewIn | ChurnedIn):
            start, end = ground.moments_of(ground.span(condition.period))
            until = "now" if end.is_now else f"the end of {day_text(end.end_of)}"
            word = "New" if isinstance(condition, NewIn) else "Churned"
            notes.append(f"{word} compares the MRR at the end of {day_text(start.end_of)} with {until}.")
    return notes


def _with(ground: Ground, selection: Selection, condition: Filter) -> Selection:
    part = selection.part
    match condition:
        case PaymentStatusIs(statuses):
            return replace(selection, statuses=frozenset(StatusFilter(status.value) for status in statuses))
        case OnPlan(name):
            return replace(selection, part=replace(part, plan=name.casefold()))
        case HasProduct(name):
            return replace(selection, part=replace(part, product=name.casefold()))
        case NotOnPlan(name):
            return replace(selection, without_plan=name.casefold())
        case WithoutProduct(name):
            return replace(selection, without_product=name.casefold())
        case InCurrency(currency):
            return replace(selection, part=replace(part, currency=currency))
        case PaidEvery(interval):
            return replace(selection, part=replace(part, interval=interval))
        case MrrRange():
            shown_in = ground.figures.default_currency
            low, below = exact_bounds(condition, USUAL_DIGITS if shown_in is None else shown_digits(shown_in))
            return replace(selection, mrr_from=low, mrr_below=below)
        case HealthIs(minimum, maximum):
            return replace(selection, health_from=minimum, health_to=maximum)
        case HealthUnknown() | NoSubscription() | NotMatched():
            return replace(selection, lacking=selection.lacking | {_LACKING[type(condition)]})
        case _:
            return _with_event(ground, selection, condition)


def _with_event(
    ground: Ground, selection: Selection, condition: WithSignal | RenewsIn | CancelsIn | OnTrial | NewIn | ChurnedIn
) -> Selection:
    match condition:
        case WithSignal(types, standings, period):
            return replace(selection, signal=signal_condition(ground, types, standings, period))
        case RenewsIn(period):
            return replace(selection, renewal=stretch_of(ground, period))
        case CancelsIn(when):
            return replace(selection, cancellation=stretch_of(ground, when))
        case OnTrial(end):
            return replace(selection, trial=stretch_of(ground, end))
        case NewIn(period):
            return replace(selection, gained=Movement(*ground.moments_of(ground.span(period))))
        case ChurnedIn(period):
            return replace(selection, lost=Movement(*ground.moments_of(ground.span(period))))
