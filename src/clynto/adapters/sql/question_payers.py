"""Which accounts paid in a stretch of time, and what: added up by account, so that only the first ones leave the
database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import CTE, ColumnElement, Numeric, Subquery, case, cast, func, literal, null, select, union_all

from clynto.adapters.sql.column_types import AMOUNT
from clynto.adapters.sql.question_sums import HALVES
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables_billing import matches
from clynto.adapters.sql.tables_stripe_facts import stripe_invoices
from clynto.domain.money import MoneyBag
from clynto.domain.questions.query import Order
from clynto.ports.question_data import Payer, Payers, Received, Stretch

LONG = 45 * 86_400
"""Seconds: in more than a month and a half who pays by the month has paid twice."""


class PayersSql:
    """Over invoices that meet the conditions ``paid``, lie in the stretch and are in one of ``currencies``."""

    def __init__(
        self, scope: Scope, paid: Sequence[ColumnElement[bool]], stretch: Stretch, currencies: Sequence[str]
    ) -> None:
        self._scope = scope
        self._is_long = stretch.until - stretch.since > LONG
        self._paid = paid
        self._currencies = currencies

    def told(self, order: Order, limit: int, weights: Mapping[str, int]) -> Payers:
        """In one statement, so that they are added up once."""
        if not self._currencies:
            return Payers(0, Received(0, MoneyBag.empty()), ())
        held = self._by_account()
        worth = self._worth(held, weights).label("worth")
        first = select(held.c.account_id, held.c.invoices, literal(1).label("accounts"), worth, *self._halves(held))
        ahead = worth.desc() if order is Order.HIGHEST else worth
        first = first.order_by(ahead, held.c.account_id).limit(limit)
        sums = [func.sum(half) for half in self._halves(held)]
        together = select(null(), func.sum(held.c.invoices), func.count(), null(), *sums).select_from(held)
        shown = first.subquery()
        rows: list[Any] = list(self._scope.connection.execute(union_all(select(*shown.c), together)))
        whole = next(row for row in rows if row.account_id is None)
        payers = [row for row in rows if row.account_id is not None]
        sign = -1 if order is Order.HIGHEST else 1
        payers.sort(key=lambda row: (sign * row.worth, row.account_id))
        return Payers(
            int(whole.accounts),
            Received(int(whole.invoices or 0), self._amounts(whole)),
            [Payer(row.account_id, int(row.invoices), self._amounts(row)) for row in payers],
        )

    def _by_account(self) -> CTE:
        """What each account paid, a column for each currency: by account and currency, the sums would have to be
        grouped once more to be put in order."""
        paid = self._payments()
        in_each = [
            cast(func.sum(case((paid.c.currency == currency, paid.c.amount), else_=0)), AMOUNT).label(f"in_{n}")
            for n, currency in enumerate(self._currencies)
        ]
        invoices = cast(func.sum(paid.c.invoices), AMOUNT).label("invoices")
        return (
            select(matches.c.account_id, invoices, *in_each)
            .select_from(paid.join(matches, matches.c.customer_id == paid.c.customer_id))
            .where(self._scope.here(matches), matches.c.account_id.is_not(None))
            .group_by(matches.c.account_id)
            .cte("by_account")
        )

    def _payments(self) -> Subquery:
        """Over a long stretch by customer, so that few rows are joined with their accounts; over a short one most
        customers paid once, and would be grouped for nothing."""
        table = stripe_invoices
        if not self._is_long:
            single = select(table.c.customer_id, table.c.currency, table.c.amount_paid.label("amount"))
            return single.add_columns(literal(1).label("invoices")).where(*self._paid).subquery("payments")
        together = select(
            table.c.customer_id,
            table.c.currency,
            cast(func.sum(table.c.amount_paid), AMOUNT).label("amount"),
            func.count().label("invoices"),
        )
        return together.where(*self._paid).group_by(table.c.customer_id, table.c.currency).subquery("payments")

    def _worth(self, held: CTE, weights: Mapping[str, int]) -> ColumnElement[Any]:
        """What an account paid in all, as it is put in order."""
        if len(self._currencies) == 1 and weights.get(self._currencies[0], 1):
            return held.c.in_0
        worth: ColumnElement[Any] = literal(0, Numeric())
        for n, currency in enumerate(self._currencies):
            worth = worth + cast(held.c[f"in_{n}"], Numeric) * weights.get(currency, 1)
        return worth

    def _halves(self, held: CTE) -> list[ColumnElement[Any]]:
        amounts = [(n, held.c[f"in_{n}"]) for n in range(len(self._currencies))]
        return [
            half
            for n, amount in amounts
            for half in ((amount // HALVES).label(f"high_{n}"), (amount % HALVES).label(f"low_{n}"))
        ]

    def _amounts(self, row: Any) -> MoneyBag:
        """No currency is named in which nothing was paid."""
        held = row._mapping
        bag = MoneyBag.empty()
        for n, currency in enumerate(self._currencies):
            amount = int(held[f"high_{n}"] or 0) * HALVES + int(held[f"low_{n}"] or 0)
            bag = bag + MoneyBag.of(currency, amount) if amount else bag
        return bag
