"""Run a typed query: find its accounts, read all rows it asks for, and put the result into an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, assert_never

from clynto.application.actor import Actor
from clynto.application.queries.answer_account import answer_account_fact
from clynto.application.queries.answer_explanations import answer_explanation
from clynto.application.queries.answer_invoices import answer_invoices
from clynto.application.queries.answer_lists import (
    answer_signals,
    answer_subscriptions,
    answer_unmatched,
)
from clynto.application.queries.answer_movements import answer_movements
from clynto.application.queries.answer_over_time import (
    answer_change,
    answer_compared_accounts,
    answer_compared_periods,
    answer_movers,
    answer_trajectory,
)
from clynto.application.queries.answer_past_ranking import answer_accounts_of_the_past
from clynto.application.queries.answer_payers import answer_payers
from clynto.application.queries.answer_portfolio import answer_accounts, answer_figure
from clynto.application.queries.answer_received import answer_received
from clynto.application.queries.answer_whether import answer_whether
from clynto.application.queries.find_account import WorkspaceNames, accounts_meant, reference_to
from clynto.application.queries.question_ground import Ground, NotRecorded, SignalsNotRecorded
from clynto.domain.questions.answers import Answer, AnswerKind, NamedAccount
from clynto.domain.questions.lists import Invoices, Received, Signals, Subscriptions, UnmatchedCustomers
from clynto.domain.questions.query import (
    AccountFact,
    Accounts,
    Change,
    CompareAccounts,
    ComparePeriods,
    Explain,
    Figure,
    Movements,
    Movers,
    Payers,
    Query,
    Trajectory,
    Whether,
    accounts_named_by,
)
from clynto.domain.questions.understanding.near_words import NearWords
from clynto.domain.questions.wording import day_text
from clynto.domain.roles import Role
from clynto.ports.clock import Clock
from clynto.ports.question_unit import QuestionUnit, QuestionUnits

CANDIDATES_SHOWN = 8


class RunQuery:
    """Any member may ask. Every figure comes from a query over all rows of one snapshot of the actor's workspace."""

    def __init__(self, *, units: QuestionUnits, clock: Clock, near_words: NearWords) -> None:
        self._units = units
        self._clock = clock
        self._near = near_words

    def __call__(self, actor: Actor, query: Query) -> Answer:
        """The answer; a question back where a name fits several accounts, and a plain word where it fits none."""
        actor.must_be(Role.MEMBER)
        with self._units.reading(actor.workspace_id) as unit:
            return self._run(unit, query)

    def _run(self, unit: QuestionUnit, query: Query) -> Answer:
        book = WorkspaceNames(unit.question_names)
        found: list[NamedAccount] = []
        for reference in accounts_named_by(query):
            meant = accounts_meant(reference, book, self._near)
            if not meant:
                return _unknown(query, reference)
            if len(meant) > 1:
                return _which(query, reference, meant)
            found.append(meant[0])
        query = _renamed(query, [reference_to(account, book) for account in found])
        try:
            return _answered(Ground.of(unit, self._clock.now()), query, found)
        except NotRecorded as missing:
            return _not_recorded(query, missing)


def _answered(ground: Ground, query: Query, named: Sequence[NamedAccount]) -> Answer:
    account = named[0] if named else None
    match query:
        case Accounts():
            past = query.period
            return answer_accounts(ground, query) if past is None else answer_accounts_of_the_past(ground, query, past)
        case Figure():
            return answer_figure(ground, query)
        case AccountFact():
            return answer_account_fact(ground, query, named[0])
        case Whether():
            return answer_whether(ground, query, named[0])
        case Explain():
            return answer_explanation(ground, query, named[0])
        case CompareAccounts():
            return answer_compared_accounts(ground, query, *named)
        case Invoices() | Received() | Payers():
            return _of_invoices(ground, query, account)
        case Subscriptions():
            return answer_subscriptions(ground, query, account)
        case Signals():
            return answer_signals(ground, query, account)
        case UnmatchedCustomers():
            return answer_unmatched(ground, query)
        case _:
            return _over_time(ground, query, account)


def _of_invoices(ground: Ground, query: Invoices | Received | Payers, account: NamedAccount | None) -> Answer:
    match query:
        case Invoices():
            return answer_invoices(ground, query, account)
        case Received():
            return answer_received(ground, query, account)
        case Payers():
            return answer_payers(ground, query)
    assert_never(query)


def _over_time(
    ground: Ground, query: Change | Movers | Movements | Trajectory | ComparePeriods, account: NamedAccount | None
) -> Answer:
    match query:
        case Change():
            return answer_change(ground, query, account)
        case Movers():
            return answer_movers(ground, query)
        case Movements():
            return answer_movements(ground, query)
        case Trajectory():
            return answer_trajectory(ground, query, account)
        case ComparePeriods():
            return answer_compared_periods(ground, query, account)
    assert_never(query)


def _renamed(query: Query, references: Sequence[str]) -> Query:
    """The query with the accounts as they are called, so that it finds the same ones when it is run again."""
    if not references:
        return query
    if isinstance(query, CompareAccounts):
        return replace(query, first=references[0], second=references[1])
    changes: dict[str, Any] = {"account": references[0]}
    renamed: Query = replace(query, **changes)
    return renamed


def _unknown(query: Query, reference: str) -> Answer:
    return Answer(query, AnswerKind.NO_SUCH_ACCOUNT, (f'No account here is called "{reference}".',))


def _which(query: Query, reference: str, meant: Sequence[NamedAccount]) -> Answer:
    shown = tuple(meant[:CANDIDATES_SHOWN])
    more = "" if len(meant) == len(shown) else " Among others:"
    names = ", ".join(account.name for account in shown)
    text = f'Which account do you mean by "{reference}"?{more} {names}.'
    return Answer(query, AnswerKind.WHICH_ACCOUNT, (text,), candidates=shown)


def _not_recorded(query: Query, missing: NotRecorded) -> Answer:
    text = f"Clynto has no record of the MRR at the end of {day_text(missing.day)}."
    if isinstance(missing, SignalsNotRecorded):
        text = f"Stripe was connected on {day_text(missing.day)}: what was overdue before is not known."
    return Answer(query, AnswerKind.NOT_RECORDED, (text,))
