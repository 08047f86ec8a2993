"""Which questions were asked in a workspace, and what was answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from clynto.domain.moments import UnixMicros


@dataclass(frozen=True, slots=True)
class KeptQuestion:
    """``query`` is the typed query as text, None if there was none. ``asked_by`` is the actor's label.

    ``conversation_id`` is shared by questions that follow each other; ids made later sort after ids made earlier."""

    id: str
    conversation_id: str
    asked_by: str
    question: str
    query: str | None
    answer: str
    at: UnixMicros


class QuestionHistory(Protocol):
    """The questions of one workspace."""

    def add(self, question: KeptQuestion) -> None:
        """Keep it."""
        ...

    def newest(self, *, limit: int, before: str | None = None) -> Sequence[KeptQuestion]:
        """Newest first, then by id, highest first; ``before`` is the id of the last one of a former page."""
        ...

    def conversation(self, conversation_id: str, *, asked_by: str, limit: int) -> Sequence[KeptQuestion]:
        """The newest questions of a conversation that this person led, newest first; none for anybody else's."""
        ...
