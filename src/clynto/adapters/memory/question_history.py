"""Questions that were asked, in memory."""

from __future__ import annotations

from collections.abc import Sequence

from clynto.adapters.memory.database import Transaction
from clynto.ports.question_history import KeptQuestion


class MemoryQuestionHistory:
    """See ``ports.question_history.QuestionHistory``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add(self, question: KeptQuestion) -> None:
        """Keep it."""
        self._transaction.changing().questions[question.id] = question

    def newest(self, *, limit: int, before: str | None = None) -> Sequence[KeptQuestion]:
        """Newest first."""
        held = self._newest_first()
        if before is not None:
            places = [place for place, question in enumerate(held) if question.id == before]
            held = held[places[0] + 1 :] if places else []
        return held[:limit]

    def conversation(self, conversation_id: str, *, asked_by: str, limit: int) -> Sequence[KeptQuestion]:
        """Newest first, of the person's own conversation."""
        own = [
            question
            for question in self._newest_first()
            if question.conversation_id == conversation_id and question.asked_by == asked_by
        ]
        return own[:limit]

    def _newest_first(self) -> list[KeptQuestion]:
        held = self._transaction.records.questions.values()
        return sorted(held, key=lambda question: (question.at, question.id), reverse=True)
