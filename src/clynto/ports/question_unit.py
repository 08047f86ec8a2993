"""The unit of work that Larry reads and writes in."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from clynto.ports.question_data import QuestionData
from clynto.ports.question_history import QuestionHistory
from clynto.ports.question_names import QuestionNames
from clynto.ports.unit_of_work import UnitOfWork


class QuestionUnit(UnitOfWork, Protocol):
    """A unit of work with the reads that questions need and the history of questions."""

    @property
    def question_names(self) -> QuestionNames: ...
    @property
    def question_data(self) -> QuestionData: ...
    @property
    def question_history(self) -> QuestionHistory: ...


class QuestionUnits(Protocol):
    """Begins such units; see ``ports.unit_of_work.UnitsOfWork``."""

    def writing(self, workspace_id: str, *, repeatable: bool = False) -> AbstractContextManager[QuestionUnit]:
        """A transaction that may write."""
        ...

    def reading(self, workspace_id: str) -> AbstractContextManager[QuestionUnit]:
        """A consistent snapshot."""
        ...
