"""Exact money: fractions of minor units, one currency each (architecture decision 3; billing rules 2.7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

ZERO = Fraction(0)

USUAL_DIGITS = 2
UNITS = (1, 10, 100, 1000)
"""Minor units in a major unit, by number of decimals."""
ZERO_DECIMAL_CURRENCIES = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"]
)
THREE_DECIMAL_CURRENCIES = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])
WRITTEN_WITH_TWO_SHOWN_WITH_NONE = frozenset({"ISK", "UGX"})
"""Stripe writes two decimals that are always 00; people know none (billing rules 2.7).

These lists are Stripe's own. ISO 4217 and locale libraries differ (MGA, ISK, UGX), so they are no source here.
"""


def minor_digits(currency: str) -> int:
    """How many decimals Stripe's integer amounts of ``currency`` (upper case) carry: 0, 2 or 3."""
    if currency in ZERO_DECIMAL_CURRENCIES:
        return 0
    return 3 if currency in THREE_DECIMAL_CURRENCIES else USUAL_DIGITS


def shown_digits(currency: str) -> int:
    """How many decimals people see for ``currency`` (upper case): 0, 2 or 3."""
    return 0 if currency in WRITTEN_WITH_TWO_SHOWN_WITH_NONE else minor_digits(currency)


def major_units(amount: Fraction, currency: str) -> Fraction:
    """Exact major units (dollars) of ``amount`` minor units (cents) of ``currency``."""
    return amount / UNITS[minor_digits(currency)]


def minor_units(amount: Fraction, currency: str) -> Fraction:
    """Exact minor units (cents) of ``amount`` major units (dollars) of ``currency``."""
    return amount * UNITS[minor_digits(currency)]


def half_up(value: Fraction) -> int:
    """The nearest whole number; a half goes away from zero, so that -x always shows as minus what x shows."""
    doubled, divisor = 2 * abs(value.numerator), 2 * value.denominator
    nearest = (doubled + value.denominator) // divisor
    return -nearest if value < 0 else nearest


def decimal_text(value: Fraction, digits: int) -> str:
    """``value`` as a decimal string with exactly ``digits`` decimals, rounded half-up once. Zero has no sign."""
    scaled = half_up(value * UNITS[digits])
    sign = "-" if scaled < 0 else ""
    figures = str(abs(scaled)).rjust(digits + 1, "0")
    return f"{sign}{figures[:-digits]}.{figures[-digits:]}" if digits else f"{sign}{figures}"


def major_text(amount: Fraction, currency: str) -> str:
    """``amount`` exact minor units of ``currency`` as people read it: ``149.00``, ``833`` (JPY), ``10.500`` (KWD)."""
    return decimal_text(major_units(amount, currency), shown_digits(currency))


def total(amounts: Sequence[Fraction]) -> Fraction:
    """The exact sum. Most often there is one amount, which needs no arithmetic: fractions are slow to add."""
    return amounts[0] if len(amounts) == 1 else sum(amounts, start=ZERO)


@dataclass(frozen=True)
class MoneyBag:
    """Exact amounts in minor units, one per currency (upper case). Currencies never add to each other here.

    A currency with an amount of zero stays in the bag: "0.00 USD" and "nothing" are two answers (vector M021).
    """

    amounts: Mapping[str, Fraction]

    @classmethod
    def empty(cls) -> MoneyBag:
        """No currency at all."""
        return cls({})

    @classmethod
    def of(cls, currency: str, amount: Fraction | int) -> MoneyBag:
        """One amount in minor units."""
        return cls({currency: amount if isinstance(amount, Fraction) else Fraction(amount)})

    def __add__(self, other: MoneyBag) -> MoneyBag:
        if not other.amounts:
            return self
        if not self.amounts:
            return other
        amounts = dict(self.amounts)
        for currency, amount in other.amounts.items():
            held = amounts.get(currency)
            amounts[currency] = amount if held is None else held + amount
        return MoneyBag(amounts)

    def __neg__(self) -> MoneyBag:
        return self._each(lambda amount: -amount)

    def __sub__(self, other: MoneyBag) -> MoneyBag:
        return self + -other

    def __mul__(self, factor: Fraction | int) -> MoneyBag:
        return self._each(lambda amount: amount * factor)

    def __rmul__(self, factor: Fraction | int) -> MoneyBag:
        return self * factor

    def __iter__(self) -> Iterator[tuple[str, Fraction]]:
        return iter(sorted(self.amounts.items()))

    @property
    def currencies(self) -> tuple[str, ...]:
        """The currencies in the bag, sorted."""
        return tuple(sorted(self.amounts))

    @property
    def is_mixed(self) -> bool:
        """Whether more than one currency is in the bag, of whatever amount."""
        return len(self.amounts) > 1

    @property
    def plain_sum(self) -> Fraction:
        """The guide's sum over currencies: exact major units that carry no unit (billing rules 2.7, vector M089)."""
        return total([major_units(amount, currency) for currency, amount in self])

    @property
    def plain_sum_digits(self) -> int:
        """Decimals of the plain sum: the most that any of its currencies shows; 2 for an empty bag."""
        return max((shown_digits(currency) for currency in self.amounts), default=USUAL_DIGITS)

    @property
    def plain_sum_text(self) -> str:
        """The plain sum as shown, without any unit: ``10100.00``."""
        return decimal_text(self.plain_sum, self.plain_sum_digits)

    def without_zeros(self) -> MoneyBag:
        """The same bag without the currencies whose amount is zero."""
        return MoneyBag({currency: amount for currency, amount in self.amounts.items() if amount})

    def _each(self, change: Callable[[Fraction], Fraction]) -> MoneyBag:
        return MoneyBag({currency: change(amount) for currency, amount in self.amounts.items()})
