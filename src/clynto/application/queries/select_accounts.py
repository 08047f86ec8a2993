"""From the conditions of a typed query to a selection of accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clynto.application.queries.question_ground import Ground, SignalsNotRecorded
from clynto.domain.moments import UnixTime
from clynto.domain.money import USUAL_DIGITS, shown_digits
from clynto.domain.questions.filters import (
    SUBSCRIPTION_FILTERS,
    AmountRange,
    CancelsIn,
    ChurnedIn,
    Filter,
    HasProduct,
    HealthIs,
    HealthUnknown,
    InCurrency,
    LifetimeRange,
    MrrRange,
    NeverPaid,
    NewIn,
    NoSubscription,
    NotMatched,
    NotOnPlan,
    OnPlan,
    OnTrial,
    OutstandingRange,
    OverdueIn,
    OwesNothing,
    PaidEvery,
    PaymentStatusIs,
    RenewsIn,
    SignalStanding,
    StatusWord,
    WithoutProduct,
    WithSignal,
)
from clynto.domain.questions.periods import Period
from clynto.domain.questions.shown_bounds import exact_bounds
from clynto.domain.questions.wording import day_text, listed
from clynto.domain.signals import SignalType
from clynto.ports.question_data import (
    AmountCondition,
    Lacking,
    MeasureKind,
    Movement,
    Selection,
    SignalCondition,
    Stretch,
)
from clynto.ports.read_models import StatusFilter
from clynto.ports.signals import InboxStatus

ALWAYS = Stretch(UnixTime(0), UnixTime(2**40))
"""Longer than any moment that Stripe can name."""


_BOUNDED: dict[type[Filter], str] = {
    MrrRange: "The MRR",
    OutstandingRange: "What is left to pay",
    LifetimeRange: "What was paid",
}
_NOT_BOUNDED: dict[type[Filter], str] = {
    OutstandingRange: "Accounts that owe nothing are not among them.",
    LifetimeRange: "Accounts that never paid are not among them.",
}
_LACKING: dict[type[Filter], Lacking] = {
    HealthUnknown: Lacking.HEALTH_SCORE,
    NoSubscription: Lacking.SUBSCRIPTION,
    NotMatched: Lacking.CUSTOMER,
    NeverPaid: Lacking.PAYMENT,
    OwesNothing: Lacking.DEBT,
}


def selection_of(ground: Ground, filters: Sequence[Filter]) -> Selection:
    """Accounts that meet all of ``filters``. Raises ``NotRecorded``."""
    selection = Selection()
    currency = next((condition.currency for condition in filters if isinstance(condition, InCurrency)), None)
    for condition in filters:
        if isinstance(condition, MrrRange) and currency is not None:
            # Beside a currency the MRR in it is bounded, whatever there is in others.
            selection = _with_amount(selection, _amount_condition(ground, condition, currency))
        else:
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
    notes = [*_what_is_bounded(ground, filters)]
    for condition in filters:
        if isinstance(condition, NewIn | ChurnedIn):
            start, end = ground.moments_of(ground.span(condition.period))
            until = "now" if end.is_now else f"the end of {day_text(end.end_of)}"
            word = "New" if isinstance(condition, NewIn) else "Churned"
            notes.append(f"{word} compares the MRR at the end of {day_text(start.end_of)} with {until}.")
        elif isinstance(condition, OverdueIn):
            notes.append(_of_overdue(ground))
            if len(filters) > 1 and condition.period is not None:
                notes.append("All other conditions are as they are now, and not as they were then.")
        elif isinstance(condition, NeverPaid):
            since = day_text(ground.invoices_held_since)
            notes += [
                "They have an invoice or a live subscription, and a lifetime value of zero.",
                f"Invoices are held since {since}; what was paid on older ones may be missing.",
            ]
        elif isinstance(condition, OwesNothing):
            notes.append("Accounts without a Stripe customer are among them.")
    return notes


def _of_overdue(ground: Ground) -> str:
    since = ground.signals_raised_since
    told = "" if since is None else f", raised since Stripe was connected on {day_text(since)}"
    return (
        f"Overdue goes by payment overdue signals of subscriptions that were open then{told}. "
        "One that a sync found may begin with its billing period."
    )


def _overdue(ground: Ground, period: Period | None) -> Stretch:
    """Raises ``SignalsNotRecorded`` for a time of which no signal could tell."""
    since = ground.signals_raised_since
    if period is not None and since is not None and ground.span(period).last < since:
        raise SignalsNotRecorded(since)
    return stretch_of(ground, period)


def _what_is_bounded(ground: Ground, filters: Sequence[Filter]) -> list[str]:
    notes = []
    currency = next((condition.currency for condition in filters if isinstance(condition, InCurrency)), None)
    for condition in filters:
        bounded = condition.currency if isinstance(condition, OutstandingRange | LifetimeRange) else currency
        if type(condition) in _BOUNDED and bounded is not None:
            notes.append(f"{_BOUNDED[type(condition)]} in {bounded} alone is bounded, unconverted.")
        elif isinstance(condition, OutstandingRange | LifetimeRange):
            notes += _without_rate(ground, _kind_of(condition))
        if isinstance(condition, OutstandingRange | LifetimeRange) and condition.bounds[:2] == (None, None):
            notes.append(_NOT_BOUNDED[type(condition)])
        if isinstance(condition, MrrRange) and any(isinstance(held, SUBSCRIPTION_FILTERS) for held in filters):
            notes.append("The bound is put to all MRR of an account, and not only to that of some subscriptions.")
        late = any(isinstance(held, PaymentStatusIs) and StatusWord.OVERDUE in held.statuses for held in filters)
        if isinstance(condition, OutstandingRange) and late:
            notes.append("Outstanding is all that is left to pay, be it overdue or not yet due.")
    return notes


def _without_rate(ground: Ground, kind: MeasureKind) -> list[str]:
    """Amounts that could not be compared with a bound in the workspace's currency."""
    wanted = ground.figures.default_currency
    if wanted is None:
        return []
    everything = ground.sum_of(None, ground.measure(kind)).without_zeros()
    rates = ground.figures.rates.into(wanted, ground.figures.day)
    missing = sorted(set(everything.currencies) - set(rates))
    if not missing:
        return []
    return [f"Not compared, since there is no exchange rate: amounts in {listed(missing)}."]


