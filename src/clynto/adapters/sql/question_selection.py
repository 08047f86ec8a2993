"""Which accounts a question selects, as SQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    case,
    func,
    literal,
    literal_column,
    or_,
    select,
    union_all,
)

from clynto.adapters.sql.codec_subscriptions import unpack_subscription
from clynto.adapters.sql.column_types import AMOUNT, is_any_of, unindexed
from clynto.adapters.sql.question_amounts import AmountsSql
from clynto.adapters.sql.question_bounds import BoundsSql
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables_accounts import MISSING, account_ranking
from clynto.adapters.sql.tables_billing import account_billing, account_money, matches, subscription_billing
from clynto.adapters.sql.tables_questions import IS_RARE, POSTGRESQL_CANCELING, SQLITE_CANCELING
from clynto.adapters.sql.tables_signals import signals
from clynto.adapters.sql.tables_stripe_facts import stripe_subscriptions
from clynto.domain.account_billing import SEVERITY, PaymentStatus
from clynto.domain.signals import SignalState, SignalType
from clynto.domain.subscription import SubscriptionStatus
from clynto.ports.question_data import (
    EVERYTHING,
    Lacking,
    Measure,
    MeasureKind,
    MoneyPart,
    Movement,
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


_SQLITE_TRIAL = "json_extract(stripe_subscriptions.document, '$[14]')"
_POSTGRESQL_TRIAL = "((stripe_subscriptions.document::json ->> 14)::bigint)"
"""``trial_end`` inside ``document`` (see ``codec_subscriptions``)."""
_SQLITE_RESOLVED = "json_extract(signals.document, '$.resolved_at')"
_POSTGRESQL_RESOLVED = "((signals.document::json ->> 'resolved_at')::bigint)"


def _as_it_is(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return column


class SelectingSql:
    """Builds conditions within one workspace."""

    def __init__(self, scope: Scope, amounts: AmountsSql) -> None:
        self._scope = scope
        self._amounts = amounts
        self._bounds = BoundsSql(scope, amounts)
        self._postgresql = scope.connection.dialect.name == "postgresql"

    def conditions(
        self, selection: Selection, measure: Measure, mrr: ColumnElement[int] = RANKING.c.mrr_up
    ) -> list[ColumnElement[bool]]:
        """On ``account_ranking``, without the workspace. ``mrr``: the column that bounds on MRR are sought by."""
        return [*self._plain_conditions(selection, mrr), *self._conditions_elsewhere(selection, measure)]

    def among_many(self, selection: Selection, measure: Measure) -> list[ColumnElement[bool]]:
        """The same where so many are selected that each account is looked at, not sought by an index: in the order of
        that the accounts lie scattered, and a list of them takes SQLite longer to put in order than to look at all."""
        plain_ones = self._plain_conditions(selection, RANKING.c.mrr_up, unindexed)
        return [*plain_ones, *self._conditions_elsewhere(selection, measure)]

    def looks_elsewhere(self, selection: Selection) -> bool:
        """Whether a condition has to be looked up in tables other than ``account_ranking``, or names the accounts."""
        in_own_row = replace(
            selection,
            statuses=frozenset(),
            mrr_from=None,
            mrr_below=None,
            health_from=None,
            health_to=None,
            renewal=None,
            lacking=selection.lacking - {Lacking.HEALTH_SCORE},
        )
        return in_own_row != Selection()

    def _conditions_elsewhere(self, selection: Selection, measure: Measure) -> list[ColumnElement[bool]]:
        found = self._lacking_conditions(selection)
        own = RANKING.c.account_id
        if selection.part.is_by_subscription:
            found.append(
                own.in_(
                    self._amounts.parts(selection.part, measure.basis).with_only_columns(
                        subscription_billing.c.account_id
                    )
                )
            )
        elif selection.part.currency is not None and not _bounds_part(selection):
            found.append(own.in_(self._amounts.bearing(selection.part, plain(measure))))
        found += [self._bounds.within(own, one, measure.basis) for one in selection.amounts]
        if selection.signal is not None:
            found.append(own.in_(self._with_signal(selection.signal)))
        if selection.cancellation is not None:
            found.append(own.in_(self._canceling(selection.cancellation)))
        if selection.trial is not None:
            found.append(own.in_(self._trialing(selection.trial)))
        if selection.overdue is not None:
            found.append(own.in_(self._overdue(selection.overdue)))
        for movement, gains in ((selection.gained, True), (selection.lost, False)):
            if movement is not None:
                found += self._moved(movement, measure.basis, gains=gains)
        return found

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

    def _plain_conditions(
        self, selection: Selection, mrr: ColumnElement[int], written: Callable[[Any], ColumnElement[Any]] = _as_it_is
    ) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if selection.account_ids is not None:
            found.append(is_any_of(RANKING.c.account_id, selection.account_ids))
        if selection.statuses:
            ranks = sorted(RANK_OF_STATUS[status] for status in selection.statuses)
            found.append(written(RANKING.c.status_rank).in_(ranks))
        low, behind = selection.mrr_from, selection.mrr_below
        if mrr is RANKING.c.mrr_down:
            # What is highest is lowest when negated, so what was the first of those that are in is now the last.
            low, behind = (None if behind is None else 1 - behind), (None if low is None else 1 - low)
        found += _between(written(mrr), low, behind)
        behind = None if selection.health_to is None else selection.health_to + 1
        found += _between(written(RANKING.c.health_up), selection.health_from, behind)
        if selection.renewal is not None:
            found.append(_in_stretch(written(RANKING.c.renewal_up), selection.renewal))
        return found

    def _lacking_conditions(self, selection: Selection) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if Lacking.SUBSCRIPTION in selection.lacking:
            live = select(account_billing.c.account_id).where(
                self._scope.here(account_billing), account_billing.c.live_subscriptions > 0
            )
            found.append(self._is_not_among(live))
        if Lacking.CUSTOMER in selection.lacking:
            matched = select(matches.c.account_id).where(self._scope.here(matches), matches.c.account_id.is_not(None))
            found.append(self._is_not_among(matched))
        if Lacking.HEALTH_SCORE in selection.lacking:
            found.append(RANKING.c.health_up == MISSING)
        if Lacking.PAYMENT in selection.lacking:
            found.append(RANKING.c.account_id.in_(self._never_paid()))
        return [*found, *map(self._is_none_of_few, self._kept_out(selection))]

    def _never_paid(self) -> CompoundSelect[Any]:
        """Accounts whose lifetime value is zero in each currency that they have invoices in, and those that have live
        subscriptions and no invoices: both in one walk along the accounts."""
        money = account_money
        some = case((or_(money.c.lifetime_whole != 0, money.c.lifetime_num != 0), 1), else_=0)
        billed = [self._scope.here(money), money.c.lifetime_den.is_not(None)]
        nothing = select(money.c.account_id).where(*billed).group_by(money.c.account_id).having(func.sum(some) == 0)
        live = select(account_billing.c.account_id).where(
            self._scope.here(account_billing), account_billing.c.live_subscriptions > 0
        )
        if self._postgresql:
            invoiced = select(money.c.account_id).where(*billed)
            return union_all(nothing, live.where(self._amounts.has_none_in(account_billing.c.account_id, invoiced)))
        theirs = select(literal(1)).where(*billed, money.c.account_id == account_billing.c.account_id)
        return union_all(nothing, live.where(~theirs.exists()))

    def left_out(self, selection: Selection, own: ColumnElement[str] = RANKING.c.account_id) -> ColumnElement[bool]:
        """The account whose id ``own`` is has the plan, product or debt that selected ones do not have: said as such,
        since PostgreSQL would look each account up to negate that it has none."""
        return or_(*(own.in_(others) for others in self._kept_out(selection)))

    def _kept_out(self, selection: Selection) -> list[Select[Any]]:
        held = select(subscription_billing.c.account_id)
        parts = (MoneyPart(plan=selection.without_plan), MoneyPart(product=selection.without_product))
        found = [held.where(*self._amounts.part_conditions(part)) for part in parts if part.is_by_subscription]
        owing = self._amounts.owed(EVERYTHING).with_only_columns(matches.c.account_id)
        return [*found, owing] if Lacking.DEBT in selection.lacking else found

    def _is_none_of_few(self, others: Select[Any]) -> ColumnElement[bool]:
        """SQLite reads the others once, and looks each account up among them; PostgreSQL is asked as ever."""
        if self._postgresql:
            return self._amounts.has_none_in(RANKING.c.account_id, others)
        # None of them is null, which would make the answer null for every account.
        return RANKING.c.account_id.not_in(others)

    def _is_not_among(self, others: Select[Any]) -> ColumnElement[bool]:
        """SQLite makes a list of the others to look each account up in; PostgreSQL hashes them, however many they are,
        which is sooner than to take one from the other."""
        if self._postgresql:
            return self._amounts.has_none_in(RANKING.c.account_id, others)
        # Under a name of its own, or it would be the row of the query around it.
        every = RANKING.alias()
        everyone = select(every.c.account_id).where(every.c.workspace_id == self._scope.workspace_id)
        return RANKING.c.account_id.in_(self._amounts.all_but(everyone, others))

    def _overdue(self, stretch: Stretch) -> Select[Any]:
        """When a signal was resolved stands inside its document; those of one type are looked at."""
        resolved: ColumnElement[int] = literal_column(
            _POSTGRESQL_RESOLVED if self._postgresql else _SQLITE_RESOLVED, AMOUNT
        )
        lasted = or_(signals.c.state == SignalState.OPEN.value, resolved > stretch.since)
        late = SignalCondition(types=frozenset({SignalType.PAYMENT_OVERDUE}))
        return self._with_signal(late).where(signals.c.occurred_at < stretch.until, lasted)

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

    def _trialing(self, stretch: Stretch) -> Select[Any]:
        """The end of a trial stands inside the documents of the few subscriptions that have one running."""
        table = stripe_subscriptions
        end: ColumnElement[int] = literal_column(_POSTGRESQL_TRIAL if self._postgresql else _SQLITE_TRIAL, AMOUNT)
        matched = and_(matches.c.workspace_id == table.c.workspace_id, matches.c.customer_id == table.c.customer_id)
        return (
            select(matches.c.account_id)
            .select_from(table.join(matches, matched))
            .where(
                self._scope.here(table),
                self.has_stripe_status(SubscriptionStatus.TRIALING),
                _in_stretch(func.coalesce(end, 0), stretch),
                matches.c.account_id.is_not(None),
            )
        )

    def has_stripe_status(self, status: SubscriptionStatus) -> ColumnElement[bool]:
        """A subscription is in one of the rare statuses; the words of their index beside it, so that it is used."""
        return and_(literal_column(f"(stripe_subscriptions.{IS_RARE.text})"), stripe_subscriptions.c.status == status)

    def _moved(self, movement: Movement, basis: MrrBasis, *, gains: bool) -> list[ColumnElement[bool]]:
        without, having = (movement.start, movement.end) if gains else (movement.end, movement.start)
        at_all = [Measure(MeasureKind.MRR, basis, moment) for moment in (without, having)]
        before, after = (self._amounts.bearing(EVERYTHING, measure) for measure in at_all)
        if not self._postgresql:
            return [RANKING.c.account_id.in_(self._amounts.all_but(after, before))]
        some = after.subquery()
        moved = select(some.c.account_id).where(self._amounts.has_none_in(some.c.account_id, before))
        return [RANKING.c.account_id.in_(moved)]


def _bounds_part(selection: Selection) -> bool:
    """Whether the accounts of a part are selected by a range of what they pay in its currency."""
    return any(one.kind is MeasureKind.MRR and one.currency == selection.part.currency for one in selection.amounts)


def plain(measure: Measure) -> Measure:
    """The measure that a part of the money selects accounts by: as it is now."""
    kind = MeasureKind.MRR if measure.kind in (MeasureKind.HEALTH, MeasureKind.ACCOUNTS) else measure.kind
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
