"""Computed billing of subscriptions, customers and accounts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import floor
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, delete, or_, select, update

from clynto.adapters.sql import account_orders, exact_amounts
from clynto.adapters.sql.bulk_writing import Columns, upsert
from clynto.adapters.sql.column_types import is_any_of
from clynto.adapters.sql.documents import clean_or_none, clean_text, pack
from clynto.adapters.sql.money_rows import NOTHING, Bags, read_bags, replace_bags
from clynto.adapters.sql.pending_sums import MEASURES_OF, NOW, SUBSCRIPTION, MoneyRow, Page
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables_accounts import MISSING, SORT_COLUMNS, account_ranking, both_ranks
from clynto.adapters.sql.tables_billing import (
    account_billing,
    account_money,
    customer_billing,
    customer_money,
    matches,
    subscription_billing,
)
from clynto.adapters.sql.tables_health import health_history
from clynto.adapters.sql.tables_mrr_records import mrr_point_money, mrr_points, mrr_snapshot_money, mrr_snapshots
from clynto.adapters.sql.tables_signals import non_events, signal_ledgers, signals
from clynto.adapters.sql.tables_stripe_facts import (
    stripe_customers,
    stripe_discount_readings,
    stripe_invoices,
    stripe_prices,
    stripe_products,
    stripe_subscriptions,
)
from clynto.adapters.sql.tables_webhooks import event_inbox
from clynto.domain.account_billing import (
    SEVERITY,
    AccountBilling,
    CustomerBilling,
    PaymentStatus,
    SubscriptionBilling,
)
from clynto.domain.moments import UnixMicros
from clynto.domain.money import total
from clynto.domain.sort_places import held_place
from clynto.ports.billing_results import AccountPlaces

_ERASED = (
    stripe_products,
    stripe_prices,
    stripe_customers,
    stripe_subscriptions,
    stripe_discount_readings,
    stripe_invoices,
    matches,
    customer_billing,
    customer_money,
    subscription_billing,
    account_billing,
    account_money,
    event_inbox,
    signals,
    signal_ledgers,
    non_events,
    health_history,
    mrr_snapshots,
    mrr_snapshot_money,
    mrr_points,
    mrr_point_money,
)
_AMOUNTS = tuple(f"{measure}_{piece}" for measure in MEASURES_OF[SUBSCRIPTION] for piece in ("whole", "num", "den"))
_NAMES_IN_SUMS = ("counted", "account_id", "plan_name", "interval", "currency", *_AMOUNTS)
_IN_SUMS = tuple(subscription_billing.c[name] for name in _NAMES_IN_SUMS)
_in_sums = itemgetter(*_NAMES_IN_SUMS)
"""What the kept sums know of a subscription."""
_RANKS = ("status_rank", *(f"{name}_{direction}" for name in SORT_COLUMNS for direction in ("up", "down")))


class SqlBillingStore:
    """See ``ports.billing_results.BillingStore``."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def put_customers(self, billings: Iterable[CustomerBilling], account_of: Mapping[str, str | None]) -> None:
        """Replace the rows of these customers and of their subscriptions, with the account each belongs to."""
        held = sorted({billing.customer_id: billing for billing in billings}.values(), key=lambda b: b.customer_id)
        if not held:
            return
        scope, ids = self._scope, [billing.customer_id for billing in held]
        # The customers' rows first: whoever writes the same customers waits here, in one order, for all that follows.
        upsert(scope, customer_billing, [_customer_values(b, account_of.get(b.customer_id)) for b in held])
        replace_bags(scope, customer_money, {b.customer_id: _bags(b) for b in held}, accounts=account_of)
        self._replace_subscriptions(
            ids, [_subscription_values(b, sub, account_of.get(b.customer_id)) for b in held for sub in b.subscriptions]
        )
        self._rank_customers(held)

    def put_accounts(
        self,
        billings: Iterable[tuple[AccountBilling, int | None]],
        scores: Mapping[str, int | None] | None = None,
        places: Mapping[str, AccountPlaces] | None = None,
    ) -> None:
        """Replace the rows of these accounts. The number is the sort key of the MRR column (see ADR 0011)."""
        offered = {billing.account_id: (billing, key) for billing, key in billings}
        table = account_ranking
        # An account may have been removed since it was computed; those that are there are held until the end.
        there = (
            select(table.c.account_id, table.c.status_rank, table.c.health_up, table.c.health_down)
            .where(self._scope.here(table), is_any_of(table.c.account_id, sorted(offered)))
            .order_by(table.c.account_id)
            .with_for_update()
        )
        former = {row.account_id: row for row in self._scope.connection.execute(there)}
        held = [offered[account_id] for account_id in former]
        if not held:
            return
        upsert(self._scope, account_billing, [_account_values(billing) for billing, _ in held])
        money = replace_bags(self._scope, account_money, {billing.account_id: _bags(billing) for billing, _ in held})
        for billing, _ in held:
            account_id, rank = billing.account_id, SEVERITY[billing.payment_status]
            self._scope.sums.went(Page(NOW, part=str(former[account_id].status_rank)), money.went.get(account_id, ()))
            self._scope.sums.came(Page(NOW, part=str(rank)), money.came.get(account_id, ()))
        ranks = [_ranks(billing, key) | _health(former[billing.account_id], scores or {}) for billing, key in held]
        upsert(self._scope, table, ranks, where=_rank_differs, keeping=("name_key", "search_text"))
        account_orders.put_orders(self._scope, {one["account_id"]: one["status_rank"] for one in ranks}, places)

    def put_places(self, places: Mapping[str, AccountPlaces]) -> None:
        """Replace the places of computed accounts."""
        account_orders.put_places(self._scope, places)

    def without_customers(self, *, after: str | None, limit: int) -> Sequence[str]:
        """Computed accounts to which no customer belongs, by ascending id."""
        table = account_billing
        query = select(table.c.account_id).where(self._scope.here(table), table.c.customers == 0)
        if after is not None:
            query = query.where(table.c.account_id > after)
        return self._scope.connection.scalars(query.order_by(table.c.account_id).limit(limit)).all()

    def customers_of_accounts(self, account_ids: Sequence[str]) -> Mapping[str, list[CustomerBilling]]:
        """Customer rows (without subscriptions) by account, as last computed."""
        table = customer_billing
        query = (
            select(table)
            .where(self._scope.here(table), is_any_of(table.c.account_id, account_ids))
            .order_by(table.c.account_id, table.c.customer_id)
        )
        rows = self._scope.connection.execute(query).all()
        bags = read_bags(self._scope, customer_money, [row.customer_id for row in rows])
        held: dict[str, list[CustomerBilling]] = {}
        for row in rows:
            held.setdefault(row.account_id, []).append(_customer_of(row, bags.get(row.customer_id, NOTHING)))
        return held

    def erase_all(self) -> int:
        """Delete all that came from Stripe or was computed from it, and reset health scores; how many rows went."""
        connection, scope = self._scope.connection, self._scope
        erased = sum(connection.execute(delete(table).where(scope.here(table))).rowcount for table in _ERASED)
        unranked: dict[str, int] = dict.fromkeys(_RANKS, MISSING) | {"status_rank": 0}
        connection.execute(update(account_ranking).where(scope.here(account_ranking)).values(unranked))
        account_orders.forget_orders(scope)
        for book in MEASURES_OF:
            scope.sums.count_anew(book)
        return erased

    def _replace_subscriptions(self, customer_ids: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
        """Most recomputations bring the same money again: then the kept sums are told nothing."""
        scope, table = self._scope, subscription_billing
        came = {row["subscription_id"]: row for row in rows}
        went = self._former(is_any_of(table.c.customer_id, customer_ids))
        fresh = sorted(came.keys() - went.keys())
        if fresh:
            # Under another customer until now: Stripe moves no subscription, so nobody does this twice at once.
            went |= self._former(is_any_of(table.c.subscription_id, fresh))
        upsert(scope, table, list(came.values()))
        for subscription_id, row in came.items():
            former_row = went.pop(subscription_id, None)
            if former_row is None or former_row[1:] != _in_sums(row):
                self._tell_sums(None if former_row is None else former_row._mapping, -1)
                self._tell_sums(row, 1)
        for gone in went.values():
            self._tell_sums(gone._mapping, -1)

    def _former(self, theirs: ColumnElement[bool]) -> dict[str, Row[Any]]:
        """Delete rows of subscriptions; what the kept sums know of them, by id."""
        table = subscription_billing
        former = delete(table).where(self._scope.here(table), theirs).returning(table.c.subscription_id, *_IN_SUMS)
        return {row[0]: row for row in self._scope.connection.execute(former)}

    def _tell_sums(self, row: MoneyRow | None, by: int) -> None:
        if row is not None and row["counted"] and row["account_id"] is not None:
            self._scope.sums.subscription(row, by)

    def _rank_customers(self, billings: Sequence[CustomerBilling]) -> None:
        table = stripe_customers
        statement = (
            update(table)
            .where(
                self._scope.here(table),
                table.c.id == bindparam("customer"),
                table.c.mrr_rank != bindparam("rank"),
            )
            .values(mrr_rank=bindparam("rank"))
        )
        ranks = [{"customer": clean_text(b.customer_id), "rank": customer_rank(b)} for b in billings]
        self._scope.connection.execute(statement, ranks)


def customer_rank(billing: CustomerBilling) -> int:
    """Where a customer stands in the list of customers: the highest list MRR in whole minor units first."""
    return -held_place(floor(total(list(billing.list_mrr.amounts.values()))))


def _rank_differs(new: Columns, held: Columns) -> ColumnElement[bool]:
    """Most recomputations change nothing that accounts are sorted by: then ten indexes need no writing."""
    return or_(*(new[name] != held[name] for name in _RANKS))


def _health(former: Row[*tuple[Any, ...]], scores: Mapping[str, int | None]) -> dict[str, int]:
    """Ranks of the score that is offered, or of the one that is held: nobody else can change it before we commit."""
    if former.account_id in scores:
        return both_ranks("health", scores[former.account_id])
    return {"health_up": former.health_up, "health_down": former.health_down}


def _ranks(billing: AccountBilling, mrr_key: int | None) -> dict[str, Any]:
    severity = SEVERITY[billing.payment_status]
    return {
        "account_id": billing.account_id,
        "name_key": "",
        "search_text": "",
        "status_rank": severity,
        **both_ranks("mrr", mrr_key),
        **both_ranks("status", severity or None),
        **both_ranks("renewal", billing.renewal_at),
    }


def _bags(billing: CustomerBilling | AccountBilling) -> Bags:
    return Bags(billing.list_mrr, billing.net_mrr, billing.lifetime_value)


def _summary_values(billing: CustomerBilling | AccountBilling) -> dict[str, Any]:
    return {
        "partial": billing.partial,
        "payment_status": None if billing.payment_status is None else billing.payment_status.value,
        "renewal_at": billing.renewal_at,
        "oldest_invoice_at": billing.oldest_invoice_at,
        "live_subscriptions": billing.live_subscriptions,
        "as_of": billing.as_of,
        "computed_at": billing.computed_at,
    }


def _customer_values(billing: CustomerBilling, account_id: str | None) -> dict[str, Any]:
    keys = {"customer_id": clean_text(billing.customer_id), "account_id": clean_or_none(account_id)}
    return {**keys, **_summary_values(billing)}


def _account_values(billing: AccountBilling) -> dict[str, Any]:
    keys = {"account_id": clean_text(billing.account_id), "customers": billing.customers}
    return {**keys, **_summary_values(billing)}


def _subscription_values(
    customer: CustomerBilling, billing: SubscriptionBilling, account_id: str | None
) -> dict[str, Any]:
    return {
        "subscription_id": clean_text(billing.subscription_id),
        "customer_id": clean_text(customer.customer_id),
        "account_id": clean_or_none(account_id),
        "currency": clean_text(billing.currency),
        "counted": billing.counted,
        **exact_amounts.values("list", billing.list_mrr),
        **exact_amounts.values("net", billing.net_mrr),
        "partial": billing.partial,
        "plan_name": clean_text(billing.plan_name),
        "quantity": billing.quantity,
        "interval": clean_or_none(billing.interval),
        "product_ids": pack(list(billing.product_ids)),
        "notes": pack(list(billing.notes)),
        "net_notes": pack(list(billing.net_notes)),
    }


def _customer_of(row: Any, bags: Bags) -> CustomerBilling:
    return CustomerBilling(
        customer_id=row.customer_id,
        list_mrr=bags.list_mrr,
        net_mrr=bags.net_mrr,
        partial=row.partial,
        payment_status=None if row.payment_status is None else PaymentStatus(row.payment_status),
        renewal_at=row.renewal_at,
        lifetime_value=bags.lifetime,
        oldest_invoice_at=row.oldest_invoice_at,
        live_subscriptions=row.live_subscriptions,
        subscriptions=(),
        as_of=UnixMicros(row.as_of),
        computed_at=UnixMicros(row.computed_at),
    )
