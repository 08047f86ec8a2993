"""Which accounts paid in a stretch of time, and what: added up by account, so that only the first ones leave the
database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import CTE, ColumnElement, Numeric, and_, case, cast, func, literal, null, select, union_all

from clynto.adapters.sql.column_types import AMOUNT
from clynto.adapters.sql.question_sums import HALVES
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables_billing import matches
from clynto.adapters.sql.tables_stripe_facts import stripe_invoices
from clynto.domain.money import MoneyBag
from clynto.domain.questions.query import Order
from clynto.ports.question_data import Payer, Payers, Received


class PayersSql:
    """Over invoices that meet the conditions ``paid`` and are in one of ``currencies``."""

    def __init__(self, scope: Scope, paid: Sequence[ColumnElement[bool]], currencies: Sequence[str]) -> None:
        self._scope = scope
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
        table = stripe_invoices
        matched = and_(matches.c.workspace_id == table.c.workspace_id, matches.c.customer_id == table.c.customer_id)
        in_each = [
            cast(func.sum(case((table.c.currency == currency, table.c.amount_paid), else_=0)), AMOUNT).label(f"in_{n}")
            for n, currency in enumerate(self._currencies)
        ]
        return (
            select(matches.c.account_id, func.count().label("invoices"), *in_each)
            .select_from(table.join(matches, matched))
            .where(*self._paid, self._scope.here(matches), matches.c.account_id.is_not(None))
            .group_by(matches.c.account_id)
            .cte("by_account")
        )

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
