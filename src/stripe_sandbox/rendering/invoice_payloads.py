"""Payloads of invoices and their lines."""

from __future__ import annotations

from stripe_sandbox.object_store import ObjectStore
from stripe_sandbox.records import Invoice, InvoiceLine, Json
from stripe_sandbox.rendering.api_versions import Shape
from stripe_sandbox.rendering.catalog_payloads import decimal_text, plan_payload, price_payload
from stripe_sandbox.rendering.subscription_payloads import NESTED_PAGE, nested_list


def line_payload(store: ObjectStore, invoice: Invoice, line: InvoiceLine, shape: Shape) -> Json:
    """Render one invoice line: `price`, `type` and `proration` before basil, `pricing` and `parent` since."""
    payload: Json = {
        "id": line.id,
        "object": "line_item",
        "amount": line.amount,
        "currency": line.currency,
        "description": line.description,
        "discount_amounts": _discount_amounts(line.discount_amounts),
        "discountable": not line.proration,
        "discounts": [],
        "livemode": store.account.livemode,
        "metadata": {},
        "period": {"end": line.period_end, "start": line.period_start},
        "quantity": line.quantity,
        "subscription": line.subscription,
    }
    if shape >= Shape.V2024_06:
        payload["invoice"] = invoice.id
    if shape >= Shape.ACACIA:
        payload["pretax_credit_amounts"] = _pretax_credits(line.discount_amounts)
    if shape >= Shape.BASIL:
        payload["parent"] = _line_parent(line)
        payload["pricing"] = _pricing(store, line)
        payload["taxes"] = []
    else:
        payload.update(_old_line_fields(store, line, shape))
    if shape >= Shape.CLOVER:
        payload["subtotal"] = line.amount
    if shape >= Shape.DAHLIA:
        payload["quantity_decimal"] = None if line.quantity is None else str(line.quantity)
    return payload


def _old_line_fields(store: ObjectStore, line: InvoiceLine, shape: Shape) -> Json:
    price = None if line.price is None else store.prices[line.price]
    net = line.amount - sum(amount for _, amount in line.discount_amounts)
    fields: Json = {
        "amount_excluding_tax": net,
        "plan": plan_payload(store, price, shape) if price and price.interval else None,
        "price": None if price is None else price_payload(store, price, shape),
        "proration": line.proration,
        "proration_details": {"credited_items": None},
        "tax_amounts": [],
        "tax_rates": [],
        "type": "invoiceitem" if line.invoice_item else "subscription",
        "unit_amount_excluding_tax": decimal_text(line.unit_amount),
    }
    if line.invoice_item:
        fields["invoice_item"] = line.invoice_item
    if line.subscription_item:
        fields["subscription_item"] = line.subscription_item
    return fields


def _line_parent(line: InvoiceLine) -> Json | None:
    if line.subscription_item is not None:
        details: Json = {
            "invoice_item": line.invoice_item,
            "proration": line.proration,
            "proration_details": {"credited_items": None},
            "subscription": line.subscription,
            "subscription_item": line.subscription_item,
        }
        return {
            "type": "subscription_item_details",
            "invoice_item_details": None,
            "subscription_item_details": details,
        }
    if line.invoice_item is None:
        return None
    details = {
        "invoice_item": line.invoice_item,
        "proration": line.proration,
        "proration_details": {"credited_items": None},
        "subscription": line.subscription,
    }
    return {
        "type": "invoice_item_details",
        "invoice_item_details": details,
        "subscription_item_details": None,
    }


def _pricing(store: ObjectStore, line: InvoiceLine) -> Json | None:
    if line.price is None:
        return None
    return {
        "price_details": {"price": line.price, "product": store.prices[line.price].product},
        "type": "price_details",
        "unit_amount_decimal": decimal_text(line.unit_amount),
    }


def _discount_amounts(amounts: tuple[tuple[str, int], ...]) -> list[Json]:
    return [{"amount": amount, "discount": discount} for discount, amount in amounts]


def _pretax_credits(amounts: tuple[tuple[str, int], ...]) -> list[Json]:
    return [{"amount": amount, "discount": discount, "type": "discount"} for discount, amount in amounts]


