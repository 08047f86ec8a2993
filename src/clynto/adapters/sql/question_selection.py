"""Which accounts a question selects, and where the amounts of a measure stand, as SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    FromClause,
    Select,
    and_,
    literal,
    literal_column,
    or_,
    select,
    union_all,
)

from clynto.adapters.sql.codec_subscriptions import unpack_subscription
from clynto.adapters.sql.column_types import AMOUNT, contains_text, is_any_of, unindexed
from clynto.adapters.sql.question_names import plan_names
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables_accounts import MISSING, account_ranking
from clynto.adapters.sql.tables_billing import (
    account_billing,
    account_money,
    matches,
    subscription_billing,
)
from clynto.adapters.sql.tables_mrr_records import mrr_point_money, mrr_snapshot_money
from clynto.adapters.sql.tables_questions import (
    IS_OPEN,
    POSTGRESQL_CANCELING,
    POSTGRESQL_LEFT_TO_PAY,
    SQLITE_CANCELING,
    SQLITE_LEFT_TO_PAY,
)
from clynto.adapters.sql.tables_signals import signals
from clynto.adapters.sql.tables_stripe_facts import stripe_invoices, stripe_products, stripe_subscriptions
from clynto.domain.account_billing import SEVERITY, PaymentStatus
from clynto.domain.signals import SignalState
from clynto.ports.question_data import (
    Lacking,
    Measure,
    MeasureKind,
    MoneyPart,
    Movement,
    RecordedMoment,
    Selection,
    SignalCondition,
    Stretch,
)
from clynto.ports.read_models import StatusFilter
from clynto.ports.signals import InboxStatus
from clynto.ports.workspaces import MrrBasis

RANKING = account_ranking
RANK_OF_STATUS = {
    StatusFilter.NONE: SEVERITY[None],
    StatusFilter.PAID: SEVERITY[PaymentStatus.PAID],
    StatusFilter.OVERDUE: SEVERITY[PaymentStatus.OVERDUE],
    StatusFilter.FAILED: SEVERITY[PaymentStatus.FAILED],
}
MOST_NAMED = 25_000
"""Accounts whose ids are handed to the database as a list: to find them again takes longer."""
FEW = 500
"""Accounts whose invoices are looked up in less time than all open ones take."""
Amounts = Select[Any] | CompoundSelect[Any]
"""Rows of ``account_id``, ``currency`` and an exact amount in ``whole``, ``num`` and ``den``."""


@dataclass(frozen=True, slots=True)
class _AmountColumns:
    """Names of the three columns of an amount in a table of money."""

    whole: str
    num: str
    den: str

    @classmethod
    def of(cls, name: str) -> _AmountColumns:
        return cls(f"{name}_whole", f"{name}_num", f"{name}_den")


class SelectingSql:
    """Builds conditions and sources of amounts within one workspace."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._postgresql = scope.connection.dialect.name == "postgresql"
        self._found: dict[tuple[Selection, Measure], Sequence[str] | None] = {}

    def conditions(self, selection: Selection, measure: Measure) -> list[ColumnElement[bool]]:
        """On ``account_ranking``, without the workspace. What has to be looked up in other tables is looked up once in
        a unit of work, as long as the accounts can be named in one parameter."""
        named = self.named(selection, measure)
        if named is not None:
            return [is_any_of(RANKING.c.account_id, named)]
        return [*self._plain_conditions(selection), *self._conditions_elsewhere(selection, measure)]

    def named(self, selection: Selection, measure: Measure) -> Sequence[str] | None:
        """The accounts themselves, where conditions have to be looked up in other tables. None: there are none such,
        or too many accounts."""
        if replace(selection, account_ids=None) == Selection():
            return selection.account_ids
        wanted = (selection, _plain(measure))
        if wanted not in self._found:
            elsewhere = self._conditions_elsewhere(selection, measure)
            found = self._scope.here(RANKING), *self._plain_conditions(selection), *elsewhere
            query = select(RANKING.c.account_id).where(*found).limit(MOST_NAMED + 1)
            self._found[wanted] = self._scope.connection.scalars(query).all() if elsewhere else None
        named = self._found[wanted]
        return None if named is None or len(named) > MOST_NAMED else named

    def _conditions_elsewhere(self, selection: Selection, measure: Measure) -> list[ColumnElement[bool]]:
        found = self._lacking_conditions(selection)
        own = RANKING.c.account_id
        if selection.part.is_by_subscription:
            found.append(
                own.in_(self._parts(selection.part, measure.basis).with_only_columns(subscription_billing.c.account_id))
            )
        elif selection.part.currency is not None:
            found.append(own.in_(self._bearing(self.amounts(selection.part, _plain(measure)))))
        if selection.signal is not None:
            found.append(own.in_(self._with_signal(selection.signal)))
        if selection.cancellation is not None:
            found.append(own.in_(self._canceling(selection.cancellation)))
        for movement, gains in ((selection.gained, True), (selection.lost, False)):
            if movement is not None:
                found += self._moved(movement, measure.basis, gains=gains)
        return found

    def amounts(self, part: MoneyPart, measure: Measure) -> Amounts:
        """What accounts bring in a measure; of the past less what they brought before, if that is asked for."""
        here = self._amounts_at(part, measure, measure.at)
        if measure.since is None:
            return here
        before = self._amounts_at(part, measure, measure.since)
        return union_all(_without(here, before, 1), _without(before, here, -1))

    def source(self, selection: Selection, measure: Measure) -> FromClause:
        """``amounts`` as something to select from; of few accounts, what is left to pay is looked up by account.

        What is joined together is made first, as a whole: put in one with the query around it, SQLite begins with the
        accounts and looks for the few invoices of each, again and again."""
        part, named = selection.part, self.named(selection, measure)
        if measure.kind is MeasureKind.OUTSTANDING and named is not None and len(named) <= FEW:
            return self._owed(part, named).subquery()
        amounts = self.amounts(part, measure)
        joins = measure.kind is MeasureKind.OUTSTANDING or part.is_by_subscription or measure.since is not None
        return amounts.cte("amounts").prefix_with("MATERIALIZED") if joins else amounts.subquery()

    def part_conditions(self, part: MoneyPart) -> list[ColumnElement[bool]]:
        """On counted subscriptions of matched customers."""
        table = subscription_billing
        found = [self._scope.here(table), table.c.counted.is_(True), table.c.account_id.is_not(None)]
        if part.plan is not None:
            found.append(is_any_of(table.c.plan_name, self._spellings(part.plan)))
        if part.interval is not None:
            found.append(table.c.interval == part.interval)
        if part.currency is not None:
            found.append(table.c.currency == part.currency)
        if part.product is not None:
            found.append(self._holds_product(part.product))
        return found

    def left_to_pay(self) -> ColumnElement[int]:
        """``amount_remaining`` of an invoice."""
        return literal_column(POSTGRESQL_LEFT_TO_PAY if self._postgresql else SQLITE_LEFT_TO_PAY, AMOUNT)

    def has_status(self, statuses: Sequence[InboxStatus]) -> ColumnElement[bool]:
        """A signal's status is one of these."""
        dismissed = signals.c.dismissed_at.is_not(None)
        choices = [
            dismissed
            if status is InboxStatus.DISMISSED
            else and_(~dismissed, signals.c.state == SignalState(status.value).value)
            for status in sorted(statuses)
        ]
        return or_(*choices)

    def signal_conditions(self, condition: SignalCondition) -> list[ColumnElement[bool]]:
        """On signals of the workspace."""
        found = [self._scope.here(signals)]
        if condition.types:
            found.append(signals.c.type.in_(sorted(kind.value for kind in condition.types)))
        if condition.statuses:
            found.append(self.has_status(sorted(condition.statuses)))
        if condition.within is not None:
            found.append(_in_stretch(signals.c.occurred_at, condition.within))
        return found

    def is_canceling(self) -> ColumnElement[bool]:
        """A subscription's cancellation is scheduled; the words of the index, so that it is used."""
        written = POSTGRESQL_CANCELING if self._postgresql else SQLITE_CANCELING
        return literal_column(f"({written.text})")

    def _plain_conditions(self, selection: Selection) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if selection.account_ids is not None:
            found.append(is_any_of(RANKING.c.account_id, selection.account_ids))
        if selection.statuses:
            found.append(RANKING.c.status_rank.in_(sorted(RANK_OF_STATUS[status] for status in selection.statuses)))
        found += _between(RANKING.c.mrr_up, selection.mrr_from, selection.mrr_below)
        behind = None if selection.health_to is None else selection.health_to + 1
        found += _between(RANKING.c.health_up, selection.health_from, behind)
        if selection.renewal is not None:
            found.append(_in_stretch(RANKING.c.renewal_up, selection.renewal))
        return found

    def _lacking_conditions(self, selection: Selection) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        own = RANKING.c.account_id
        if Lacking.SUBSCRIPTION in selection.lacking:
            live = select(account_billing.c.account_id).where(
                self._scope.here(account_billing), account_billing.c.live_subscriptions > 0
            )
            found.append(own.not_in(live))
        if Lacking.CUSTOMER in selection.lacking:
            matched = select(matches.c.account_id).where(self._scope.here(matches), matches.c.account_id.is_not(None))
            found.append(own.not_in(matched))
        if Lacking.HEALTH_SCORE in selection.lacking:
            found.append(RANKING.c.health_up == MISSING)
        return found

    def _amounts_at(self, part: MoneyPart, measure: Measure, moment: RecordedMoment | None) -> Amounts:
        if measure.kind is MeasureKind.OUTSTANDING:
            return self._owed(part)
        if measure.kind is MeasureKind.LIFETIME:
            return self._money(account_money, "lifetime", part)
        basis = "net" if measure.basis is MrrBasis.NET else "list"
        if moment is not None and moment.day is not None:
            return self._money(mrr_snapshot_money, basis, part).where(
                mrr_snapshot_money.c.day == moment.day.isoformat()
            )
        if moment is not None and moment.month is not None:
            return self._money(mrr_point_money, basis, part).where(mrr_point_money.c.month == str(moment.month))
        if part.is_by_subscription:
            return self._parts(part, measure.basis)
        return self._money(account_money, basis, part)

    def _money(self, table: Any, name: str, part: MoneyPart) -> Select[Any]:
        columns = _AmountColumns.of(name)
        query = select(
            table.c.account_id,
            table.c.currency,
            table.c[columns.whole].label("whole"),
            table.c[columns.num].label("num"),
            table.c[columns.den].label("den"),
        ).where(self._scope.here(table), table.c[columns.den].is_not(None))
        return query if part.currency is None else query.where(table.c.currency == part.currency)

    def _parts(self, part: MoneyPart, basis: MrrBasis) -> Select[Any]:
        columns = _AmountColumns.of("net" if basis is MrrBasis.NET else "list")
        table = subscription_billing
        return select(
            table.c.account_id,
            table.c.currency,
            table.c[columns.whole].label("whole"),
            table.c[columns.num].label("num"),
            table.c[columns.den].label("den"),
        ).where(*self.part_conditions(part))

    def _owed(self, part: MoneyPart, named: Sequence[str] | None = None) -> Select[Any]:
        table = stripe_invoices
        among = [is_open()]
        if named is not None:
            # By the customers' index, so not by that of all open invoices.
            theirs = select(matches.c.customer_id).where(
                self._scope.here(matches), is_any_of(matches.c.account_id, named)
            )
            among = [unindexed(table.c.status) == "open", table.c.customer_id.in_(theirs)]
        matched = and_(matches.c.workspace_id == table.c.workspace_id, matches.c.customer_id == table.c.customer_id)
        query = (
            select(
                matches.c.account_id,
                table.c.currency,
                self.left_to_pay().label("whole"),
                literal_column("0", AMOUNT).label("num"),
                literal_column("1", AMOUNT).label("den"),
            )
            .select_from(table.join(matches, matched))
            .where(self._scope.here(table), *among, self.left_to_pay() > 0, matches.c.account_id.is_not(None))
        )
        return query if part.currency is None else query.where(table.c.currency == part.currency)

    def _bearing(self, amounts: Amounts) -> Select[Any]:
        held = amounts.subquery()
        return select(held.c.account_id).where(or_(held.c.whole != 0, held.c.num != 0))

    def _with_signal(self, condition: SignalCondition) -> Select[Any]:
        matched = and_(matches.c.workspace_id == signals.c.workspace_id, matches.c.customer_id == signals.c.customer_id)
        return (
            select(matches.c.account_id)
            .select_from(signals.join(matches, matched))
            .where(*self.signal_conditions(condition), matches.c.account_id.is_not(None))
        )

    def _canceling(self, stretch: Stretch) -> Select[Any]:
        """The day stands inside the documents of the few subscriptions that are canceled; those are looked at."""
        table = stripe_subscriptions
        query = select(table.c.customer_id, table.c.document).where(self._scope.here(table), self.is_canceling())
        customers = set()
        for row in self._scope.connection.execute(query):
            subscription = unpack_subscription(orjson.loads(row.document))
            ends = subscription.current_period_end if subscription.cancel_at is None else subscription.cancel_at
            scheduled = subscription.cancellation_is_scheduled and ends is not None
            if scheduled and row.customer_id and stretch.since <= (ends or 0) < stretch.until:
                customers.add(row.customer_id)
        return select(matches.c.account_id).where(
            self._scope.here(matches),
            is_any_of(matches.c.customer_id, sorted(customers)),
            matches.c.account_id.is_not(None),
        )

    def _moved(self, movement: Movement, basis: MrrBasis, *, gains: bool) -> list[ColumnElement[bool]]:
        without, having = (movement.start, movement.end) if gains else (movement.end, movement.start)
        at_all = [Measure(MeasureKind.MRR, basis, moment) for moment in (without, having)]
        before, after = (self._bearing(self.amounts(MoneyPart(), measure)) for measure in at_all)
        return [RANKING.c.account_id.in_(after), RANKING.c.account_id.not_in(before)]

    def _spellings(self, folded: str) -> list[str]:
        """The stored names of plans that are ``folded`` but for letter case, which no database folds as we do."""
        return [name for name in plan_names(self._scope) if name.casefold() == folded]

    def _holds_product(self, folded: str) -> ColumnElement[bool]:
        query = select(stripe_products.c.id, stripe_products.c.name).where(self._scope.here(stripe_products))
        ids = [row.id for row in self._scope.connection.execute(query) if row.name.casefold() == folded]
        held = subscription_billing.c.product_ids
        choices = [contains_text(held, orjson.dumps(product_id).decode()) for product_id in ids]
        return or_(*choices) if choices else literal(1) == literal(0)


