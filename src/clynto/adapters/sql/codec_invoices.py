"""Invoices: what SQL asks for as columns, the rest of the head and the lines as compact arrays."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from clynto.adapters.sql.codec_catalogue import pack_recurrence, unpack_recurrence
from clynto.adapters.sql.documents import clean_or_none, clean_text, exact, fraction, pack, unpack
from clynto.domain.invoice import Invoice, InvoiceLine


def invoice_values(invoice: Invoice) -> dict[str, Any]:
    """Column values of an invoice, without workspace and provenance."""
    head = [
        invoice.number,
        invoice.amount_due,
        invoice.amount_remaining,
        invoice.collection_method,
        invoice.attempt_count,
        invoice.next_payment_attempt,
        invoice.retry_known,
        invoice.due_date,
        invoice.finalized_at,
        invoice.paid_at,
        invoice.voided_at,
        invoice.uncollectible_at,
        invoice.uncollectible_reason,
        invoice.billing_reason,
        invoice.lines_complete,
    ]
    return {
        "id": clean_text(invoice.id),
        "customer_id": clean_or_none(invoice.customer_id),
        "subscription_id": clean_or_none(invoice.subscription_id),
        "status": clean_text(invoice.status),
        "currency": clean_text(invoice.currency),
        "amount_paid": invoice.amount_paid,
        "post_payment_credit": invoice.post_payment_credit,
        "created": invoice.created,
        "last_failed_at": invoice.last_failed_at,
        "head": pack(head),
        "lines": pack([_pack_line(line) for line in invoice.lines]),
        "amount_remaining": invoice.amount_remaining,
        "amount_due": invoice.amount_due,
        "paid_at": invoice.paid_at,
    }


def invoice_of(row: Row[Any], lines: str | None) -> Invoice:
    """The invoice of a row; without its lines where ``lines`` is None."""
    head = unpack(row.head)
    return Invoice(
        id=row.id,
        customer_id=row.customer_id,
        subscription_id=row.subscription_id,
        number=head[0],
        status=row.status,
        currency=row.currency,
        amount_due=head[1],
        amount_paid=row.amount_paid,
        amount_remaining=head[2],
        post_payment_credit=row.post_payment_credit,
        collection_method=head[3],
        attempt_count=head[4],
        next_payment_attempt=head[5],
        retry_known=head[6],
        due_date=head[7],
        created=row.created,
        finalized_at=head[8],
        paid_at=head[9],
        voided_at=head[10],
        uncollectible_at=head[11],
        uncollectible_reason=head[12],
        billing_reason=head[13],
        lines=() if lines is None else tuple(_unpack_line(line) for line in unpack(lines)),
        lines_complete=head[14],
        last_failed_at=row.last_failed_at,
    )


def _pack_line(line: InvoiceLine) -> list[Any]:
    return [
        line.id,
        line.amount,
        line.currency,
        line.quantity,
        line.period_start,
        line.period_end,
        line.subscription_line,
        line.subscription_id,
        line.subscription_item_id,
        line.proration,
        line.price_id,
        line.product_id,
        exact(line.unit_amount),
        pack_recurrence(line.recurrence),
        line.price_per_unit,
        line.discount_total,
    ]


def _unpack_line(packed: list[Any]) -> InvoiceLine:
    return InvoiceLine(
        id=packed[0],
        amount=packed[1],
        currency=packed[2],
        quantity=packed[3],
        period_start=packed[4],
        period_end=packed[5],
        subscription_line=packed[6],
        subscription_id=packed[7],
        subscription_item_id=packed[8],
        proration=packed[9],
        price_id=packed[10],
        product_id=packed[11],
        unit_amount=fraction(packed[12]),
        recurrence=unpack_recurrence(packed[13]),
        price_per_unit=packed[14],
        discount_total=packed[15],
    )
