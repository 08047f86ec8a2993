"""Sums, counts and orders over so many accounts that the database makes them (see ``held_accounts``)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import BigInteger, BindParameter, ColumnElement, case, cast, func, literal, or_, select

from clynto.adapters.sql import exact_amounts
from clynto.adapters.sql.column_types import is_any_of
from clynto.adapters.sql.kept_totals import kept_of_part
from clynto.adapters.sql.question_amounts import AmountsSql, is_kept_by_currency
from clynto.adapters.sql.question_holding import Holding
from clynto.adapters.sql.question_selection import RANK_OF_STATUS, RANKING
from clynto.adapters.sql.question_worths import first_by_worth
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables_accounts import MISSING
from clynto.adapters.sql.tables_billing import subscription_billing
from clynto.domain.health import OK_FROM, WARNING_FROM
from clynto.domain.money import MoneyBag
from clynto.domain.questions.query import Grouping, Order
from clynto.ports.question_data import EVERYTHING, GroupTotal, Measure, MeasureKind, Selection
from clynto.ports.workspaces import MrrBasis

HALVES = 10**9
"""Sums of wholes are taken in two halves, as in ``exact_amounts``."""
_STATUS_OF_RANK = {rank: status.value for status, rank in RANK_OF_STATUS.items()}
_ON_ACCOUNTS = (Grouping.PAYMENT_STATUS, Grouping.HEALTH)


class SqlSums:
    """Over all accounts that a question selects."""

    def __init__(self, scope: Scope, holding: Holding, amounts: AmountsSql) -> None:
        self._scope = scope
        self._holding = holding
        self._amounts = amounts

    def totals(
        self, selection: Selection, measure: Measure, grouping: Grouping | None
    ) -> tuple[dict[str, MoneyBag], dict[str, int]]:
        """Exact sums, and how many accounts have an amount that is not zero, by key."""
        key = _group_key(grouping)
        amounts = self._amounts.source(selection.part, measure)
        joined = self._joined(amounts, selection, measure, grouping)
        if not (measure.since is None and is_kept_by_currency(selection.part, measure)):
            bearing = self._bearing(amounts, joined, key, signed=measure.since is not None)
            return self._kept_or_summed(selection, measure, grouping, amounts, joined), bearing
        bearing = {}
        sums = self._summed(amounts, joined, key, bearing)
        for name, again in self._counted_again(amounts, joined, key).items():
            bearing[name] -= again
        return sums, {name: accounts for name, accounts in bearing.items() if accounts}

    def by_subscription(
        self, key: ColumnElement[Any], basis: MrrBasis, among: Sequence[ColumnElement[bool]]
    ) -> dict[str, MoneyBag]:
        """Exact sums over subscriptions by ``key``, a column of theirs."""
        name, table = "net" if basis is MrrBasis.NET else "list", subscription_billing
        den = table.c[f"{name}_den"]
        summing = exact_amounts.sums(table, name)
        query = select(key.label("part"), table.c.currency, den, *summing).where(*among)
        bags: dict[str, MoneyBag] = {}
        for row in self._scope.connection.execute(query.group_by(key, table.c.currency, den)):
            amount = exact_amounts.summed(row, name)
            if amount is not None:
                bags[row.part or ""] = bags.get(row.part or "", MoneyBag.empty()) + MoneyBag.of(row.currency, amount)
        return bags

    def _joined(
        self, amounts: Any, selection: Selection, measure: Measure, grouping: Grouping | None
    ) -> tuple[Any, Sequence[ColumnElement[bool]]]:
        """The amounts of selected accounts; joined only where they are grouped by something of the account. Amounts
        are never kept without their account (``present_accounts``), so all of them are all accounts'."""
        if grouping not in _ON_ACCOUNTS and replace(selection, part=EVERYTHING) == Selection():
            return amounts, ()
        accounts = self._holding.accounts(selection, measure)
        if accounts is not None and grouping not in _ON_ACCOUNTS:
            return amounts, [is_any_of(amounts.c.account_id, accounts.ids)]
        if accounts is None and _are_of_part(selection, measure):
            # Where they are too many to be held, they are not sought once more: only theirs are among the amounts.
            selection = replace(selection, part=EVERYTHING)
        conditions = () if selection == Selection() else self._holding.conditions(selection, measure)
        if grouping in _ON_ACCOUNTS or self._holding.are_many(selection):
            return amounts.join(
                RANKING, (RANKING.c.account_id == amounts.c.account_id) & self._scope.here(RANKING)
            ), conditions
        chosen = select(RANKING.c.account_id).where(self._scope.here(RANKING), *conditions)
        return amounts, [amounts.c.account_id.in_(chosen)]

    def _kept_or_summed(
        self, selection: Selection, measure: Measure, grouping: Grouping | None, amounts: Any, joined: Any
    ) -> dict[str, MoneyBag]:
        kept = kept_of_part(self._scope, selection, measure) if grouping is None else None
        return self._summed(amounts, joined, _group_key(grouping), {}) if kept is None else {"": kept}

    def _summed(
        self, amounts: Any, joined: Any, key: ColumnElement[Any], bearing: dict[str, int]
    ) -> dict[str, MoneyBag]:
        """Exact sums by ``key``; how many amounts are not zero goes into ``bearing``."""
        source, conditions = joined
        some = func.sum(case((_is_some(amounts), 1), else_=0))
        query = (
            select(key.label("part"), amounts.c.currency, amounts.c.den, *summing(amounts), some.label("some"))
            .select_from(source)
            .where(*conditions)
            .group_by(*_grouped_by(key), amounts.c.currency, amounts.c.den)
        )
        return self._added(query, lambda row: _plain_key(row.part), bearing)

    def _counted_again(self, amounts: Any, joined: Any, key: ColumnElement[Any]) -> dict[str, int]:
        """How often accounts have one more amount that is not zero, in another currency: few have several, and these
        are found in the order of an index, so that the others are looked at once, for sums and numbers together."""
        source, conditions = joined
        every = amounts.alias()
        several = select(every.c.account_id).group_by(every.c.account_id).having(func.count() > 1)
        those = amounts.c.account_id.in_(several), _is_some(amounts)
        each = (
            select(key.label("part"), (func.count() - 1).label("more")).select_from(source).where(*conditions, *those)
        )
        counted = each.group_by(amounts.c.account_id, *_grouped_by(key)).subquery()
        query = select(counted.c.part, func.sum(counted.c.more).label("more")).group_by(counted.c.part)
        return {_plain_key(row.part): int(row.more) for row in self._scope.connection.execute(query)}

    def _added(self, query: Any, name: Any, bearing: dict[str, int] | None = None) -> dict[str, MoneyBag]:
        return added_up(self._scope.connection.execute(query), name, bearing)

    def _bearing(self, amounts: Any, joined: Any, key: ColumnElement[Any], *, signed: bool) -> dict[str, int]:
        """One row for each account first: in the order of the primary key this needs no sorting, as counting different
        ones would."""
        source, conditions = joined
        some = (
            amounts.c.account_id.in_(select(self._changes(amounts).subquery().c.account_id))
            if signed
            else _is_some(amounts)
        )
        each = select(key.label("part"), amounts.c.account_id).select_from(source).where(*conditions, some)
        accounts = each.group_by(amounts.c.account_id, *_grouped_by(key)).subquery()
        counted = func.count(accounts.c.account_id).label("bearing")
        query = (
            select(accounts.c.part, counted).group_by(accounts.c.part)
            if _grouped_by(key)
            else select(key.label("part"), counted)
        )
        return {_plain_key(row.part): row.bearing for row in self._scope.connection.execute(query)}

    def _changes(self, amounts: Any) -> Any:
        """By account and currency what changed, told by parts: exact, since both amounts are reduced."""
        whole, num = func.sum(amounts.c.whole), func.sum(amounts.c.num)
        part = (amounts.c.account_id, amounts.c.currency, amounts.c.den)
        return select(*part, whole.label("whole"), num.label("num")).group_by(*part).having((whole != 0) | (num != 0))

    def by_currency(self, selection: Selection, measure: Measure) -> list[GroupTotal]:
        """Each currency with the accounts that have an amount in it that is not zero."""
        amounts = self._amounts.source(selection.part, measure)
        source, conditions = self._joined(amounts, selection, measure, Grouping.CURRENCY)
        some = _is_some(amounts)
        counting = (
            select(amounts.c.currency, func.count(func.distinct(amounts.c.account_id)).label("accounts"))
            .select_from(source)
            .where(*conditions, some)
            .group_by(amounts.c.currency)
        )
        each = (
            select(amounts.c.currency, amounts.c.den, *summing(amounts))
            .select_from(source)
            .where(*conditions)
            .group_by(amounts.c.currency, amounts.c.den)
        )
        sums = self._added(each, lambda row: row.currency)
        return [
            GroupTotal(row.currency, row.accounts, row.accounts, sums.get(row.currency, MoneyBag.empty()))
            for row in sorted(self._scope.connection.execute(counting), key=lambda row: str(row.currency))
        ]

    def orders_changes(self, selection: Selection, measure: Measure) -> bool:
        """Whether the database puts the changes of all accounts in order sooner than it hands them out."""
        on_postgresql = self._scope.connection.dialect.name == "postgresql"
        return on_postgresql and measure.since is not None and selection == Selection()

    def by_weight(
        self,
        selection: Selection,
        measure: Measure,
        order: Order,
        limit: int,
        weights: Mapping[str, int],
    ) -> Sequence[str]:
        """Accounts with an amount that is not zero, by their wholes times the weights of the currencies."""
        amounts = self._amounts.source(selection.part, measure)
        if self.orders_changes(selection, measure):
            amounts = self._amounts.differences(selection.part, measure).subquery()
        elif measure.since is not None:
            # What did not change goes before anything is put in order.
            amounts = self._changes(amounts).subquery()
        source, conditions = self._joined(amounts, selection, measure, None)
        query = select(amounts.c.account_id).select_from(source).where(*conditions).group_by(amounts.c.account_id)
        if measure.since is None:
            query = query.having(func.max(case(((amounts.c.whole != 0) | (amounts.c.num != 0), 1), else_=0)) == 1)
        return first_by_worth(self._scope, query, amounts, weights, order, limit)


