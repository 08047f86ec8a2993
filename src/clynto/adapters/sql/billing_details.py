"""What stands behind an account's figures: its customers, subscriptions and invoices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, select, tuple_

from clynto.adapters.sql import exact_amounts
from clynto.adapters.sql.codec_invoices import invoice_of
from clynto.adapters.sql.codec_subscriptions import unpack_subscription
from clynto.adapters.sql.column_types import contains_text
from clynto.adapters.sql.cursors import cursor_after, fingerprint, place_of
from clynto.adapters.sql.documents import clean_text, unpack
from clynto.adapters.sql.match_store import match_of
from clynto.adapters.sql.money_rows import NOTHING, Bags, read_bags
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables_accounts import accounts
from clynto.adapters.sql.tables_billing import customer_billing, customer_money, matches, subscription_billing
from clynto.adapters.sql.tables_stripe_facts import stripe_customers, stripe_invoices, stripe_subscriptions
from clynto.domain.account_billing import PaymentStatus
from clynto.domain.invoice import NOT_SHOWN
from clynto.domain.money import ZERO
from clynto.domain.subscription import Subscription
from clynto.ports.read_models import CustomerRow, CustomersPage, InvoiceRow, SubscriptionRow


class SqlBillingDetails:
    """See ``ports.read_models.BillingDetails``."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def customers(self, *, matched: bool | None, text: str, limit: int, after: str | None) -> CustomersPage:
        """Stripe customers, highest MRR first, then by id."""
        made_for = fingerprint(matched, text)
        table = stripe_customers
        query = self._customers_query(matched, text).order_by(table.c.mrr_rank, table.c.id).limit(limit + 1)
        if after is not None:
            query = query.where(tuple_(table.c.mrr_rank, table.c.id) > tuple_(*place_of(after, made_for, int)))
        found = self._scope.connection.execute(query).all()
        shown = found[:limit]
        bags = read_bags(self._scope, customer_money, [row.id for row in shown])
        more = len(found) > limit and bool(shown)
        return CustomersPage(
            rows=tuple(_customer_row(row, bags.get(row.id, NOTHING)) for row in shown),
            next_cursor=cursor_after((shown[-1].mrr_rank, shown[-1].id), made_for) if more else None,
        )

    def subscriptions_of(self, account_id: str) -> Sequence[SubscriptionRow]:
        """All subscriptions of the account: live ones first, then by MRR; ended ones newest first."""
        facts, billed = stripe_subscriptions, subscription_billing
        same = and_(billed.c.workspace_id == facts.c.workspace_id, billed.c.subscription_id == facts.c.id)
        query = (
            select(facts.c.document, *(column for column in billed.c if not column.primary_key))
            .select_from(facts.join(billed, same))
            .where(self._scope.here(facts), facts.c.customer_id.in_(self._customers_of(account_id)))
        )
        pairs = [(unpack_subscription(unpack(row.document)), row) for row in self._scope.connection.execute(query)]
        rows = [(subscription, _subscription_row(subscription, row)) for subscription, row in pairs]
        rows.sort(key=lambda pair: _standing(*pair))
        return [row for _, row in rows]

    def invoices_of(self, account_id: str, *, limit: int) -> Sequence[InvoiceRow]:
        """The newest invoices of the account, drafts left out, deleted ones too."""
        table = stripe_invoices
        query = (
            select(*(column for column in table.c if column.name != "lines"))
            .where(
                self._scope.here(table),
                table.c.customer_id.in_(self._customers_of(account_id)),
                table.c.status.not_in(sorted(NOT_SHOWN)),
            )
            .order_by(table.c.created.desc(), table.c.id.desc())
            .limit(limit)
        )
        return [InvoiceRow.of(invoice_of(row, None)) for row in self._scope.connection.execute(query)]

    def _customers_query(self, matched: bool | None, text: str) -> Select[Any]:
        table = stripe_customers
        joined = (
            table.outerjoin(matches, _same_customer(matches.c.workspace_id, matches.c.customer_id))
            .outerjoin(
                customer_billing, _same_customer(customer_billing.c.workspace_id, customer_billing.c.customer_id)
            )
            .outerjoin(
                accounts, and_(accounts.c.workspace_id == matches.c.workspace_id, accounts.c.id == matches.c.account_id)
            )
        )
        query = (
            select(
                table.c.id,
                table.c.name,
                table.c.email,
                table.c.deleted,
                table.c.mrr_rank,
                *(column for column in matches.c if column.name != "workspace_id"),
                accounts.c.name.label("account_name"),
                customer_billing.c.payment_status,
            )
            .select_from(joined)
            .where(self._scope.here(table))
        )
        if matched is not None:
            query = query.where(matches.c.account_id.is_not(None) if matched else matches.c.account_id.is_(None))
        if text:
            query = query.where(contains_text(table.c.search_text, text.casefold()))
        return query

    def _customers_of(self, account_id: str) -> Select[tuple[str]]:
        return select(matches.c.customer_id).where(self._scope.one(matches, account_id=clean_text(account_id)))


def _same_customer(workspace_id: ColumnElement[str], customer_id: ColumnElement[str]) -> ColumnElement[bool]:
    return and_(workspace_id == stripe_customers.c.workspace_id, customer_id == stripe_customers.c.id)


def _customer_row(row: Row[Any], bags: Bags) -> CustomerRow:
    return CustomerRow(
        id=row.id,
        name=row.name,
        email=row.email,
        deleted=row.deleted,
        match=None if row.kind is None else match_of(row),
        account_name=row.account_name,
        list_mrr=bags.list_mrr,
        net_mrr=bags.net_mrr,
        payment_status=None if row.payment_status is None else PaymentStatus(row.payment_status),
    )


def _standing(subscription: Subscription, row: SubscriptionRow) -> tuple[Any, ...]:
    ended = subscription.is_ended
    newest = -(subscription.created or 0)
    return (ended, newest if ended else -row.list_mrr, row.id)


def _subscription_row(subscription: Subscription, row: Row[Any]) -> SubscriptionRow:
    ended, scheduled = subscription.is_ended, subscription.cancellation_is_scheduled
    renewal_at = None if ended or scheduled else subscription.current_period_end
    cancel_at = (subscription.cancel_at or subscription.current_period_end) if scheduled else None
    return SubscriptionRow(
        id=subscription.id,
        customer_id=subscription.customer_id,
        status=subscription.status,
        plan_name=row.plan_name,
        quantity=row.quantity,
        interval=row.interval,
        currency=subscription.currency,
        list_mrr=exact_amounts.read(row, "list") or ZERO,
        net_mrr=exact_amounts.read(row, "net") or ZERO,
        counted=row.counted,
        partial=row.partial,
        renewal_at=renewal_at,
        cancel_at=cancel_at,
        created=subscription.created,
    )
