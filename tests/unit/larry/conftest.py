"""The portfolio that questions are asked about."""

from __future__ import annotations

import pytest
from tests.contracts.question_world import fill

from clynto.adapters.memory.database import MemoryDatabase
from clynto.adapters.memory.unit_of_work import MemoryUnitsOfWork


@pytest.fixture(scope="session")
def database() -> MemoryDatabase:
    """Filled once; the tests that share it only read."""
    held = MemoryDatabase()
    fill(MemoryUnitsOfWork(held))
    return held


@pytest.fixture
def units(database: MemoryDatabase) -> MemoryUnitsOfWork:
    """Over the shared portfolio."""
    return MemoryUnitsOfWork(database)
