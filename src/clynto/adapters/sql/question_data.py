"""What Larry's answers are made of: sums, counts and ranked rows, each made by the database over all rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Column,
    ColumnElement,
    Numeric,
    Row,
    case,
    cast,
    func,
    literal,
    select,
)

from clynto.adapters.sql import exact_amounts
from clynto.adapters.sql.column_types import is_any_of
from clynto.adapters.sql.kept_sums import has_headers, newest_period
from clynto.adapters.sql.kept_totals import by_currency, kept_totals
from clynto.adapters.sql.money_rows import summed_bags
from clynto.adapters.sql.pending_sums import DAY, MONTH
from clynto.adapters.sql.question_counts import accounts_by, living_without_account
from clynto.adapters.sql.question_records import SqlQuestionRecords
from clynto.adapters.sql.question_selection import RANK_OF_STATUS, RANKING, SelectingSql
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables_accounts import MISSING
from clynto.adapters.sql.tables_billing import customer_billing, customer_money, subscription_billing
from clynto.domain.health import OK_FROM, WARNING_FROM
from clynto.domain.moments import UnixTime
from clynto.domain.money import MoneyBag
from clynto.domain.month_ends import Month, shifted
from clynto.domain.questions.periods import day_of
from clynto.domain.questions.query import Grouping, InvoiceWord, Order, SubscriptionWord
from clynto.ports.question_data import (
    EVERYTHING,
    Found,
    GroupTotal,
    Measure,
    MeasureKind,
    OwnedInvoice,
    OwnedSubscription,
    RankedAccount,
    RecordedMoment,
    Selection,
    SignalCondition,
    Stretch,
    UnmatchedTotal,
)
from clynto.ports.signals import StoredSignal
from clynto.ports.workspaces import MrrBasis

_HALVES = 10**9
"""Sums of wholes are taken in two halves, as in ``exact_amounts``."""
_STATUS_OF_RANK = {rank: status.value for status, rank in RANK_OF_STATUS.items()}
_ON_SUBSCRIPTIONS = {
    Grouping.PLAN: subscription_billing.c.plan_name,
    Grouping.INTERVAL: subscription_billing.c.interval,
}
_ON_ACCOUNTS = (Grouping.PAYMENT_STATUS, Grouping.HEALTH)
_NO_MONEY = (MoneyBag.empty(), MoneyBag.empty())


class SqlQuestionData:
    """See ``ports.question_data.QuestionData``."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._selecting = SelectingSql(scope)
        self._records = SqlQuestionRecords(scope, self._selecting)

    def recorded_moment(self, day: dt.date, *, today: dt.date) -> RecordedMoment | None:
        """Now, a day's snapshots, or a rebuilt month end."""
        if day >= today:
            return RecordedMoment(today)
        if has_headers(self._scope, DAY, day.isoformat()):
            return RecordedMoment(day, day=day)
        tomorrow = day + dt.timedelta(days=1)
        written = newest_period(self._scope, MONTH, str(shifted(Month(tomorrow.year, tomorrow.month), -1)))
        if written is None:
            return None
        month = Month(int(written[:4]), int(written[5:]))
        return RecordedMoment(day_of(UnixTime(month.end - 1)), month=month)

    def totals(
        self, selection: Selection, measure: Measure, *, grouping: Grouping | None = None
    ) -> Sequence[GroupTotal]:
        """Exact sums, by key."""
        kept = kept_totals(self._scope, selection, measure, grouping)
        if grouping is Grouping.CURRENCY and kept is not None:
            return by_currency(kept.values())
        conditions = self._selecting.conditions(selection, measure)
        if grouping in _ON_SUBSCRIPTIONS:
            return self._totals_by_subscription(selection, measure, conditions, _ON_SUBSCRIPTIONS[grouping])
        if grouping is Grouping.CURRENCY:
            return self._totals_by_currency(selection, measure)
        key = _group_key(grouping)
        groups = self._counted(conditions, key)
        sums: dict[str, MoneyBag] = {}
        bearing: dict[str, int] = {}
        if kept is not None:
            sums = {name: total.amounts for name, total in kept.items()}
            bearing = {name: total.bearing for name, total in kept.items()}
        elif measure.kind is not MeasureKind.HEALTH:
            amounts = self._selecting.source(selection, measure)
            joined = self._joined(amounts, selection, measure, grouping)
            sums = self._sums(amounts, joined, key)
            bearing = self._bearing(amounts, joined, key, signed=measure.since is not None)
        return [
            GroupTotal(
                name,
                row.accounts,
                bearing.get(name, 0),
                sums.get(name, MoneyBag.empty()),
                int(row.scores or 0),
                row.scored,
            )
            for name, row in sorted(((_plain_key(row.part), row) for row in groups), key=itemgetter(0))
        ] or ([] if grouping is not None else [GroupTotal("", 0, 0, MoneyBag.empty())])

    def ranked(
        self, selection: Selection, measure: Measure, *, order: Order, limit: int, weights: Mapping[str, int]
    ) -> Sequence[RankedAccount]:
        """By amount, ties by id."""
        conditions = self._selecting.conditions(selection, measure)
        plain = not selection.part.is_by_subscription and selection.part.currency is None
        down = order is Order.HIGHEST
        if measure.kind is MeasureKind.HEALTH:
            column = RANKING.c.health_down if down else RANKING.c.health_up
            ids = self._in_order(column, [*conditions, column != MISSING], limit)
        elif plain and measure.kind is MeasureKind.MRR and measure.at is None and measure.since is None:
            ids = self._in_order(RANKING.c.mrr_down if down else RANKING.c.mrr_up, conditions, limit)
        else:
            ids = self._by_weight(selection, measure, order, limit, weights)
        bags = {} if measure.kind is MeasureKind.HEALTH else self._bags(selection, measure, ids)
        return [RankedAccount(account_id, bags.get(account_id, MoneyBag.empty())) for account_id in ids]

    def invoices(
        self,
        account_id: str | None,
        which: InvoiceWord,
        *,
        created: Stretch | None,
        now: UnixTime,
        limit: int,
    ) -> tuple[Found, Sequence[OwnedInvoice]]:
        """Newest first."""
        return self._records.invoices(account_id, which, created, now, limit)

    def subscriptions(
        self, account_id: str | None, which: SubscriptionWord, *, basis: MrrBasis, limit: int
    ) -> tuple[Found, Sequence[OwnedSubscription]]:
        """Highest MRR first."""
        return self._records.subscriptions(account_id, which, basis, limit)

    def signals(
        self, account_id: str | None, condition: SignalCondition, *, limit: int
    ) -> tuple[Found, Sequence[StoredSignal]]:
        """Newest first."""
        return self._records.signals(account_id, condition, limit)

    def unmatched(self) -> UnmatchedTotal:
        """What the accounts' figures leave out."""
        without = select(customer_billing.c.customer_id).where(
            self._scope.here(customer_billing), customer_billing.c.account_id.is_(None)
        )
        bags = summed_bags(self._scope, customer_money, [customer_money.c.customer_id.in_(without)])
        listed, net = bags.get(None, _NO_MONEY)
        return UnmatchedTotal(living_without_account(self._scope), listed, net)

    # Sums.

    def _counted(self, conditions: Sequence[ColumnElement[bool]], key: ColumnElement[Any]) -> Sequence[Row[Any]]:
        known = case((RANKING.c.health_up != MISSING, RANKING.c.health_up))
        query = (
            select(
                key.label("part"),
                func.count().label("accounts"),
                func.sum(known).label("scores"),
                func.count(known).label("scored"),
            )
            .where(self._scope.here(RANKING), *conditions)
            .group_by(*_grouped_by(key))
        )
        return self._scope.connection.execute(query).all()

    def _joined(
        self, amounts: Any, selection: Selection, measure: Measure, grouping: Grouping | None
    ) -> tuple[Any, Sequence[ColumnElement[bool]]]:
        """The amounts of selected accounts; joined only where they are grouped by something of the account. Amounts
        are never kept without their account (``present_accounts``), so all of them are all accounts'."""
        named = self._selecting.named(selection, measure)
        if grouping not in _ON_ACCOUNTS:
            if replace(selection, part=EVERYTHING) == Selection():
                return amounts, ()
            if named is not None:
                return amounts, [is_any_of(amounts.c.account_id, named)]
        conditions = self._selecting.conditions(selection, measure)
        if grouping in _ON_ACCOUNTS:
            return amounts.join(
                RANKING, (RANKING.c.account_id == amounts.c.account_id) & self._scope.here(RANKING)
            ), conditions
        chosen = select(RANKING.c.account_id).where(self._scope.here(RANKING), *conditions)
        return amounts, [amounts.c.account_id.in_(chosen)]

    def _sums(self, amounts: Any, joined: Any, key: ColumnElement[Any]) -> dict[str, MoneyBag]:
        source, conditions = joined
        query = (
            select(key.label("part"), amounts.c.currency, amounts.c.den, *_summing(amounts))
            .select_from(source)
            .where(*conditions)
            .group_by(*_grouped_by(key), amounts.c.currency, amounts.c.den)
        )
        return self._added(query, lambda row: _plain_key(row.part))

    def _added(self, query: Any, name: Any) -> dict[str, MoneyBag]:
        bags: dict[str, MoneyBag] = {}
        for row in self._scope.connection.execute(query):
            whole = int(row.high) * _HALVES + int(row.low)
            amount = exact_amounts.join(whole, int(row.rest), row.den)
            key = name(row)
            bags[key] = bags.get(key, MoneyBag.empty()) + MoneyBag.of(row.currency, amount)
        return bags

    def _bearing(self, amounts: Any, joined: Any, key: ColumnElement[Any], *, signed: bool) -> dict[str, int]:
        """One row for each account first: in the order of the primary key this needs no sorting, as counting different
        ones would."""
        source, conditions = joined
        some = (
            amounts.c.account_id.in_(select(self._changes(amounts).subquery().c.account_id))
            if signed
            else (amounts.c.whole != 0) | (amounts.c.num != 0)
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

    def _totals_by_subscription(
        self,
        selection: Selection,
        measure: Measure,
        conditions: Sequence[ColumnElement[bool]],
        column: Column[Any],
    ) -> list[GroupTotal]:
        basis = "net" if measure.basis is MrrBasis.NET else "list"
        table, owner = subscription_billing, subscription_billing.c.account_id
        part_conditions = self._selecting.part_conditions(selection.part)
        if conditions:
            chosen = select(RANKING.c.account_id).where(self._scope.here(RANKING), *conditions)
            part_conditions.append(owner.in_(chosen))
        key = (func.coalesce(column, "") if column.nullable else column).label("part")
        whole, num, den = table.c[f"{basis}_whole"], table.c[f"{basis}_num"], table.c[f"{basis}_den"]
        summing = (
            select(
                key,
                table.c.currency,
                den.label("den"),
                func.sum(whole // _HALVES).label("high"),
                func.sum(whole % _HALVES).label("low"),
                func.sum(num).label("rest"),
            )
            .where(*part_conditions)
            .group_by("part", table.c.currency, den)
        )
        counting = accounts_by(self._scope, key, owner, (whole != 0) | (num != 0), part_conditions)
        sums = self._added(summing, lambda row: _plain_key(row.part))
        return [
            GroupTotal(row.part, row.accounts, int(row.bearing), sums.get(row.part, MoneyBag.empty()))
            for row in sorted(self._scope.connection.execute(counting), key=lambda row: str(row.part))
        ]

    def _totals_by_currency(self, selection: Selection, measure: Measure) -> list[GroupTotal]:
        amounts = self._selecting.source(selection, measure)
        source, conditions = self._joined(amounts, selection, measure, Grouping.CURRENCY)
        some = (amounts.c.whole != 0) | (amounts.c.num != 0)
        counting = (
            select(amounts.c.currency, func.count(func.distinct(amounts.c.account_id)).label("accounts"))
            .select_from(source)
            .where(*conditions, some)
            .group_by(amounts.c.currency)
        )
        summing = (
            select(amounts.c.currency, amounts.c.den, *_summing(amounts))
            .select_from(source)
            .where(*conditions)
            .group_by(amounts.c.currency, amounts.c.den)
        )
        sums = self._added(summing, lambda row: row.currency)
        return [
            GroupTotal(row.currency, row.accounts, row.accounts, sums.get(row.currency, MoneyBag.empty()))
            for row in sorted(self._scope.connection.execute(counting), key=lambda row: str(row.currency))
        ]

    # Orders.

    def _in_order(self, column: ColumnElement[Any], conditions: Sequence[ColumnElement[bool]], limit: int) -> list[str]:
        query = select(RANKING.c.account_id).where(self._scope.here(RANKING), *conditions)
        found: Sequence[str] = self._scope.connection.scalars(
            query.order_by(column, RANKING.c.account_id).limit(limit)
        ).all()
        return list(found)

    def _by_weight(
        self,
        selection: Selection,
        measure: Measure,
        order: Order,
        limit: int,
        weights: Mapping[str, int],
    ) -> list[str]:
        amounts = self._selecting.source(selection, measure)
        if measure.since is not None:
            # What did not change goes before anything is put in order.
            amounts = self._changes(amounts).subquery()
        weight = case(*((amounts.c.currency == currency, held) for currency, held in sorted(weights.items())), else_=1)
        key = func.sum(cast(amounts.c.whole, Numeric) * weight if weights else cast(amounts.c.whole, Numeric))
        source, conditions = self._joined(amounts, selection, measure, None)
        query = select(amounts.c.account_id).select_from(source).where(*conditions).group_by(amounts.c.account_id)
        if measure.since is None:
            query = query.having(func.max(case(((amounts.c.whole != 0) | (amounts.c.num != 0), 1), else_=0)) == 1)
        placed = query.order_by(key.desc() if order is Order.HIGHEST else key, amounts.c.account_id).limit(limit)
        return list(self._scope.connection.scalars(placed))

    def _bags(self, selection: Selection, measure: Measure, account_ids: Sequence[str]) -> dict[str, MoneyBag]:
        if not account_ids:
            return {}
        if measure.kind is MeasureKind.OUTSTANDING:
            held = self._selecting.source(Selection(account_ids=tuple(account_ids), part=selection.part), measure)
        else:
            held = self._selecting.amounts(selection.part, measure).subquery()
        query = select(held).where(is_any_of(held.c.account_id, account_ids))
        bags: dict[str, MoneyBag] = {}
        for row in self._scope.connection.execute(query):
            amount = MoneyBag.of(row.currency, exact_amounts.join(row.whole, row.num, row.den))
            bags[row.account_id] = bags.get(row.account_id, MoneyBag.empty()) + amount
        if measure.since is not None:
            return {account_id: bag.without_zeros() for account_id, bag in bags.items()}
        return bags


def _summing(amounts: Any) -> list[ColumnElement[Any]]:
    whole = cast(amounts.c.whole, BigInteger)
    return [
        func.sum(whole // _HALVES).label("high"),
        func.sum(whole % _HALVES).label("low"),
        func.sum(amounts.c.num).label("rest"),
    ]


def _group_key(grouping: Grouping | None) -> ColumnElement[Any]:
    if grouping is Grouping.PAYMENT_STATUS:
        return RANKING.c.status_rank
    if grouping is Grouping.HEALTH:
        score = RANKING.c.health_up
        return case(
            (score == MISSING, "none"), (score >= OK_FROM, "ok"), (score >= WARNING_FROM, "warning"), else_="critical"
        )
    return literal("")


def _grouped_by(key: ColumnElement[Any]) -> list[str]:
    """The label of ``key``; nothing where all is one group, since SQLite sorts even by a constant, which takes longer
    than adding up."""
    return [] if isinstance(key, BindParameter) else ["part"]


def _plain_key(part: Any) -> str:
    return _STATUS_OF_RANK[part] if isinstance(part, int) else str(part)
