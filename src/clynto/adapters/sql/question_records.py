"""Lists of subscriptions and signals over all accounts, with how many there are in all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, select

from clynto.adapters.sql import exact_amounts
from clynto.adapters.sql.codec_subscriptions import unpack_subscription
from clynto.adapters.sql.column_types import is_any_of
from clynto.adapters.sql.documents import clean_text, unpack
from clynto.adapters.sql.question_invoices import customers_of, with_owner
from clynto.adapters.sql.question_names import spellings
from clynto.adapters.sql.question_selection import SelectingSql
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables_accounts import accounts
from clynto.adapters.sql.tables_billing import customer_billing, subscription_billing
from clynto.adapters.sql.tables_signals import signals
from clynto.adapters.sql.tables_stripe_facts import stripe_customers, stripe_subscriptions
from clynto.domain.moments import UnixMicros
from clynto.domain.money import ZERO, MoneyBag
from clynto.domain.questions.lists import SubscriptionWord
from clynto.domain.signals import Signal
from clynto.domain.subscription import SubscriptionStatus
from clynto.ports.question_data import Found, OwnedSubscription, SignalCondition
from clynto.ports.read_models import SubscriptionRow
from clynto.ports.signals import InboxStatus, StoredSignal
from clynto.ports.workspaces import MrrBasis

_OF_STATUS = {
    SubscriptionWord.TRIALING: SubscriptionStatus.TRIALING,
    SubscriptionWord.PAST_DUE: SubscriptionStatus.PAST_DUE,
}


class SqlQuestionRecords:
    """Rows behind an answer."""

    def __init__(self, scope: Scope, selecting: SelectingSql) -> None:
        self._scope = scope
        self._selecting = selecting
        self._postgresql = scope.connection.dialect.name == "postgresql"

    def subscriptions(
        self, account_id: str | None, which: SubscriptionWord, basis: MrrBasis, limit: int, plan: str | None
    ) -> tuple[Found, Sequence[OwnedSubscription]]:
        """Highest MRR first, then by id."""
        table, facts = subscription_billing, stripe_subscriptions
        conditions = [self._scope.here(table), table.c.account_id.is_not(None)]
        if plan is not None:
            conditions.append(is_any_of(table.c.plan_name, spellings(self._scope, plan)))
        if account_id is not None:
            mine = self._scope.one(customer_billing, account_id=clean_text(account_id))
            conditions.append(table.c.customer_id.in_(select(customer_billing.c.customer_id).where(mine)))
        name = "net" if basis is MrrBasis.NET else "list"
        order = [table.c[f"{name}_whole"].desc(), table.c.subscription_id]
        first = select(table.c.subscription_id).where(*conditions, *self._subscription_conditions(which))
        ids = self._scope.connection.scalars(first.order_by(*order).limit(limit)).all()
        same = and_(facts.c.workspace_id == table.c.workspace_id, facts.c.id == table.c.subscription_id)
        owner = and_(accounts.c.workspace_id == table.c.workspace_id, accounts.c.id == table.c.account_id)
        query = (
            select(
                facts.c.document,
                *(column for column in table.c if not column.primary_key),
                table.c.subscription_id,
                accounts.c.id.label("owner"),
                accounts.c.name.label("owner_name"),
            )
            .select_from(table.join(facts, same).join(accounts, owner))
            .where(self._scope.here(table), is_any_of(table.c.subscription_id, ids))
        )
        rows = [
            OwnedSubscription(_subscription_row(row), row.owner, row.owner_name)
            for row in self._scope.connection.execute(query)
        ]
        rows.sort(key=lambda one: (-(one.row.net_mrr if name == "net" else one.row.list_mrr), one.row.id))
        return Found(self._count_subscriptions(conditions, which), MoneyBag.empty()), rows

    def _count_subscriptions(self, conditions: Sequence[ColumnElement[bool]], which: SubscriptionWord) -> int:
        """Few are ended, or set to cancel: those are found by an index of their own, and live are all others."""
        table, run = subscription_billing, self._scope.connection
        every = select(func.count()).select_from(table).where(*conditions)
        if which is SubscriptionWord.ANY:
            return run.scalar(every) or 0
        if which is SubscriptionWord.LIVE:
            return (run.scalar(every) or 0) - self._count_subscriptions(conditions, SubscriptionWord.ENDED)
        facts = stripe_subscriptions
        few = select(func.count()).select_from(facts.join(table, facts.c.id == table.c.subscription_id))
        return run.scalar(few.where(self._scope.here(facts), self._is_of_few(which), *conditions)) or 0

    def signals(
        self, account_id: str | None, condition: SignalCondition, limit: int
    ) -> tuple[Found, Sequence[StoredSignal]]:
        """Newest first, then by id, highest first."""
        conditions = self._selecting.signal_conditions(condition)
        if account_id is not None:
            conditions.append(signals.c.customer_id.in_(customers_of(self._scope, account_id)))
        total = self._scope.connection.scalar(select(func.count()).select_from(signals).where(*conditions))
        debtor = and_(
            stripe_customers.c.workspace_id == signals.c.workspace_id, stripe_customers.c.id == signals.c.customer_id
        )
        query = (
            select(
                signals,
                accounts.c.id.label("account_id"),
                accounts.c.name.label("account_name"),
                stripe_customers.c.name.label("customer_name"),
            )
            .select_from(with_owner(signals).outerjoin(stripe_customers, debtor))
            .where(*conditions)
            .order_by(signals.c.occurred_at.desc(), signals.c.id.desc())
            .limit(limit)
        )
        return Found(total or 0, MoneyBag.empty()), [_stored(row) for row in self._scope.connection.execute(query)]

    def _subscription_conditions(self, which: SubscriptionWord) -> list[ColumnElement[bool]]:
        if which is SubscriptionWord.ANY:
            return []
        facts, word = stripe_subscriptions, which
        if which is SubscriptionWord.LIVE:
            word = SubscriptionWord.ENDED
        few = select(facts.c.id).where(self._scope.here(facts), self._is_of_few(word))
        own = subscription_billing.c.subscription_id
        return [own.not_in(few) if which is SubscriptionWord.LIVE else own.in_(few)]

    def _is_of_few(self, which: SubscriptionWord) -> ColumnElement[bool]:
        if which is SubscriptionWord.CANCELING:
            return self._selecting.is_canceling()
        if which in _OF_STATUS:
            return self._selecting.has_stripe_status(_OF_STATUS[which])
        return stripe_subscriptions.c.ended.is_(True)


def _subscription_row(row: Any) -> SubscriptionRow:
    subscription = unpack_subscription(unpack(row.document))
    scheduled, period_end = subscription.cancellation_is_scheduled, subscription.current_period_end
    ends = period_end if subscription.cancel_at is None else subscription.cancel_at
    return SubscriptionRow(
        id=subscription.id,
        customer_id=subscription.customer_id,
        status=subscription.status,
        plan_name=row.plan_name,
        quantity=row.quantity,
        interval=row.interval,
        currency=row.currency,
        list_mrr=exact_amounts.read(row, "list") or ZERO,
        net_mrr=exact_amounts.read(row, "net") or ZERO,
        counted=row.counted,
        partial=row.partial,
        renewal_at=None if subscription.is_ended or scheduled else period_end,
        cancel_at=ends if scheduled else None,
        created=subscription.created,
    )


def _stored(row: Row[Any]) -> StoredSignal:
    status = InboxStatus(row.state) if row.dismissed_at is None else InboxStatus.DISMISSED
    return StoredSignal(
        id=row.id,
        signal=Signal.from_document(unpack(row.document)),
        status=status,
        detected_at=UnixMicros(row.detected_at),
        dismissed_at=row.dismissed_at,
        account_id=row.account_id,
        account_name=row.account_name,
        customer_name=row.customer_name,
    )
