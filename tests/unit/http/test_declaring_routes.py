"""What a new page or resource gets by declaring itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from tests.unit.http.browsing import API, page_token, problem
from tests.unit.memory_product import ADMIN, MEMBER, Product

from clynto.domain.errors import WebhookRefused
from clynto.domain.roles import Role
from clynto.entrypoints.http.access import needs, public
from clynto.entrypoints.http.api.strict_input import accepting_body
from clynto.entrypoints.http.app import create_app
from clynto.entrypoints.http.current import actor

CSV_LIMIT = 2_000_000


@needs(Role.ADMIN)
def settings_page() -> str:
    return f"Hello {actor().label}"


@accepting_body("text/csv", largest=CSV_LIMIT)
@needs(Role.ADMIN)
def import_file() -> dict[str, int]:
    return {"bytes": len(request.get_data())}


@public
def webhook(token: str) -> str:
    raise WebhookRefused


@pytest.fixture
def app(product: Product) -> Flask:
    """With a page, an upload and a webhook that others might add."""
    app = create_app(product.services())
    app.add_url_rule("/a-new-page", "a_new_page", settings_page)
    app.add_url_rule(f"{API}/upload", "upload", import_file, methods=["POST"])
    app.add_url_rule("/webhooks/stripe/<token>", "webhook", webhook, methods=["POST"])
    return app


def test_a_page_sends_strangers_to_sign_in_and_back(stranger: FlaskClient) -> None:
    answer = stranger.get("/a-new-page?tab=people")
    assert answer.status_code == 303
    assert answer.location == "/login?next=/a-new-page?tab%3Dpeople"


def test_a_part_of_a_page_leaves_the_page_for_the_sign_in(stranger: FlaskClient) -> None:
    answer = stranger.get("/a-new-page", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/login")


def test_a_page_says_why_it_is_closed(browser_of: Callable[[str], FlaskClient]) -> None:
    answer = browser_of(MEMBER).get("/a-new-page")
    assert (answer.status_code, answer.mimetype) == (403, "text/html")
    assert "needs the role admin" in answer.text
    assert browser_of(ADMIN).get("/a-new-page").text == f"Hello {ADMIN}"


def test_an_upload_has_a_limit_of_its_own(
    app: Flask, browser_of: Callable[[str], FlaskClient], bearer: Callable[[Role], dict[str, str]]
) -> None:
    browser = browser_of(ADMIN)
    for headers in ({"X-CSRF-Token": page_token(browser)}, bearer(Role.ADMIN)):
        answer = browser.post(f"{API}/upload", data=b"x" * CSV_LIMIT, content_type="text/csv", headers=headers)
        assert answer.get_json() == {"bytes": CSV_LIMIT}
        answer = browser.post(f"{API}/upload", data=b"x" * (CSV_LIMIT + 1), content_type="text/csv", headers=headers)
        assert problem(answer) == (413, "payload_too_large")
        answer = browser.post(f"{API}/upload", json={}, headers=headers)
        assert problem(answer) == (415, "unsupported_media_type")


def test_a_webhook_needs_no_cookie_and_no_token_and_gets_none(stranger: FlaskClient) -> None:
    answers = [stranger.post(f"/webhooks/stripe/{token}", data=b"{}") for token in ("known", "unknown")]
    for answer in answers:
        assert problem(answer) == (400, "webhook_refused")
        assert "Set-Cookie" not in answer.headers
    assert answers[0].data == answers[1].data
    assert list(answers[0].headers) == list(answers[1].headers)
