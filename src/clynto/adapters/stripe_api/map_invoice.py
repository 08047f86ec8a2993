"""Invoices and their lines of every shape to domain records (stripe_facts 1.2, 2.5; billing rules 6.3)."""

from __future__ import annotations

from fractions import Fraction

from clynto.adapters.stripe_api.map_catalogue import embedded_price, read_price
from clynto.adapters.stripe_api.payload_reading import (
    FaultsOf,
    JsonObject,
    currency,
    exact,
    expanded,
    flag,
    integer,
    json_list,
    json_object,
    moment,
    nested_page,
    object_with_id,
    reference,
    word,
    wrong,
)
from clynto.domain.catalogue import Price
from clynto.domain.invoice import Invoice, InvoiceLine
from clynto.domain.moments import UnixTime

INVOICE = "invoice"
LINE = "line_item"
_NOTHING: JsonObject = {}


def map_invoice(payload: object) -> Invoice:
    """An invoice with the lines that came with it. Raises ``UnusablePayload``."""
    invoice, invoice_id = object_with_id(payload, INVOICE)
    with FaultsOf(INVOICE, invoice_id):
        return _read(invoice, invoice_id)


def map_invoice_line(payload: object, *, invoice_currency: str, invoice_created: UnixTime) -> InvoiceLine:
    """A line from the list of an invoice's lines. Raises ``UnusablePayload``."""
    line, line_id = object_with_id(payload, LINE)
    with FaultsOf(LINE, line_id):
        return _line(line, invoice_currency, invoice_created)


def _read(invoice: JsonObject, invoice_id: str) -> Invoice:
    created = moment(invoice, "created")
    if created is None:
        raise wrong("created", "there")
    due, paid, remaining = (integer(invoice, f"amount_{part}") for part in ("due", "paid", "remaining"))
    if flag(invoice, "paid_out_of_band"):
        # Before 2025-03-31.basil money paid outside Stripe was not counted as paid (stripe_facts 2.5).
        paid, remaining = due, 0
    unit = currency(invoice)
    entries, complete = nested_page(invoice, "lines")
    if unit is None:
        unit = next((code for code in map(currency, entries) if code is not None), "")
    transitions = json_object(invoice, "status_transitions") or _NOTHING
    return Invoice(
        id=invoice_id,
        customer_id=reference(invoice, "customer"),
        subscription_id=_subscription_of(invoice),
        number=word(invoice, "number"),
        status=word(invoice, "status") or "",
        currency=unit,
        amount_due=due or 0,
        amount_paid=paid or 0,
        amount_remaining=(due or 0) - (paid or 0) if remaining is None else remaining,
        post_payment_credit=integer(invoice, "post_payment_credit_notes_amount") or 0,
        collection_method=word(invoice, "collection_method"),
        attempt_count=integer(invoice, "attempt_count") or 0,
        next_payment_attempt=moment(invoice, "next_payment_attempt"),
        retry_known="next_payment_attempt" in invoice,
        due_date=moment(invoice, "due_date"),
        created=created,
        finalized_at=moment(transitions, "finalized_at"),
        paid_at=moment(transitions, "paid_at"),
        voided_at=moment(transitions, "voided_at"),
        uncollectible_at=moment(transitions, "marked_uncollectible_at"),
        uncollectible_reason=_uncollectible_reason(invoice),
        billing_reason=word(invoice, "billing_reason"),
        lines=tuple([_line(entry, unit, created) for entry in entries]),
        lines_complete=complete,
    )


def _subscription_of(invoice: JsonObject) -> str | None:
    """Since 2025-03-31.basil under ``parent``, before that at the top."""
    if invoice.get("subscription") is not None:
        return reference(invoice, "subscription")
    parent = json_object(invoice, "parent")
    details = None if parent is None else json_object(parent, "subscription_details")
    return None if details is None else reference(details, "subscription")


def _uncollectible_reason(invoice: JsonObject) -> str | None:
    details = json_object(invoice, "status_details")
    uncollectible = None if details is None else json_object(details, "uncollectible")
    return None if uncollectible is None else word(uncollectible, "reason")


def _line(line: JsonObject, invoice_currency: str, invoice_created: UnixTime) -> InvoiceLine:
    line_id, amount = word(line, "id"), integer(line, "amount")
    if line_id is None or amount is None:
        raise wrong("lines.data", "an array of lines with id and amount")
    unit = currency(line) or invoice_currency
    period = json_object(line, "period") or _NOTHING
    start, end = moment(period, "start"), moment(period, "end")
    details, kind = _origin(line)
    proration = flag(details, "proration")
    item_id = reference(details, "subscription_item")
    price, price_id, product_id, unit_amount = _pricing(line, unit)
    return InvoiceLine(
        id=line_id,
        amount=amount,
        currency=unit,
        quantity=integer(line, "quantity"),
        period_start=invoice_created if start is None else start,
        period_end=invoice_created if end is None else end,
        # An old proration is an invoice item by type, yet it belongs to a subscription item (billing rules 6.3).
        subscription_line=kind in ("subscription", "subscription_item_details") or proration or item_id is not None,
        subscription_id=reference(details, "subscription"),
        subscription_item_id=item_id,
        proration=proration,
        price_id=price_id,
        product_id=product_id,
        unit_amount=unit_amount,
        recurrence=None if price is None else price.recurrence,
        price_per_unit=None if price is None else not price.tiered and price.package is None,
        discount_total=_discount_total(line),
    )


def _origin(line: JsonObject) -> tuple[JsonObject, str | None]:
    """Where the line comes from: ids and proration are on the line, or since basil under ``parent.<type>``."""
    parent = json_object(line, "parent")
    if parent is None:
        return line, word(line, "type")
    kind = word(parent, "type")
    details = json_object(parent, kind) if kind is not None else None
    return _NOTHING if details is None else details, kind


def _pricing(line: JsonObject, unit: str) -> tuple[Price | None, str | None, str | None, Fraction | None]:
    """The embedded price if any, price id, product id, and the unit amount in the line's own currency."""
    pricing = json_object(line, "pricing")
    if pricing is None:
        price = embedded_price(line)
        if price is None:
            return None, reference(line, "price"), None, None
        return price, price.id, price.product_id, price.amounts.unit_amount if price.currency == unit else None
    details = json_object(pricing, "price_details") or _NOTHING
    price_id, product_id = reference(details, "price"), reference(details, "product")
    embedded = expanded(details, "price")
    price = None if embedded is None or price_id is None else read_price(embedded, price_id)
    return price, price_id, product_id, exact(pricing, "unit_amount_decimal")


def _discount_total(line: JsonObject) -> int:
    entries = json_list(line, "discount_amounts")
    if not entries:
        return 0
    total = 0
    for entry in entries:
        if not isinstance(entry, dict):
            raise wrong("discount_amounts", "an array of objects")
        total += integer(entry, "amount") or 0
    return total
