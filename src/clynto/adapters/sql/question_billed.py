"""The largest invoices over all accounts, and what was paid in a stretch of time: currency by currency, along
an index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, func, literal_column, select

from clynto.adapters.sql.column_types import unindexed
from clynto.adapters.sql.documents import clean_text
from clynto.adapters.sql.question_payers import PayersSql
from clynto.adapters.sql.question_sums import HALVES
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables_questions import IS_PAID
from clynto.adapters.sql.tables_stripe_facts import stripe_invoices
from clynto.domain.money import MoneyBag, minor_digits
from clynto.domain.questions.lists import InvoiceOrder
from clynto.domain.questions.query import Order
from clynto.domain.questions.shown_bounds import UNBOUNDED
from clynto.ports.question_data import InvoiceCondition, Payers, Received, Stretch

_TABLE = stripe_invoices


class SqlBilled:
    """Within one workspace."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def currencies(self) -> list[str]:
        """Of all invoices. Each is the next one behind the last in the index: none of a million rows is read."""
        found: list[str] = []
        while True:
            query = select(func.min(_TABLE.c.currency)).where(self._scope.here(_TABLE))
            following = self._scope.connection.scalar(query.where(_TABLE.c.currency > found[-1]) if found else query)
            if following is None:
                return found
            found.append(following)

    def by_amount(
        self,
        wanted: InvoiceCondition,
        conditions: Sequence[ColumnElement[bool]],
        order: InvoiceOrder,
        limit: int,
        weights: Mapping[str, int],
    ) -> tuple[int, list[str]]:
        """How many there are and the ids of the first. ``conditions`` are all but those on currency, amount and when
        invoices were created: put to an index by that, the database would open each of them for its amount."""
        since_when = [] if wanted.created is None else within(unindexed(_TABLE.c.created), wanted.created)
        every, total, first = wanted.currency is None and wanted.bounds == UNBOUNDED, 0, []
        backwards = order is InvoiceOrder.LARGEST
        for currency in self._among(wanted.currency):
            low, behind = wanted.bounds.in_minor_units(minor_digits(currency))
            among = [*conditions, *since_when, _TABLE.c.currency == currency]
            among += [] if low is None else [_TABLE.c.amount_due >= low]
            among += [] if behind is None else [_TABLE.c.amount_due < behind]
            columns = (_TABLE.c.amount_due, _TABLE.c.id)
            ends = select(*columns).where(*among)
            ends = ends.order_by(*(column.desc() if backwards else column for column in columns)).limit(limit)
            weight = weights.get(currency, 1)
            first += [(amount * weight, id_) for amount, id_ in self._scope.connection.execute(ends)]
            total += 0 if every else self._count(among)
        first.sort(reverse=backwards)
        if every:
            total = self._count([*conditions, *(within(_TABLE.c.created, wanted.created) if wanted.created else ())])
        return total, [id_ for _, id_ in first[:limit]]

    def _count(self, among: Sequence[ColumnElement[bool]]) -> int:
        return self._scope.connection.scalar(select(func.count()).select_from(_TABLE).where(*among)) or 0

    def by_payment(
        self, stretch: Stretch, currency: str | None, order: InvoiceOrder, limit: int
    ) -> tuple[Received, list[str]]:
        """What was paid in the stretch, and the ids of the invoices that were paid first or last in it."""
        backwards, ends = order is InvoiceOrder.NEWEST, []
        for code in self._among(currency):
            columns = (_TABLE.c.paid_at, _TABLE.c.id)
            query = select(*columns).where(*self._paid(_TABLE.c.currency == code, stretch))
            query = query.order_by(*(column.desc() if backwards else column for column in columns)).limit(limit)
            ends += [(paid_at, id_) for paid_at, id_ in self._scope.connection.execute(query)]
        ends.sort(reverse=backwards)
        return self.received(stretch, currency), [id_ for _, id_ in ends[:limit]]

    def _among(self, currency: str | None) -> list[str]:
        return self.currencies() if currency is None else [clean_text(currency)]

    def _paid(self, in_currency: ColumnElement[bool], stretch: Stretch) -> list[ColumnElement[bool]]:
        """The words of the index, so that it is used."""
        is_paid: ColumnElement[bool] = literal_column(f"({_TABLE.name}.{IS_PAID.text})")
        in_time = within(_TABLE.c.paid_at, stretch)
        return [self._scope.here(_TABLE), is_paid, in_currency, *in_time, _TABLE.c.amount_paid > 0]

    def payers(
        self, stretch: Stretch, currency: str | None, order: Order, limit: int, weights: Mapping[str, int]
    ) -> Payers:
        """Accounts by what they paid; what customers without an account paid is not in it."""
        among = self._among(currency)
        paid = self._paid(_TABLE.c.currency.in_(among), stretch)
        return PayersSql(self._scope, paid, among).told(order, limit, weights)

    def received(self, stretch: Stretch, wanted: str | None) -> Received:
        """Of everybody, customers without an account included; ``wanted``: in that currency alone."""
        total, bag = 0, MoneyBag.empty()
        amount = _TABLE.c.amount_paid
        for currency in self._among(wanted):
            sums = select(func.count(), func.sum(amount // HALVES), func.sum(amount % HALVES)).where(
                *self._paid(_TABLE.c.currency == currency, stretch)
            )
            invoices, high, low = self._scope.connection.execute(sums).one()
            if invoices:
                total += invoices
                bag = bag + MoneyBag.of(currency, int(high) * HALVES + int(low))
        return Received(total, bag)


def within(column: ColumnElement[int], stretch: Stretch) -> list[ColumnElement[bool]]:
    """Of moments in a stretch."""
    return [column >= stretch.since, column < stretch.until]