def _without(amounts: Amounts, others: Amounts, sign: int) -> Select[Any]:
    """The amounts, times ``sign``, but for those that stand unchanged among the others: most do, and looking each up
    takes less time than putting all in order."""
    held, other = amounts.subquery(), others.subquery()
    names = ("account_id", "currency", "den", "whole", "num")
    same = select(literal(1)).select_from(other).where(*(other.c[name] == held.c[name] for name in names)).exists()
    whole, num = (sign * held.c.whole).label("whole"), (sign * held.c.num).label("num")
    return select(held.c.account_id, held.c.currency, whole, num, held.c.den).where(~same)


def is_open() -> ColumnElement[bool]:
    """An open invoice; the words of the index, so that it is used."""
    return literal_column(f"(stripe_invoices.{IS_OPEN.text})")


def _plain(measure: Measure) -> Measure:
    kind = MeasureKind.MRR if measure.kind is MeasureKind.HEALTH else measure.kind
    return Measure(kind, measure.basis)


def _between(column: ColumnElement[Any], low: int | None, behind: int | None) -> list[ColumnElement[bool]]:
    if low is None and behind is None:
        return []
    found = [column != MISSING]
    if low is not None:
        found.append(column >= low)
    if behind is not None:
        found.append(column < behind)
    return found


def _in_stretch(column: ColumnElement[Any], stretch: Stretch) -> ColumnElement[bool]:
    return and_(column >= stretch.since, column < stretch.until)
