"""A planner whose model is a table of answers."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from clynto.domain.errors import PlannerUnreachable
from clynto.domain.questions.model_answer import query_of_answer
from clynto.domain.questions.query import Query


@dataclass(slots=True)
class MemoryQueryPlanner:
    """See ``ports.query_planner.QueryPlanner``. ``answers`` holds what the model writes, by question; to others it
    answers that no query is meant. ``asked`` is what it was told, in order."""

    answers: dict[str, str] = field(default_factory=dict)
    reachable: bool = True
    asked: list[tuple[str, dt.date, Query | None]] = field(default_factory=list)

    def plan(self, question: str, *, today: dt.date, previous: Query | None) -> Query | None:
        """What the table says."""
        self.asked.append((question, today, previous))
        if not self.reachable:
            raise PlannerUnreachable
        return query_of_answer(self.answers.get(question, '{"query": null}'))
