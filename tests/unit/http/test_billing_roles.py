"""Role by endpoint by method for everything about billing, with effects looked at (guarantees K1, K3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from tests.unit.http.acme import SIGNING_SECRET, billing_story
from tests.unit.http.browsing import API, page_token, problem
from tests.unit.http.test_signals_api import a_signal
from tests.unit.memory_product import ADMIN, Product

from clynto.domain.roles import Role
from clynto.domain.signals import SignalType

STRIPE = "/integrations/stripe"
Body = dict[str, Any] | None
MATRIX: list[tuple[str, str, Body, Role, int]] = [
    ("GET", STRIPE, None, Role.MEMBER, 200),
    ("POST", f"{STRIPE}/connection", {"api_key": "pk_live_1"}, Role.ADMIN, 422),
    ("DELETE", f"{STRIPE}/connection", None, Role.ADMIN, 200),
    ("GET", f"{STRIPE}/syncs", None, Role.MEMBER, 200),
    ("POST", f"{STRIPE}/syncs", None, Role.ADMIN, 202),
    ("GET", f"{STRIPE}/syncs/{{run}}", None, Role.MEMBER, 200),
    ("PUT", f"{STRIPE}/webhook-secret", {"signing_secret": SIGNING_SECRET}, Role.ADMIN, 200),
    ("POST", f"{STRIPE}/webhook-address", None, Role.ADMIN, 200),
    ("POST", f"{STRIPE}/parked-events/retry", None, Role.ADMIN, 202),
    ("GET", f"{STRIPE}/customers", None, Role.MEMBER, 200),
    ("PUT", f"{STRIPE}/customers/cus_lost/match", {"account_id": "{account}"}, Role.ADMIN, 200),
    ("DELETE", f"{STRIPE}/customers/cus_acme/match", None, Role.ADMIN, 200),
    ("POST", f"{STRIPE}/customers/cus_lost/account", None, Role.ADMIN, 201),
    ("POST", f"{STRIPE}/customers/accounts", None, Role.ADMIN, 201),
    ("DELETE", f"{STRIPE}/data", None, Role.OWNER, 409),
    ("GET", "/accounts", None, Role.MEMBER, 200),
    ("GET", "/accounts/totals", None, Role.MEMBER, 200),
    ("GET", "/accounts/export", None, Role.MEMBER, 200),
    ("POST", "/accounts", {"name": "New", "domain": "new.com"}, Role.ADMIN, 201),
    ("GET", "/accounts/{account}", None, Role.MEMBER, 200),
    ("PATCH", "/accounts/{account}", {"name": "Renamed"}, Role.ADMIN, 200),
    ("DELETE", "/accounts/{account}", None, Role.ADMIN, 204),
    ("GET", "/accounts/{account}/billing", None, Role.MEMBER, 200),
    ("GET", "/accounts/{account}/billing/mrr-explanation", None, Role.MEMBER, 200),
    ("GET", "/accounts/{account}/mrr-history", None, Role.MEMBER, 200),
    ("GET", "/accounts/{account}/health", None, Role.MEMBER, 200),
    ("PUT", "/accounts/{account}/pillars/usage", {"score": 1, "reason": "x"}, Role.ADMIN, 200),
    ("GET", "/workspace/mrr-history", None, Role.MEMBER, 200),
    ("GET", "/signals", None, Role.MEMBER, 200),
    ("GET", "/signals/counts", None, Role.MEMBER, 200),
    ("GET", "/signals/{signal}", None, Role.MEMBER, 200),
    ("POST", "/signals/{signal}/dismiss", None, Role.MEMBER, 200),
    ("POST", "/signals/{signal}/reopen", None, Role.MEMBER, 200),
]


def furnish(product: Product, signal_id: str = "sig_1") -> dict[str, str]:
    """Ids to fill into paths."""
    ids = billing_story(product)
    with product.units.writing(product.workspace_id) as uow:
        uow.signals.put_many(
            [(signal_id, a_signal(SignalType.PAYMENT_FAILED, "cus_globex", 1_789_000_000))], at=product.clock.now()
        )
        run = uow.sync_runs.history(before=None, limit=1)[0]
        uow.commit()
    return {"account": ids["acme"], "signal": signal_id, "run": run.id}


def filled(body: Body, ids: dict[str, str]) -> Body:
    return (
        None
        if body is None
        else {key: value.format(**ids) if isinstance(value, str) else value for key, value in body.items()}
    )


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(("method", "path", "body", "required", "success"), MATRIX)
def test_every_role_may_do_what_the_contract_says(
    product: Product,
    app: Flask,
    bearer: Callable[[Role], dict[str, str]],
    role: Role,
    method: str,
    path: str,
    body: Body,
    required: Role,
    success: int,
) -> None:
    ids = furnish(product)
    headers = bearer(role)
    before = product.everything()
    address = API + path.format(**ids)
    response = app.test_client().open(address, method=method, json=filled(body, ids), headers=headers)
    if role.covers(required):
        assert response.status_code == success, response.text
    else:
        assert problem(response) == (403, "forbidden")
        assert product.everything() == before


@pytest.mark.parametrize(("method", "path", "body", "required", "success"), MATRIX)
def test_strangers_may_do_nothing(
    product: Product, stranger: FlaskClient, method: str, path: str, body: Body, required: Role, success: int
) -> None:
    ids = furnish(product)
    before = product.everything()
    response = stranger.open(API + path.format(**ids), method=method, json=filled(body, ids))
    assert problem(response) == (401, "not_signed_in")
    assert product.everything() == before


@pytest.mark.parametrize(("method", "path", "body"), [row[:3] for row in MATRIX if row[0] != "GET"])
def test_a_browser_needs_the_pages_token(
    product: Product, browser_of: Callable[[str], FlaskClient], method: str, path: str, body: Body
) -> None:
    ids = furnish(product)
    browser = browser_of(ADMIN)
    before = product.everything()
    address = API + path.format(**ids)
    assert problem(browser.open(address, method=method, json=filled(body, ids))) == (403, "csrf_refused")
    elsewhere = {"X-CSRF-Token": page_token(browser), "Origin": "https://evil.example"}
    response = browser.open(address, method=method, json=filled(body, ids), headers=elsewhere)
    assert problem(response) == (403, "csrf_refused")
    assert product.everything() == before


WITH_IDS = [
    (method, path, body) for method, path, body, _, _ in MATRIX if "{" in path or body == {"account_id": "{account}"}
]


@pytest.mark.parametrize(("method", "path", "body"), WITH_IDS)
def test_foreign_ids_look_like_unknown_ones_byte_for_byte(
    product: Product,
    app: Flask,
    bearer: Callable[[Role], dict[str, str]],
    method: str,
    path: str,
    body: Body,
) -> None:
    furnish(product)
    foreign = furnish_neighbour(product)
    headers = bearer(Role.OWNER)
    before = product.everything()
    answers = set()
    for ids in (foreign, {"account": "acc_unknown", "signal": "sig_unknown", "run": "run_unknown"}):
        address = API + path.format(**ids)
        response = app.test_client().open(address, method=method, json=filled(body, ids), headers=headers)
        answers.add((response.status_code, response.data, tuple(response.headers.items())))
    assert len(answers) == 1
    assert answers.pop()[0] == 404
    assert product.everything() == before


def furnish_neighbour(product: Product) -> dict[str, str]:
    """Another workspace with an account, a signal and a run of its own."""
    stranger = product.stranger()
    with product.units.writing(stranger.workspace_id) as uow:
        held = next(iter(product.database.committed(product.workspace_id).runs.values()))
        uow.sync_runs.add(replace(held, id="run_foreign"))
        signal = a_signal(SignalType.PAYMENT_FAILED, "cus_foreign", 1_789_000_000)
        uow.signals.put_many([("sig_foreign", signal)], at=product.clock.now())
        uow.commit()
    creating = product.services().accounts.create_account
    return {
        "account": creating(stranger, name="Foreign", domains=["foreign.com"]),
        "signal": "sig_foreign",
        "run": "run_foreign",
    }


def test_lists_hold_nothing_foreign(product: Product, app: Flask, bearer: Callable[[Role], dict[str, str]]) -> None:
    furnish(product)
    furnish_neighbour(product)
    headers = bearer(Role.OWNER)
    for path in ("/accounts", "/signals", f"{STRIPE}/syncs", f"{STRIPE}/customers", "/accounts/export"):
        text = app.test_client().get(API + path, headers=headers).text
        assert "oreign" not in text, path
