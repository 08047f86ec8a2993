"""Questions that were asked in the workspace (issue "Larry", history)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clynto.application.actor import Actor
from clynto.domain.roles import Role
from clynto.ports.question_history import KeptQuestion
from clynto.ports.question_unit import QuestionUnits

CONVERSATION_SHOWN = 30
NEWEST_SHOWN = 15


@dataclass(frozen=True, slots=True)
class QuestionsPage:
    """``next_before`` continues behind the last question; None: this was the last page."""

    questions: Sequence[KeptQuestion]
    next_before: str | None


class ReadQuestions:
    """Any member may look."""

    def __init__(self, *, units: QuestionUnits) -> None:
        self._units = units

    def newest(self, actor: Actor) -> Sequence[KeptQuestion]:
        """What was asked last by anybody in the workspace, newest first."""
        actor.must_be(Role.MEMBER)
        with self._units.reading(actor.workspace_id) as unit:
            return unit.question_history.newest(limit=NEWEST_SHOWN)

    def page(self, actor: Actor, *, limit: int, before: str | None = None) -> QuestionsPage:
        """What was asked by anybody in the workspace, newest first, behind the question with the id ``before``."""
        actor.must_be(Role.MEMBER)
        with self._units.reading(actor.workspace_id) as unit:
            held = unit.question_history.newest(limit=limit + 1, before=before)
        shown = held[:limit]
        return QuestionsPage(shown, shown[-1].id if len(held) > limit else None)

    def conversation(self, actor: Actor, conversation_id: str) -> Sequence[KeptQuestion]:
        """The actor's own conversation, oldest first; empty for anybody else's."""
        actor.must_be(Role.MEMBER)
        with self._units.reading(actor.workspace_id) as unit:
            held = unit.question_history.conversation(conversation_id, asked_by=actor.label, limit=CONVERSATION_SHOWN)
        return list(reversed(held))
