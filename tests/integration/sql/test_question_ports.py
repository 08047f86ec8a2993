"""The SQL reads of questions keep their contracts, on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from tests.contracts.question_data_contract import QuestionDataContract, fill_for_data
from tests.contracts.question_history_contract import QuestionHistoryContract
from tests.contracts.question_names_contract import QuestionNamesContract, fill_for_names
from tests.contracts.question_readers import plain_units
from tests.integration.sql.filled_databases import FilledDatabases

from clynto.adapters.sql.unit_of_work import SqlUnitsOfWork

__all__ = ["plain_units"]

BOTH = [
    pytest.param("sqlite", marks=pytest.mark.xdist_group("questions-sqlite")),
    pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.xdist_group("questions-postgresql")]),
]
"""Who reads the same database stays together: else each worker would fill one of its own."""


@pytest.fixture(scope="module")
def filled_databases(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FilledDatabases]:
    databases = FilledDatabases(request, tmp_path_factory.mktemp("filled"))
    yield databases
    databases.close()


class TestQuestionHistory(QuestionHistoryContract):
    """``SqlQuestionHistory``."""


class TestQuestionNames(QuestionNamesContract):
    """``SqlQuestionNames``."""

    @pytest.fixture(params=BOTH)
    def engine(self, request: pytest.FixtureRequest, filled_databases: FilledDatabases) -> Engine:
        return filled_databases.engine(request.param, fill_for_names)


class TestQuestionData(QuestionDataContract):
    """``SqlQuestionData``."""

    @pytest.fixture(params=BOTH)
    def engine(self, request: pytest.FixtureRequest, filled_databases: FilledDatabases) -> Engine:
        return filled_databases.engine(request.param, fill_for_data)


class TestQuestionDataOfMany(TestQuestionData):
    """``SqlQuestionData`` where accounts, or all but a few of them, are too many to be held in memory."""

    measured_by = 3

    @pytest.fixture(params=[0, 9])
    def units(self, engine: Engine, request: pytest.FixtureRequest) -> SqlUnitsOfWork:
        return SqlUnitsOfWork(engine, most_held=request.param)
