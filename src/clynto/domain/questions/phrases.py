"""How the parts of typed queries are written in English, such that Larry understands them back to the same parts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import assert_never

from clynto.domain.questions.filters import (
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
    WithoutProduct,
    WithSignal,
)
from clynto.domain.questions.json_form import amount_text
from clynto.domain.questions.periods import (
    Between,
    MonthOf,
    Period,
    QuarterOf,
    Relative,
    Rolling,
    Since,
    Unit,
    Which,
    YearOf,
)
from clynto.domain.signals import SignalType

MONTH_NAMES = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
SIGNAL_WORDS = {
    SignalType.PAYMENT_FAILED: "payment failure",
    SignalType.PAYMENT_OVERDUE: "payment overdue",
    SignalType.SUBSCRIPTION_CANCELED: "cancellation",
    SignalType.SUBSCRIPTION_DOWNGRADED: "downgrade",
}
_BEFORE_A_NAME: dict[type[Filter], str] = {
    OnPlan: "on the plan",
    HasProduct: "with the product",
    NotOnPlan: "not on the plan",
    WithoutProduct: "without the product",
}
_ALONE: dict[type[Filter], str] = {
    HealthUnknown: "with unknown health",
    NoSubscription: "without a subscription",
    NotMatched: "without a Stripe customer",
    NeverPaid: "that never paid",
    OwesNothing: "with nothing left to pay",
}
MOST_DECIMALS = 3
AT_ANY_TIME = "at any time"


def quoted(name: str) -> str:
    """``name`` in double quotes, with those inside it and backslashes escaped."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def period_phrase(period: Period) -> str:
    """``last month``, ``in the next 7 days``, ``in October 2026``, ``since 2026-10-01``."""
    match period:
        case Relative(Unit.DAY, which):
            return {Which.LAST: "yesterday", Which.THIS: "today", Which.NEXT: "tomorrow"}[which]
        case Relative(unit, which):
            return f"{which.value} {unit.value}"
        case Rolling(count, unit, direction):
            return f"in the {direction.value} {count} {unit.value}{'' if count == 1 else 's'}"
        case MonthOf(year, month):
            return f"in {MONTH_NAMES[month - 1]} {year}"
        case QuarterOf(year, quarter):
            return f"in Q{quarter} {year}"
        case YearOf(year):
            return f"in {year}"
        case Since(day):
            return f"since {day.isoformat()}"
        case Between(first, last):
            return f"between {_day(first)} and {_day(last)}"
    assert_never(period)


def condition_phrase(condition: Filter) -> str:
    """The condition as it stands behind "accounts": ``with payment status overdue``, ``on the plan "Pro"``."""
    match condition:
        case PaymentStatusIs(statuses):
            return f"with payment status {either(status.value for status in statuses)}"
        case OnPlan() | HasProduct() | NotOnPlan() | WithoutProduct():
            return f"{_BEFORE_A_NAME[type(condition)]} {quoted(condition.name)}"
        case InCurrency(currency):
            return f"in {currency}"
        case PaidEvery(interval):
            return f"billed every {interval}"
        case MrrRange():
            return f"with an MRR of {bounds_phrase(*condition.bounds)}"
        case OutstandingRange():
            return f"with an outstanding amount of {bounds_phrase(*condition.bounds, condition.currency)}"
        case LifetimeRange():
            return f"with a lifetime value of {bounds_phrase(*condition.bounds, condition.currency)}"
        case HealthIs(low, high):
            bounds = [f"at least {low}"] if low is not None else []
            bounds += [f"at most {high}"] if high is not None else []
            return f"with a health score of {' and '.join(bounds)}"
        case HealthUnknown() | NoSubscription() | NotMatched() | NeverPaid() | OwesNothing():
            return _ALONE[type(condition)]
        case _:
            return _event_phrase(condition)


def _event_phrase(condition: WithSignal | RenewsIn | CancelsIn | OnTrial | NewIn | ChurnedIn | OverdueIn) -> str:
    match condition:
        case WithSignal(types, standings, period):
            return f"with {signals_phrase(types, standings)} {when_phrase(period)}"
        case RenewsIn(renewal):
            return f"renewing {period_phrase(renewal)}"
        case CancelsIn(cancellation):
            return f"canceling {when_phrase(cancellation)}"
        case OnTrial(end):
            return f"with a trial ending {when_phrase(end)}"
        case NewIn(gained):
            return f"new {period_phrase(gained)}"
        case ChurnedIn(lost):
            return f"churned {period_phrase(lost)}"
        case OverdueIn(then):
            return "overdue at some time" if then is None else f"overdue at some time {period_phrase(then)}"
    assert_never(condition)


def either(words: Iterable[str]) -> str:
    """``a``, ``a or b``, ``a or b or c``."""
    return " or ".join(words)


def signals_phrase(types: Sequence[SignalType], standings: Sequence[SignalStanding]) -> str:
    """``open payment failure signals``."""
    standing = either(standing.value for standing in standings) if standings else "open or resolved or dismissed"
    kinds = either(SIGNAL_WORDS[kind] for kind in types)
    return " ".join(part for part in (standing, kinds, "signals") if part)


def when_phrase(period: Period | None) -> str:
    """``last month``, ``at any time``."""
    return AT_ANY_TIME if period is None else period_phrase(period)


def bounds_phrase(
    minimum: Fraction | None,
    above: Fraction | None,
    maximum: Fraction | None,
    below: Fraction | None,
    currency: str | None = None,
) -> str:
    """``more than 500 and at most 1000``, ``at least 500 EUR``."""
    bounds = [("at least", minimum), ("more than", above), ("at most", maximum), ("less than", below)]
    unit = "" if currency is None else f" {currency}"
    told = [f"{word} {_unmistakable(amount_text(bound))}{unit}" for word, bound in bounds if bound is not None]
    return " and ".join(told)


def _unmistakable(amount: str) -> str:
    """``1.125`` would be read as thousands."""
    return f"{amount}0" if len(amount.partition(".")[2]) == MOST_DECIMALS else amount


def _day(day: dt.date) -> str:
    return day.isoformat()
