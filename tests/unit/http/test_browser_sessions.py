"""Cookies, page tokens, headers and the sign-in limit (guarantees K5 to K9, K14)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from tests.unit.http.browsing import API, PAGE_TOKEN, page_token, problem, sign_in
from tests.unit.memory_product import ADMIN, MEMBER, OWNER, PASSWORD, SET_UP_CODE, Product, empty_product

from clynto.domain.roles import Role
from clynto.domain.secret import Secret
from clynto.entrypoints.http.answer_headers import COOKIELESS_ENDPOINTS
from clynto.entrypoints.http.app import create_app
from clynto.entrypoints.http.pages.sign_in import FIRST_PAGE, local_path
from clynto.entrypoints.http.security import SESSION_COOKIE

RENAME = {"name": "Renamed"}


def cookie_of(client: FlaskClient) -> str:
    cookie = client.get_cookie(SESSION_COOKIE)
    assert cookie is not None
    return str(cookie.value)


def test_a_planted_cookie_stays_a_strangers(app: Flask) -> None:
    """K6."""
    attacker = app.test_client()
    page_token(attacker)
    planted = cookie_of(attacker)
    victim = app.test_client()
    victim.set_cookie(SESSION_COOKIE, planted)
    assert sign_in(victim, OWNER).status_code == 303
    assert cookie_of(victim) != planted
    assert problem(attacker.get(f"{API}/workspace")) == (401, "not_signed_in")
    assert victim.get(f"{API}/workspace").status_code == 200


def test_a_cookie_cannot_be_replayed_after_logout(app: Flask, browser_of: Callable[[str], FlaskClient]) -> None:
    """K6."""
    browser = browser_of(OWNER)
    kept = cookie_of(browser)
    assert browser.post("/logout", data={"csrf_token": page_token(browser)}).status_code == 303
    assert problem(browser.get(f"{API}/workspace")) == (401, "not_signed_in")
    replay = app.test_client()
    replay.set_cookie(SESSION_COOKIE, kept)
    assert problem(replay.get(f"{API}/workspace")) == (401, "not_signed_in")


def test_a_second_sign_in_ends_the_first(app: Flask, browser_of: Callable[[str], FlaskClient]) -> None:
    browser = browser_of(OWNER)
    kept = cookie_of(browser)
    sign_in(browser, ADMIN)
    replay = app.test_client()
    replay.set_cookie(SESSION_COOKIE, kept)
    assert problem(replay.get(f"{API}/workspace")) == (401, "not_signed_in")


def test_a_new_password_ends_open_sessions(product: Product, browser_of: Callable[[str], FlaskClient]) -> None:
    """K5, K6."""
    browser = browser_of(ADMIN)
    product.people.change_user(
        product.actor(OWNER), product.user_id(ADMIN), password=Secret("an entirely new password")
    )
    assert problem(browser.get(f"{API}/workspace")) == (401, "not_signed_in")


def test_ones_own_new_password_keeps_this_browser_alone_signed_in(
    app: Flask, browser_of: Callable[[str], FlaskClient]
) -> None:
    here, elsewhere = browser_of(MEMBER), browser_of(MEMBER)
    kept = cookie_of(here)
    form = {
        "csrf_token": page_token(here),
        "current_password": PASSWORD.reveal(),
        "new_password": "an entirely new password",
    }
    refused = here.post("/settings/people/own-password", data={**form, "current_password": "wrong battery staple"})
    assert refused.status_code == 422
    assert "This is not your current password." in refused.text
    assert "wrong battery staple" not in refused.text
    assert here.post("/settings/people/own-password", data=form).status_code == 303
    assert here.get(f"{API}/workspace").status_code == 200
    replay = app.test_client()
    replay.set_cookie(SESSION_COOKIE, kept)
    for other in (elsewhere, replay):
        assert problem(other.get(f"{API}/workspace")) == (401, "not_signed_in")


def test_an_owner_sets_the_password_of_others_and_proves_the_own_one(
    product: Product, browser_of: Callable[[str], FlaskClient]
) -> None:
    owner, member = browser_of(OWNER), browser_of(MEMBER)
    form = {"csrf_token": page_token(owner), "user_id": product.user_id(MEMBER), "password": "short"}
    refused = owner.post("/settings/people/password", data=form)
    assert refused.status_code == 422
    assert "Use at least 12 characters." in refused.text
    assert owner.post("/settings/people/password", data={**form, "password": "a password for mia"}).status_code == 303
    assert problem(member.get(f"{API}/workspace")) == (401, "not_signed_in")
    own = owner.post("/settings/people/password", data={**form, "user_id": product.user_id(OWNER)})
    assert own.headers["Location"].endswith("dialog=own-password")
    assert owner.get(f"{API}/workspace").status_code == 200


@pytest.mark.parametrize(("public_url", "secure"), [("https://clynto.example", True), ("http://127.0.0.1:8000", False)])
def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(product: Product, public_url: str, secure: bool) -> None:
    client = create_app(product.services(public_url=public_url)).test_client()
    answer = client.get("/login", base_url=public_url)
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert ("Secure" in cookie) is secure
    assert ("Strict-Transport-Security" in answer.headers) is secure


def test_a_change_needs_the_token_of_the_same_session(
    product: Product, app: Flask, browser_of: Callable[[str], FlaskClient]
) -> None:
    """K8: none, a foreign one, one of a former session."""
    browser, other = browser_of(ADMIN), browser_of(OWNER)
    old = page_token(browser)
    browser.post("/logout", data={"csrf_token": old})
    sign_in(browser, ADMIN)
    for token in (None, "", "nonsense", page_token(other), old):
        headers = {} if token is None else {"X-CSRF-Token": token}
        assert problem(browser.patch(f"{API}/workspace", json=RENAME, headers=headers)) == (403, "csrf_refused")
    assert product.workspace_name() == "Rheinwerk"
    right = {"X-CSRF-Token": page_token(browser)}
    assert browser.patch(f"{API}/workspace", json=RENAME, headers=right).status_code == 200
    assert product.workspace_name() == "Renamed"


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "text/json"],
)
def test_json_in_disguise_is_refused(
    product: Product,
    browser_of: Callable[[str], FlaskClient],
    bearer: Callable[[Role], dict[str, str]],
    content_type: str,
) -> None:
    """K8."""
    browser = browser_of(ADMIN)
    body = '{"name": "Renamed"}'
    assert problem(browser.patch(f"{API}/workspace", data=body, content_type=content_type)) == (403, "csrf_refused")
    headers = {"X-CSRF-Token": page_token(browser)}
    for sent in (headers, bearer(Role.ADMIN)):
        answer = browser.patch(f"{API}/workspace", data=body, content_type=content_type, headers=sent)
        assert problem(answer) == (415, "unsupported_media_type")
    assert product.workspace_name() == "Rheinwerk"


@pytest.mark.parametrize("path", ["/login", "/logout", "/setup"])
def test_a_foreign_page_cannot_send_our_forms(stranger: FlaskClient, path: str) -> None:
    """K8."""
    answer = stranger.post(path, data={"email": OWNER, "password": PASSWORD.reveal()})
    assert answer.status_code == 403
    assert "security token" in answer.text


def test_every_answer_is_for_one_person_only(app: Flask, browser_of: Callable[[str], FlaskClient]) -> None:
    """K9."""
    browser = browser_of(OWNER)
    for rule in app.url_map.iter_rules():
        if rule.endpoint in COOKIELESS_ENDPOINTS:
            continue
        for method in ("GET", "POST", "DELETE"):
            answer = browser.open(rule.rule.replace("<", "").replace(">", ""), method=method)
            assert answer.headers["Cache-Control"] == "no-store", rule.rule
            assert {"cookie", "authorization"} <= {name.lower() for name in answer.vary}, rule.rule


def test_headers_forbid_what_we_do_not_need(stranger: FlaskClient) -> None:
    for path in ("/login", "/no-such-page", f"{API}/users", "/healthz", "/static/clynto.css"):
        with stranger.get(path) as answer:
            headers = answer.headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"


def test_pages_carry_nothing_the_policy_forbids(stranger: FlaskClient) -> None:
    for path in ("/login", "/no-such-page"):
        text = stranger.get(path).text
        assert "<script>" not in text
        assert " style=" not in text
        assert "http://" not in text
        assert "https://" not in text


def test_the_style_sheets_are_served(stranger: FlaskClient) -> None:
    paths = re.findall(r'<link rel="stylesheet" href="([^"]+)"', stranger.get("/no-such-page").text)
    assert paths
    for path in paths:
        with stranger.get(path) as answer:
            assert answer.status_code == 200
            assert "Set-Cookie" not in answer.headers


def test_changing_headers_do_not_lift_the_limit(product: Product, app: Flask, stranger: FlaskClient) -> None:
    """K7."""
    statuses = [
        sign_in(stranger, OWNER, "wrong battery staple", {"X-Forwarded-For": f"203.0.113.{number}"}).status_code
        for number in range(12)
    ]
    assert statuses == [401] * 9 + [429] * 3
    refused = sign_in(stranger, OWNER)
    assert (refused.status_code, refused.headers.get("Retry-After")) == (429, "900")
    elsewhere = app.test_client()
    form = {"email": OWNER, "password": PASSWORD.reveal(), "csrf_token": page_token(elsewhere)}
    answer = elsewhere.post("/login", data=form, environ_base={"REMOTE_ADDR": "198.51.100.20"})
    assert answer.status_code == 303


def test_a_configured_proxy_tells_who_calls(product: Product) -> None:
    client = create_app(product.services(trusted_proxies=1)).test_client()
    statuses = []
    for number in range(12):
        spoofed = f"203.0.113.{number}, 198.51.100.7"
        statuses.append(sign_in(client, OWNER, "wrong battery staple", {"X-Forwarded-For": spoofed}).status_code)
    assert statuses == [401] * 9 + [429] * 3
    assert sign_in(client, OWNER, headers={"X-Forwarded-For": "198.51.100.8"}).status_code == 303


def test_a_wrong_password_shows_the_form_again(stranger: FlaskClient) -> None:
    for email in (OWNER, '"><script>alert(1)</script>'):
        answer = sign_in(stranger, email, "wrong battery staple")
        assert answer.status_code == 401
        assert "Email or password is wrong." in answer.text
        assert "<script>" not in answer.text
        assert "wrong battery staple" not in answer.text


def test_whoever_is_signed_in_goes_on(browser_of: Callable[[str], FlaskClient]) -> None:
    assert browser_of(OWNER).get("/login?next=/inbox").location == "/inbox"


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "", None, "/\nx"]
)
def test_nobody_is_sent_to_a_foreign_address(wanted: str | None) -> None:
    assert local_path(wanted) == FIRST_PAGE


def test_the_first_visit_over_http() -> None:
    product = empty_product()
    client = create_app(product.services()).test_client()
    assert client.get("/login").location == "/setup"
    form = {
        "code": "guess",
        "name": "Acme",
        "owner_email": "ana@acme.example",
        "owner_password": PASSWORD.reveal(),
        "csrf_token": page_token(client),
    }
    refused = client.post("/setup", data=form)
    assert refused.status_code == 422
    assert "not the set-up code" in refused.text
    assert 'role="alert"' not in refused.text, "what is wrong stands at its field"
    assert PASSWORD.reveal() not in refused.text
    assert client.post("/setup", data={**form, "code": SET_UP_CODE.reveal()}).status_code == 303
    assert client.get(f"{API}/workspace").get_json()["name"] == "Acme"
    again = create_app(product.services()).test_client()
    assert again.get("/setup").location == "/login"
    late = {**form, "code": SET_UP_CODE.reveal(), "csrf_token": page_token(again)}
    assert again.post("/setup", data=late).status_code == 409


def test_a_foreign_origin_is_refused_whatever_it_knows(
    product: Product, browser_of: Callable[[str], FlaskClient]
) -> None:
    browser = browser_of(ADMIN)
    headers = {"X-CSRF-Token": page_token(browser)}
    for origin in ("https://evil.example", "null", "http://localhost.evil.example", "http://localhost:1"):
        answer = browser.patch(f"{API}/workspace", json=RENAME, headers={**headers, "Origin": origin})
        assert problem(answer) == (403, "csrf_refused")
    assert product.workspace_name() == "Rheinwerk"
    own = {**headers, "Origin": "http://localhost"}
    assert browser.patch(f"{API}/workspace", json=RENAME, headers=own).status_code == 200


def test_the_public_address_counts_even_behind_a_proxy_that_changes_the_host(product: Product) -> None:
    client = create_app(product.services(public_url="https://clynto.example")).test_client()
    answer = client.get("/no-such-page", base_url="https://upstream:8000")
    found = PAGE_TOKEN.search(answer.text)
    assert found is not None
    form = {"email": OWNER, "password": PASSWORD.reveal(), "csrf_token": found.group(1)}
    sent = client.post(
        "/login", data=form, base_url="https://upstream:8000", headers={"Origin": "https://clynto.example"}
    )
    assert sent.status_code == 303
