"""Dated exchange rates, as the workspace keeps them (billing rules 2.7, "Converted")."""

from __future__ import annotations

import datetime
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from clynto.domain.money import ZERO, MoneyBag, major_units, minor_units


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """From ``date`` (UTC) on, one major unit of ``from_currency`` is ``rate`` major units of ``to_currency``.

    Currencies are upper case. Raises ``ValueError`` for a rate that is not positive.
    """

    date: datetime.date
    from_currency: str
    to_currency: str
    rate: Fraction

    def __post_init__(self) -> None:
        if self.rate <= 0:
            raise ValueError("an exchange rate is positive")


@dataclass(frozen=True, slots=True)
class Converted:
    """``amount`` is exact minor units of ``currency``; ``unconverted`` names the currencies that had no rate."""

    currency: str
    amount: Fraction
    converted: tuple[str, ...]
    unconverted: tuple[str, ...]


class ExchangeRates:
    """A table of rates; at most one row per pair and date (of several, the highest rate is taken, in any order)."""

    def __init__(self, rows: Iterable[ExchangeRate] = ()) -> None:
        self._by_pair: dict[tuple[str, str], list[tuple[datetime.date, Fraction]]] = {}
        for row in rows:
            self._by_pair.setdefault((row.from_currency, row.to_currency), []).append((row.date, row.rate))
        for dated in self._by_pair.values():
            dated.sort()

    def rate(self, from_currency: str, to_currency: str, day: datetime.date) -> Fraction | None:
        """Major units of ``to_currency`` per major unit of ``from_currency`` on ``day``; None if there is none.

        The newest row not later than ``day``; a direct pair beats an inverse one, whatever their dates; an inverse
        is the exact 1/rate; no chains over third currencies.
        """
        if from_currency == to_currency:
            return Fraction(1)
        direct = self._newest(from_currency, to_currency, day)
        if direct is not None:
            return direct
        inverse = self._newest(to_currency, from_currency, day)
        return None if inverse is None else 1 / inverse

    def into(self, to_currency: str, day: datetime.date) -> dict[str, Fraction]:
        """The ``rate`` of every currency that has one on ``day``, ``to_currency`` itself included."""
        currencies = {to_currency, *(currency for pair in self._by_pair for currency in pair)}
        rates = {currency: self.rate(currency, to_currency, day) for currency in sorted(currencies)}
        return {currency: rate for currency, rate in rates.items() if rate is not None}

    def convert(self, bag: MoneyBag, to_currency: str, day: datetime.date) -> Converted:
        """Add up what has a rate, exactly; the rest is left out and named."""
        total = ZERO
        converted: list[str] = []
        unconverted: list[str] = []
        for currency, amount in bag:
            rate = self.rate(currency, to_currency, day)
            if rate is None:
                unconverted.append(currency)
            else:
                total += major_units(amount, currency) * rate
                converted.append(currency)
        return Converted(to_currency, minor_units(total, to_currency), tuple(converted), tuple(unconverted))

    def _newest(self, from_currency: str, to_currency: str, day: datetime.date) -> Fraction | None:
        dated = self._by_pair.get((from_currency, to_currency), [])
        usable = bisect_right(dated, day, key=lambda row: row[0])
        return dated[usable - 1][1] if usable else None


NO_RATES = ExchangeRates()
"""For workspaces that keep no rates."""
