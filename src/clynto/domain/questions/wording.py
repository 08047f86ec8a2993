"""How figures, days and conditions are written in the sentences of an answer."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from fractions import Fraction

from clynto.domain.account_billing import PaymentStatus
from clynto.domain.moments import UnixTime
from clynto.domain.money import decimal_text
from clynto.domain.money_view import MoneyView
from clynto.domain.questions.filters import (
    AmountRange,
    CancelsIn,
    Filter,
    InCurrency,
    MrrRange,
    OnTrial,
    OutstandingRange,
    WithSignal,
)
from clynto.domain.questions.periods import day_of
from clynto.domain.questions.phrases import (
    MONTH_NAMES,
    SIGNAL_WORDS,
    bounds_phrase,
    condition_phrase,
    either,
    period_phrase,
)
from clynto.domain.signal_explanation import CURRENCY_SIGNS

STATUS_WORDS = {
    PaymentStatus.PAID: "paid",
    PaymentStatus.OVERDUE: "overdue",
    PaymentStatus.FAILED: "failed",
}

_AMOUNTS = re.compile(r"\d+(?:\.\d+)?")


def grouped(amount: str) -> str:
    """``12345.60`` as ``12,345.60``."""
    sign, digits = ("-", amount[1:]) if amount.startswith("-") else ("", amount)
    whole, point, decimals = digits.partition(".")
    return f"{sign}{int(whole):,}{point}{decimals}"


def grouped_amounts(text: str) -> str:
    """``at least 1500`` as ``at least 1,500``."""
    return _AMOUNTS.sub(lambda found: grouped(found[0]), text)


def in_currency(amount: str, currency: str) -> str:
    """``$149.00``, ``-¥10,000``, ``149.00 CHF``."""
    minus, digits = ("-", amount[1:]) if amount.startswith("-") else ("", amount)
    sign = CURRENCY_SIGNS.get(currency)
    return f"{minus}{sign}{grouped(digits)}" if sign else f"{minus}{grouped(digits)} {currency}"


def money(view: MoneyView) -> str:
    """The figure with its unit; a sum over currencies names its parts, since it has none."""
    if view.currency is not None:
        return in_currency(view.amount, view.currency)
    if view.mixed:
        return f"{grouped(view.amount)} in mixed currencies ({parts(view)})"
    return grouped(view.amount)


def parts(view: MoneyView) -> str:
    """``$100.00 + €50.00``."""
    return " + ".join(in_currency(amount, currency) for currency, amount in sorted(view.by_currency.items()))


def unsigned(view: MoneyView) -> str:
    """The size of a change."""
    amounts = {currency: amount.removeprefix("-") for currency, amount in view.by_currency.items()}
    if view.mixed:
        return money(view)
    return money(MoneyView(view.amount.removeprefix("-"), view.currency, False, amounts, (), abs(view.value)))


def count(number: int, noun: str, nouns: str | None = None) -> str:
    """``1 account``, ``2,345 accounts``, ``no accounts``."""
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {nouns or noun + 's'}" if number else f"no {nouns or noun + 's'}"


def number(value: Fraction, decimals: int) -> str:
    """A number that is no money."""
    return grouped(decimal_text(value, decimals))


def day_text(day: dt.date) -> str:
    """``3 November 2026``."""
    return f"{day.day} {MONTH_NAMES[day.month - 1]} {day.year}"


def moment_day(moment: UnixTime) -> str:
    """The day of a moment, in UTC."""
    return day_text(day_of(moment))


def span_text(first: dt.date, last: dt.date) -> str:
    """``November 2026``, ``2026``, ``3 November 2026``, or both ends."""
    if first == last:
        return day_text(first)
    if first.day == 1 and (last + dt.timedelta(days=1)).day == 1:
        if (first.year, first.month) == (last.year, last.month):
            return f"{MONTH_NAMES[first.month - 1]} {first.year}"
        if first.month == 1 and (last.year, last.month) == (first.year, len(MONTH_NAMES)):
            return str(first.year)
    return f"{day_text(first)} to {day_text(last)}"


def in_span(first: dt.date, last: dt.date) -> str:
    """``in November 2026``, ``on 3 November 2026``, ``between 3 November 2026 and 9 November 2026``."""
    text = span_text(first, last)
    if first == last:
        return f"on {text}"
    return f"between {day_text(first)} and {day_text(last)}" if " to " in text else f"in {text}"


def conditions(filters: Sequence[Filter]) -> str:
    """What is said of the accounts, behind the noun: `` with payment status overdue, on the plan "Pro"``."""
    currency = next((held.currency for held in filters if isinstance(held, InCurrency)), None)
    return "".join(f"{',' if place else ''} {_told(held, currency)}" for place, held in enumerate(filters))


def _told(condition: Filter, currency: str | None) -> str:
    """As a person says it; the question that Larry writes for a query has to tell more cases apart. ``currency``: the
    one that MRR is counted in."""
    match condition:
        case CancelsIn(None):
            return "set to cancel"
        case OnTrial(None):
            return "on trial"
        case CancelsIn(period) if period is not None:
            return f"set to cancel {period_phrase(period)}"
        case WithSignal(types, standings, period):
            kinds = either(SIGNAL_WORDS[kind] for kind in types)
            states = either(standing.value for standing in standings)
            when = "" if period is None else period_phrase(period)
            return " ".join(part for part in ("with", states, kinds, "signals", when) if part)
        case MrrRange():
            return grouped_amounts(f"with an MRR of {bounds_phrase(*condition.bounds, currency)}")
        case OutstandingRange(None, above, None, None, None) if above == 0:
            return "with money left to pay"
        case AmountRange():
            return grouped_amounts(condition_phrase(condition))
        case _:
            return condition_phrase(condition)


def listed(names: Sequence[str]) -> str:
    """``A``, ``A and B``, ``A, B and C``."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def sentence(text: str) -> str:
    """With a capital first letter and a full stop."""
    return f"{text[0].upper()}{text[1:]}{'' if text.endswith(('.', '?')) else '.'}"
