"""Sums, counts and orders of accounts that nothing but amounts in a range select: often most of all accounts.

The amounts that select them are those that are added up, so they are looked at where they stand; sought account by
account, once for each sum and order, they would take three times as long.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Numeric, case, cast, func, select

from clynto.adapters.sql.held_accounts import HeldAmounts
from clynto.adapters.sql.question_amounts import AmountsSql
from clynto.adapters.sql.question_bounds import BoundsSql
from clynto.adapters.sql.question_sums import added_up, summing
from clynto.adapters.sql.scope import Scope
from clynto.domain.money import MoneyBag
from clynto.domain.questions.query import Order
from clynto.ports.question_data import (
    EVERYTHING,
    AmountCondition,
    GroupTotal,
    Measure,
    MeasureKind,
    MoneyPart,
    RankedAccount,
    Selection,
)

_KEPT = (MeasureKind.MRR, MeasureKind.LIFETIME)


class SqlRanges:
    """Within one workspace."""

    def __init__(self, scope: Scope, amounts: AmountsSql) -> None:
        self._scope = scope
        self._amounts = amounts
        self._bounds = BoundsSql(scope, amounts)

    def total(self, selection: Selection, measure: Measure) -> GroupTotal | None:
        """Of all selected accounts, each of which has an amount. None: something else selects them too."""
        condition = _only(selection, measure)
        if condition is None:
            return None
        rows = self._rows(selection.part, measure)
        among = self._among(rows, condition, measure, selection.part)
        query = select(rows.c.currency, rows.c.den, *summing(rows)).where(*among).group_by(rows.c.currency, rows.c.den)
        sums = added_up(self._scope.connection.execute(query), lambda _: "").get("", MoneyBag.empty())
        chosen = self._bounds.accounts(condition, measure.basis).subquery()
        accounts = self._scope.connection.scalar(select(func.count()).select_from(chosen)) or 0
        return GroupTotal("", accounts, accounts, sums)

    def ranked(
        self, selection: Selection, measure: Measure, order: Order, limit: int, weights: Mapping[str, int]
    ) -> list[RankedAccount] | None:
        """By their wholes times the weights of the currencies, then by id. None: as with ``total``."""
        condition = _only(selection, measure)
        if condition is None:
            return None
        rows = self._rows(selection.part, measure)
        weight = case(*((rows.c.currency == code, held) for code, held in sorted(weights.items())), else_=1)
        key: ColumnElement[Any] = cast(rows.c.whole, Numeric) * weight if weights else cast(rows.c.whole, Numeric)
        query = select(rows.c.account_id).where(*self._among(rows, condition, measure, selection.part))
        if selection.part.currency is None:
            key = func.sum(key)
            query = query.group_by(rows.c.account_id)
        placed = query.order_by(key.desc() if order is Order.HIGHEST else key, rows.c.account_id).limit(limit)
        ids = self._scope.connection.scalars(placed).all()
        if not ids:
            return []
        theirs = self._amounts.amounts(selection.part, measure, ids)
        held = HeldAmounts(self._scope.connection.execute(theirs))
        return [RankedAccount(account_id, held.bag(account_id)) for account_id in ids]

    def _rows(self, part: MoneyPart, measure: Measure) -> Any:
        return self._amounts.amounts(part, measure).subquery()

    def _among(
        self, rows: Any, condition: AmountCondition, measure: Measure, part: MoneyPart
    ) -> list[ColumnElement[bool]]:
        if part.currency is not None:
            return self._bounds.of_one_currency(rows, condition, part.currency)
        return [rows.c.account_id.in_(self._bounds.accounts(condition, measure.basis))]


def _only(selection: Selection, measure: Measure) -> AmountCondition | None:
    """The one condition, if it is on the very amounts that are measured."""
    if measure.kind not in _KEPT or measure.at is not None or measure.since is not None:
        return None
    part = selection.part
    if len(selection.amounts) != 1 or replace(selection, amounts=(), part=EVERYTHING) != Selection():
        return None
    condition = selection.amounts[0]
    same = condition.kind is measure.kind and condition.rates is None and not part.is_by_subscription
    return condition if same and part.currency in (None, condition.currency) else None
