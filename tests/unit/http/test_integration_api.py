"""The Stripe card over HTTP: connect, sync, match, disconnect (contract, HTTP API; guarantees K14, L6)."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from tests.unit.http.acme import (
    KEY,
    STRIPE,
    billing_story,
    card_of,
    connect,
    finish_sync,
    save_secret,
    stripe_knows,
)
from tests.unit.http.browsing import API, problem
from tests.unit.memory_product import OWNER, Product

from clynto.domain.connection import ConnectionFault
from clynto.domain.errors import InvalidApiKey, MissingPermissions, StripeUnreachable
from clynto.domain.roles import Role
from clynto.domain.secret import Secret
from clynto.domain.sync_run import RunFault, StepName
from clynto.ports.work_queue import JobKind

Bearer = Callable[[Role], dict[str, str]]
STEPS = ["products", "prices", "customers", "subscriptions", "invoices", "account_billing"]


def test_before_the_first_visit_to_stripe(admin: FlaskClient) -> None:
    card = card_of(admin)
    assert {name: card[name] for name in ("state", "mode", "stripe_account_id", "last_sync_at", "progress")} == {
        "state": "not_connected",
        "mode": None,
        "stripe_account_id": None,
        "last_sync_at": None,
        "progress": None,
    }
    assert card["records_synced"] == {"customers": 0, "subscriptions": 0, "invoices": 0}
    assert (card["customers_matched"], card["error"], card["frozen"]) == (0, None, False)
    webhook = card["webhook"]
    assert (webhook["configured"], webhook["state"], webhook["last_event_at"]) == (False, "not_configured", None)
    assert webhook["recommended_types"][0] == "customer.subscription.created"
    assert len(webhook["recommended_types"]) == 5


def test_connecting_begins_a_sync(product: Product, admin: FlaskClient) -> None:
    stripe_knows(product)
    answer = admin.post(f"{STRIPE}/connection", json={"api_key": f"  {KEY}\n"})
    card = answer.get_json()
    assert answer.status_code == 202
    assert (card["state"], card["mode"], card["stripe_account_id"]) == ("syncing", "test", "acct_1")
    assert (card["stripe_account_name"], card["key_last4"], card["full_secret_key"]) == (
        "Rheinwerk GmbH",
        "4242",
        False,
    )
    assert card["progress"]["percent"] == 0
    assert card["progress"]["steps"] == [{"name": name, "state": "pending", "records": 0} for name in STEPS]
    (job,) = product.jobs()
    assert (job.kind, job.subject_id) == (JobKind.RUN_SYNC, card["progress"]["run_id"])
    assert KEY not in answer.text


def test_a_finished_sync_shows_on_the_card(product: Product, admin: FlaskClient) -> None:
    billing_story(product)
    card = card_of(admin)
    assert (card["state"], card["progress"]) == ("connected", None)
    assert card["records_synced"] == {"customers": 3, "subscriptions": 3, "invoices": 2}
    assert card["customers_matched"] == 2
    assert card["last_sync_at"] == "2026-09-21T14:13:20.000000Z"
    assert card["webhook"]["events_readable"] is True


def test_a_run_that_nobody_takes_up_is_told(product: Product, admin: FlaskClient) -> None:
    connect(product)
    assert card_of(admin)["waiting_for_worker"] is False
    product.clock.advance(seconds=10)
    assert card_of(admin)["waiting_for_worker"] is True


@pytest.mark.parametrize(
    ("key", "code", "reason"),
    [
        ("pk_live_123", "invalid_api_key", "publishable"),
        ("whsec_123", "invalid_api_key", "webhook_secret"),
        ("sk_org_live_1", "invalid_api_key", "organisation"),
        ("rk_live_unknown", "invalid_api_key", "rejected"),
        ("", "invalid_api_key", "malformed"),
        ("rk_live_" + "x" * 600, "invalid_api_key", "malformed"),
    ],
)
def test_a_wrong_key_is_explained_and_changes_nothing(
    product: Product, admin: FlaskClient, key: str, code: str, reason: str
) -> None:
    before = product.everything()
    answer = admin.post(f"{STRIPE}/connection", json={"api_key": key})
    assert problem(answer) == (422, code)
    assert answer.get_json()["reason"] == reason
    assert product.everything() == before


@pytest.mark.parametrize(
    ("fault", "status", "told"),
    [
        (InvalidApiKey(reason="expired"), 422, {"reason": "expired"}),
        (MissingPermissions(permissions=["customers", "prices"]), 422, {"permissions": ["customers", "prices"]}),
        (StripeUnreachable(request_id="req_7"), 502, {"request_id": "req_7"}),
    ],
)
def test_what_stripe_says_of_a_key_is_told(
    product: Product, admin: FlaskClient, fault: InvalidApiKey, status: int, told: dict[str, object]
) -> None:
    product.stripe.refuse(Secret(KEY), fault)
    answer = admin.post(f"{STRIPE}/connection", json={"api_key": KEY})
    assert problem(answer) == (status, fault.code)
    assert told.items() <= answer.get_json().items()
    assert KEY not in answer.text


def test_a_reconnect_keeps_to_account_and_mode(product: Product, admin: FlaskClient) -> None:
    connect(product)
    finish_sync(product)
    stripe_knows(product, "rk_test_elsewhere1234", account_id="acct_other")
    stripe_knows(product, "rk_live_same12345678")
    stripe_knows(product, "rk_test_rotated98765")
    answer = admin.post(f"{STRIPE}/connection", json={"api_key": "rk_test_elsewhere1234"})
    assert problem(answer) == (422, "different_stripe_account")
    answer = admin.post(f"{STRIPE}/connection", json={"api_key": "rk_live_same12345678"})
    assert problem(answer) == (422, "different_mode")
    assert "live mode" in answer.get_json()["detail"]
    card = admin.post(f"{STRIPE}/connection", json={"api_key": "rk_test_rotated98765"}).get_json()
    assert (card["state"], card["key_last4"]) == ("syncing", "8765")


@pytest.mark.parametrize(
    ("method", "path", "field"),
    [("POST", "connection", "api_key"), ("PUT", "webhook-secret", "signing_secret")],
)
@pytest.mark.parametrize("secret", [42, None, ["rk_live_canary"], {"a": "rk_live_canary"}, True])
def test_a_secret_of_a_wrong_type_is_never_repeated(
    admin: FlaskClient, method: str, path: str, field: str, secret: object
) -> None:
    answer = admin.open(f"{STRIPE}/{path}", method=method, json={field: secret})
    assert problem(answer) == (422, "invalid_input")
    assert list(answer.get_json()["errors"]) == [field]
    assert "canary" not in answer.text


def test_unknown_fields_and_parameters_are_refused(product: Product, admin: FlaskClient) -> None:
    stripe_knows(product)
    answer = admin.post(f"{STRIPE}/connection", json={"api_key": KEY, "mode": "live"})
    assert (problem(answer), set(answer.get_json()["errors"])) == ((422, "invalid_input"), {"mode"})
    for method, path in (("GET", ""), ("POST", "/syncs"), ("GET", "/syncs"), ("DELETE", "/connection")):
        answer = admin.open(f"{STRIPE}{path}?force=1", method=method)
        assert (problem(answer), set(answer.get_json()["errors"])) == ((422, "invalid_input"), {"force"})
    assert problem(admin.post(f"{STRIPE}/syncs", json={"full": True}))[0] == 422
    assert card_of(admin)["state"] == "not_connected"


def test_only_one_sync_at_a_time(product: Product, admin: FlaskClient) -> None:
    assert problem(admin.post(f"{STRIPE}/syncs")) == (409, "not_connected")
    connect(product)
    assert problem(admin.post(f"{STRIPE}/syncs")) == (409, "sync_already_running")
    finish_sync(product)
    answer = admin.post(f"{STRIPE}/syncs")
    assert answer.status_code == 202
    assert answer.get_json() == {"run_id": card_of(admin)["progress"]["run_id"]}


def test_without_a_queue_nothing_changes(product: Product, admin: FlaskClient) -> None:
    stripe_knows(product)
    product.break_queue()
    before = product.everything()
    assert problem(admin.post(f"{STRIPE}/connection", json={"api_key": KEY})) == (503, "queue_unavailable")
    assert problem(admin.post(f"{STRIPE}/syncs")) == (503, "queue_unavailable")
    assert product.everything() == before
    assert card_of(admin)["state"] == "not_connected"


def test_the_history_of_syncs_in_pages(product: Product, admin: FlaskClient) -> None:
    run_ids = [connect(product)]
    for _ in range(4):
        finish_sync(product)
        product.clock.advance(seconds=60)
        run_ids.append(admin.post(f"{STRIPE}/syncs").get_json()["run_id"])
    seen: list[str] = []
    cursor = ""
    while True:
        page = admin.get(f"{STRIPE}/syncs?limit=2{cursor}").get_json()
        seen += [run["id"] for run in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == run_ids[::-1]
    one = admin.get(f"{STRIPE}/syncs/{run_ids[0]}").get_json()
    assert (one["state"], one["error"], one["customers_matched"]) == ("succeeded", None, 2)
    assert [step["name"] for step in one["steps"]] == STEPS
    assert one["finished_at"].endswith("Z")


def test_a_failed_sync_names_what_failed(product: Product, admin: FlaskClient) -> None:
    run_id = connect(product)
    with product.units.writing(product.workspace_id) as uow:
        run = uow.sync_runs.active()
        assert run is not None
        fault = RunFault("stripe_unreachable", "Stripe answered with an error.", StepName.INVOICES, "req_9")
        uow.sync_runs.save(run.begin_step(StepName.INVOICES).fail(fault, product.clock.now()), holding=0)
        uow.connections.save(uow.connections.get().sync_failed(ConnectionFault(fault.code, fault.message)))
        uow.commit()
    card = card_of(admin)
    assert card["state"] == "error"
    assert card["error"] == {"code": "stripe_unreachable", "message": "Stripe answered with an error."}
    run_shown = admin.get(f"{STRIPE}/syncs/{run_id}").get_json()
    assert run_shown["error"] == {**card["error"], "step": "invoices", "request_id": "req_9"}
    assert run_shown["steps"][4]["state"] == "failed"


def test_disconnecting_freezes_and_erasing_needs_it(
    product: Product, app: Flask, admin: FlaskClient, bearer: Bearer
) -> None:
    billing_story(product)
    owner = app.test_client()
    headers = bearer(Role.OWNER)
    refused = owner.delete(f"{STRIPE}/data", headers=headers)
    assert problem(refused) == (409, "conflict")
    assert "Disconnect Stripe" in refused.get_json()["detail"]
    answer = admin.delete(f"{STRIPE}/connection")
    card = answer.get_json()
    assert (answer.status_code, card["state"], card["frozen"], card["key_last4"]) == (200, "disconnected", True, None)
    assert card["records_synced"]["customers"] == 3
    assert problem(admin.delete(f"{STRIPE}/connection")) == (409, "not_connected")
    assert problem(admin.post(f"{STRIPE}/syncs")) == (409, "not_connected")
    assert owner.delete(f"{STRIPE}/data", headers=headers).get_json()["removed"] > 0
    assert card_of(admin)["records_synced"] == {"customers": 0, "subscriptions": 0, "invoices": 0}


def test_customers_with_their_match_and_why(product: Product, admin: FlaskClient) -> None:
    ids = billing_story(product)
    rows = {row["id"]: row for row in admin.get(f"{STRIPE}/customers").get_json()["items"]}
    assert set(rows) == {"cus_acme", "cus_globex", "cus_lost"}
    assert rows["cus_acme"]["account"] == {"id": ids["acme"], "name": "Acme, Inc."}
    assert rows["cus_acme"]["match"]["reason"] == "exact_domain"
    assert rows["cus_acme"]["mrr"]["amount"] == "298.00"
    assert (rows["cus_lost"]["matched"], rows["cus_lost"]["match"]["reason"]) == (False, "free_mail")
    matched = admin.get(f"{STRIPE}/customers?matched=true").get_json()["items"]
    assert {row["id"] for row in matched} == {"cus_acme", "cus_globex"}
    (lost,) = admin.get(f"{STRIPE}/customers?matched=false").get_json()["items"]
    assert lost["id"] == "cus_lost"
    (found,) = admin.get(f"{STRIPE}/customers?q=GLOBEX.com").get_json()["items"]
    assert found["id"] == "cus_globex"
    for wrong in ("yes", "1", "", "True"):
        assert problem(admin.get(f"{STRIPE}/customers?matched={wrong}")) == (422, "invalid_input")


def test_customers_in_pages(product: Product, admin: FlaskClient) -> None:
    billing_story(product)
    seen: list[str] = []
    cursor = ""
    while True:
        page = admin.get(f"{STRIPE}/customers?limit=1{cursor}").get_json()
        seen += [row["id"] for row in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == ["cus_acme", "cus_globex", "cus_lost"]
    assert problem(admin.get(f"{STRIPE}/customers?cursor=AA")) == (422, "invalid_input")


def test_a_match_by_hand_recomputes_at_once(product: Product, admin: FlaskClient) -> None:
    ids = billing_story(product)
    path = f"{STRIPE}/customers/cus_globex/match"
    answer = admin.put(path, json={"account_id": ids["acme"]})
    assert answer.get_json() == {"customer_id": "cus_globex", "account_id": ids["acme"], "matched": True}
    assert admin.get(f"{API}/accounts/{ids['acme']}").get_json()["mrr"]["amount"] == "447.00"
    assert admin.get(f"{API}/accounts/{ids['globex']}").get_json()["mrr"]["amount"] == "0.00"
    assert admin.delete(path).get_json()["matched"] is False
    assert admin.get(f"{API}/accounts/{ids['acme']}").get_json()["mrr"]["amount"] == "298.00"
    (row,) = admin.get(f"{STRIPE}/customers?q=cus_globex").get_json()["items"]
    assert row["match"]["reason"] == "manually_unmatched"
    assert problem(admin.put(path, json={"account_id": "acc_unknown"})) == (404, "not_found")
    assert problem(admin.put(path, json={})) == (422, "invalid_input")
    assert problem(admin.delete(f"{STRIPE}/customers/cus_unknown/match")) == (404, "not_found")


def test_accounts_are_added_for_customers_without_one(product: Product, admin: FlaskClient) -> None:
    billing_story(product)
    assert admin.post(f"{STRIPE}/customers/accounts").get_json() == {"created": 0}
    (lost,) = admin.get(f"{STRIPE}/customers?q=cus_lost").get_json()["items"]
    added = admin.post(f"{STRIPE}/customers/cus_lost/account").get_json()
    assert (added["customer_id"], added["matched"]) == ("cus_lost", True)
    account = admin.get(f"{API}/accounts/{added['account_id']}").get_json()
    assert (account["name"], account["mrr"]) == (lost["name"], lost["mrr"])
    assert problem(admin.post(f"{STRIPE}/customers/cus_lost/account")) == (409, "conflict")
    assert problem(admin.post(f"{STRIPE}/customers/cus_unknown/account")) == (404, "not_found")


def test_no_secret_is_ever_answered(product: Product, app: Flask, admin: FlaskClient, bearer: Bearer) -> None:
    connect(product)
    save_secret(product)
    owner = bearer(Role.OWNER)
    texts = [admin.get(path).text for path in (STRIPE, f"{STRIPE}/syncs", f"{API}/workspace")]
    texts.append(app.test_client().get(f"{API}/audit-log", headers=owner).text)
    assert product.actor(OWNER).label in texts[-1]
    for text in texts:
        assert json.loads(text)
        assert "canary" not in text.lower()
