"""The portfolio that questions are asked about."""

from __future__ import annotations

import pytest
from tests.contracts.question_units import MemoryQuestionUnits
from tests.contracts.question_world import fill

from clynto.adapters.memory.database import MemoryDatabase


@pytest.fixture(scope="session")
def database() -> MemoryDatabase:
    """Filled once; the tests that share it only read."""
    held = MemoryDatabase()
    fill(MemoryQuestionUnits(held))
    return held


@pytest.fixture
def units(database: MemoryDatabase) -> MemoryQuestionUnits:
    """Over the shared portfolio."""
    return MemoryQuestionUnits(database)
