"""A sandbox to read from, shared by the tests that do not change it, and tools to ask it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import pytest
import requests

from stripe_sandbox import PortfolioPlan, SandboxServer, World, build_portfolio, create_catalog, keys

NOW = 1_795_345_200  # 22 November 2026, 11:00 UTC


class Ask(Protocol):
    """Sends a GET to a server and returns the answer."""

    def __call__(
        self, path: str, *, key: str | None = ..., version: str | None = ..., **params: Any
    ) -> requests.Response: ...


def asking(base: str, session: requests.Session) -> Ask:
    """Return a way to ask the server at that address; the full key is used unless told."""

    def ask(
        path: str, *, key: str | None = keys.FULL_TEST_KEY, version: str | None = None, **params: Any
    ) -> requests.Response:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        if version is not None:
            headers["Stripe-Version"] = version
        address = path if path.startswith("http") else base + path
        return session.get(address, headers=headers, params=params, timeout=10)

    return ask


@pytest.fixture(scope="session")
def now() -> int:
    return NOW


@pytest.fixture(scope="session")
def session() -> Iterator[requests.Session]:
    with requests.Session() as shared:
        shared.trust_env = False
        yield shared


@pytest.fixture(scope="session")
def portfolio() -> World:
    """The special customers and some ordinary ones. Tests only read from it."""
    return build_portfolio(PortfolioPlan(seed=7, customers=150, now=NOW))


@pytest.fixture(scope="session")
def portfolio_server(portfolio: World) -> Iterator[SandboxServer]:
    with SandboxServer(portfolio) as server:
        yield server


@pytest.fixture(scope="session")
def ask(portfolio_server: SandboxServer, session: requests.Session) -> Ask:
    return asking(portfolio_server.url, session)


@pytest.fixture
def world() -> World:
    """An empty account for a test to do with as it likes; `prices` fills its catalogue."""
    return World(seed=3, now=NOW)


@pytest.fixture
def prices(world: World) -> dict[str, str]:
    """The catalogue's price ids by short name."""
    return create_catalog(world).prices


@pytest.fixture
def server(world: World) -> Iterator[SandboxServer]:
    with SandboxServer(world) as running:
        yield running


@pytest.fixture
def ask_own(server: SandboxServer, session: requests.Session) -> Ask:
    """Asks the server of this test's own world."""
    return asking(server.url, session)
