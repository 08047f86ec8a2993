"""Which accounts paid in a stretch of time, and what: added up by account, so that only the first ones leave the
database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import CTE, ColumnElement, Double, Numeric, and_, case, cast, func, literal, null, select, union_all

from clynto.adapters.sql.exact_amounts import halves, of_halves
from clynto.adapters.sql.question_sums import HALVES
from clynto.adapters.sql.question_worths import EXACT_BELOW
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables_billing import matches
from clynto.adapters.sql.tables_stripe_facts import stripe_invoices
from clynto.domain.money import MoneyBag
from clynto.domain.questions.query import Order
from clynto.ports.question_data import Payer, Payers, Received

MOST_PAYMENTS = {"sqlite": 60_000, "postgresql": 100_000}
"""What is added up account by account in some 150 ms."""


class PayersSql:
    """Over invoices that meet the conditions ``paid``, which only positive amounts do, in one of ``currencies``."""

    def __init__(self, scope: Scope, paid: Sequence[ColumnElement[bool]], currencies: Sequence[str]) -> None:
        self._scope = scope
        self._paid = paid
        self._currencies = currencies

    def told(self, order: Order, limit: int, weights: Mapping[str, int]) -> Payers:
        """In one statement, so that they are added up once: in floating numbers, which takes PostgreSQL half as long,
        unless these are not exact."""
        if not self._currencies:
            return Payers(0, Received(0, MoneyBag.empty()), ())
        rows = self._read(order, limit, weights, floating=True)
        floating = all(abs(held or 0) < EXACT_BELOW for row in rows for held in row[3:])
        if not floating:
            rows = self._read(order, limit, weights, floating=False)
        whole = next(row for row in rows if row.account_id is None)
        payers = [row for row in rows if row.account_id is not None]
        sign = -1 if order is Order.HIGHEST else 1
        payers.sort(key=lambda row: (sign * row.worth, row.account_id))
        return Payers(
            int(whole.accounts),
            Received(int(whole.invoices or 0), self._amounts(whole, floating=floating)),
            [Payer(row.account_id, int(row.invoices), self._amounts(row, floating=floating)) for row in payers],
        )

    def _read(self, order: Order, limit: int, weights: Mapping[str, int], *, floating: bool) -> Sequence[Any]:
        """The first accounts, and one row of all together."""
        held = self._by_account(floating=floating)
        worth = self._worth(held, weights, floating=floating).label("worth")
        amounts = [column for column in held.c if column.name.startswith("in_")]
        first = select(held.c.account_id, held.c.invoices, literal(1).label("accounts"), worth, *amounts)
        ahead = worth.desc() if order is Order.HIGHEST else worth
        shown = first.order_by(ahead, held.c.account_id).limit(limit).subquery()
        sums = [func.sum(column) for column in amounts]
        together = select(null(), func.sum(held.c.invoices), func.count(), null(), *sums).select_from(held)
        return self._scope.connection.execute(union_all(select(*shown.c), together)).all()

    def _by_account(self, *, floating: bool) -> CTE:
        """What each account paid, in columns for each currency: by account and currency, the sums would have to be
        grouped once more to be put in order."""
        table = stripe_invoices
        in_each: list[ColumnElement[Any]] = []
        for n, currency in enumerate(self._currencies):
            amount = case((table.c.currency == currency, table.c.amount_paid), else_=0)
            in_each += [func.sum(cast(amount, Double)).label(f"in_{n}")] if floating else halves(amount, f"in_{n}")
        matched = and_(matches.c.workspace_id == table.c.workspace_id, matches.c.customer_id == table.c.customer_id)
        return (
            select(matches.c.account_id, func.count().label("invoices"), *in_each)
            .select_from(table.join(matches, matched))
            .where(*self._paid, self._scope.here(matches), matches.c.account_id.is_not(None))
            .group_by(matches.c.account_id)
            .cte("by_account")
        )

    def _worth(self, held: CTE, weights: Mapping[str, int], *, floating: bool) -> ColumnElement[Any]:
        """What an account paid in all, as it is put in order."""
        worth: ColumnElement[Any] = literal(0, Double() if floating else Numeric())
        for n, currency in enumerate(self._currencies):
            if floating:
                worth = worth + held.c[f"in_{n}"] * cast(literal(weights.get(currency, 1)), Double)
            else:
                high, low = (cast(held.c[f"in_{n}_{half}"], Numeric) for half in ("high", "low"))
                worth = worth + (high * HALVES + low) * weights.get(currency, 1)
        return worth

    def _amounts(self, row: Any, *, floating: bool) -> MoneyBag:
        """No currency is named in which nothing was paid."""
        held = row._mapping
        bag = MoneyBag.empty()
        for n, currency in enumerate(self._currencies):
            if floating:
                amount = int(held[f"in_{n}"] or 0)
            else:
                amount = of_halves(held[f"in_{n}_high"] or 0, held[f"in_{n}_low"] or 0)
            bag = bag + MoneyBag.of(currency, amount) if amount else bag
        return bag
