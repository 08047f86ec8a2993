"""Every payment-status and lifetime-value vector, from the payload on (billing rules 3 and 4)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clynto.adapters.stripe_api.map_invoice import map_invoice
from clynto.adapters.stripe_api.map_subscription import map_subscription
from clynto.domain.invoice import Invoice
from clynto.domain.lifetime_value import lifetime_value
from clynto.domain.moments import UnixTime
from clynto.domain.payment_status import assess_payment_status

DATA = json.loads((Path(__file__).parents[2] / "data" / "status_vectors.json").read_text(encoding="utf-8"))


def _invoices(vector: dict[str, Any]) -> list[Invoice]:
    ledger = vector.get("invoice_facts", {})
    mapped = [map_invoice(payload) for payload in vector["invoices"]]
    return [replace(invoice, last_failed_at=ledger.get(invoice.id, {}).get("last_failed_at")) for invoice in mapped]


@pytest.mark.parametrize("vector", DATA["vectors"], ids=[vector["id"] for vector in DATA["vectors"]])
def test_status_vector(vector: dict[str, Any]) -> None:
    subscriptions = [map_subscription(payload) for payload in vector["subscriptions"]]
    invoices = _invoices(vector)
    now = UnixTime(vector["as_of"])

    result = assess_payment_status(subscriptions, invoices, now)

    assert (result.status or "none") == vector["expected_status"]
    assert all(reason.says is result.status for reason in result.decided_by)
    assert bool(result.decided_by) is (result.status is not None)
    assert assess_payment_status(subscriptions[::-1], invoices[::-1], now) == result


@pytest.mark.parametrize("vector", DATA["ltv_vectors"], ids=[vector["id"] for vector in DATA["ltv_vectors"]])
def test_lifetime_value_vector(vector: dict[str, Any]) -> None:
    assert dict(lifetime_value(_invoices(vector)).amounts) == vector["expected_minor"]
