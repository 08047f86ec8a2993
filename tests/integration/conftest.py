"""One PostgreSQL server for all integration tests: a fixture that each folder imported would start once a folder."""

from __future__ import annotations

import pytest
from tests.integration.postgres_server import postgres_server

__all__ = ["postgres_server"]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that share an installation stay on one worker, or the run stops; and they begin before all others.

    pytest-xdist takes the largest groups first, and a group of one test in the order in which it was collected: half a
    minute of stories that began behind two thousand quick tests would end with one worker at work and the others idle.

    pytest-xdist 3.8 groups by changing ids, which pytest 9.2 does not let it do any more (pytest-xdist issue 1386):
    nothing fails then, but every worker starts every installation.
    """
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)
    if not getattr(config.option, "loadgroup", False):
        return
    for item in items:
        if item.get_closest_marker("xdist_group") is not None and "@" not in item.nodeid.rpartition("]")[2]:
            raise pytest.UsageError("pytest-xdist does not group tests: use a pytest that it can group with")
