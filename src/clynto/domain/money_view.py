"""How a bag of money is shown: one figure, its unit, and the parts (guide, "mixed currencies"; billing rules 2.7)."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from clynto.domain.exchange_rates import ExchangeRates
from clynto.domain.money import USUAL_DIGITS, ZERO, MoneyBag, decimal_text, major_text, major_units
from clynto.domain.policies import MONTHS_PER_YEAR


@dataclass(frozen=True, slots=True)
class MoneyView:
    """One figure that was rounded once.

    ``amount`` is a decimal string in major units. ``currency`` None: the figure carries no unit, either because
    it is ``mixed`` (the plain sum of several currencies) or because there is nothing at all. ``by_currency`` has
    every part as text. ``unconverted`` names the currencies that are not in ``amount``. ``value`` is the exact
    figure behind ``amount`` in major units: sort by it.
    """

    amount: str
    currency: str | None
    mixed: bool
    by_currency: Mapping[str, str]
    unconverted: tuple[str, ...]
    value: Fraction


def view_of(bag: MoneyBag, default_currency: str | None, rates: ExchangeRates, day: datetime.date) -> MoneyView:
    """Show ``bag`` in ``default_currency`` (upper case) with the rates of ``day`` (UTC), as far as they reach.

    Without a default currency, or when nothing can be converted, a single currency is shown as it is and several
    as the plain sum without a unit.
    """
    parts = {currency: major_text(amount, currency) for currency, amount in bag}
    if not bag.amounts:
        text = major_text(ZERO, default_currency) if default_currency else decimal_text(ZERO, USUAL_DIGITS)
        return MoneyView(text, default_currency, False, parts, (), ZERO)
    if default_currency:
        total = rates.convert(bag, default_currency, day)
        if total.converted:
            return MoneyView(
                amount=major_text(total.amount, default_currency),
                currency=default_currency,
                mixed=False,
                by_currency=parts,
                unconverted=total.unconverted,
                value=major_units(total.amount, default_currency),
            )
    if bag.is_mixed:
        return MoneyView(bag.plain_sum_text, None, True, parts, (), bag.plain_sum)
    currency = bag.currencies[0]
    return MoneyView(parts[currency], currency, False, parts, (), bag.plain_sum)


def value_of(bag: MoneyBag, default_currency: str | None, rates: ExchangeRates, day: datetime.date) -> Fraction:
    """The ``value`` of ``view_of``, for whoever only sorts by it: no text is written."""
    if default_currency and bag.amounts:
        converted = rates.convert(bag, default_currency, day)
        if converted.converted:
            return major_units(converted.amount, default_currency)
    return bag.plain_sum


def annual(mrr: MoneyBag) -> MoneyBag:
    """ARR: twelve times the exact MRR, before any rounding (guide; billing rules, section 1)."""
    return mrr * MONTHS_PER_YEAR
