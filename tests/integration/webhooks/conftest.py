"""The running product, once for each file and database.

A product of its own for each file: whatever time is let go by, the product recomputes for every workspace that earlier
tests left, and files with a product of their own can run beside each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.postgres_server import PostgresServer
from tests.integration.webhooks.billed_workspace import StripeAccount
from tests.integration.webhooks.running_product import RunningProduct

BOTH = [
    pytest.param("sqlite", marks=pytest.mark.xdist_group("webhooks-sqlite")),
    pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.xdist_group("webhooks-postgresql")]),
]


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist takes down the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here starts real processes; who shares a product stays together."""
    for item in items:
        if "webhooks" in item.path.parts and "integration" in item.path.parts:
            item.add_marker(pytest.mark.processes)
            if item.get_closest_marker("xdist_group") is not None:
                # Added to the group of the database: pytest-xdist joins the names.
                item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.fixture(scope="module", params=BOTH)
def shared_product(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningProduct]:
    """On SQLite and on PostgreSQL."""
    folder = tmp_path_factory.mktemp(f"product-{request.param}")
    if request.param == "sqlite":
        yield from _running(folder, None)
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with server.database() as url:
        yield from _running(folder, url)


def _running(folder: Path, url: str | None) -> Iterator[RunningProduct]:
    product = RunningProduct(folder, url)
    try:
        product.start()
        yield product
    finally:
        product.stop()


@pytest.fixture
def product(shared_product: RunningProduct) -> Iterator[RunningProduct]:
    """All parts in place, whatever the test before did."""
    shared_product.put_right()
    yield shared_product
    shared_product.stripe.control.clear_faults()


@pytest.fixture
def account(product: RunningProduct) -> StripeAccount:
    """A Stripe account of the test's own."""
    return product.stripe_account()
