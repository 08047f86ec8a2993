"""Money for people: grouped digits, the currency's sign, and a sentence where a figure needs one."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from clynto.domain.money import major_text
from clynto.domain.money_view import MoneyView
from clynto.domain.signal_explanation import CURRENCY_SIGNS

_MINUS = "\u2212"
_NO_BREAK = "\u00a0"


def grouped(amount: str) -> str:
    """``12345.60`` as ``12,345.60``; the number of decimals stays."""
    return f"{Decimal(amount):,f}".replace("-", _MINUS)


def counted(number: int, noun: str) -> str:
    """``1 customer``, ``1,200 customers``."""
    return f"{grouped(str(number))} {noun}{'' if number == 1 else 's'}"


def with_currency(amount: str, currency: str | None, *, unit: str = "") -> str:
    """``149.00`` and ``USD`` as ``$149.00``, and with a code ``149.00 CHF``, as explanations and Larry write it.

    ``unit`` stands right behind the digits: ``1.5`` and ``M`` as ``$1.5M``.
    """
    digits = f"{grouped(amount)}{unit}"
    if currency is None:
        return digits
    minus, digits = (_MINUS, digits[1:]) if digits.startswith(_MINUS) else ("", digits)
    sign = CURRENCY_SIGNS.get(currency)
    return f"{minus}{sign}{digits}" if sign else f"{minus}{digits}{_NO_BREAK}{currency}"


def money_text(view: MoneyView) -> str:
    """The figure as it stands in a cell."""
    return with_currency(view.amount, view.currency)


def signed_money_text(view: MoneyView) -> str:
    """A change: with a plus where it grew."""
    return f"+{money_text(view)}" if view.value > 0 else money_text(view)


def minor_money_text(amount: int | Fraction, currency: str) -> str:
    """Exact minor units of a currency."""
    return with_currency(major_text(Fraction(amount), currency), currency)


def money_note(view: MoneyView) -> str | None:
    """What the figure alone does not tell; None where it tells everything."""
    parts = _parts(view.by_currency)
    if view.mixed:
        return f"Mixed currencies, added without conversion: {parts}."
    left_out = f" Left out, since there is no rate: {', '.join(view.unconverted)}." if view.unconverted else ""
    if left_out or _is_converted(view):
        return f"Converted to {view.currency} at the workspace's rates from {parts}.{left_out}"
    return None


def _is_converted(view: MoneyView) -> bool:
    return view.currency is not None and bool(view.by_currency) and set(view.by_currency) != {view.currency}


def _parts(by_currency: Mapping[str, str]) -> str:
    return " + ".join(with_currency(amount, currency) for currency, amount in sorted(by_currency.items()))
