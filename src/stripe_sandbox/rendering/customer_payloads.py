"""Payloads of customers and of the seller's account."""

from __future__ import annotations

from stripe_sandbox.object_store import ObjectStore
from stripe_sandbox.records import Customer, Json
from stripe_sandbox.rendering.api_versions import Shape
from stripe_sandbox.rendering.catalog_payloads import discount_payload


def customer_payload(store: ObjectStore, customer: Customer, shape: Shape) -> Json:
    """Render a customer; a deleted one is only its tombstone."""
    if customer.deleted:
        return {"id": customer.id, "object": "customer", "deleted": True}
    payload: Json = {
        "id": customer.id,
        "object": "customer",
        "address": None,
        "balance": customer.balance,
        "created": customer.created,
        "currency": customer.currency,
        "default_source": None,
        "delinquent": customer.delinquent,
        "description": customer.description,
        "discount": customer.discount and discount_payload(store, customer.discount, shape),
        "email": customer.email,
        "invoice_prefix": customer.invoice_prefix,
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": _payment_method(customer),
            "footer": None,
            "rendering_options": None,
        },
        "livemode": store.account.livemode,
        "metadata": customer.metadata,
        "name": customer.name,
        "next_invoice_sequence": customer.next_invoice_number,
        "phone": customer.phone,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": customer.test_clock,
    }
    if shape >= Shape.CLOVER:
        payload["customer_account"] = None
    return payload


def _payment_method(customer: Customer) -> str | None:
    return f"pm_{customer.id.removeprefix('cus_')}" if customer.payment.has_payment_method else None


def account_payload(store: ObjectStore) -> Json:
    """Render the seller's own account, as `GET /v1/account` answers to a key that may read it."""
    account = store.account
    return {
        "id": account.id,
        "object": "account",
        "business_profile": {"name": account.name, "url": None},
        "charges_enabled": True,
        "country": account.country,
        "default_currency": account.currency,
        "details_submitted": True,
        "email": "owner@northbeam.example",
        "payouts_enabled": True,
        "settings": {"dashboard": {"display_name": account.name, "timezone": "Etc/UTC"}},
        "type": "standard",
    }
