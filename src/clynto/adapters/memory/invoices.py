"""Invoices in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from clynto.adapters.memory.aged_facts import by_id, is_younger, older_than, present
from clynto.adapters.memory.database import Transaction
from clynto.domain.invoice import Invoice, InvoiceStatus
from clynto.domain.provenance import Provenance
from clynto.ports.stripe_facts import PaidTotals

ALWAYS_DECIDING = (InvoiceStatus.OPEN, InvoiceStatus.UNCOLLECTIBLE)
UNSETTLED = (InvoiceStatus.DRAFT, InvoiceStatus.OPEN)


class MemoryInvoiceStore:
    """See ``ports.stripe_facts.InvoiceStore``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def put_many(self, invoices: Iterable[Invoice], provenance: Provenance) -> None:
        """Upsert parent and lines together where younger; the ledger of failures only ever moves forward."""
        table = self._transaction.changing().invoices
        for invoice_id, invoice in by_id(invoices).items():
            held = table.get(invoice_id)
            if held is None:
                table[invoice_id] = (invoice, provenance)
                continue
            kept = (invoice, provenance) if is_younger(provenance, held) else held
            failures = [at for at in (held[0].last_failed_at, invoice.last_failed_at) if at is not None]
            table[invoice_id] = (replace(kept[0], last_failed_at=max(failures, default=None)), kept[1])

    def get_many(self, invoice_ids: Iterable[str]) -> Mapping[str, tuple[Invoice, Provenance]]:
        """Those that are stored, with lines and the age of the picture."""
        return present(self._transaction.records.invoices, invoice_ids)

    def deciding(self, customer_ids: Sequence[str]) -> Mapping[str, list[tuple[Invoice, Provenance]]]:
        """Invoices that can decide a payment status, without lines, by customer."""
        found: dict[str, list[tuple[Invoice, Provenance]]] = {}
        held = self._transaction.records.invoices
        newest: dict[tuple[str, str, bool], str] = {}
        invoices = self._of(customer_ids)
        for customer_id, invoice in invoices:
            if invoice.status == InvoiceStatus.PAID and invoice.subscription_id is not None:
                newest[customer_id, invoice.subscription_id, False] = invoice.id
                if invoice.amount_paid > 0:
                    newest[customer_id, invoice.subscription_id, True] = invoice.id
        chosen = set(newest.values())
        for customer_id, invoice in invoices:
            if invoice.status in ALWAYS_DECIDING or invoice.id in chosen:
                seen = held[invoice.id][1]
                found.setdefault(customer_id, []).append((replace(invoice, lines=()), seen))
        return found

    def paid_totals(self, customer_ids: Sequence[str]) -> Sequence[PaidTotals]:
        """Sums for lifetime value, per customer and currency."""
        groups: dict[tuple[str, str], list[Invoice]] = {}
        for customer_id, invoice in self._of(customer_ids):
            groups.setdefault((customer_id, invoice.currency), []).append(invoice)
        return [
            PaidTotals(
                customer_id=customer_id,
                currency=currency,
                amount_paid=sum(invoice.amount_paid for invoice in invoices),
                post_payment_credit=sum(invoice.post_payment_credit for invoice in invoices),
                oldest_created=min(invoice.created for invoice in invoices),
            )
            for (customer_id, currency), invoices in sorted(groups.items())
        ]

    def of_customers(self, customer_ids: Sequence[str]) -> Iterator[Invoice]:
        """Every invoice of the customers with lines, oldest first."""
        return iter([invoice for _, invoice in self._of(customer_ids)])

    def unsettled_not_seen_since(self, moment: Provenance) -> Iterator[str]:
        """Ids of invoices stored as draft or open whose picture is older than ``moment``."""
        table = self._transaction.records.invoices
        return iter(older_than(moment, {key: held for key, held in table.items() if held[0].status in UNSETTLED}))

    def count(self) -> int:
        """How many invoices are held."""
        return len(self._transaction.records.invoices)

    def _of(self, customer_ids: Sequence[str]) -> list[tuple[str, Invoice]]:
        """Customer ids with their invoices, oldest first."""
        wanted = set(customer_ids)
        pairs = [
            (invoice.customer_id, invoice)
            for invoice, _ in self._transaction.records.invoices.values()
            if invoice.customer_id is not None and invoice.customer_id in wanted
        ]
        return sorted(pairs, key=lambda pair: (pair[1].created, pair[1].id))
