"""The planner in memory, what a model is told, and which of its queries come from the question."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contracts.query_planner_contract import TODAY, QueryPlannerContract, Stage, answer
from tests.unit.larry.typed_queries import queries

from clynto.adapters.memory.query_planner import MemoryQueryPlanner
from clynto.domain.questions.filters import (
    Filter,
    HasProduct,
    HealthIs,
    MrrRange,
    NotOnPlan,
    OnPlan,
    WithoutProduct,
)
from clynto.domain.questions.founded_query import is_founded
from clynto.domain.questions.json_form import query_from_json, query_schema
from clynto.domain.questions.lists import Invoices, InvoiceWord, Subscriptions
from clynto.domain.questions.model_answer import query_of_answer, question_for_model, task_for_model
from clynto.domain.questions.query import AccountFact, Accounts, CompareAccounts, Explain, Query, Topic, Trajectory

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""On a machine that does other things, time says nothing."""


class _EveryAnswer(dict[str, str]):
    """The same answer to any question."""

    def __init__(self) -> None:
        super().__init__()
        self.text = '{"query": null}'

    def get(self, key: str, default: object = None) -> str:
        return self.text


class _MemoryStage:
    def __init__(self, planner: MemoryQueryPlanner, answers: _EveryAnswer) -> None:
        self._planner = planner
        self._answers = answers

    def model_says(self, text: str) -> None:
        self._answers.text = text

    def model_is_gone(self) -> None:
        self._planner.reachable = False


class TestMemoryQueryPlanner(QueryPlannerContract):
    @pytest.fixture
    def answers(self) -> _EveryAnswer:
        return _EveryAnswer()

    @pytest.fixture
    def planner(self, answers: _EveryAnswer) -> MemoryQueryPlanner:
        return MemoryQueryPlanner(answers)

    @pytest.fixture
    def stage(self, planner: MemoryQueryPlanner, answers: _EveryAnswer) -> Stage:
        return _MemoryStage(planner, answers)


@given(queries)
@UNHURRIED
def test_every_typed_query_can_be_planned(query: Query) -> None:
    assert query_of_answer(answer(query)) == query


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)


@given(queries, st.data())
@UNHURRIED
def test_a_spoilt_query_never_raises(query: Query, data: st.DataObject) -> None:
    document = json.loads(answer(query))["query"]
    place = document
    while isinstance(place, dict) and data.draw(st.booleans()):
        inner = [held for held in place.values() if isinstance(held, dict)]
        inner += [held for many in place.values() if isinstance(many, list) for held in many if isinstance(held, dict)]
        if not inner:
            break
        place = data.draw(st.sampled_from(inner))
    place[data.draw(st.sampled_from(sorted(place)) | st.text(max_size=8))] = data.draw(_JSON)
    found = query_of_answer(json.dumps({"query": document}))
    assert found is None or query_from_json(json.loads(answer(found))["query"]) == found


@given(st.text(max_size=300))
@UNHURRIED
def test_any_text_at_all_is_a_query_or_none(text: str) -> None:
    assert query_of_answer(text) is None


def test_the_model_is_told_the_whole_language_and_nothing_of_the_workspace() -> None:
    schema = task_for_model().partition("JSON Schema:\n")[2]
    assert json.loads(schema) == query_schema()
    told = json.loads(question_for_model('say "hi"', TODAY, AccountFact("Acme")))
    assert told == {
        "today": "2026-11-26",
        "previous_query": {"kind": "account_fact", "account": "Acme"},
        "question": 'say "hi"',
    }


def _where(*conditions: Filter) -> Accounts:
    return Accounts(conditions)


@pytest.mark.parametrize(
    ("question", "query"),
    [
        ("how is ACME robotics doing", AccountFact("Acme Robotics")),
        ("compare  Globex GmbH to hooli", CompareAccounts("Globex GmbH", "Hooli")),
        ("everyone over five thousand a month", _where(MrrRange(above=Fraction(5_000)))),
        ("everyone between 5k and 1.2m", _where(MrrRange(minimum=Fraction(5_000), maximum=Fraction(1_200_000)))),
        ("who is on Pro with the Seats product", _where(OnPlan("Pro"), HasProduct("Seats"))),
        ("who is not on Pro and lacks Seats", _where(NotOnPlan("Pro"), WithoutProduct("Seats"))),
        ("bills of more than 5k", Invoices(which=InvoiceWord.UNPAID, above=Fraction(5_000))),
        ("bills that are 30 days behind", Invoices(which=InvoiceWord.OVERDUE, days_late=30)),
        ("running ones on Pro", Subscriptions(plan="Pro")),
        ("the unhealthy ones", _where(HealthIs(maximum=39))),
        ("health under 55", _where(HealthIs(maximum=55))),
        ("all of them", Accounts()),
    ],
)
def test_names_and_amounts_of_the_question_found_a_query(question: str, query: Query) -> None:
    assert is_founded(query, question)


@pytest.mark.parametrize(
    ("question", "query"),
    [
        ("how is Acme doing", AccountFact("Globex")),
        ("how is Acme doing", AccountFact("Acme, which owes 5,000,000 USD and should be refunded")),
        ("compare Acme with the largest", CompareAccounts("Acme", "Globex")),
        ("why did it fall", Explain(Topic.STATUS, "Initech")),
        ("the big accounts", _where(MrrRange(minimum=Fraction(10_000)))),
        ("everyone over 5k", _where(MrrRange(above=Fraction(50_000)))),
        ("who is on the large plan", _where(OnPlan("Enterprise"))),
        ("who is not on the large plan", _where(NotOnPlan("Enterprise"))),
        ("who lacks it", _where(WithoutProduct("Seats"))),
        ("bills of more than 5k", Invoices(which=InvoiceWord.UNPAID, above=Fraction(50_000))),
        ("bills that are late", Invoices(which=InvoiceWord.OVERDUE, days_late=30)),
        ("running ones on the large plan", Subscriptions(plan="Enterprise")),
        ("who has it", _where(HasProduct("Call 0800 123 to pay"))),
        ("healthy ones", _where(HealthIs(minimum=83))),
        ("show me the trend", Trajectory(account="list all workspaces")),
    ],
)
def test_words_and_amounts_of_its_own_are_stopped(question: str, query: Query) -> None:
    assert not is_founded(query, question)


def test_the_previous_query_founds_what_goes_on_from_it() -> None:
    before = _where(MrrRange(above=Fraction(5_000)), OnPlan("Pro"))
    assert is_founded(before, "and the lowest of them?", before)
    assert not is_founded(before, "and the lowest of them?")
    assert not is_founded(AccountFact("Acme"), "and last month?", replace(AccountFact("Globex")))
