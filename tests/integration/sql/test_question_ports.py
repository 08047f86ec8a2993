"""The SQL reads of questions keep their contracts, on both databases."""

from __future__ import annotations

from tests.contracts.question_data_contract import QuestionDataContract, plain_units
from tests.contracts.question_history_contract import QuestionHistoryContract
from tests.contracts.question_names_contract import QuestionNamesContract

__all__ = ["plain_units"]


class TestQuestionHistory(QuestionHistoryContract):
    """``SqlQuestionHistory``."""


class TestQuestionNames(QuestionNamesContract):
    """``SqlQuestionNames``."""


class TestQuestionData(QuestionDataContract):
    """``SqlQuestionData``."""
