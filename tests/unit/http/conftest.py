"""The web application over the product in memory."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from tests.unit.http.acme import billing_story, save_secret
from tests.unit.http.browsing import sign_in
from tests.unit.memory_product import Product, furnished_product

from clynto.domain.roles import Role
from clynto.entrypoints.http.app import create_app
from clynto.entrypoints.http.current import SERVICES_KEY


@pytest.fixture
def product() -> Product:
    """A workspace with one person of each role, in memory."""
    return furnished_product()


@pytest.fixture
def ready(product: Product) -> Product:
    """Connected, with a signing secret."""
    billing_story(product)
    save_secret(product)
    return product


@pytest.fixture(scope="session")
def shared_app() -> Flask:
    """As in production: nothing is switched off for tests. To compile its routes and templates takes 0.1 s, which all
    tests share."""
    return create_app(furnished_product().services())


@pytest.fixture
def app(shared_app: Flask, product: Product) -> Flask:
    """The application over the test's own product. A test that changes the application itself makes one."""
    shared_app.extensions[SERVICES_KEY] = product.services()
    return shared_app


@pytest.fixture
def stranger(app: Flask) -> FlaskClient:
    """A browser nobody is signed in to."""
    return app.test_client()


@pytest.fixture
def browser_of(app: Flask) -> Callable[[str], FlaskClient]:
    """Opens a browser that somebody is signed in to."""

    def open_browser(email: str) -> FlaskClient:
        client = app.test_client()
        assert sign_in(client, email).status_code == 303
        return client

    return open_browser


@pytest.fixture
def bearer(product: Product) -> Callable[[Role], dict[str, str]]:
    """Headers of a script with a token of that role."""

    def headers(role: Role) -> dict[str, str]:
        return {"Authorization": f"Bearer {product.token_of(role).reveal()}"}

    return headers


@pytest.fixture
def admin(app: Flask, bearer: Callable[[Role], dict[str, str]]) -> FlaskClient:
    """A script that may do all but the owner's deeds."""
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = bearer(Role.ADMIN)["Authorization"]
    return client
