"""How the question set says what is right: exact figures and rows, worked out from the seller's books."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from tests.integration.larry.books import Bag, Books, plain_sum, texts

from clynto.application.answer_question import Answered
from clynto.domain.questions.answers import Answer, AnswerFigure
from clynto.domain.questions.text_form import print_query

Bags = Callable[[Books], Bag]
Names = Callable[[Books], Iterable[str]]
SHOWN = 20
"""Rows of an answer, if the question names no number."""


class Check(Protocol):
    """Fails by ``assert`` if the answer is not what the books say."""

    def __call__(self, answered: Answered, books: Books) -> None: ...


@dataclass(frozen=True, slots=True)
class Case:
    """``before`` are the questions that led up to it in the same conversation; ``about`` the account whose page it is
    asked on."""

    family: str
    question: str
    check: Check
    before: tuple[str, ...] = ()
    about: str | None = None

    @property
    def name(self) -> str:
        """For the report."""
        return f"{self.family}: {' > '.join((*self.before, self.question))}"


Entry = tuple[str | list[str], Check] | tuple[str | list[str], Check, str] | tuple[str | list[str], Check, str, str]
"""A question or several that ask the same, what is right, and what was asked before."""


def family(name: str, *entries: Entry) -> list[Case]:
    """The cases of a family."""
    cases = []
    for entry in entries:
        questions, check, before = entry[0], entry[1], entry[2:]
        asked = [questions] if isinstance(questions, str) else questions
        cases += [Case(name, question, check, before) for question in asked]
    return cases


def result_of(answered: Answered) -> Answer:
    """The result of an understood question."""
    assert answered.understood, answered.answer
    assert answered.result is not None
    return answered.result


def figure_of(answer: Answer, name: str) -> AnswerFigure:
    """The figure called so."""
    found = [figure for figure in answer.figures if figure.name == name]
    assert found, f"no {name} in {[figure.name for figure in answer.figures]}: {print_query(answer.query)}"
    return found[0]


def money(name: str, of: Bags) -> Check:
    """A figure of that name, currency by currency, and its sum; its text stands in the answer."""

    def check(answered: Answered, books: Books) -> None:
        answer = result_of(answered)
        view = figure_of(answer, name).money
        assert view is not None
        expected = of(books)
        said = {currency: text for currency, text in view.by_currency.items() if text.strip("0.")}
        assert said == texts(expected), f"{answer.text} [{print_query(answer.query)}]"
        assert view.value == plain_sum(expected)

    return check


def number(name: str, of: Callable[[Books], int]) -> Check:
    """A count or a score."""

    def check(answered: Answered, books: Books) -> None:
        answer = result_of(answered)
        assert figure_of(answer, name).number == of(books), f"{answer.text} [{print_query(answer.query)}]"

    return check


def rows(
    of: Names, *, column: str = "account", ordered: bool = True, total: Callable[[Books], int] | None = None
) -> Check:
    """The rows, told by a column. Nothing more and nothing less; ``total``: they are the first of so many."""

    def check(answered: Answered, books: Books) -> None:
        answer = result_of(answered)
        said, expected = cells(answer, column), list(of(books))
        if not ordered:
            said = sorted(said, key=str)
            expected.sort()
        assert said == expected, f"{answer.text} [{print_query(answer.query)}]"
        assert answer.table.total == (len(expected) if total is None else total(books))

    return check


def cells(answer: Answer, column: str) -> list[object]:
    """What stands in a column."""
    keys = [held.key for held in answer.table.columns]
    assert column in keys, f"no {column} in {keys}: {print_query(answer.query)}"
    return [row.cells[keys.index(column)] for row in answer.table.rows]


def every(*checks: Check) -> Check:
    """All of them."""

    def check(answered: Answered, books: Books) -> None:
        for one in checks:
            one(answered, books)

    return check


def accounts(of: Names) -> Check:
    """A list of accounts, highest MRR first, with its count, MRR and ARR."""

    def sorted_names(books: Books) -> list[str]:
        return books.by_mrr(of(books))

    def check(answered: Answered, books: Books) -> None:
        names = sorted_names(books)
        number("accounts", lambda _: len(names))(answered, books)
        if len(names) <= SHOWN:
            rows(lambda _: names)(answered, books)
        if names:
            money("mrr", lambda b: b.mrr_of(names))(answered, books)
            money("arr", lambda b: {c: 12 * a for c, a in b.mrr_of(names).items()})(answered, books)

    return check


def said(*pieces: str) -> Check:
    """The answer has a result and its text contains every piece."""

    def check(answered: Answered, books: Books) -> None:
        text = result_of(answered).text
        assert all(piece in text for piece in pieces), text

    return check


def refused(*pieces: str) -> Check:
    """No query ran, no figure stands in the answer, and there are suggestions."""

    def check(answered: Answered, books: Books) -> None:
        assert not answered.understood, answered.answer
        assert answered.result is None
        assert answered.query is None
        asked = set("".join(letter for letter in answered.question if letter.isdigit()))
        assert not set(answered.answer) & set("0123456789") - asked, answered.answer
        assert answered.suggestions
        assert all(piece in answered.answer for piece in pieces), answered.answer

    return check


def asks_back(*names: str) -> Check:
    """A question back with exactly these accounts, and no figure."""

    def check(answered: Answered, books: Books) -> None:
        refused()(answered, books)
        assert answered.answer.startswith("Which account do you mean"), answered.answer
        assert all(name in answered.answer for name in names)
        assert len(answered.suggestions) == len(names)

    return check


def day(year: int, month: int, number_of_day: int) -> dt.date:
    """A day."""
    return dt.date(year, month, number_of_day)
