"""Accounts with an amount in a range, as SQL: exact to the fraction, whatever currencies are added up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, Double, FromClause, Numeric, Select, and_, case, cast, func, or_, select

from clynto.adapters.sql.column_types import is_any_of
from clynto.adapters.sql.held_accounts import HeldAmounts
from clynto.adapters.sql.question_amounts import AmountsSql
from clynto.adapters.sql.scope import Scope
from clynto.domain.money import (
    THREE_DECIMAL_CURRENCIES,
    UNITS,
    USUAL_DIGITS,
    ZERO_DECIMAL_CURRENCIES,
    MoneyBag,
    major_units,
    minor_digits,
)
from clynto.domain.sort_places import MILLIONTHS
from clynto.ports.question_data import AmountCondition, Measure, MeasureKind, MoneyPart
from clynto.ports.workspaces import MrrBasis

_UNUSUAL = {0: ZERO_DECIMAL_CURRENCIES, 3: THREE_DECIMAL_CURRENCIES}
THOUSANDTHS = 1_000
_LARGEST = 9 * 10**15
"""Minor units: more than any bound that a question can name, and a thousand times as many fit into 64 bits."""
_EXACT = 2**52
"""Floating numbers hold each integer up to here, and each sum of two."""
_UNSURE = Fraction(1, 10**9)
"""Parts of a bound by which a sum of floating numbers may lie beside the exact one, and far more than it ever does."""


@dataclass(frozen=True, slots=True)
class _Sums:
    """The sum of an account's amounts in millionths of a major unit, and among which rows it is made."""

    key: ColumnElement[Any]
    among: Sequence[ColumnElement[bool]]


