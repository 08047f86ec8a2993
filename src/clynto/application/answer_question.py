"""Answer a question in plain words: understand it, run the typed query, keep both in the workspace's history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from clynto.application.actor import Actor
from clynto.application.queries.find_account import WorkspaceNames, reference_to
from clynto.application.queries.run_query import RunQuery
from clynto.application.queries.verdict import with_verdict
from clynto.application.shown_figures import ShownFigures
from clynto.domain.errors import InvalidInput, NotFound, PlannerUnreachable
from clynto.domain.questions.answers import Answer, AnswerKind, NamedAccount
from clynto.domain.questions.founded_query import is_founded
from clynto.domain.questions.json_form import QueryUnreadable
from clynto.domain.questions.periods import day_of_micros
from clynto.domain.questions.phrases import quoted
from clynto.domain.questions.query import Query, accounts_named_by
from clynto.domain.questions.sentences import sentence_of
from clynto.domain.questions.suggestions import instead_of, nearest, refusal_text
from clynto.domain.questions.text_form import parse_query, print_query
from clynto.domain.questions.understanding.near_words import NearWords
from clynto.domain.questions.understanding.understand import (
    NotUnderstood,
    Outcome,
    Refused,
    Situation,
    Understood,
    WhichAccount,
    understand,
)
from clynto.domain.questions.understanding.words import LONGEST_QUESTION
from clynto.domain.roles import Role
from clynto.ports.clock import Clock
from clynto.ports.identifiers import Identifiers
from clynto.ports.query_planner import QueryPlanner
from clynto.ports.question_history import KeptQuestion
from clynto.ports.question_unit import QuestionUnits

LONGEST_CONVERSATION_ID = 100
WORDS_NAMED = 3
LOOKED_BACK = 20
"""Questions of a conversation among which the newest query is sought: who fails that often asks anew."""


@dataclass(frozen=True, slots=True)
class Answered:
    """``understood``: a typed query ran and gave ``result``. Without one, ``answer`` says why, and there is no figure
    in it. ``suggestions`` are questions that have an answer."""

    question: str
    conversation_id: str
    understood: bool
    answer: str
    query: Query | None
    result: Answer | None
    suggestions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Led:
    """A conversation and the query that was asked last in it."""

    id: str
    previous: Query | None


class AnswerQuestion:
    """Any member may ask. The planner, where there is one, is only asked for what the grammar did not understand."""

    def __init__(
        self,
        *,
        units: QuestionUnits,
        run_query: RunQuery,
        clock: Clock,
        identifiers: Identifiers,
        near_words: NearWords,
        planner: QueryPlanner | None = None,
    ) -> None:
        self._units = units
        self._run_query = run_query
        self._clock = clock
        self._identifiers = identifiers
        self._near = near_words
        self._planner = planner

    def __call__(
        self, actor: Actor, question: str, *, conversation_id: str | None = None, account_id: str | None = None
    ) -> Answered:
        """The answer. A conversation that is not the actor's own, or not known, is begun anew; ``account_id`` is the
        account whose page is open.

        Raises ``InvalidInput`` for an empty or too long question and ``NotFound`` for an account that is not here.
        """
        actor.must_be(Role.MEMBER)
        asked = _checked(question)
        led = self._conversation(actor, conversation_id)
        outcome = self._understood(actor, asked, led.previous, account_id)
        query = self._query_of(asked, outcome, led.previous)
        if query is None:
            answered = _told(asked, led.id, outcome)
        else:
            answered = _found(asked, led.id, with_verdict(asked, self._run_query(actor, query)))
        self._keep(actor, answered)
        return answered

    def rerun(self, actor: Actor, query: Query, *, conversation_id: str | None = None) -> Answered:
        """Run a typed query as it is written; it is kept in the history like a question."""
        actor.must_be(Role.MEMBER)
        led = self._conversation(actor, conversation_id)
        answered = _found(sentence_of(query), led.id, self._run_query(actor, query))
        self._keep(actor, answered)
        return answered

    def _understood(self, actor: Actor, question: str, previous: Query | None, account_id: str | None) -> Outcome:
        with self._units.reading(actor.workspace_id) as unit:
            book = WorkspaceNames(unit.question_names)
            about = None
            if account_id is not None:
                account = unit.accounts.get(account_id)
                if account is None:
                    raise NotFound
                about = reference_to(NamedAccount(account.id, account.name), book)
            currency = ShownFigures.of(unit, self._clock.now()).default_currency
            connected_at = unit.connections.get().connected_at
            connected = None if connected_at is None else day_of_micros(connected_at)
            return understand(
                question, book, self._near, self._today(), Situation(previous, about, currency, connected)
            )

    def _conversation(self, actor: Actor, conversation_id: str | None) -> _Led:
        if conversation_id and len(conversation_id) <= LONGEST_CONVERSATION_ID:
            with self._units.reading(actor.workspace_id) as unit:
                held = unit.question_history.conversation(conversation_id, asked_by=actor.label, limit=LOOKED_BACK)
            if held:
                return _Led(conversation_id, _previous(held))
        return _Led(self._identifiers.new_id("cnv"), None)

    def _query_of(self, question: str, outcome: Outcome, previous: Query | None) -> Query | None:
        if isinstance(outcome, Understood):
            return outcome.query
        if isinstance(outcome, NotUnderstood) and self._planner is not None:
            return self._planned(self._planner, question, previous)
        return None

    def _planned(self, planner: QueryPlanner, question: str, previous: Query | None) -> Query | None:
        """A stranger's query, if its names and amounts are those of the question (ADR 0033). Without an answer of the
        model, Larry knows what the grammar knows."""
        try:
            query = planner.plan(question, today=self._today(), previous=previous)
        except PlannerUnreachable:
            return None
        return query if query is not None and is_founded(query, question, previous) else None

    def _today(self) -> dt.date:
        return day_of_micros(self._clock.now())

    def _keep(self, actor: Actor, answered: Answered) -> None:
        kept = KeptQuestion(
            id=self._identifiers.new_id("qst"),
            conversation_id=answered.conversation_id,
            asked_by=actor.label,
            question=answered.question,
            query=None if answered.query is None else print_query(answered.query),
            answer=answered.answer,
            at=self._clock.now(),
        )
        with self._units.writing(actor.workspace_id) as unit:
            unit.question_history.add(kept)
            unit.commit()


def _previous(newest_first: Sequence[KeptQuestion]) -> Query | None:
    written = next((kept.query for kept in newest_first if kept.query is not None), None)
    if written is None:
        return None
    try:
        return parse_query(written)
    except QueryUnreadable:
        # Kept by an older version whose language had other words; the conversation goes on without it.
        return None


def _checked(question: str) -> str:
    asked = "".join(letter if letter.isprintable() else " " for letter in question).strip()
    if not asked:
        raise InvalidInput({"question": "Write a question."})
    if len(asked) > LONGEST_QUESTION:
        raise InvalidInput({"question": f"A question has at most {LONGEST_QUESTION} characters."})
    return asked


def _found(question: str, conversation_id: str, result: Answer) -> Answered:
    """The result of a query, or its question back."""
    written = accounts_named_by(result.query)
    if result.kind is AnswerKind.WHICH_ACCOUNT:
        suggestions = _choices(question, written, result.candidates)
        return Answered(question, conversation_id, False, result.text, None, None, suggestions)
    if result.kind is AnswerKind.NO_SUCH_ACCOUNT:
        return Answered(question, conversation_id, False, result.text, None, None, nearest(question))
    suggestions = () if result.is_answered else nearest(question, written)
    return Answered(question, conversation_id, True, result.text, result.query, result, suggestions)


def _told(question: str, conversation_id: str, outcome: Outcome) -> Answered:
    """Why no query ran."""
    text, suggestions = "", nearest(question)
    if isinstance(outcome, Refused):
        text, suggestions = refusal_text(outcome.reason), instead_of(outcome.reason)
    elif isinstance(outcome, WhichAccount):
        names = ", ".join(account.name for account in outcome.candidates)
        text = f'Which account do you mean by "{outcome.written}"? {names}.'
        choices = [NamedAccount(held.id, held.name, held.domains) for held in outcome.candidates]
        suggestions = _choices(question, [outcome.written], choices)
    elif isinstance(outcome, NotUnderstood):
        named = [f'"{word}"' for word in outcome.words[:WORDS_NAMED] if word]
        text = "I do not understand this question" + (f": {', '.join(named)}." if named else ".")
        if outcome.reason:
            text = f"I cannot answer this: {outcome.reason}."
        suggestions = nearest(question, outcome.accounts)
    return Answered(question, conversation_id, False, text, None, None, suggestions)


def _choices(question: str, written: Sequence[str], accounts: Sequence[NamedAccount]) -> tuple[str, ...]:
    """The question once for each account, written so that it can be no other one."""
    names = [account.name.casefold() for account in accounts]
    references = [a.name if names.count(a.name.casefold()) == 1 else a.id for a in accounts]
    return tuple(_choosing(question, written, reference) for reference in references)


def _choosing(question: str, written: Sequence[str], reference: str) -> str:
    for ambiguous in written:
        for spelling in (quoted(ambiguous), ambiguous):
            if spelling in question:
                return question.replace(spelling, quoted(reference), 1)
    return f"Tell me about {quoted(reference)}"
