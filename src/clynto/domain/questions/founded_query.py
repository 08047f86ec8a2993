"""Whether a proposed query comes from the question: its words echo in the answer, so none may be a stranger's.

A typed query is closed but for the names of accounts, plans and products and for amounts. A language model that made
those up, or was talked into it by a name in the question, would put its own words before a person (ADR 0033).
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from clynto.domain.health import FULL_SCORE, OK_FROM, WARNING_FROM
from clynto.domain.questions.filters import (
    AmountRange,
    Filter,
    HasProduct,
    HealthIs,
    NotOnPlan,
    OnPlan,
    WithoutProduct,
)
from clynto.domain.questions.lists import Invoices, Subscriptions
from clynto.domain.questions.query import Accounts, Figure, Query, Whether, accounts_named_by
from clynto.domain.questions.stated_numbers import numbers_stated
from clynto.domain.questions.understanding.words import folded

_HEALTH_EDGES = frozenset({0, WARNING_FROM - 1, WARNING_FROM, OK_FROM - 1, OK_FROM, FULL_SCORE})


def is_founded(query: Query, question: str, previous: Query | None = None) -> bool:
    """Whether every name in ``query`` stands in ``question`` or in ``previous``, and every bound of an amount too.

    Health scores may also be bounded by the edges of their levels, for which there are words."""
    text = folded(question)
    known_names = set() if previous is None else {folded(name) for name in _names(previous)}
    if any(folded(name) not in text and folded(name) not in known_names for name in _names(query)):
        return False
    known = {stated.value for stated in numbers_stated(question)}
    known |= set() if previous is None else set(_bounds(previous))
    return all(bound in known for bound in _bounds(query)) and all(
        score in _HEALTH_EDGES or score in known for score in _scores(query)
    )


def _filters(query: Query) -> tuple[Filter, ...]:
    return query.filters if isinstance(query, Accounts | Figure | Whether) else ()


def _names(query: Query) -> Iterable[str]:
    yield from accounts_named_by(query)
    for condition in _filters(query):
        if isinstance(condition, OnPlan | HasProduct | NotOnPlan | WithoutProduct):
            yield condition.name
    if isinstance(query, Subscriptions) and query.plan is not None:
        yield query.plan


def _bounds(query: Query) -> Iterable[Fraction]:
    if isinstance(query, Invoices):
        yield from (bound for bound in query.bounds if bound is not None)
        if query.days_late is not None:
            yield Fraction(query.days_late)
    for condition in _filters(query):
        if isinstance(condition, AmountRange):
            yield from (bound for bound in condition.bounds if bound is not None)


def _scores(query: Query) -> Iterable[int]:
    for condition in _filters(query):
        if isinstance(condition, HealthIs):
            yield from (score for score in (condition.minimum, condition.maximum) if score is not None)
