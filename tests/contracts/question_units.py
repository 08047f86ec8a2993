"""Units of work with what Larry needs beside the stores, over memory and over SQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from clynto.adapters.memory.database import MemoryDatabase, Transaction
from clynto.adapters.memory.question_data import MemoryQuestionData
from clynto.adapters.memory.question_history import MemoryQuestionHistory
from clynto.adapters.memory.question_names import MemoryQuestionNames
from clynto.adapters.memory.unit_of_work import MemoryUnitOfWork
from clynto.adapters.sql.question_data import SqlQuestionData
from clynto.adapters.sql.question_history import SqlQuestionHistory
from clynto.adapters.sql.question_names import SqlQuestionNames
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.transactions import opened
from clynto.adapters.sql.unit_of_work import SqlUnitOfWork


class MemoryQuestionUnit(MemoryUnitOfWork):
    """See ``ports.question_unit.QuestionUnit``."""

    def __init__(self, transaction: Transaction) -> None:
        super().__init__(transaction)
        self.question_names = MemoryQuestionNames(transaction)
        self.question_data = MemoryQuestionData(transaction)
        self.question_history = MemoryQuestionHistory(transaction)


class MemoryQuestionUnits:
    """See ``ports.question_unit.QuestionUnits``."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    @contextmanager
    def writing(self, workspace_id: str) -> Iterator[MemoryQuestionUnit]:
        """A transaction that may write."""
        with self._database.writing():
            yield MemoryQuestionUnit(Transaction(self._database, workspace_id, read_only=False))

    @contextmanager
    def reading(self, workspace_id: str) -> Iterator[MemoryQuestionUnit]:
        """A consistent snapshot."""
        yield MemoryQuestionUnit(Transaction(self._database, workspace_id, read_only=True))


class SqlQuestionUnit(SqlUnitOfWork):
    """See ``ports.question_unit.QuestionUnit``."""

    def __init__(self, connection: Connection, workspace_id: str, *, writes: bool) -> None:
        super().__init__(connection, workspace_id, writes=writes)
        scope = Scope(connection, workspace_id)
        self.question_names = SqlQuestionNames(scope)
        self.question_data = SqlQuestionData(scope)
        self.question_history = SqlQuestionHistory(scope)


class SqlQuestionUnits:
    """See ``ports.question_unit.QuestionUnits``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def writing(self, workspace_id: str) -> Iterator[SqlQuestionUnit]:
        """A transaction that may write."""
        with opened(self._engine, writing=True) as connection:
            yield SqlQuestionUnit(connection, workspace_id, writes=True)

    @contextmanager
    def reading(self, workspace_id: str) -> Iterator[SqlQuestionUnit]:
        """A consistent snapshot."""
        with opened(self._engine, writing=False) as connection:
            yield SqlQuestionUnit(connection, workspace_id, writes=False)
