"""The webhook panel over HTTP: what arrived, what is parked, addresses and secrets (contract, HTTP API)."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from tests.unit.http.acme import (
    KEY,
    SIGNING_SECRET,
    STRIPE,
    an_event,
    card_of,
    connect,
    save_secret,
    signed,
    webhook_path,
)
from tests.unit.http.browsing import problem
from tests.unit.memory_product import Product

from clynto.domain.webhook_event import EventUse
from clynto.ports.webhooks import EventState
from clynto.ports.work_queue import JobKind


def test_the_webhook_panel_follows_what_arrives(product: Product, admin: FlaskClient) -> None:
    connect(product)
    body, post = an_event(), admin.post
    saved = admin.put(f"{STRIPE}/webhook-secret", json={"signing_secret": f" {SIGNING_SECRET} "})
    assert saved.status_code == 200
    assert SIGNING_SECRET not in saved.text
    assert (saved.get_json()["webhook"]["state"], saved.get_json()["webhook"]["configured"]) == ("waiting", True)
    path = webhook_path(product)
    product.clock.advance(seconds=5)
    assert post(path, data=body, headers=signed(body, product.clock.now(), "whsec_wrong")).status_code == 400
    webhook = card_of(admin)["webhook"]
    assert (webhook["state"], webhook["refusal"]["reason"]) == ("signature_invalid", "mismatch")
    assert "whsec_" in webhook["refusal"]["message"]
    product.clock.advance(seconds=5)
    assert post(path, data=body, headers=signed(body, product.clock.now())).status_code == 200
    webhook = card_of(admin)["webhook"]
    assert (webhook["state"], webhook["refusal"], webhook["pending"]) == ("receiving", None, 1)
    assert webhook["last_event_at"].endswith("Z")


def test_a_clock_that_is_off_is_told(product: Product, admin: FlaskClient) -> None:
    connect(product)
    save_secret(product)
    body = an_event()
    late = signed(body, product.clock.now())
    product.clock.advance(seconds=600)
    assert admin.post(webhook_path(product), data=body, headers=late).status_code == 400
    refusal = card_of(admin)["webhook"]["refusal"]
    assert refusal["clock_skew_seconds"] == 600
    assert "clock differs by about 10 min" in refusal["message"]


def test_the_webhook_address_comes_from_the_settings(product: Product, admin: FlaskClient) -> None:
    forged = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    url = admin.get(STRIPE, headers=forged).get_json()["webhook"]["url"]
    assert url.startswith("http://localhost/webhooks/stripe/")
    assert card_of(admin)["webhook"]["url"] == url
    connect(product)
    save_secret(product)
    renewed = admin.post(f"{STRIPE}/webhook-address").get_json()["webhook"]
    assert renewed["url"] != url
    assert (renewed["configured"], renewed["state"]) == (False, "not_configured")


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_short", KEY, "whsec_" + "x" * 300, "whsec_with spaces in it"])
def test_what_is_no_signing_secret_is_refused(product: Product, admin: FlaskClient, secret: str) -> None:
    connect(product)
    answer = admin.put(f"{STRIPE}/webhook-secret", json={"signing_secret": secret})
    assert problem(answer) == (422, "invalid_signing_secret")
    assert len(secret) < 8 or secret not in answer.text


def test_webhooks_need_a_connection(admin: FlaskClient) -> None:
    answer = admin.put(f"{STRIPE}/webhook-secret", json={"signing_secret": SIGNING_SECRET})
    assert problem(answer) == (409, "not_connected")


def test_parked_and_ignored_events_are_told_and_can_be_tried_again(product: Product, admin: FlaskClient) -> None:
    connect(product)
    save_secret(product)
    path = webhook_path(product)
    for name in ("evt_parked", "evt_live", "evt_foreign"):
        body = an_event(name)
        assert admin.post(path, data=body, headers=signed(body, product.clock.now())).status_code == 200
    with product.units.writing(product.workspace_id) as uow:
        uow.event_inbox.park(["evt_parked"], fault="stripe_unreachable")
        ignored = {
            "evt_live": (EventState.IGNORED, EventUse.OTHER_MODE),
            "evt_foreign": (EventState.IGNORED, EventUse.FOREIGN_ACCOUNT),
        }
        uow.event_inbox.finish(ignored, at=product.clock.now())
        uow.commit()
    webhook = card_of(admin)["webhook"]
    assert (webhook["pending"], webhook["parked"], webhook["retry_possible"]) == (0, 1, True)
    assert (webhook["ignored_other_mode"], webhook["ignored_foreign_account"]) == (1, 1)
    (parked,) = webhook["parked_events"]
    assert (parked["id"], parked["type"], parked["fault"]) == ("evt_parked", "customer.updated", "stripe_unreachable")
    answer = admin.post(f"{STRIPE}/parked-events/retry")
    assert (answer.status_code, answer.get_json()) == (202, {"retried": 1})
    assert JobKind.DRAIN_EVENTS in {job.kind for job in product.jobs()}
    webhook = card_of(admin)["webhook"]
    assert (webhook["pending"], webhook["parked"], webhook["retry_possible"]) == (1, 0, False)


def test_a_former_secret_stays_valid_for_a_day(product: Product, admin: FlaskClient) -> None:
    connect(product)
    save_secret(product)
    assert card_of(admin)["webhook"]["former_valid_until"] is None
    save_secret(product, "whsec_another_secret_of_theirs")
    assert card_of(admin)["webhook"]["former_valid_until"] == "2026-09-22T14:13:20.000000Z"
    path, body = webhook_path(product), an_event()
    assert admin.post(path, data=body, headers=signed(body, product.clock.now())).status_code == 200
    product.clock.advance(seconds=86_400)
    assert admin.post(path, data=body, headers=signed(body, product.clock.now())).status_code == 400
    assert card_of(admin)["webhook"]["former_valid_until"] is None