def added_up(
    rows: Iterable[Any], name: Callable[[Any], str], bearing: dict[str, int] | None = None
) -> dict[str, MoneyBag]:
    """Exact sums by ``name`` from rows of ``summing``, one for each currency and denominator."""
    bags: dict[str, MoneyBag] = {}
    for row in rows:
        if bearing is not None:
            bearing[name(row)] = bearing.get(name(row), 0) + int(row.some)
        whole = int(row.high) * HALVES + int(row.low)
        amount = exact_amounts.join(whole, int(row.rest), row.den)
        key = name(row)
        bags[key] = bags.get(key, MoneyBag.empty()) + MoneyBag.of(row.currency, amount)
    return bags


def _are_of_part(selection: Selection, measure: Measure) -> bool:
    """Whether amounts are of the selected part of the money alone."""
    if selection.part.is_by_subscription:
        return measure.kind is MeasureKind.MRR and measure.at is None and measure.since is None
    return True


def _is_some(amounts: Any) -> ColumnElement[bool]:
    return or_(amounts.c.whole != 0, amounts.c.num != 0)


def summing(amounts: Any) -> list[ColumnElement[Any]]:
    """What ``added_up`` adds: the sums of one currency and denominator."""
    whole = cast(amounts.c.whole, BigInteger)
    return [
        func.sum(whole // HALVES).label("high"),
        func.sum(whole % HALVES).label("low"),
        func.sum(amounts.c.num).label("rest"),
    ]


def _grouped_by(key: ColumnElement[Any]) -> list[str]:
    """The label of ``key``; nothing where all is one group, since SQLite sorts even by a constant, which takes longer
    than adding up."""
    return [] if isinstance(key, BindParameter) else ["part"]


def _group_key(grouping: Grouping | None) -> ColumnElement[Any]:
    if grouping is Grouping.PAYMENT_STATUS:
        return RANKING.c.status_rank
    if grouping is Grouping.HEALTH:
        score = RANKING.c.health_up
        return case(
            (score == MISSING, "none"), (score >= OK_FROM, "ok"), (score >= WARNING_FROM, "warning"), else_="critical"
        )
    return literal("")


def _plain_key(part: Any) -> str:
    return _STATUS_OF_RANK[part] if isinstance(part, int) else str(part)