def invoice_payload(store: ObjectStore, invoice: Invoice, shape: Shape) -> Json:
    """Render an invoice in the given shape, with its first ten lines."""
    lines = [line_payload(store, invoice, line, shape) for line in invoice.lines[:NESTED_PAGE]]
    final = invoice.finalized_at is not None
    hosted = f"https://invoice.stripe.example/i/{store.account.id}/{invoice.id}" if final else None
    # Before basil money paid outside Stripe was left out of the paid amount, and the invoice showed nothing left.
    outside = invoice.paid_off_stripe if shape < Shape.BASIL else 0
    payload: Json = {
        "id": invoice.id,
        "object": "invoice",
        "account_country": store.account.country,
        "account_name": store.account.name,
        "account_tax_ids": None,
        "amount_due": invoice.amount_due,
        "amount_paid": invoice.amount_paid - outside,
        "amount_remaining": invoice.amount_remaining,
        "amount_shipping": 0,
        "application": None,
        "attempt_count": invoice.attempt_count,
        "attempted": invoice.attempt_count > 0 or invoice.status == "paid",
        "auto_advance": invoice.auto_advance,
        "automatic_tax": _automatic_tax(shape),
        "billing_reason": invoice.billing_reason,
        "collection_method": invoice.collection_method,
        "created": invoice.created,
        "currency": invoice.currency,
        "custom_fields": None,
        "customer": invoice.customer,
        "customer_address": None,
        "customer_email": invoice.customer_email,
        "customer_name": invoice.customer_name,
        "customer_phone": None,
        "customer_shipping": None,
        "customer_tax_exempt": "none",
        "customer_tax_ids": [],
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [discount for discount, _ in invoice.discount_amounts],
        "due_date": invoice.due_date,
        "effective_at": invoice.finalized_at,
        "ending_balance": invoice.ending_balance,
        "footer": None,
        "from_invoice": None,
        "hosted_invoice_url": hosted,
        "invoice_pdf": f"{hosted}/pdf" if hosted else None,
        "last_finalization_error": None,
        "latest_revision": None,
        "lines": nested_list(lines, len(invoice.lines), f"/v1/invoices/{invoice.id}/lines"),
        "livemode": store.account.livemode,
        "metadata": invoice.metadata,
        "next_payment_attempt": invoice.next_payment_attempt,
        "number": invoice.number,
        "on_behalf_of": None,
        "payment_settings": {
            "default_mandate": None,
            "payment_method_options": None,
            "payment_method_types": None,
        },
        "period_end": invoice.period_end,
        "period_start": invoice.period_start,
        "post_payment_credit_notes_amount": invoice.post_payment_credit,
        "pre_payment_credit_notes_amount": invoice.pre_payment_credit,
        "receipt_number": None,
        "shipping_cost": None,
        "shipping_details": None,
        "starting_balance": invoice.starting_balance,
        "statement_descriptor": None,
        "status": invoice.status,
        "status_transitions": {
            "finalized_at": invoice.finalized_at,
            "marked_uncollectible_at": invoice.uncollectible_at,
            "paid_at": invoice.paid_at,
            "voided_at": invoice.voided_at,
        },
        "subtotal": invoice.subtotal,
        "subtotal_excluding_tax": invoice.subtotal,
        "test_clock": invoice.test_clock,
        "total": invoice.total,
        "total_discount_amounts": _discount_amounts(invoice.discount_amounts),
        "total_excluding_tax": invoice.total,
        "webhooks_delivered_at": invoice.created,
    }
    if shape >= Shape.BASIL:
        payload["amount_overpaid"] = 0
        payload["parent"] = _invoice_parent(invoice)
        payload["total_taxes"] = []
    else:
        payload.update(_old_invoice_fields(invoice))
    if shape >= Shape.V2024_06:
        payload["automatically_finalizes_at"] = None
        payload["issuer"] = {"type": "self"}
        payload["rendering"] = None
    else:
        payload["rendering_options"] = None
    if shape >= Shape.ACACIA:
        payload["total_pretax_credit_amounts"] = _pretax_credits(invoice.discount_amounts)
    if shape >= Shape.CLOVER:
        payload["customer_account"] = None
    if shape >= Shape.ENDIVE and invoice.status == "uncollectible":
        payload["status_details"] = {"uncollectible": {"reason": invoice.uncollectible_reason}}
    return payload


def _invoice_parent(invoice: Invoice) -> Json | None:
    if invoice.subscription is None:
        return None
    return {
        "type": "subscription_details",
        "quote_details": None,
        "subscription_details": {"metadata": {}, "subscription": invoice.subscription},
    }


def _old_invoice_fields(invoice: Invoice) -> Json:
    return {
        "application_fee_amount": None,
        "charge": invoice.charge,
        "discount": None,
        "paid": invoice.status == "paid",
        "paid_out_of_band": invoice.paid_off_stripe > 0,
        "payment_intent": f"pi_{invoice.id.removeprefix('in_')}" if invoice.finalized_at else None,
        "quote": None,
        "subscription": invoice.subscription,
        "subscription_details": {"metadata": {}} if invoice.subscription else None,
        "tax": None,
        "total_tax_amounts": [],
        "transfer_data": None,
    }


def _automatic_tax(shape: Shape) -> Json:
    payload: Json = {"enabled": False, "status": None}
    if shape >= Shape.V2024_06:
        payload["liability"] = None
    if shape >= Shape.ACACIA:
        payload["disabled_reason"] = None
    if shape >= Shape.BASIL:
        payload["provider"] = None
    return payload


def payments_payload(store: ObjectStore, invoice: Invoice, shape: Shape) -> Json:
    """Render the invoice's payments, which Stripe shows since basil and only when expanded."""
    payments: list[Json] = []
    if invoice.finalized_at is not None and invoice.amount_due > 0:
        suffix = invoice.id.removeprefix("in_")
        paid = invoice.status == "paid"
        payment: Json = {"type": "payment_intent", "payment_intent": f"pi_{suffix}"}
        if invoice.paid_off_stripe and shape >= Shape.CLOVER:
            payment = {"type": "payment_record", "payment_record": f"pr_{suffix}"}
        payments.append(
            {
                "id": f"inpay_{suffix}",
                "object": "invoice_payment",
                "amount_paid": invoice.amount_paid if paid else None,
                "amount_requested": invoice.amount_due,
                "created": invoice.finalized_at,
                "currency": invoice.currency,
                "invoice": invoice.id,
                "is_default": True,
                "livemode": store.account.livemode,
                "payment": payment,
                "status": "paid" if paid else "canceled" if invoice.status == "void" else "open",
                "status_transitions": {"canceled_at": invoice.voided_at, "paid_at": invoice.paid_at},
            }
        )
    return nested_list(payments, len(payments), f"/v1/invoice_payments?invoice={invoice.id}")
