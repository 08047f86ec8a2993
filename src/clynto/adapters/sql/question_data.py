"""What Larry's answers are made of: sums, counts and ranked rows, made over all rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, select

from clynto.adapters.sql.column_types import is_any_of
from clynto.adapters.sql.held_accounts import Counted, HeldAmounts
from clynto.adapters.sql.kept_sums import has_headers, newest_period
from clynto.adapters.sql.kept_totals import by_currency, kept_by_subscription, kept_totals
from clynto.adapters.sql.money_rows import summed_bags
from clynto.adapters.sql.pending_sums import DAY, MONTH
from clynto.adapters.sql.question_amounts import AmountsSql
from clynto.adapters.sql.question_billed import SqlBilled
from clynto.adapters.sql.question_counts import KEYS, accounts_by, accounts_of, counted, living_without_account
from clynto.adapters.sql.question_holding import MOST_HELD, Holding, is_part
from clynto.adapters.sql.question_invoices import SqlQuestionInvoices
from clynto.adapters.sql.question_movements import movement_totals
from clynto.adapters.sql.question_payers import MOST_PAYMENTS
from clynto.adapters.sql.question_ranges import SqlRanges
from clynto.adapters.sql.question_records import SqlQuestionRecords
from clynto.adapters.sql.question_rest import Rest
from clynto.adapters.sql.question_selection import RANKING, SelectingSql, plain
from clynto.adapters.sql.question_sums import SqlSums
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables_accounts import MISSING
from clynto.adapters.sql.tables_billing import customer_money, subscription_billing
from clynto.adapters.sql.tables_questions import WITHOUT_ACCOUNT
from clynto.domain.moments import UnixTime
from clynto.domain.money import MoneyBag
from clynto.domain.month_ends import Month, shifted
from clynto.domain.questions.lists import InvoiceOrder, SubscriptionWord
from clynto.domain.questions.periods import day_of
from clynto.domain.questions.query import Grouping, Order
from clynto.ports.question_data import (
    Found,
    GroupTotal,
    InvoiceCondition,
    Measure,
    MeasureKind,
    Movement,
    MovementTotal,
    OwnedInvoice,
    OwnedSubscription,
    Payers,
    RankedAccount,
    Received,
    RecordedMoment,
    Selection,
    SignalCondition,
    Stretch,
    UnmatchedTotal,
)
from clynto.ports.signals import StoredSignal
from clynto.ports.workspaces import MrrBasis

_ON_SUBSCRIPTIONS = {
    Grouping.PLAN: subscription_billing.c.plan_name,
    Grouping.INTERVAL: subscription_billing.c.interval,
}
_NO_MONEY = (MoneyBag.empty(), MoneyBag.empty())
_NOBODY = (0, MoneyBag.empty())


class SqlQuestionData:
    """See ``ports.question_data.QuestionData``. ``most_held``: accounts, and amounts, that are read to be added up and
    put in order here; of more the database makes the sums."""

    def __init__(self, scope: Scope, *, most_held: int = MOST_HELD) -> None:
        self._scope = scope
        self._amounts = AmountsSql(scope)
        self._selecting = SelectingSql(scope, self._amounts)
        self._rest = Rest(scope, self._selecting, self._amounts, most_held)
        self._holding = Holding(scope, self._selecting, self._amounts, self._rest, most_held)
        self._sums = SqlSums(scope, self._holding, self._amounts)
        self._counts: dict[tuple[Selection, Measure, Grouping | None, bool], Mapping[str, Counted]] = {}
        self._ranges = SqlRanges(scope, self._amounts, most_held)
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
        if grouping in _ON_SUBSCRIPTIONS:
            return self._totals_by_subscription(selection, measure, grouping)
        if grouping is Grouping.CURRENCY:
            return self._totals_by_currency(selection, measure)
        ranged = self._ranges.total(selection, measure) if grouping is None else None
        if ranged is not None:
            return [ranged]
        sums, bearing = self._sums_and_bearing(selection, measure, grouping)
        groups = self._counted(selection, measure, grouping)
        return [
            GroupTotal(
                name, group.accounts, bearing.get(name, 0), sums.get(name, MoneyBag.empty()), group.scores, group.scored
            )
            for name, group in sorted(groups.items())
        ] or ([] if grouping is not None else [GroupTotal("", 0, 0, MoneyBag.empty())])

    def ranked(
        self, selection: Selection, measure: Measure, *, order: Order, limit: int, weights: Mapping[str, int]
    ) -> Sequence[RankedAccount]:
        """By amount, ties by id."""
        if measure.kind is MeasureKind.HEALTH:
            ids = self._by_rank(selection, measure, order, limit)
            return [RankedAccount(account_id, MoneyBag.empty()) for account_id in ids]
        is_whole = not selection.part.is_by_subscription and selection.part.currency is None
        by_rank = is_whole and measure.kind is MeasureKind.MRR and measure.at is None and measure.since is None
        ranged = None if by_rank else self._ranges.ranked(selection, measure, order, limit, weights)
        if ranged is not None:
            return ranged
        held = None if self._sums.orders_changes(selection, measure) else self._holding.amounts(selection, measure)
        if by_rank:
            ids = self._by_rank(selection, measure, order, limit)
        elif held is not None:
            ids = held.amounts.ranked(order, limit, weights, held.chosen)
        else:
            ids = self._sums.by_weight(selection, measure, order, limit, weights)
        bags = self._bags(selection, measure, ids) if held is None else {id_: held.bag(id_) for id_ in ids}
        signed = measure.since is not None
        found = {id_: bag.without_zeros() if signed else bag for id_, bag in bags.items()}
        return [RankedAccount(account_id, found.get(account_id, MoneyBag.empty())) for account_id in ids]

    def movements(self, movement: Movement, basis: MrrBasis) -> Sequence[MovementTotal]:
        """What made MRR change."""
        measure = Measure(MeasureKind.MRR, basis, at=movement.end, since=movement.start)
        return movement_totals(self._scope, self._amounts, measure)

    def invoices(
        self,
        wanted: InvoiceCondition,
        *,
        now: UnixTime,
        limit: int,
        order: InvoiceOrder = InvoiceOrder.NEWEST,
        weights: Mapping[str, int] | None = None,
    ) -> tuple[Found, Sequence[OwnedInvoice]]:
        """In order."""
        return SqlQuestionInvoices(self._scope).invoices(wanted, now, limit, order, weights or {})

    def billed_currencies(self) -> Sequence[str]:
        """In their order."""
        return SqlBilled(self._scope).currencies()

    def received(self, within: Stretch, *, account_id: str | None = None, currency: str | None = None) -> Received:
        """Of one account or everybody."""
        if account_id is None:
            return SqlBilled(self._scope).received(within, currency)
        return SqlQuestionInvoices(self._scope).received_from(account_id, within, currency)

    @property
    def most_payments(self) -> int:
        """See ``question_payers``."""
        return MOST_PAYMENTS[self._scope.connection.dialect.name]

    def payers(
        self, within: Stretch, *, currency: str | None, order: Order, limit: int, weights: Mapping[str, int]
    ) -> Payers:
        """By what they paid."""
        return SqlBilled(self._scope).payers(within, currency, order, limit, weights)

    def subscriptions(
        self, account_id: str | None, which: SubscriptionWord, *, basis: MrrBasis, limit: int, plan: str | None = None
    ) -> tuple[Found, Sequence[OwnedSubscription]]:
        """Highest MRR first."""
        return self._records.subscriptions(account_id, which, basis, limit, plan)

    def signals(
        self, account_id: str | None, condition: SignalCondition, *, limit: int
    ) -> tuple[Found, Sequence[StoredSignal]]:
        """Newest first."""
        return self._records.signals(account_id, condition, limit)

    def unmatched(self) -> UnmatchedTotal:
        """What the accounts' figures leave out."""
        bags = summed_bags(self._scope, customer_money, [WITHOUT_ACCOUNT])
        listed, net = bags.get(None, _NO_MONEY)
        return UnmatchedTotal(living_without_account(self._scope), listed, net)

    # Sums.

    def _sums_and_bearing(
        self, selection: Selection, measure: Measure, grouping: Grouping | None
    ) -> tuple[Mapping[str, MoneyBag], Mapping[str, int]]:
        kept = kept_totals(self._scope, selection, measure, grouping)
        if kept is not None:
            return {key: one.amounts for key, one in kept.items()}, {key: one.bearing for key, one in kept.items()}
        if measure.kind in (MeasureKind.HEALTH, MeasureKind.ACCOUNTS):
            return {}, {}
        left = self._rest.totals(selection, measure, grouping)
        if left is not None:
            return left
        held = self._holding.amounts(selection, measure)
        if held is None:
            return self._sums.totals(selection, measure, grouping)
        key = self._holding.keys(held, KEYS.get(grouping))
        return held.amounts.sums(key), held.amounts.bearing(key)

    def _counted(self, selection: Selection, measure: Measure, grouping: Grouping | None) -> Mapping[str, Counted]:
        is_scored = measure.kind is MeasureKind.HEALTH
        left = self._rest.counted(selection, grouping, scored=is_scored)
        if left is not None:
            return left
        accounts = self._holding.accounts(selection, measure)
        if accounts is not None:
            return accounts.counted(KEYS.get(grouping), scored=is_scored)
        wanted = selection, plain(measure), grouping, is_scored
        if wanted not in self._counts:
            if is_part(selection) and grouping is None and not is_scored:
                owner, among = subscription_billing.c.account_id, self._amounts.part_conditions(selection.part)
                self._counts[wanted] = {"": Counted(accounts_of(self._scope, owner, among))}
            else:
                conditions = self._selecting.conditions(selection, measure)
                self._counts[wanted] = counted(self._scope, conditions, grouping, scored=is_scored)
        return self._counts[wanted]

    def _totals_by_currency(self, selection: Selection, measure: Measure) -> Sequence[GroupTotal]:
        kept = kept_totals(self._scope, selection, measure, Grouping.CURRENCY)
        if kept is not None:
            return by_currency(kept.values())
        left = self._rest.by_currency(selection, measure)
        if left is not None:
            return left
        held = self._holding.amounts(selection, measure)
        if held is None:
            return self._sums.by_currency(selection, measure)
        sums = held.amounts.sums(held.chosen).get("", MoneyBag.empty())
        return [
            GroupTotal(currency, accounts, accounts, MoneyBag.of(currency, sums.amounts[currency]))
            for currency, accounts in sorted(held.amounts.bearing_by_currency(held.chosen).items())
        ]

    def _totals_by_subscription(
        self, selection: Selection, measure: Measure, grouping: Grouping
    ) -> Sequence[GroupTotal]:
        of_others = self._rest.is_other(selection, subscription_billing.c.account_id)
        if of_others is None:
            groups = self._by_subscription(selection, measure, grouping)
        else:
            everyone = self._by_subscription(Selection(), measure, grouping)
            few = self._read_by_subscription(
                measure, grouping, [*self._amounts.part_conditions(selection.part), of_others]
            )
            groups = {
                key: (accounts - few.get(key, _NOBODY)[0], (sums - few.get(key, _NOBODY)[1]).without_zeros())
                for key, (accounts, sums) in everyone.items()
            }
        return [GroupTotal(key, accounts, 0, sums) for key, (accounts, sums) in sorted(groups.items()) if accounts]

    def _by_subscription(
        self, selection: Selection, measure: Measure, grouping: Grouping
    ) -> dict[str, tuple[int, MoneyBag]]:
        """Accounts and what they bring, by a column of their subscriptions."""
        owner = subscription_billing.c.account_id
        among = self._amounts.part_conditions(selection.part)
        accounts = self._holding.accounts(selection, measure)
        if accounts is not None:
            among.append(is_any_of(owner, accounts.ids))
        elif selection != Selection() and not is_part(selection):
            conditions = self._selecting.conditions(selection, measure)
            among.append(owner.in_(select(RANKING.c.account_id).where(self._scope.here(RANKING), *conditions)))
        kept = kept_by_subscription(self._scope, selection, measure, grouping)
        return self._read_by_subscription(measure, grouping, among, kept)

    def _read_by_subscription(
        self,
        measure: Measure,
        grouping: Grouping,
        among: Sequence[ColumnElement[bool]],
        kept: Mapping[str, MoneyBag] | None = None,
    ) -> dict[str, tuple[int, MoneyBag]]:
        key = _ON_SUBSCRIPTIONS[grouping]
        sums = self._sums.by_subscription(key, measure.basis, among) if kept is None else kept
        counts: dict[str, int] = {}
        for row in self._scope.connection.execute(accounts_by(key, subscription_billing.c.account_id, among)):
            # Where there is no interval, the key is empty.
            counts[row.part or ""] = counts.get(row.part or "", 0) + row.accounts
        return {name: (found, sums.get(name, MoneyBag.empty())) for name, found in counts.items()}

    # Orders.

    def _by_rank(self, selection: Selection, measure: Measure, order: Order, limit: int) -> Sequence[str]:
        """By a column of ``account_ranking``: the health score where it is known, else the sort key of the MRR."""
        accounts = self._holding.accounts(selection, measure)
        by_health = measure.kind is MeasureKind.HEALTH
        if accounts is not None:
            return accounts.by_health(order, limit) if by_health else accounts.by_mrr(order, limit)
        column = RANKING.c[f"{'health' if by_health else 'mrr'}_{'down' if order is Order.HIGHEST else 'up'}"]
        along = RANKING.c.mrr_up if by_health else column
        query = select(RANKING.c.account_id).where(
            self._scope.here(RANKING), *self._selecting.conditions(selection, measure, along)
        )
        if by_health:
            query = query.where(column != MISSING)
        return self._scope.connection.scalars(query.order_by(column, RANKING.c.account_id).limit(limit)).all()

    def _bags(self, selection: Selection, measure: Measure, account_ids: Sequence[str]) -> Mapping[str, MoneyBag]:
        if not account_ids:
            return {}
        amounts = self._amounts.amounts(selection.part, measure, account_ids).subquery()
        query = select(amounts).where(is_any_of(amounts.c.account_id, account_ids))
        held = HeldAmounts(self._scope.connection.execute(query))
        return {account_id: held.bag(account_id) for account_id in account_ids}
