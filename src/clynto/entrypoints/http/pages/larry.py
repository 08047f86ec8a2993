"""The page to ask Larry: a conversation, its newest answer in full, and what was asked before."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from clynto.application.answer_question import Answered
from clynto.domain.errors import InvalidInput
from clynto.domain.questions.json_form import QueryUnreadable
from clynto.domain.questions.suggestions import OPENING
from clynto.domain.questions.text_form import parse_query
from clynto.domain.roles import Role
from clynto.entrypoints.http.access import needs
from clynto.entrypoints.http.current import actor, services
from clynto.entrypoints.http.pages.presenters.larry import result_shown
from clynto.entrypoints.http.problem_details import problem_of

Page = str | tuple[str, int]

larry_pages = Blueprint("larry_pages", __name__)


@larry_pages.get("/larry")
@needs(Role.MEMBER)
def larry() -> Page:
    """A conversation that was begun before, or an empty one."""
    return _page(request.args.get("conversation", ""))


@larry_pages.post("/larry")
@needs(Role.MEMBER)
def ask() -> Page:
    """Answer a question."""
    typed = request.form
    conversation = typed.get("conversation_id", "")
    try:
        answered = services().larry.answer_question(
            actor(),
            typed.get("question", ""),
            conversation_id=conversation or None,
            account_id=typed.get("account_id") or None,
        )
    except InvalidInput as refusal:
        return _page(conversation, refusal=refusal)
    return _page(answered.conversation_id, answered)


@larry_pages.post("/larry/query")
@needs(Role.MEMBER)
def run_again() -> Page:
    """Run a typed query as it stands in the box."""
    conversation = request.form.get("conversation_id", "")
    try:
        query = parse_query(request.form.get("query", ""))
    except QueryUnreadable as fault:
        return _page(conversation, refusal=InvalidInput({"query": str(fault)}))
    answered = services().larry.answer_question.rerun(actor(), query, conversation_id=conversation or None)
    return _page(answered.conversation_id, answered)


def _page(conversation_id: str, answered: Answered | None = None, refusal: InvalidInput | None = None) -> Page:
    reading = services().larry.read_questions
    told = None if refusal is None else problem_of(refusal)
    page = render_template(
        "larry.html",
        conversation_id=conversation_id,
        kept=reading.conversation(actor(), conversation_id) if conversation_id else (),
        answered=answered,
        result=result_shown(answered),
        newest=reading.newest(actor()),
        opening=OPENING,
        refused=None if refusal is None else " ".join(refusal.errors.values()),
    )
    return page if told is None else (page, told.status)
