"""Lists of invoices, subscriptions and signals over all accounts, with how many there are in all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, literal_column, select

from clynto.adapters.sql import exact_amounts
from clynto.adapters.sql.codec_invoices import invoice_of
from clynto.adapters.sql.codec_subscriptions import unpack_subscription
from clynto.adapters.sql.column_types import AMOUNT, is_any_of, unindexed
from clynto.adapters.sql.documents import clean_text, unpack
from clynto.adapters.sql.question_amounts import LEFT_TO_PAY, is_open
from clynto.adapters.sql.question_selection import SelectingSql
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables_accounts import accounts
from clynto.adapters.sql.tables_billing import customer_billing, matches, subscription_billing
from clynto.adapters.sql.tables_signals import signals
from clynto.adapters.sql.tables_stripe_facts import stripe_customers, stripe_invoices, stripe_subscriptions
from clynto.domain.invoice import InvoiceStatus
from clynto.domain.moments import UnixMicros, UnixTime
from clynto.domain.money import ZERO, MoneyBag
from clynto.domain.questions.query import InvoiceWord, SubscriptionWord
from clynto.domain.signals import Signal
from clynto.ports.question_data import Found, OwnedInvoice, OwnedSubscription, SignalCondition, Stretch
from clynto.ports.read_models import InvoiceRow, SubscriptionRow
from clynto.ports.signals import InboxStatus, StoredSignal
from clynto.ports.workspaces import MrrBasis

_STATUS = {
    InvoiceWord.PAID: InvoiceStatus.PAID,
    InvoiceWord.UNCOLLECTIBLE: InvoiceStatus.UNCOLLECTIBLE,
    InvoiceWord.VOID: InvoiceStatus.VOID,
}
_NOT_SHOWN = ("lines", "amount_remaining")
"""The second stands in ``head``, and behind the lines."""
_OWED = (InvoiceWord.UNPAID, InvoiceWord.OVERDUE)
_SQLITE_DUE = "json_extract(head, '$[7]')"
_POSTGRESQL_DUE = "((head::json ->> 7)::bigint)"
"""``due_date`` inside ``head`` (see ``codec_invoices``)."""


class SqlQuestionRecords:
    """Rows behind an answer."""

    def __init__(self, scope: Scope, selecting: SelectingSql) -> None:
        self._scope = scope
        self._selecting = selecting
        self._postgresql = scope.connection.dialect.name == "postgresql"

    def invoices(
        self, account_id: str | None, which: InvoiceWord, created: Stretch | None, now: UnixTime, limit: int
    ) -> tuple[Found, Sequence[OwnedInvoice]]:
        """Newest first, then by id, highest first."""
        table = stripe_invoices
        conditions = [self._scope.here(table), *self._invoice_conditions(which, now)]
        if created is not None:
            conditions += [table.c.created >= created.since, table.c.created < created.until]
        if account_id is not None:
            conditions.append(table.c.customer_id.in_(self._customers_of(account_id)))
        if which in _OWED:
            found = self._owed(conditions)
        else:
            total = self._scope.connection.scalar(select(func.count()).select_from(table).where(*conditions))
            found = Found(total or 0, MoneyBag.empty())
        # One account's few invoices are put in order; along the order of all, its own would be sought among a million.
        created_at = table.c.created if account_id is None else unindexed(table.c.created)
        newest = select(table.c.id).where(*conditions).order_by(created_at.desc(), table.c.id.desc()).limit(limit)
        # The ids come from an index; only the rows that are shown are opened.
        ids = self._scope.connection.scalars(newest).all()
        shown = (
            select(
                *(column for column in table.c if column.name not in _NOT_SHOWN),
                accounts.c.id.label("owner"),
                accounts.c.name,
            )
            .select_from(self._with_owner(table))
            .where(self._scope.here(table), is_any_of(table.c.id, ids))
        )
        # Put in order here: asked for it, SQLite would walk along all invoices in that order to find these.
        held = {row.id: row for row in self._scope.connection.execute(shown)}
        return found, [OwnedInvoice(_invoice_row(held[id_]), held[id_].owner, held[id_].name) for id_ in ids]

    def subscriptions(
        self, account_id: str | None, which: SubscriptionWord, basis: MrrBasis, limit: int
    ) -> tuple[Found, Sequence[OwnedSubscription]]:
        """Highest MRR first, then by id."""
        table, facts = subscription_billing, stripe_subscriptions
        conditions = [self._scope.here(table), table.c.account_id.is_not(None)]
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
            conditions.append(signals.c.customer_id.in_(self._customers_of(account_id)))
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
            .select_from(self._with_owner(signals).outerjoin(stripe_customers, debtor))
            .where(*conditions)
            .order_by(signals.c.occurred_at.desc(), signals.c.id.desc())
            .limit(limit)
        )
        return Found(total or 0, MoneyBag.empty()), [_stored(row) for row in self._scope.connection.execute(query)]

    def _owed(self, conditions: Sequence[ColumnElement[bool]]) -> Found:
        table = stripe_invoices
        query = (
            select(table.c.currency, func.count().label("total"), func.sum(LEFT_TO_PAY).label("left"))
            .where(*conditions)
            .group_by(table.c.currency)
        )
        total, remaining = 0, MoneyBag.empty()
        for row in self._scope.connection.execute(query):
            total += row.total
            remaining = remaining + MoneyBag.of(row.currency, int(row.left))
        return Found(total, remaining)

    def _invoice_conditions(self, which: InvoiceWord, now: UnixTime) -> list[ColumnElement[bool]]:
        table = stripe_invoices
        if which is InvoiceWord.ANY:
            return [table.c.status != InvoiceStatus.DRAFT.value]
        if which not in _OWED:
            return [table.c.status == _STATUS[which].value]
        found = [is_open(), LEFT_TO_PAY > 0]
        if which is InvoiceWord.OVERDUE:
            due: ColumnElement[int] = literal_column(_POSTGRESQL_DUE if self._postgresql else _SQLITE_DUE, AMOUNT)
            found.append(due < now)
        return found

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
        return stripe_subscriptions.c.ended.is_(True)

    def _customers_of(self, account_id: str) -> Select[tuple[str]]:
        return select(matches.c.customer_id).where(self._scope.one(matches, account_id=clean_text(account_id)))

    def _with_owner(self, table: Any) -> Any:
        matched = and_(matches.c.workspace_id == table.c.workspace_id, matches.c.customer_id == table.c.customer_id)
        owner = and_(accounts.c.workspace_id == matches.c.workspace_id, accounts.c.id == matches.c.account_id)
        return table.outerjoin(matches, matched).outerjoin(accounts, owner)


def _invoice_row(row: Any) -> InvoiceRow:
    invoice = invoice_of(row, None)
    return InvoiceRow(
        id=invoice.id,
        number=invoice.number,
        status=invoice.status,
        currency=invoice.currency,
        amount_due=invoice.amount_due,
        amount_paid=invoice.amount_paid,
        amount_remaining=invoice.amount_remaining,
        created_at=invoice.created,
        due_date=invoice.due_date,
        paid_at=invoice.paid_at,
        attempt_count=invoice.attempt_count,
        next_payment_attempt=invoice.next_payment_attempt,
        subscription_id=invoice.subscription_id,
    )


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
