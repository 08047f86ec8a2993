"""Invoices with their lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from clynto.adapters.sql.bulk_writing import Columns, provenance_of, provenance_values, upsert, younger
from clynto.adapters.sql.codec_invoices import invoice_of, invoice_values
from clynto.adapters.sql.column_types import is_any_of
from clynto.adapters.sql.exact_amounts import halves, of_halves
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables_stripe_facts import IN_INDEXES, UNSETTLED, stripe_invoices
from clynto.adapters.sql.unseen_ids import unseen_ids
from clynto.adapters.sql.word_by_word import of_each
from clynto.domain.invoice import Invoice, InvoiceStatus
from clynto.domain.moments import UnixTime
from clynto.domain.provenance import Provenance
from clynto.ports.stripe_facts import PaidTotals

_TABLE = stripe_invoices
_HEAD = [column for column in _TABLE.c if column.name not in ("workspace_id", "lines", *IN_INDEXES)]
_ALWAYS_DECIDING = (InvoiceStatus.OPEN.value, InvoiceStatus.UNCOLLECTIBLE.value)
_FETCHED = 1_000


class SqlInvoiceStore:
    """See ``ports.stripe_facts.InvoiceStore``."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def put_many(self, invoices: Iterable[Invoice], provenance: Provenance) -> None:
        """Upsert parent and lines together where younger. ``last_failed_at`` never moves backwards."""
        age = provenance_values(provenance)
        rows = [{**invoice_values(invoice), **age} for invoice in invoices]
        upsert(self._scope, _TABLE, rows, where=_tells_more, setting=_younger_parts)

    def get_many(self, invoice_ids: Iterable[str]) -> Mapping[str, tuple[Invoice, Provenance]]:
        """Those that are stored, with lines and the age of the picture."""
        query = select(_TABLE).where(self._scope.here(_TABLE), is_any_of(_TABLE.c.id, invoice_ids))
        return {
            row.id: (invoice_of(row, row.lines), provenance_of(row))
            for row in self._scope.connection.execute(query).all()
        }

    def deciding(self, customer_ids: Sequence[str]) -> Mapping[str, list[tuple[Invoice, Provenance]]]:
        """Invoices that can decide a payment status, without lines, by customer: all that are open or
        uncollectible; of each subscription the newest paid one, and the newest paid one with money in it."""
        paid_of_subscription = and_(_TABLE.c.status == InvoiceStatus.PAID.value, _TABLE.c.subscription_id.is_not(None))
        has_money = _TABLE.c.amount_paid > 0
        place = (
            func.row_number()
            .over(
                partition_by=(_TABLE.c.customer_id, _TABLE.c.subscription_id, _TABLE.c.status, has_money),
                order_by=(_TABLE.c.created.desc(), _TABLE.c.id.desc()),
            )
            .label("place")
        )
        ranked = select(*_HEAD, place).where(or_(_TABLE.c.status.in_(_ALWAYS_DECIDING), paid_of_subscription))
        found_by, held = of_each(self._scope, _TABLE, ranked, _TABLE.c.customer_id, customer_ids)
        query: Select[Any] = (
            select(*held.c)
            .select_from(found_by)
            .where(or_(held.c.place == 1, held.c.status.in_(_ALWAYS_DECIDING)))
            .order_by(held.c.customer_id, held.c.created, held.c.id)
        )
        found: dict[str, list[tuple[Invoice, Provenance]]] = {}
        for row in self._scope.connection.execute(query).all():
            found.setdefault(row.customer_id, []).append((invoice_of(row, None), provenance_of(row)))
        return {customer_id: _without_older_free_ones(invoices) for customer_id, invoices in found.items()}

    def paid_totals(self, customer_ids: Sequence[str]) -> Sequence[PaidTotals]:
        """Sums for lifetime value, per customer and currency."""
        sums = select(
            _TABLE.c.customer_id,
            _TABLE.c.currency,
            *halves(_TABLE.c.amount_paid, "paid"),
            *halves(_TABLE.c.post_payment_credit, "credit"),
            func.min(_TABLE.c.created).label("oldest"),
        ).group_by(_TABLE.c.customer_id, _TABLE.c.currency)
        found_by, totals = of_each(self._scope, _TABLE, sums, _TABLE.c.customer_id, customer_ids)
        query: Select[Any] = select(*totals.c).select_from(found_by).order_by(totals.c.customer_id, totals.c.currency)
        return [
            PaidTotals(customer_id, currency, of_halves(*paid), of_halves(credit_high, credit_low), UnixTime(oldest))
            for customer_id, currency, *paid, credit_high, credit_low, oldest in self._scope.connection.execute(
                query
            ).all()
        ]

    def of_customers(self, customer_ids: Sequence[str]) -> Iterator[Invoice]:
        """Every invoice of the customers with lines, oldest first (for MRR history)."""
        query = (
            select(_TABLE)
            .where(self._scope.here(_TABLE), is_any_of(_TABLE.c.customer_id, customer_ids))
            .order_by(_TABLE.c.created, _TABLE.c.id)
        )
        for row in self._scope.connection.execute(query, execution_options={"yield_per": _FETCHED}):
            yield invoice_of(row, row.lines)

    def unsettled_not_seen_since(self, moment: Provenance) -> Iterator[str]:
        """Ids of invoices stored as draft or open whose picture is older than ``moment``."""
        return unseen_ids(self._scope, _TABLE, _TABLE.c.status.in_(UNSETTLED), moment)

    def count(self) -> int:
        """How many invoices are held."""
        return self._scope.connection.scalar(select(func.count()).where(self._scope.here(_TABLE))) or 0


def _newer_failure(new: Columns, held: Columns) -> ColumnElement[bool]:
    return and_(
        new["last_failed_at"].is_not(None),
        or_(held["last_failed_at"].is_(None), new["last_failed_at"] > held["last_failed_at"]),
    )


def _tells_more(new: Columns, held: Columns) -> ColumnElement[bool]:
    """A younger picture, or a failure we did not know: the ledger of failures is independent of the picture's age."""
    return or_(younger(new, held), _newer_failure(new, held))


def _younger_parts(new: Columns, held: Columns) -> dict[str, ColumnElement[Any]]:
    replaced = {
        column.name: case((younger(new, held), new[column.name]), else_=held[column.name])
        for column in _TABLE.c
        if not column.primary_key and column.name != "last_failed_at"
    }
    failure = case((_newer_failure(new, held), new["last_failed_at"]), else_=held["last_failed_at"])
    return {**replaced, "last_failed_at": failure}


def _without_older_free_ones(invoices: list[tuple[Invoice, Provenance]]) -> list[tuple[Invoice, Provenance]]:
    """SQL hands out the newest paid invoice with and without money; the one without counts only if it is newest."""
    newest_money = {
        invoice.subscription_id: (invoice.created, invoice.id)
        for invoice, _ in invoices
        if invoice.status == InvoiceStatus.PAID.value and invoice.amount_paid > 0
    }

    def counts(invoice: Invoice) -> bool:
        if invoice.status != InvoiceStatus.PAID.value or invoice.amount_paid > 0:
            return True
        money = newest_money.get(invoice.subscription_id)
        return money is None or (invoice.created, invoice.id) > money

    return [held for held in invoices if counts(held[0])]
