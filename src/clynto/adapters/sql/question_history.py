"""Questions that were asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select, tuple_

from clynto.adapters.sql.bulk_writing import upsert
from clynto.adapters.sql.documents import clean_or_none, clean_text
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables_questions import questions
from clynto.domain.moments import UnixMicros
from clynto.ports.question_history import KeptQuestion


class SqlQuestionHistory:
    """See ``ports.question_history.QuestionHistory``."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def add(self, question: KeptQuestion) -> None:
        """Keep it."""
        row = {
            "id": clean_text(question.id),
            "conversation_id": clean_text(question.conversation_id),
            "asked_by": clean_text(question.asked_by),
            "question": clean_text(question.question),
            "query": clean_or_none(question.query),
            "answer": clean_text(question.answer),
            "at": question.at,
        }
        upsert(self._scope, questions, [row])

    def newest(self, *, limit: int, before: str | None = None) -> Sequence[KeptQuestion]:
        """Newest first."""
        query = select(questions).where(self._scope.here(questions))
        if before is not None:
            last = select(questions.c.at, questions.c.id).where(self._scope.one(questions, id=clean_text(before)))
            place = self._scope.connection.execute(last).one_or_none()
            if place is None:
                return []
            query = query.where(tuple_(questions.c.at, questions.c.id) < tuple_(place.at, place.id))
        return self._read(query, limit)

    def conversation(self, conversation_id: str, *, asked_by: str, limit: int) -> Sequence[KeptQuestion]:
        """Newest first, of the person's own conversation."""
        own = self._scope.one(questions, conversation_id=clean_text(conversation_id), asked_by=clean_text(asked_by))
        return self._read(select(questions).where(own), limit)

    def _read(self, query: Select[Any], limit: int) -> Sequence[KeptQuestion]:
        ordered = query.order_by(questions.c.at.desc(), questions.c.id.desc()).limit(limit)
        return [
            KeptQuestion(
                id=row.id,
                conversation_id=row.conversation_id,
                asked_by=row.asked_by,
                question=row.question,
                query=row.query,
                answer=row.answer,
                at=UnixMicros(row.at),
            )
            for row in self._scope.connection.execute(ordered)
        ]
