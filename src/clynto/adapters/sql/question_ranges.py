"""Sums, counts and orders of accounts that nothing but amounts in a range select: often most of all accounts.

The amounts that select them are those that are added up, so they are looked at where they stand; sought account by
account, once for each sum and order, they would take three times as long.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from clynto.adapters.sql.held_accounts import HeldAmounts
from clynto.adapters.sql.kept_totals import kept_totals
from clynto.adapters.sql.question_amounts import AmountsSql
from clynto.adapters.sql.question_bounds import BoundsSql, millionths_of
from clynto.adapters.sql.question_sums import added_up, summing
from clynto.adapters.sql.question_worths import first_by_worth
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

_NOTHING = MoneyBag.empty()
_KEPT = (MeasureKind.MRR, MeasureKind.LIFETIME)


class SqlRanges:
    """Within one workspace. ``most``: accounts whose amounts are read to be added up and put in order here."""

    def __init__(self, scope: Scope, amounts: AmountsSql, most: int) -> None:
        self._scope = scope
        self._amounts = amounts
        self._bounds = BoundsSql(scope, amounts)
        self._most = most
        self._held: dict[tuple[AmountCondition, Measure], HeldAmounts | None] = {}

    def total(self, selection: Selection, measure: Measure) -> GroupTotal | None:
        """Of all selected accounts, each of which has an amount. None: something else selects them too."""
        condition = _only(selection, measure)
        if condition is None:
            return None
        if condition.currency is None:
            few = self._few(condition, measure)
            if few is not None:
                return GroupTotal("", len(few.account_ids), len(few.account_ids), few.sums(_all).get("", _NOTHING))
            left = self._all_but_few(condition, measure)
            if left is not None:
                return left
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
        few = self._few(condition, measure) if condition.currency is None else None
        if few is not None:
            return [RankedAccount(id_, few.bag(id_)) for id_ in few.ranked(order, limit, weights, _all)]
        rows = self._rows(selection.part, measure)
        at_its_end = order is Order.HIGHEST and condition.behind is None and condition.currency is None
        as_bounded = all(held == millionths_of(currency) for currency, held in weights.items())
        # Of so many the highest of all are those of the range: their value is what it bounds.
        among = (
            []
            if at_its_end and as_bounded and limit <= self._most
            else self._among(rows, condition, measure, selection.part)
        )
        query, is_single = select(rows.c.account_id).where(*among), selection.part.currency is not None
        chosen = query if is_single else query.group_by(rows.c.account_id)
        ids = first_by_worth(self._scope, chosen, rows, weights, order, limit, is_single=is_single)
        if not ids:
            return []
        theirs = self._amounts.amounts(selection.part, measure, ids)
        held = HeldAmounts(self._scope.connection.execute(theirs))
        return [RankedAccount(account_id, held.bag(account_id)) for account_id in ids]

    def _few(self, condition: AmountCondition, measure: Measure) -> HeldAmounts | None:
        """The amounts of those that are in, if they are few enough to be added up here."""
        if (condition, measure) not in self._held:
            ids = self._first(self._bounds.accounts(condition, measure.basis))
            self._held[condition, measure] = None if len(ids) > self._most else self._amounts_of(ids, measure)
        return self._held[condition, measure]

    def _all_but_few(self, condition: AmountCondition, measure: Measure) -> GroupTotal | None:
        """From the sums that are kept over everybody, less those that are out, if they are few."""
        everybody = kept_totals(self._scope, Selection(), measure, None)
        out = self._first(self._bounds.outside(condition, measure.basis))
        if everybody is None or len(out) > self._most:
            return None
        whole, beside = everybody[""], self._amounts_of(out, measure)
        accounts = whole.bearing - len(out)
        sums = (whole.amounts - beside.sums(_all).get("", _NOTHING)).without_zeros()
        return GroupTotal("", accounts, accounts, sums)

    def _first(self, chosen: Select[Any]) -> Sequence[str]:
        return self._scope.connection.scalars(chosen.limit(self._most + 1)).all()

    def _amounts_of(self, ids: Sequence[str], measure: Measure) -> HeldAmounts:
        return HeldAmounts(self._scope.connection.execute(self._amounts.amounts(EVERYTHING, measure, ids)))

    def _rows(self, part: MoneyPart, measure: Measure) -> Any:
        return self._amounts.amounts(part, measure).subquery()

    def _among(
        self, rows: Any, condition: AmountCondition, measure: Measure, part: MoneyPart
    ) -> list[ColumnElement[bool]]:
        if part.currency is not None:
            return self._bounds.of_one_currency(rows, condition, part.currency)
        return [rows.c.account_id.in_(self._bounds.accounts(condition, measure.basis))]


def _all(_: str) -> str:
    """One key for everybody."""
    return ""


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
