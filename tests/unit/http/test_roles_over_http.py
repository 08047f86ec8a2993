"""Role by endpoint by method, with effects looked at (guarantees K1, K3, K4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from tests.unit.http.browsing import API, page_token, problem
from tests.unit.memory_product import ADMIN, MEMBER, OWNER, Product

from clynto.domain.roles import Role
from clynto.entrypoints.http.access import ANSWERED_BY_FLASK, access_of, needs, public, refuse_undeclared_routes

GOOD = "seventeen green whales"
PERSON = {"email": "new@rheinwerk.example", "role": "member", "password": GOOD}

MATRIX: list[tuple[str, str, dict[str, Any] | None, Role, int]] = [
    ("GET", "/users", None, Role.MEMBER, 200),
    ("POST", "/users", PERSON, Role.OWNER, 201),
    ("PATCH", "/users/{member}", {"role": "admin"}, Role.OWNER, 200),
    ("DELETE", "/users/{member}", None, Role.OWNER, 204),
    ("GET", "/tokens", None, Role.ADMIN, 200),
    ("POST", "/tokens", {"name": "Mine", "role": "member"}, Role.ADMIN, 201),
    ("DELETE", "/tokens/{token}", None, Role.ADMIN, 204),
    ("GET", "/audit-log", None, Role.ADMIN, 200),
    ("GET", "/larry/questions", None, Role.MEMBER, 200),
    ("GET", "/workspace", None, Role.MEMBER, 200),
    ("PATCH", "/workspace", {"name": "Renamed"}, Role.ADMIN, 200),
]


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(("method", "path", "body", "required", "success"), MATRIX)
def test_every_role_may_do_what_the_contract_says(
    product: Product,
    app: Flask,
    bearer: Callable[[Role], dict[str, str]],
    role: Role,
    method: str,
    path: str,
    body: dict[str, Any] | None,
    required: Role,
    success: int,
) -> None:
    headers = bearer(role)
    token = product.people.issue_token(product.actor(ADMIN), name="Target", role=Role.MEMBER)
    address = API + path.format(member=product.user_id(MEMBER), token=token.details.id)
    before = product.everything()
    response = app.test_client().open(address, method=method, json=body, headers=headers)
    if role.covers(required):
        assert response.status_code == success
    else:
        assert problem(response) == (403, "forbidden")
        assert product.everything() == before


@pytest.mark.parametrize(("method", "path", "body", "required", "success"), MATRIX)
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer cly_guess"}, {"Authorization": "Basic eDp5"}])
def test_strangers_may_do_nothing(
    product: Product,
    stranger: FlaskClient,
    method: str,
    path: str,
    body: dict[str, Any] | None,
    required: Role,
    success: int,
    headers: dict[str, str],
) -> None:
    before = product.everything()
    address = API + path.format(member=product.user_id(MEMBER), token="tok_unknown")
    response = stranger.open(address, method=method, json=body, headers=headers)
    assert problem(response) == (401, "not_signed_in")
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert product.everything() == before


def test_every_route_declares_who_may_call_it(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or set()) - ANSWERED_BY_FLASK:
            assert access_of(app, rule.endpoint, method) is not None, rule.rule


def test_the_routes_that_need_nobody_are_these(app: Flask) -> None:
    open_to_all = {
        rule.rule
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - ANSWERED_BY_FLASK
        if (access := access_of(app, rule.endpoint, method)) is not None and access.role is None
    }
    assert {rule for rule in open_to_all if rule.startswith("/api/")} == {"/api/v1/openapi.json"}


def test_an_undeclared_route_stops_the_start() -> None:
    app = Flask("undeclared", static_folder=None)
    app.add_url_rule("/fine", "fine", public(lambda: "fine"))
    app.add_url_rule("/also-fine", "also_fine", needs(Role.OWNER)(lambda: "fine"))
    refuse_undeclared_routes(app)
    app.add_url_rule("/forgotten", "forgotten", lambda: "oops")
    with pytest.raises(RuntimeError, match="/forgotten"):
        refuse_undeclared_routes(app)


def test_an_admin_cannot_promote_themselves(product: Product, browser_of: Callable[[str], FlaskClient]) -> None:
    admin = browser_of(ADMIN)
    headers = {"X-CSRF-Token": page_token(admin)}
    mine = f"{API}/users/{product.user_id(ADMIN)}"
    assert problem(admin.patch(mine, json={"role": "owner"}, headers=headers)) == (403, "forbidden")
    assert problem(admin.post(f"{API}/users", json={**PERSON, "role": "owner"}, headers=headers))[0] == 403
    assert problem(admin.post(f"{API}/tokens", json={"name": "x", "role": "owner"}, headers=headers))[0] == 403
    assert product.actor(ADMIN).role is Role.ADMIN


@pytest.mark.parametrize("role", ["root", "", None, 3, ["owner"], "OWNER"])
def test_roles_from_outside_are_refused(app: Flask, bearer: Callable[[Role], dict[str, str]], role: object) -> None:
    response = app.test_client().post(f"{API}/users", json={**PERSON, "role": role}, headers=bearer(Role.OWNER))
    assert problem(response) == (422, "invalid_input")
    assert list(response.get_json()["errors"]) == ["role"]


def test_the_last_owner_stays(product: Product, app: Flask, bearer: Callable[[Role], dict[str, str]]) -> None:
    headers = bearer(Role.OWNER)
    mine = f"{API}/users/{product.user_id(OWNER)}"
    client = app.test_client()
    assert problem(client.patch(mine, json={"role": "member"}, headers=headers)) == (409, "last_owner")
    assert problem(client.delete(mine, headers=headers)) == (409, "last_owner")


@pytest.mark.parametrize(
    ("method", "path"), [("PATCH", "/users/{}"), ("DELETE", "/users/{}"), ("DELETE", "/tokens/{}")]
)
def test_foreign_ids_look_like_unknown_ones_byte_for_byte(
    product: Product, app: Flask, bearer: Callable[[Role], dict[str, str]], method: str, path: str
) -> None:
    foreign = product.stranger()
    token = product.people.issue_token(foreign, name="Theirs", role=Role.MEMBER).details.id
    headers = bearer(Role.OWNER)
    answers = set()
    for name in (foreign.user_id or "", token, "usr_unknown", "..", "a b", "%00"):
        body = {"role": "member"} if method == "PATCH" else None
        response = app.test_client().open(API + path.format(name), method=method, json=body, headers=headers)
        answers.add((response.status_code, response.data, tuple(response.headers.items())))
    assert len(answers) == 1
    assert answers.pop()[0] == 404
    assert [person.id for person in product.people.list_people(foreign)] == [foreign.user_id]


def test_a_demotion_holds_from_the_next_request(product: Product, browser_of: Callable[[str], FlaskClient]) -> None:
    admin = browser_of(ADMIN)
    assert admin.get(f"{API}/audit-log").status_code == 200
    product.people.change_user(product.actor(OWNER), product.user_id(ADMIN), role=Role.MEMBER)
    assert problem(admin.get(f"{API}/audit-log")) == (403, "forbidden")
    product.people.remove_user(product.actor(OWNER), product.user_id(ADMIN))
    assert problem(admin.get(f"{API}/users")) == (401, "not_signed_in")
