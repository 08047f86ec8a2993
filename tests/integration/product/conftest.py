"""Stages that many tests share, two for each database. Every test takes workspaces and Stripe accounts of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from tests.integration.postgres_server import PostgresServer
from tests.integration.product.seller import small_seller
from tests.integration.product.stage import Stage, staged

SQLITE = pytest.param("sqlite", marks=pytest.mark.xdist_group("product-sqlite"))
POSTGRESQL = pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.xdist_group("product-postgresql")])
OTHER_STAGE = {"test_faulty_stripe", "test_connecting", "test_many_at_once", "test_accounts_import"}
"""On a stage of their own, so that a second worker can take them: together they last as long as all the others."""


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist takes down the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here starts real processes; who shares a stage stays together."""
    for item in items:
        if "product" in item.path.parts and "integration" in item.path.parts:
            item.add_marker(pytest.mark.processes)
            if item.path.stem in OTHER_STAGE and item.get_closest_marker("xdist_group") is not None:
                # Added to the group of the database: pytest-xdist joins the names.
                item.add_marker(pytest.mark.xdist_group("other-stage"))


@pytest.fixture(scope="session", params=[SQLITE, POSTGRESQL])
def shared_stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One web server and one worker over each database."""
    folder = tmp_path_factory.mktemp(f"stage-{request.param}")
    with ExitStack() as ending:
        environ: dict[str, str] = {}
        if request.param == "postgresql":
            server: PostgresServer = request.getfixturevalue("postgres_server")
            environ["DATABASE_URL"] = ending.enter_context(server.database(migrated=False))
        yield ending.enter_context(staged(folder, [small_seller(1)], environ))


@pytest.fixture
def stage(shared_stage: Stage) -> Iterator[Stage]:
    """All parts in place, whatever the test before did; Stripe was only read from (guarantee 10)."""
    shared_stage.put_right()
    yield shared_stage
    shared_stage.sandbox.world.traffic.faults.clear()
    assert shared_stage.sandbox.world.request_log.violations == 0
