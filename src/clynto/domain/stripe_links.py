"""Addresses of objects in Stripe's dashboard (contract, ``stripe_url`` and ``links``)."""

from __future__ import annotations

from urllib.parse import quote

from clynto.domain.connection import Mode

DASHBOARD = "https://dashboard.stripe.com"

RESTRICTED_KEY_FORM = (
    f"{DASHBOARD}/apikeys/create?name=Clynto"
    "&permissions[]=rak_customer_read&permissions[]=rak_subscription_read&permissions[]=rak_invoice_read"
    "&permissions[]=rak_product_read&permissions[]=rak_plan_read"
)
"""Opens the form for a restricted key with the five read permissions ticked (stripe_facts 5)."""

WEBHOOK_SETTINGS = f"{DASHBOARD}/webhooks"
API_KEYS = f"{DASHBOARD}/apikeys"


def dashboard_url(kind: str, object_id: str, mode: Mode | None) -> str:
    """The page of one object: ``kind`` is the dashboard's plural word, such as ``invoices``. Test mode has its own."""
    test = "/test" if mode is Mode.TEST else ""
    return f"{DASHBOARD}{test}/{kind}/{quote(object_id, safe='')}"


def invoice_url(invoice_id: str, mode: Mode | None) -> str:
    """The very invoice."""
    return dashboard_url("invoices", invoice_id, mode)


def subscription_url(subscription_id: str, mode: Mode | None) -> str:
    """The very subscription."""
    return dashboard_url("subscriptions", subscription_id, mode)


def customer_url(customer_id: str, mode: Mode | None) -> str:
    """The very customer."""
    return dashboard_url("customers", customer_id, mode)
