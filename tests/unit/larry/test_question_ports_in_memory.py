"""The in-memory reads of questions keep their contracts."""

from __future__ import annotations

import pytest
from tests.contracts.question_data_contract import QuestionDataContract, fill_for_data
from tests.contracts.question_history_contract import QuestionHistoryContract
from tests.contracts.question_names_contract import QuestionNamesContract, fill_for_names
from tests.contracts.question_readers import plain_units

from clynto.adapters.memory.unit_of_work import MemoryUnitsOfWork

__all__ = ["plain_units"]


@pytest.fixture
def units() -> MemoryUnitsOfWork:
    """Over an empty database."""
    return MemoryUnitsOfWork()


@pytest.fixture(scope="module")
def names_units() -> MemoryUnitsOfWork:
    units = MemoryUnitsOfWork()
    fill_for_names(units)
    return units


@pytest.fixture(scope="module")
def data_units() -> MemoryUnitsOfWork:
    units = MemoryUnitsOfWork()
    fill_for_data(units)
    return units


class TestQuestionHistory(QuestionHistoryContract):
    """``MemoryQuestionHistory``."""


class TestQuestionNames(QuestionNamesContract):
    """``MemoryQuestionNames``."""

    @pytest.fixture
    def units(self, names_units: MemoryUnitsOfWork) -> MemoryUnitsOfWork:
        return names_units


class TestQuestionData(QuestionDataContract):
    """``MemoryQuestionData``."""

    @pytest.fixture
    def units(self, data_units: MemoryUnitsOfWork) -> MemoryUnitsOfWork:
        return data_units
