"""Larry's answers as JSON."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from clynto.application.answer_question import Answered
from clynto.domain.money import decimal_text
from clynto.domain.money_view import MoneyView
from clynto.domain.questions.answers import Answer, AnswerFigure, Cell, CellKind, Citation, CitationKind
from clynto.domain.questions.json_form import query_to_json
from clynto.domain.questions.text_form import print_query
from clynto.entrypoints.http.api.fields import MicrosTime, MoneySchema, money, rfc3339_of_seconds


class CitationSchema(Schema):
    """What an answer rests on."""

    kind = fields.Enum(CitationKind, by_value=True, required=True)
    id = fields.String(required=True)
    url = fields.String(
        required=True, metadata={"description": "The account in Clynto, or the very object in Stripe's dashboard."}
    )
    clynto_url = fields.String(
        required=True, allow_none=True, metadata={"description": "Where Clynto shows it, if it is on an account."}
    )
    label = fields.String(required=True)


class AnswerColumnSchema(Schema):
    """A column of the rows."""

    key = fields.String(required=True)
    title = fields.String(required=True)
    kind = fields.Enum(CellKind, by_value=True, required=True)


class AnswerFigureSchema(Schema):
    """A figure of the answer: money or a number."""

    name = fields.String(required=True)
    money = money(required=True, allow_none=True)
    number = fields.String(
        required=True, allow_none=True, metadata={"description": "A count or score, as decimal text."}
    )
    on = fields.Date(
        required=True, allow_none=True, metadata={"description": "The day whose end it stands for; null: now."}
    )


class AnswerPointSchema(Schema):
    """A month of a trajectory."""

    month = fields.String(required=True, metadata={"example": "2026-10"})
    amount = money(required=True)
    basis = fields.String(required=True, metadata={"description": "`observed` or `reconstructed`."})
    live = fields.Boolean(required=True)


class AnswerCoverageSchema(Schema):
    """What sums over all accounts leave out."""

    unmatched_customers = fields.Integer(required=True)
    unmatched_mrr = money(required=True)


class AnswerSchema(Schema):
    """An answer in plain words with everything it rests on."""

    understood = fields.Boolean(required=True)
    answer = fields.String(required=True)
    query = fields.String(
        required=True, allow_none=True, metadata={"description": "The typed query that ran; it can be run again."}
    )
    query_json = fields.Dict(required=True, allow_none=True)
    columns = fields.List(fields.Nested(AnswerColumnSchema), required=True)
    rows = fields.List(fields.Dict(), required=True, metadata={"description": "By the keys of the columns."})
    total_rows = fields.Integer(required=True)
    figures = fields.List(fields.Nested(AnswerFigureSchema), required=True)
    points = fields.List(fields.Nested(AnswerPointSchema), required=True)
    citations = fields.List(fields.Nested(CitationSchema), required=True)
    coverage = fields.Nested(AnswerCoverageSchema, required=True, allow_none=True)
    as_of = MicrosTime(
        required=True, allow_none=True, metadata={"description": "The facts from Stripe are at least as new."}
    )
    frozen_at = MicrosTime(required=True, allow_none=True)
    suggestions = fields.List(fields.String(), required=True)
    conversation_id = fields.String(required=True)


def answer_view(answered: Answered, public_url: str) -> dict[str, Any]:
    """The fields of ``AnswerSchema``."""
    told = {
        "understood": answered.understood,
        "answer": answered.answer,
        "suggestions": answered.suggestions,
        "conversation_id": answered.conversation_id,
    }
    return told | (_nothing() if answered.result is None else _found(answered.result, public_url))


def citation_urls(citation: Citation, public_url: str) -> tuple[str, str | None]:
    """Where a citation leads: to Stripe, or to the account if it is one; and where Clynto shows it."""
    here = None if citation.account_id is None else f"{public_url}/accounts/{citation.account_id}"
    return citation.stripe_url or here or public_url, here


def number_text(figure: AnswerFigure) -> str | None:
    """A count or score with its decimals."""
    return None if figure.number is None else decimal_text(figure.number, figure.decimals)


def _nothing() -> dict[str, Any]:
    return {
        "query": None,
        "query_json": None,
        "columns": (),
        "rows": (),
        "total_rows": 0,
        "figures": (),
        "points": (),
        "citations": (),
        "coverage": None,
        "as_of": None,
        "frozen_at": None,
    }


def _found(answer: Answer, public_url: str) -> dict[str, Any]:
    keys = [(column.key, column.kind) for column in answer.table.columns]
    return {
        "query": print_query(answer.query),
        "query_json": query_to_json(answer.query),
        "columns": answer.table.columns,
        "rows": [
            {key: _cell(cell, kind) for (key, kind), cell in zip(keys, row.cells, strict=True)}
            for row in answer.table.rows
        ],
        "total_rows": answer.table.total,
        "figures": [
            {"name": held.name, "money": held.money, "number": number_text(held), "on": held.on}
            for held in answer.figures
        ],
        "points": [
            {
                "month": point.month,
                "amount": point.amount,
                "basis": "observed" if point.observed else "reconstructed",
                "live": point.is_live,
            }
            for point in answer.points
        ],
        "citations": [_citation(citation, public_url) for citation in answer.citations],
        "coverage": answer.coverage,
        "as_of": answer.as_of,
        "frozen_at": answer.frozen_at,
    }


def _citation(citation: Citation, public_url: str) -> dict[str, object]:
    url, here = citation_urls(citation, public_url)
    return {"kind": citation.kind, "id": citation.id, "url": url, "clynto_url": here, "label": citation.label}


def _cell(cell: Cell, kind: CellKind) -> object:
    if isinstance(cell, MoneyView):
        return MoneySchema().dump(cell)
    if kind is CellKind.DAY and isinstance(cell, int):
        return rfc3339_of_seconds(cell)
    return cell