def _kind_of(condition: AmountRange) -> MeasureKind:
    kinds = {OutstandingRange: MeasureKind.OUTSTANDING, LifetimeRange: MeasureKind.LIFETIME}
    return kinds.get(type(condition), MeasureKind.MRR)


def _amount_condition(ground: Ground, condition: AmountRange, currency: str | None) -> AmountCondition:
    shown_in = currency or ground.figures.default_currency
    low, behind = exact_bounds(condition, USUAL_DIGITS if shown_in is None else shown_digits(shown_in))
    rates = None
    if currency is None and shown_in is not None:
        rates = tuple(sorted(ground.figures.rates.into(shown_in, ground.figures.day).items()))
    return AmountCondition(_kind_of(condition), low, behind, currency, rates)


def _with_amount(selection: Selection, condition: AmountCondition) -> Selection:
    return replace(selection, amounts=(*selection.amounts, condition))


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
        case OutstandingRange() | LifetimeRange():
            return _with_amount(selection, _amount_condition(ground, condition, condition.currency))
        case HealthIs(minimum, maximum):
            return replace(selection, health_from=minimum, health_to=maximum)
        case HealthUnknown() | NoSubscription() | NotMatched() | NeverPaid() | OwesNothing():
            return replace(selection, lacking=selection.lacking | {_LACKING[type(condition)]})
        case _:
            return _with_event(ground, selection, condition)


def _with_event(
    ground: Ground,
    selection: Selection,
    condition: WithSignal | RenewsIn | CancelsIn | OnTrial | NewIn | ChurnedIn | OverdueIn,
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
        case OverdueIn(then):
            return replace(selection, overdue=_overdue(ground, then))
        case NewIn(period):
            return replace(selection, gained=Movement(*ground.moments_of(ground.span(period))))
        case ChurnedIn(period):
            return replace(selection, lost=Movement(*ground.moments_of(ground.span(period))))
