"""One error format for everything that can go wrong (contract; architecture decision 10)."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from tests.unit.http.browsing import API, problem
from tests.unit.memory_product import OWNER, Product

from clynto.domain.errors import (
    KEY_REFUSALS,
    ClyntoError,
    InvalidApiKey,
    InvalidInput,
    MissingPermissions,
    ServiceUnavailable,
)
from clynto.domain.roles import Role
from clynto.entrypoints.http.access import public
from clynto.entrypoints.http.app import create_app
from clynto.entrypoints.http.problem_details import SENTENCES_BY_REASON, WORDINGS, problem_of, sentence

EDGE_CODES = {
    "address_too_long",
    "headers_too_large",
    "internal_error",
    "malformed_request",
    "malformed_json",
    "method_not_allowed",
    "unsupported_media_type",
    "request_refused",
}
Bearer = Callable[[Role], dict[str, str]]


def subclasses(of: type[ClyntoError]) -> Iterator[type[ClyntoError]]:
    for kind in of.__subclasses__():
        yield kind
        yield from subclasses(kind)


def test_every_error_has_its_row_and_every_row_its_error() -> None:
    assert {kind.code for kind in subclasses(ClyntoError)} | EDGE_CODES == set(WORDINGS)


@pytest.mark.parametrize("code", sorted(WORDINGS))
def test_every_sentence_can_be_said_without_any_fact(code: str) -> None:
    wording = WORDINGS[code]
    assert 400 <= wording.status < 600
    said = sentence(code, {})
    assert said.endswith(".")
    assert "{" not in said


def test_every_refusal_of_a_key_is_explained() -> None:
    assert {reason for code, reason in SENTENCES_BY_REASON if code == "invalid_api_key"} == set(KEY_REFUSALS)


def test_facts_fill_the_sentence() -> None:
    told = problem_of(MissingPermissions(permissions=["invoices", "prices"]))
    assert "invoices, prices" in told.detail
    assert told.as_json()["permissions"] == ["invoices", "prices"]
    assert "errors" not in told.as_json()
    assert problem_of(InvalidInput({"name": "Enter a name."})).as_json()["errors"] == {"name": "Enter a name."}


def test_a_reason_is_told_only_if_it_is_meant_for_outside() -> None:
    assert problem_of(InvalidApiKey(reason="expired")).as_json()["reason"] == "expired"
    assert "reason" not in problem_of(ServiceUnavailable(reason="connection to db.internal refused")).as_json()
    assert "internal" not in str(problem_of(ServiceUnavailable(reason="db.internal")).as_json())


def test_an_unexpected_fault_is_logged_and_leaks_nothing(product: Product, caplog: pytest.LogCaptureFixture) -> None:
    def break_down() -> str:
        raise ZeroDivisionError("postgres://user:hunter2@db")

    app = create_app(product.services())
    app.add_url_rule("/api/v1/broken/<token>", "broken", public(break_down_with(break_down)))
    with caplog.at_level(logging.ERROR):
        response = app.test_client().get("/api/v1/broken/whsec_canary")
    assert problem(response) == (500, "internal_error")
    assert "hunter2" not in response.text
    incident = response.get_json()["incident"]
    assert incident in caplog.text
    assert "whsec_canary" not in caplog.text


def break_down_with(fault: Callable[[], str]) -> Callable[..., str]:
    def view(token: str) -> str:
        return fault()

    return view


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing-here", 404, "not_found"),
        ("PUT", "/users", 405, "method_not_allowed"),
        ("GET", "/users?unknown=1", 422, "invalid_input"),
        ("GET", "/workspace?limit=1", 422, "invalid_input"),
        ("GET", "/users?limit=1&limit=2", 422, "invalid_input"),
        ("GET", "/users?cursor=%00", 422, "invalid_input"),
        ("GET", "/openapi.json?x=1", 422, "invalid_input"),
    ],
)
def test_odd_requests(app: Flask, bearer: Bearer, method: str, path: str, status: int, code: str) -> None:
    response = app.test_client().open(API + path, method=method, headers=bearer(Role.OWNER))
    assert problem(response) == (status, code)
    if status == 405:
        assert "GET" in response.headers["Allow"]


@pytest.mark.parametrize(
    "path",
    ["/rq", "/rq/", "/rq/0/data/queues.json", "/0/data/queues.json", "/admin/queues", "/queues", "/jobs", "/console"],
)
def test_no_dashboard_of_the_queue_is_mounted(
    app: Flask, stranger: FlaskClient, browser_of: Callable[[str], FlaskClient], path: str
) -> None:
    """J3: for strangers as for the owner; nor does any route lead into rq's own pages."""
    for client in (stranger, browser_of(OWNER)):
        for answer in (client.get(path), client.post(path), client.get(API + path)):
            assert answer.status_code == 404, answer.location
    assert not [rule.rule for rule in app.url_map.iter_rules() if "queue" in rule.rule or "/rq" in rule.rule]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"nope", b"\xff\xfe", b'{"name": NaN}', b'{"name": "\\ud800"}', b"[" * 100_000, b"'a'"]
)
def test_what_is_not_json_is_called_so(app: Flask, bearer: Bearer, body: bytes) -> None:
    response = app.test_client().patch(
        f"{API}/workspace", data=body, content_type="application/json", headers=bearer(Role.OWNER)
    )
    assert problem(response) == (400, "malformed_json")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"name": "x", "nmae": "y"}, {"nmae"}),
        ({"name": 3}, {"name"}),
        ({"name": "a\x00b"}, {"body"}),
        ([], {"body"}),
        ("text", {"body"}),
        (
            {"exchange_rates": [{"date": "2026-10-01", "from": "EUR", "to": "USD", "rate": 1.1}]},
            {"exchange_rates.0.rate"},
        ),
        ({"exchange_rates": [{"date": "2026-10-01"}]}, {f"exchange_rates.0.{name}" for name in ("from", "to", "rate")}),
        ({"exchange_rates": {"0": 1}}, {"exchange_rates"}),
        ({"mrr_basis": "gross"}, {"mrr_basis"}),
    ],
)
def test_bad_fields_are_named(product: Product, app: Flask, bearer: Bearer, body: object, fields: set[str]) -> None:
    response = app.test_client().patch(f"{API}/workspace", json=body, headers=bearer(Role.OWNER))
    assert problem(response) == (422, "invalid_input")
    assert set(response.get_json()["errors"]) == fields
    assert product.workspace_name() == "Rheinwerk"


