"""Larry: questions in plain words, and typed queries."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from marshmallow import Schema, fields

from clynto.domain.errors import InvalidInput
from clynto.domain.questions.json_form import QueryUnreadable, query_from_json
from clynto.domain.questions.query import Query
from clynto.domain.questions.text_form import parse_query
from clynto.domain.roles import Role
from clynto.entrypoints.http.access import needs
from clynto.entrypoints.http.api.fields import MicrosTime
from clynto.entrypoints.http.api.larry_view import AnswerSchema, answer_view
from clynto.entrypoints.http.api.resource import API_PREFIX, Resource
from clynto.entrypoints.http.current import actor, services
from clynto.entrypoints.http.pagination import PageArguments, PageOf, PageSchema, page_of, position_of

larry = Resource("larry", url_prefix=f"{API_PREFIX}/larry", description="Questions in plain words.")


class QuestionSchema(Schema):
    """A question."""

    question = fields.String(required=True, metadata={"example": "Which accounts are overdue?"})
    conversation_id = fields.String(
        load_default=None,
        allow_none=True,
        metadata={"description": "Of an earlier answer: the question goes on from there."},
    )
    account_id = fields.String(
        load_default=None, allow_none=True, metadata={"description": "The account that is looked at."}
    )


class TypedQuerySchema(Schema):
    """A typed query, as text or as a document."""

    query = fields.Raw(
        required=True,
        metadata={"oneOf": [{"type": "string", "minLength": 1}, {"type": "object"}], "example": "accounts(limit=5)"},
    )
    conversation_id = fields.String(load_default=None, allow_none=True)


class KeptQuestionSchema(Schema):
    """A question as it was asked and answered."""

    id = fields.String(required=True)
    at = MicrosTime(required=True)
    asked_by = fields.String(required=True, metadata={"description": "An email, or the name of an API token."})
    conversation_id = fields.String(required=True)
    question = fields.String(required=True)
    query = fields.String(
        required=True, allow_none=True, metadata={"description": "The typed query that ran; null: none did."}
    )
    answer = fields.String(required=True, metadata={"description": "As it was then, in words."})


class QuestionsPageSchema(PageSchema):
    """Questions, newest first."""

    items = fields.List(fields.Nested(KeptQuestionSchema), required=True)


@larry.route("/questions")
class Questions(MethodView):
    """Plain words."""

    @larry.takes_query(PageArguments)
    @larry.answers(200, QuestionsPageSchema)
    @needs(Role.MEMBER)
    def get(self, page: dict[str, Any]) -> PageOf:
        """What anybody in the workspace asked, newest first."""
        before = position_of(page["cursor"])
        found = services().larry.read_questions.page(actor(), limit=page["limit"], before=before)
        return page_of(found.questions, found.next_before)

    @larry.takes_json(QuestionSchema)
    @larry.answers(200, AnswerSchema)
    @needs(Role.MEMBER)
    def post(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Answer a question from all rows of the workspace, or say plainly that it has no answer."""
        answered = services().larry.answer_question(
            actor(),
            asked["question"],
            conversation_id=asked["conversation_id"],
            account_id=asked["account_id"],
        )
        return answer_view(answered, services().settings.public_url)


@larry.route("/queries")
class Queries(MethodView):
    """Typed queries."""

    @larry.takes_json(TypedQuerySchema)
    @larry.answers(200, AnswerSchema)
    @needs(Role.MEMBER)
    def post(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Run a typed query as an earlier answer told it, or as somebody wrote it."""
        query = typed_query(asked["query"])
        answered = services().larry.answer_question.rerun(actor(), query, conversation_id=asked["conversation_id"])
        return answer_view(answered, services().settings.public_url)


def typed_query(written: object) -> Query:
    """A query from its text or its document. Raises ``InvalidInput`` with what is wrong and where."""
    try:
        return parse_query(written) if isinstance(written, str) else query_from_json(written)
    except QueryUnreadable as fault:
        raise InvalidInput({"query": str(fault)}) from fault
