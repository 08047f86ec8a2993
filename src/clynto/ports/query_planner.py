"""A language model that may turn a question into a typed query, and nothing else (issue "Larry", planner port)."""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from clynto.domain.questions.query import Query


class QueryPlanner(Protocol):
    """Asked only where the grammar did not understand. What it returns is run like any other typed query."""

    def plan(self, question: str, *, today: dt.date, previous: Query | None) -> Query | None:
        """The typed query that ``question`` asks on ``today`` (UTC), perhaps in the light of the ``previous`` one.

        None: it has none, or did not answer in time. Never raises for a fault of the model.
        """
        ...
