"""The reads of questions that are tested, beside those that they are compared with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.contracts.question_world import fill
from tests.contracts.samples import HERE

from clynto.adapters.memory.database import MemoryDatabase
from clynto.adapters.memory.unit_of_work import MemoryUnitsOfWork
from clynto.ports.question_data import QuestionData
from clynto.ports.question_unit import QuestionUnits


@pytest.fixture(scope="module")
def plain_units() -> MemoryUnitsOfWork:
    """The same portfolio over the plain arithmetic that everybody is compared with."""
    units = MemoryUnitsOfWork(MemoryDatabase())
    fill(units)
    return units


@contextmanager
def both(units: QuestionUnits, plain_units: MemoryUnitsOfWork) -> Iterator[tuple[QuestionData, QuestionData]]:
    """What is tested, and what it is compared with."""
    with units.reading(HERE) as unit, plain_units.reading(HERE) as plain:
        yield unit.question_data, plain.question_data
