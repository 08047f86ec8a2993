"""Larry's own sentences before the checker: every amount in them stands in the result."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.contracts.question_world import fill
from tests.contracts.samples import HERE, MOMENT

from clynto.adapters.memory.database import MemoryDatabase
from clynto.adapters.memory.sequential_identifiers import SequentialIdentifiers
from clynto.adapters.memory.settable_clock import SettableClock
from clynto.adapters.memory.unit_of_work import MemoryUnitsOfWork
from clynto.adapters.text_matching.near_words import RapidfuzzNearWords
from clynto.application.actor import Actor
from clynto.application.answer_question import AnswerQuestion
from clynto.application.queries.run_query import RunQuery
from clynto.domain.money_view import MoneyView
from clynto.domain.questions.answers import Answer
from clynto.domain.questions.founded_answer import unfounded_numbers
from clynto.domain.questions.suggestions import examples
from clynto.domain.roles import Role

_SIGNS = ("$", "€", "¥", "£")


@pytest.fixture(scope="module")
def ask() -> AnswerQuestion:
    units = MemoryUnitsOfWork(MemoryDatabase())
    fill(units)
    clock = SettableClock()
    clock.set(MOMENT)
    near = RapidfuzzNearWords()
    return AnswerQuestion(
        units=units,
        run_query=RunQuery(units=units, clock=clock, near_words=near),
        clock=clock,
        identifiers=SequentialIdentifiers(),
        near_words=near,
    )


def _money_of(result: Answer) -> Iterator[str]:
    views = [figure.money for figure in result.figures if figure.money is not None]
    views += [cell for row in result.table.rows for cell in row.cells if isinstance(cell, MoneyView)]
    views += [point.amount for point in result.points]
    views += [] if result.coverage is None else [result.coverage.unmatched_mrr]
    for view in views:
        yield f"{view.amount} {view.currency or ''}"
        yield from (f"{amount} {currency}" for currency, amount in view.by_currency.items())


@pytest.mark.parametrize("question", [question.replace("Acme", "Hooli") for question in examples()])
def test_every_amount_that_is_said_stands_in_the_result(ask: AnswerQuestion, question: str) -> None:
    answered = ask(Actor(HERE, Role.MEMBER, "mia@rheinwerk.example"), question)
    assert answered.result is not None
    names = [citation.label for citation in answered.result.citations]
    strange = unfounded_numbers(answered.answer, figures=_money_of(answered.result), names=names)
    assert [number for number in strange if any(sign in number for sign in _SIGNS)] == []
    if any(sign in answered.answer for sign in _SIGNS):
        lie = answered.answer.replace("€", "€1").replace("$", "$1").replace("¥", "¥1").replace("£", "£1")
        assert unfounded_numbers(lie, figures=_money_of(answered.result), names=names) != strange
