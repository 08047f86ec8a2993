"""The in-memory reads of questions keep their contracts."""

from __future__ import annotations

import pytest
from tests.contracts.question_data_contract import QuestionDataContract
from tests.contracts.question_history_contract import QuestionHistoryContract
from tests.contracts.question_names_contract import QuestionNamesContract
from tests.contracts.question_readers import plain_units

from clynto.adapters.memory.unit_of_work import MemoryUnitsOfWork

__all__ = ["plain_units"]


@pytest.fixture
def units() -> MemoryUnitsOfWork:
    """Over an empty database."""
    return MemoryUnitsOfWork()


class TestQuestionHistory(QuestionHistoryContract):
    """``MemoryQuestionHistory``."""


class TestQuestionNames(QuestionNamesContract):
    """``MemoryQuestionNames``."""


class TestQuestionData(QuestionDataContract):
    """``MemoryQuestionData``."""