def test_a_route_without_a_body_takes_none(product: Product, app: Flask, bearer: Bearer) -> None:
    client, headers = app.test_client(), bearer(Role.OWNER)
    token = product.people.issue_token(product.actor_of(Role.OWNER), name="Target", role=Role.MEMBER).details.id
    address = f"{API}/tokens/{token}"
    refused = client.delete(address, json={"force": True}, headers=headers)
    assert problem(refused) == (422, "invalid_input")
    assert set(refused.get_json()["errors"]) == {"force"}
    assert problem(client.delete(address, data="x", content_type="text/plain", headers=headers))[0] == 415
    assert client.delete(address, json={}, headers=headers).status_code == 204


def test_a_body_that_is_too_large_is_refused(app: Flask, bearer: Bearer) -> None:
    response = app.test_client().patch(f"{API}/workspace", json={"name": "x" * 1_100_000}, headers=bearer(Role.OWNER))
    assert problem(response) == (413, "payload_too_large")
    assert "1048576" in response.get_json()["detail"]


@pytest.mark.parametrize("largest", [1_048_576, 1_048_577])
def test_a_body_without_a_stated_length_is_refused_and_never_cut_off(app: Flask, bearer: Bearer, largest: int) -> None:
    """White space behind the object: cut off at the limit it would be a whole document."""
    body = b'{"name": "Rheinwerk"}'.ljust(largest)
    response = app.test_client().patch(
        f"{API}/workspace",
        input_stream=io.BytesIO(body),
        content_type="application/json",
        headers=bearer(Role.OWNER),
        environ_overrides={"wsgi.input_terminated": True},
    )
    if largest == 1_048_576:
        assert response.status_code == 200
        return
    assert problem(response) == (413, "payload_too_large")
    assert "1048576" in response.get_json()["detail"]


def test_a_member_that_stands_twice_is_named(product: Product, app: Flask, bearer: Bearer) -> None:
    response = app.test_client().patch(
        f"{API}/workspace",
        data=b'{"name": "One", "name": "Two"}',
        content_type="application/json",
        headers=bearer(Role.OWNER),
    )
    assert problem(response) == (422, "invalid_input")
    assert response.get_json()["errors"] == {"name": "Give this member once."}
    assert product.workspace_name() == "Rheinwerk"


def test_what_is_wrong_is_told_in_plain_words(app: Flask, bearer: Bearer) -> None:
    client, headers = app.test_client(), bearer(Role.OWNER)
    told = [
        client.patch(f"{API}/workspace", json={"name": 5}, headers=headers),
        client.post(f"{API}/tokens", json={"name": "x"}, headers=headers),
        client.patch(f"{API}/workspace", json=[], headers=headers),
        client.get(f"{API}/accounts?limit=0", headers=headers),
        client.get(f"{API}/accounts?limit=x", headers=headers),
        client.get(f"{API}/accounts?q={'x' * 201}", headers=headers),
        client.get(f"{API}/accounts?cursor=", headers=headers),
    ]
    assert [next(iter(answer.get_json()["errors"].values())) for answer in told] == [
        "This must be text.",
        "This is required.",
        "This must be a JSON object.",
        "This must be from 1 to 200.",
        "This must be a whole number.",
        "Use at most 200 characters.",
        "Use 1 to 1000 characters.",
    ]


def test_a_role_that_is_too_low_is_told_those_that_do(app: Flask, bearer: Bearer) -> None:
    client, headers = app.test_client(), bearer(Role.MEMBER)
    refused = [client.get(f"{API}/tokens", headers=headers), client.post(f"{API}/users", json={}, headers=headers)]
    assert [answer.get_json()["detail"] for answer in refused] == [
        "This needs the role admin or owner.",
        "This needs the role owner.",
    ]


def test_people_get_a_page_and_scripts_a_document(stranger: FlaskClient) -> None:
    answer = stranger.get("/nothing-here")
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    missing = stranger.get("/nothing-here", headers={"Accept": "application/json"})
    assert problem(missing) == (404, "not_found")
