"""Somebody else's reading of a question, such as a language model's: a proposal of a typed query, no more."""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from clynto.domain.questions.query import Query


class QueryPlanner(Protocol):
    """Asked only where the grammar did not understand. Told the question and the language of typed queries, never what
    is stored in the workspace."""

    def plan(self, question: str, *, today: dt.date, previous: Query | None) -> Query | None:
        """What ``question`` asks on ``today`` (UTC); ``previous`` is the query that the conversation asked last.

        None: no query of the language is meant, or what came back was none. No answer of a model raises, however
        wrong it is. A query that comes back is well-formed and nothing more: whoever runs it has to see whether its
        names and amounts come from the question (``domain.questions.founded_query``).

        Raises ``PlannerUnreachable`` if there is no answer in time, or one that says that it cannot serve us."""
        ...
