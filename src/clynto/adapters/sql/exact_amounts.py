"""Exact fractions of minor units in three integer columns, so that sums over any number of rows stay exact.

An amount is ``whole + frac_num / frac_den`` with 0 <= frac_num < frac_den, reduced. Rows of one denominator add up as
integers in SQL; the few sums that come back are added as fractions. A denominator over ``FINEST`` (no price has one)
is rounded half-up to a trillionth of a minor unit, which no figure that is ever shown can tell. An amount whose whole
leaves 64 bits, which no believable amounts add up to, is held as the largest: it must not end a sync of all others.
"""

from __future__ import annotations

from fractions import Fraction
from math import floor
from typing import Any

from sqlalchemy import Column, ColumnElement, Row, Table, func

from clynto.adapters.sql.column_types import AMOUNT

FINEST = 10**12
LARGEST_WHOLE = 2**63 - 1
_HALVES = 10**9
"""Sums of wholes are taken in two halves: SQLite's SUM overflows at 64 bits, 100,000 rows of 14 digits do not fit."""

Triple = tuple[int, int, int]
Row_ = Row[Any]


def split(amount: Fraction) -> Triple:
    """(whole, frac_num, frac_den) of ``amount``."""
    if amount.denominator > FINEST:
        amount = Fraction(floor(amount * FINEST + Fraction(1, 2)), FINEST)
    whole, rest = divmod(amount.numerator, amount.denominator)
    if abs(whole) > LARGEST_WHOLE:
        return (LARGEST_WHOLE if whole > 0 else -LARGEST_WHOLE), 0, 1
    return whole, rest, amount.denominator


def join(whole: int, frac_num: int, frac_den: int) -> Fraction:
    """The amount that was split."""
    if frac_den == 1:
        return Fraction(whole)
    return Fraction(whole * frac_den + frac_num, frac_den)


def columns(name: str) -> tuple[Column[int | None], Column[int | None], Column[int | None]]:
    """The three columns of an amount called ``name``; all are null where there is no amount."""
    return Column(f"{name}_whole", AMOUNT), Column(f"{name}_num", AMOUNT), Column(f"{name}_den", AMOUNT)


def values(name: str, amount: Fraction | None) -> dict[str, int | None]:
    """Column values of an amount called ``name``."""
    whole, frac_num, frac_den = (None, None, None) if amount is None else split(amount)
    return {f"{name}_whole": whole, f"{name}_num": frac_num, f"{name}_den": frac_den}


def read(row: Row_, name: str) -> Fraction | None:
    """The amount called ``name`` of a row."""
    held = row._mapping
    whole = held[f"{name}_whole"]
    return None if whole is None else join(whole, held[f"{name}_num"], held[f"{name}_den"])


def sums(table: Table, name: str) -> list[ColumnElement[Any]]:
    """Select these, grouped by ``<name>_den``, and give each row to ``summed``."""
    whole, frac_num = table.c[f"{name}_whole"], table.c[f"{name}_num"]
    return [*halves(whole, name), func.sum(frac_num).label(f"{name}_rest")]


def halves(whole: ColumnElement[Any], name: str) -> list[ColumnElement[Any]]:
    """The sum of a column of integers, for ``of_halves``."""
    return [func.sum(whole // _HALVES).label(f"{name}_high"), func.sum(whole % _HALVES).label(f"{name}_low")]


def of_halves(high: int, low: int) -> int:
    """The sum whose halves these are, however large."""
    return int(high) * _HALVES + int(low)


def summed(row: Row_, name: str) -> Fraction | None:
    """The exact sum of a group; None if no row of it had an amount."""
    held = row._mapping
    if held[f"{name}_high"] is None:
        return None
    whole = of_halves(held[f"{name}_high"], held[f"{name}_low"])
    return join(whole, int(held[f"{name}_rest"]), held[f"{name}_den"])