class BoundsSql:
    """Conditions on accounts within one workspace."""

    def __init__(self, scope: Scope, amounts: AmountsSql) -> None:
        self._scope = scope
        self._amounts = amounts
        self._decided_of: dict[AmountCondition, list[str]] = {}

    def accounts(self, wanted: AmountCondition, basis: MrrBasis) -> Select[Any]:
        """Their ids, each once. For what is not converted: that takes two steps (``within``)."""
        rows = self._rows(wanted, basis)
        if wanted.currency is not None and wanted.kind is not MeasureKind.OUTSTANDING:
            return select(rows.c.account_id).where(*self.of_one_currency(rows, wanted, wanted.currency))
        return self._plainly(rows, wanted)

    def outside(self, wanted: AmountCondition, basis: MrrBasis) -> Select[Any]:
        """Those that have an amount, all of it together, which lies beside the range."""
        return self._plainly(self._rows(wanted, basis), wanted, beside=True)

    def within(self, own: ColumnElement[str], wanted: AmountCondition, basis: MrrBasis) -> ColumnElement[bool]:
        """The account whose id ``own`` is meets the condition."""
        if wanted.rates is None or wanted.currency is not None:
            return own.in_(self.accounts(wanted, basis))
        return self._converted(own, self._rows(wanted, basis), wanted, dict(wanted.rates))

    def of_one_currency(self, rows: FromClause, wanted: AmountCondition, currency: str) -> list[ColumnElement[bool]]:
        """On rows of which each account has one: compared with their fraction."""
        return _single(rows, wanted, currency)

    def _rows(self, wanted: AmountCondition, basis: MrrBasis) -> FromClause:
        return self._amounts.amounts(MoneyPart(currency=wanted.currency), Measure(wanted.kind, basis)).subquery()

    def _plainly(self, rows: FromClause, wanted: AmountCondition, *, beside: bool = False) -> Select[Any]:
        """Added as they are. In thousandths of a major unit all amounts are whole, and so small that they are added as
        integers: PostgreSQL takes three times as long to add up decimals, and less than half as long to add up
        floating numbers, which are as exact for all but absurd bounds."""
        low, behind = (None if bound is None else -(-bound // THOUSANDTHS) for bound in _ends(wanted))
        is_floating = self._scope.connection.dialect.name == "postgresql" and all(
            bound is None or abs(bound) < _EXACT for bound in (low, behind)
        )
        choices = [
            (rows.c.currency.in_(sorted(currencies)), THOUSANDTHS // UNITS[digits])
            for digits, currencies in _UNUSUAL.items()
        ]
        factor = case(*choices, else_=THOUSANDTHS // UNITS[USUAL_DIGITS])
        fitting: ColumnElement[Any] = case((rows.c.whole > _LARGEST, _LARGEST), else_=rows.c.whole)
        key = func.sum(cast(fitting, Double) * cast(factor, Double) if is_floating else fitting * factor)
        if beside:
            found = [key < low] if low is not None else []
            found += [key >= behind] if behind is not None else []
            return _having(rows, _Sums(key, ()), [or_(*found)])
        return _summed(rows, _Sums(key, ()), low, behind)

    def _converted(
        self, own: ColumnElement[str], rows: FromClause, wanted: AmountCondition, rates: dict[str, Fraction]
    ) -> ColumnElement[bool]:
        weights = {currency: rate * millionths_of(currency) for currency, rate in sorted(rates.items())}
        among = [rows.c.currency.in_(sorted(weights))]
        if all(weight.denominator == 1 for weight in weights.values()):
            exact = case(*((rows.c.currency == code, int(weight)) for code, weight in weights.items()), else_=0)
            return own.in_(_summed(rows, _Sums(func.sum(cast(rows.c.whole, Numeric) * exact), among), *_ends(wanted)))
        # One third of a cent fits into no integer: accounts near a bound are looked at here, one by one.
        rough = case(*((rows.c.currency == code, float(weight)) for code, weight in weights.items()), else_=0.0)
        sums = _Sums(func.sum(cast(rows.c.whole, Double) * cast(rough, Double)), among)
        bounds = [bound for bound in _ends(wanted) if bound is not None]
        near = {bound: max(abs(bound), MILLIONTHS) * _UNSURE for bound in bounds}
        unsure = or_(*(sums.key.between(float(bound - off), float(bound + off)) for bound, off in near.items()))
        low = None if wanted.low is None else float(wanted.low + near[wanted.low])
        behind = None if wanted.behind is None else float(wanted.behind - near[wanted.behind])
        if wanted not in self._decided_of:
            ids = self._scope.connection.scalars(_having(rows, sums, [unsure])).all()
            self._decided_of[wanted] = self._decided(rows, ids, wanted, rates)
        return or_(own.in_(_summed(rows, sums, low, behind)), is_any_of(own, self._decided_of[wanted]))

    def _decided(
        self, rows: FromClause, ids: Sequence[str], wanted: AmountCondition, rates: dict[str, Fraction]
    ) -> list[str]:
        if not ids:
            return []
        held = HeldAmounts(self._scope.connection.execute(select(rows).where(is_any_of(rows.c.account_id, ids))))
        return [id_ for id_ in ids if _is_within(held.bag(id_), wanted, rates)]


def _ends(wanted: AmountCondition) -> tuple[int | None, int | None]:
    return wanted.low, wanted.behind


def millionths_of(currency: str) -> int:
    """Of a major unit, in a minor one."""
    return MILLIONTHS // UNITS[minor_digits(currency)]


def _is_within(bag: MoneyBag, wanted: AmountCondition, rates: dict[str, Fraction]) -> bool:
    worth = (major_units(amount, currency) * rates[currency] for currency, amount in bag if currency in rates)
    total = sum(worth, start=Fraction(0)) * MILLIONTHS
    return (wanted.low is None or total >= wanted.low) and (wanted.behind is None or total < wanted.behind)


def _single(rows: FromClause, wanted: AmountCondition, currency: str) -> list[ColumnElement[bool]]:
    """One row an account, compared with its fraction."""
    weight = millionths_of(currency)
    found = [_is_some(rows)]
    if wanted.low is not None:
        found.append(_at_least(rows, wanted.low, weight))
    if wanted.behind is not None:
        found.append(~_at_least(rows, wanted.behind, weight))
    return found


def _at_least(rows: FromClause, bound: int, weight: int) -> ColumnElement[bool]:
    """``whole + num / den >= bound / weight`` in integers that fit: a fraction is below one."""
    whole, rest = divmod(bound, weight)
    at_the_edge = and_(rows.c.whole == whole, rows.c.num * weight >= rest * rows.c.den)
    return or_(rows.c.whole > whole, at_the_edge)


def _summed(rows: FromClause, sums: _Sums, low: float | None, behind: float | None) -> Select[Any]:
    found = [] if low is None else [sums.key >= low]
    return _having(rows, sums, found if behind is None else [*found, sums.key < behind])


def _having(rows: FromClause, sums: _Sums, conditions: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """Amounts that are bounded so are whole: what is left to pay, and what was paid in all."""
    query = select(rows.c.account_id).where(_is_some(rows), *sums.among).group_by(rows.c.account_id)
    return query.having(and_(*conditions)) if conditions else query


def _is_some(rows: FromClause) -> ColumnElement[bool]:
    return or_(rows.c.whole != 0, rows.c.num != 0)
