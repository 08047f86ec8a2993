"""A browser and a script, as far as the product can tell them apart."""

from __future__ import annotations

import re
from typing import Any

from flask.testing import FlaskClient
from tests.unit.memory_product import PASSWORD
from werkzeug.test import TestResponse

API = "/api/v1"
PAGE_TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')


def page_token(client: FlaskClient) -> str:
    """The token of the page that is open: here one that everybody gets to see."""
    found = PAGE_TOKEN.search(client.get("/no-such-page").text)
    assert found is not None
    return found.group(1)


def sign_in(
    client: FlaskClient, email: str, password: str = PASSWORD.reveal(), headers: dict[str, str] | None = None
) -> TestResponse:
    """Fill in the form and send it."""
    form = {"email": email, "password": password, "csrf_token": page_token(client)}
    return client.post("/login", data=form, headers=headers)


def problem(response: TestResponse) -> tuple[int, str]:
    """Status and code of a problem document, after checking its form."""
    assert response.content_type == "application/problem+json"
    document: dict[str, Any] = response.get_json()
    assert {"status", "title", "detail", "code"} <= set(document)
    assert document["status"] == response.status_code
    return response.status_code, str(document["code"])
