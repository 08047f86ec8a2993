"""The SQL reads of questions keep their contracts, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine
from tests.contracts.question_data_contract import QuestionDataContract
from tests.contracts.question_history_contract import QuestionHistoryContract
from tests.contracts.question_names_contract import QuestionNamesContract
from tests.contracts.question_readers import plain_units
from tests.contracts.question_world import fill
from tests.contracts.samples import THERE
from tests.integration.sql.kept_rows import filled_once

from clynto.adapters.sql.unit_of_work import SqlUnitsOfWork

__all__ = ["plain_units"]


class TestQuestionHistory(QuestionHistoryContract):
    """``SqlQuestionHistory``."""


class TestQuestionNames(QuestionNamesContract):
    """``SqlQuestionNames``."""


class TestQuestionData(QuestionDataContract):
    """``SqlQuestionData``."""

    @pytest.fixture(autouse=True)
    def _filled(self, _stored_workspaces: None, engine: Engine, units: SqlUnitsOfWork) -> None:
        def fill_both() -> None:
            fill(units)
            fill(units, THERE, seed=23)

        filled_once(engine, "two portfolios", fill_both)


class TestQuestionDataOfMany(TestQuestionData):
    """``SqlQuestionData`` where accounts, or all but a few of them, are too many to be held in memory."""

    measured_by = 3

    @pytest.fixture(params=[0, 9])
    def units(self, engine: Engine, request: pytest.FixtureRequest) -> SqlUnitsOfWork:
        return SqlUnitsOfWork(engine, most_held=request.param)
