"""The inbox over HTTP (guide, In the inbox; contract, HTTP API)."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from tests.unit.http.acme import billing_story
from tests.unit.http.browsing import API, problem
from tests.unit.memory_product import Product

from clynto.domain.moments import UnixTime
from clynto.domain.roles import Role
from clynto.domain.signals import Signal, SignalContext, SignalOutcome, SignalState, SignalType

SIGNALS = f"{API}/signals"
CONTRACT_FIELDS = {
    "id",
    "type",
    "status",
    "account",
    "amount",
    "plan",
    "occurred_at",
    "explanation",
    "links",
}
Bearer = Callable[[Role], dict[str, str]]


def a_signal(kind: SignalType, customer: str, at: int, **changes: Any) -> Signal:
    values: dict[str, Any] = {
        "type": kind,
        "identity": f"{customer} {at}",
        "customer_id": customer,
        "subscription_id": customer.replace("cus_", "sub_"),
        "invoice_id": customer.replace("cus_", "in_"),
        "case_key": f"case {customer}",
        "state": SignalState.OPEN,
        "amount": Fraction(14_900),
        "currency": "USD",
        "plan": "Team",
        "occurred_at": UnixTime(at),
        "attempts": 1,
        "context": SignalContext(invoice_number="GLBX-0001"),
    }
    return Signal(**{**values, **changes})


@pytest.fixture
def ids(product: Product) -> dict[str, str]:
    """Four signals: of Globex, of Acme (over by now), and of a customer without an account."""
    ids = billing_story(product)
    with product.units.writing(product.workspace_id) as uow:
        uow.signals.put_many(
            [
                ("sig_1", a_signal(SignalType.PAYMENT_FAILED, "cus_globex", 1_789_000_000)),
                ("sig_2", a_signal(SignalType.PAYMENT_OVERDUE, "cus_globex", 1_789_000_100)),
                (
                    "sig_3",
                    a_signal(
                        SignalType.PAYMENT_FAILED,
                        "cus_acme",
                        1_789_000_200,
                        state=SignalState.RESOLVED,
                        outcome=SignalOutcome.PAID,
                        resolved_at=UnixTime(1_789_000_300),
                    ),
                ),
                ("sig_4", a_signal(SignalType.PAYMENT_FAILED, "cus_lost", 1_789_000_400, invoice_id=None)),
            ],
            at=product.clock.now(),
        )
        uow.commit()
    return ids


@pytest.fixture
def member(ids: dict[str, str], app: Flask, bearer: Bearer) -> FlaskClient:
    """A script of a member."""
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = bearer(Role.MEMBER)["Authorization"]
    return client


def listed(client: FlaskClient, query: str = "") -> list[str]:
    answer = client.get(f"{SIGNALS}{query}")
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.get_json()["items"]]


def test_the_newest_comes_first(member: FlaskClient) -> None:
    assert listed(member) == ["sig_4", "sig_3", "sig_2", "sig_1"]
    assert listed(member, "?order=severity&type=payment_failed,payment_overdue&status=open")[-1] == "sig_2"


def test_a_signal_holds_what_the_contract_names(ids: dict[str, str], member: FlaskClient) -> None:
    signal = member.get(f"{SIGNALS}/sig_1").get_json()
    assert set(signal) >= CONTRACT_FIELDS
    assert (signal["type"], signal["status"], signal["severity"]) == ("payment_failed", "open", "critical")
    assert signal["account"] == {"id": ids["globex"], "name": "Globex"}
    assert signal["amount"]["amount"] == "149.00"
    assert (signal["plan"], signal["occurred_at"]) == ("Team", "2026-09-10T00:26:40Z")
    assert "$149.00" in signal["explanation"]
    assert signal["links"] == [
        {
            "kind": "invoice",
            "stripe_id": "in_globex",
            "url": "https://dashboard.stripe.com/test/invoices/in_globex",
        },
        {
            "kind": "subscription",
            "stripe_id": "sub_globex",
            "url": "https://dashboard.stripe.com/test/subscriptions/sub_globex",
        },
    ]
    over = member.get(f"{SIGNALS}/sig_3").get_json()
    assert (over["status"], over["outcome"], over["resolved_at"]) == ("resolved", "paid", "2026-09-10T00:31:40Z")
    unmatched = member.get(f"{SIGNALS}/sig_4").get_json()
    assert (unmatched["account"], unmatched["customer"]["id"]) == (None, "cus_lost")


def test_filters(ids: dict[str, str], member: FlaskClient) -> None:
    assert listed(member, "?status=open") == ["sig_4", "sig_2", "sig_1"]
    assert listed(member, "?status=resolved,dismissed") == ["sig_3"]
    assert listed(member, "?type=payment_overdue&status=open") == ["sig_2"]
    assert listed(member, f"?account_id={ids['globex']}") == ["sig_2", "sig_1"]
    assert listed(member, "?type=&status=&account_id=") == ["sig_4", "sig_3", "sig_2", "sig_1"]
    assert listed(member, "?account_id=acc_unknown") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("type=late", "type"),
        ("status=closed", "status"),
        ("order=amount", "order"),
        ("q=x", "q"),
        ("cursor=AA", "cursor"),
    ],
)
def test_odd_parameters_are_refused(member: FlaskClient, query: str, field: str) -> None:
    answer = member.get(f"{SIGNALS}?{query}")
    assert (problem(answer), set(answer.get_json()["errors"])) == ((422, "invalid_input"), {field})


@pytest.mark.parametrize("order", ["newest", "severity"])
def test_pages_hold_everything_once(member: FlaskClient, order: str) -> None:
    seen: list[str] = []
    cursor = ""
    while True:
        page = member.get(f"{SIGNALS}?limit=1&order={order}{cursor}").get_json()
        seen += [row["id"] for row in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == listed(member, f"?order={order}")
    assert len(seen) == 4


def test_dismissing_and_bringing_back(member: FlaskClient) -> None:
    dismissed = member.post(f"{SIGNALS}/sig_1/dismiss")
    assert (dismissed.status_code, dismissed.get_json()["status"]) == (200, "dismissed")
    assert dismissed.get_json()["dismissed_at"].endswith("Z")
    assert listed(member, "?status=open") == ["sig_4", "sig_2"]
    again = member.post(f"{SIGNALS}/sig_1/dismiss", json={}).get_json()
    assert (again["status"], again["dismissed_at"]) == ("dismissed", dismissed.get_json()["dismissed_at"])
    assert member.post(f"{SIGNALS}/sig_1/reopen").get_json()["status"] == "open"
    member.post(f"{SIGNALS}/sig_3/dismiss")
    assert member.post(f"{SIGNALS}/sig_3/reopen").get_json()["status"] == "resolved"
    for path in ("sig_unknown", "sig_unknown/dismiss", "sig_unknown/reopen"):
        method = "POST" if "/" in path else "GET"
        assert problem(member.open(f"{SIGNALS}/{path}", method=method)) == (404, "not_found")
    assert problem(member.post(f"{SIGNALS}/sig_1/dismiss", json={"for": "ever"})) == (422, "invalid_input")


def test_counts_for_the_navigation(member: FlaskClient) -> None:
    counts = member.get(f"{SIGNALS}/counts").get_json()
    assert (counts["open"], counts["cases"]) == (3, 3)
    assert counts["by_type"] == {
        "payment_failed": 2,
        "payment_overdue": 1,
        "subscription_canceled": 0,
        "subscription_downgraded": 0,
    }
    assert counts["newest_change_at"].endswith("Z")
