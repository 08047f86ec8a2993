"""Running typed queries: every one gives an answer, names are found or asked back for, and tenants stay apart."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import HealthCheck, given, settings
from tests.contracts.question_world import NAMES as WORLD_NAMES
from tests.contracts.question_world import fill
from tests.contracts.samples import HERE, MOMENT, THERE
from tests.unit.larry.typed_queries import NAMES, queries

from clynto.adapters.memory.database import MemoryDatabase
from clynto.adapters.memory.settable_clock import SettableClock
from clynto.adapters.memory.unit_of_work import MemoryUnitsOfWork
from clynto.adapters.text_matching.near_words import RapidfuzzNearWords
from clynto.application.actor import Actor
from clynto.application.queries.run_query import RunQuery
from clynto.domain.questions.answers import AnswerKind, CellKind
from clynto.domain.questions.query import AccountFact, Accounts, CompareAccounts, Fact, Query, accounts_named_by
from clynto.domain.questions.text_form import parse_query, print_query
from clynto.domain.roles import Role

MEMBER = Actor(HERE, Role.MEMBER, "mia@rheinwerk.example")


@pytest.fixture(scope="module")
def run() -> RunQuery:
    database = MemoryDatabase()
    units = MemoryUnitsOfWork(database)
    fill(units, names=dict.fromkeys((*WORLD_NAMES, *NAMES)))
    fill(units, THERE, seed=11, names=["Elsewhere Only Inc"])
    clock = SettableClock()
    clock.set(MOMENT)
    return RunQuery(units=units, clock=clock, near_words=RapidfuzzNearWords())


@given(queries)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_query_has_an_answer(run: RunQuery, query: Query) -> None:
    answer = run(MEMBER, query)
    assert answer.sentences
    assert all(text[-1] == "." for text in (*answer.sentences, *answer.notes)), answer
    assert all(len(row.cells) == len(answer.table.columns) for row in answer.table.rows)
    assert answer.table.total >= len(answer.table.rows)
    if answer.is_answered:
        assert parse_query(print_query(answer.query)) == answer.query
        again = run(MEMBER, answer.query)
        assert {field.name: getattr(again, field.name) for field in fields(again)} == {
            field.name: getattr(answer, field.name) for field in fields(answer)
        }


def test_a_name_is_found_by_a_part_and_but_for_a_letter(run: RunQuery) -> None:
    for written in ("Hooli", "hooli.example", "crm-5", "acc_005", "Hoolli"):
        answer = run(MEMBER, AccountFact(written, Fact.MRR))
        assert answer.query == AccountFact("Hooli", Fact.MRR), written


def test_two_candidates_lead_to_a_question_back_without_a_figure(run: RunQuery) -> None:
    answer = run(MEMBER, AccountFact("Northwind", Fact.MRR))
    assert answer.kind is AnswerKind.WHICH_ACCOUNT
    assert [account.name for account in answer.candidates] == ["Northwind Traders", "Northwind Labs"]
    assert not answer.figures
    assert not answer.table.rows


def test_a_name_that_nobody_has_is_said_so(run: RunQuery) -> None:
    answer = run(MEMBER, CompareAccounts("Hooli", "Elsewhere Only Inc"))
    assert answer.kind is AnswerKind.NO_SUCH_ACCOUNT
    assert answer.text == 'No account here is called "Elsewhere Only Inc".'


def test_another_workspace_has_its_own_accounts_alone(run: RunQuery) -> None:
    answer = run(Actor(THERE, Role.MEMBER, "eve@elsewhere.example"), Accounts())
    assert [row.cells[0] for row in answer.table.rows] == ["Elsewhere Only Inc"]


def test_every_named_account_is_cited(run: RunQuery) -> None:
    answer = run(MEMBER, AccountFact("Hooli"))
    assert accounts_named_by(answer.query) == ("Hooli",)
    assert answer.citations[0].id == "acc_005"
    assert {column.kind for column in answer.table.columns} >= {CellKind.MONEY, CellKind.STATUS}
