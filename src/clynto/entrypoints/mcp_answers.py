"""Larry's answers as JSON documents for assistants: the same figures, words and times as in the HTTP API."""

from __future__ import annotations

from typing import Any

from clynto.application.answer_question import Answered
from clynto.domain.errors import ClyntoError
from clynto.domain.money import decimal_text
from clynto.domain.money_view import MoneyView
from clynto.domain.questions.answers import Answer, AnswerFigure, Cell, CellKind, Citation, Table
from clynto.domain.questions.json_form import query_to_json
from clynto.domain.questions.text_form import print_query
from clynto.entrypoints.http.api.fields import MoneySchema, rfc3339_of_micros, rfc3339_of_seconds
from clynto.entrypoints.http.problem_details import problem_of

_MONEY = MoneySchema()


def document_of_answered(answered: Answered) -> dict[str, Any]:
    """A question in plain words: with its conversation, and with what to ask instead where it was not understood."""
    document = {
        "understood": answered.understood,
        "answer": answered.answer,
        "conversation_id": answered.conversation_id,
        "suggestions": list(answered.suggestions),
    }
    return document if answered.result is None else {**document_of_answer(answered.result), **document}


def document_of_answer(answer: Answer) -> dict[str, Any]:
    """The result of a typed query. Times are RFC 3339 in UTC; money is a decimal string with its currency."""
    document: dict[str, Any] = {
        "kind": answer.kind.value,
        "answer": answer.text,
        "query": query_to_json(answer.query),
        "query_text": print_query(answer.query),
        "figures": [_figure(figure) for figure in answer.figures],
        "rows": _rows(answer.table),
        "rows_in_all": answer.table.total,
        "trajectory": [
            {"month": point.month, "amount": _money(point.amount), "observed": point.observed, "live": point.is_live}
            for point in answer.points
        ],
        "citations": [_citation(citation) for citation in answer.citations],
        "as_of": None if answer.as_of is None else rfc3339_of_micros(answer.as_of),
        "frozen_at": None if answer.frozen_at is None else rfc3339_of_micros(answer.frozen_at),
    }
    if answer.coverage is not None:
        document["left_out"] = {
            "unmatched_customers": answer.coverage.unmatched_customers,
            "unmatched_mrr": _money(answer.coverage.unmatched_mrr),
        }
    if answer.candidates:
        document["candidates"] = [{"id": held.id, "name": held.name} for held in answer.candidates]
    return document


def document_of_error(error: ClyntoError) -> dict[str, Any]:
    """As the HTTP API tells it, without a status."""
    told = problem_of(error).as_json()
    return {name: value for name, value in told.items() if name != "status"}


def _money(view: MoneyView) -> dict[str, Any]:
    return dict(_MONEY.dump(view))


def _figure(figure: AnswerFigure) -> dict[str, Any]:
    document: dict[str, Any] = {"name": figure.name}
    if figure.money is not None:
        document["money"] = _money(figure.money)
    if figure.number is not None:
        document["number"] = decimal_text(figure.number, figure.decimals)
    if figure.on is not None:
        document["at_end_of"] = figure.on.isoformat()
    return document


def _rows(table: Table) -> list[dict[str, Any]]:
    return [
        {
            **{column.key: _cell(cell, column.kind) for column, cell in zip(table.columns, row.cells, strict=True)},
            **({} if row.citation is None else {"cites": _citation(row.citation)}),
        }
        for row in table.rows
    ]


def _cell(cell: Cell, kind: CellKind) -> Any:
    if isinstance(cell, MoneyView):
        return _money(cell)
    return rfc3339_of_seconds(cell) if kind is CellKind.DAY and isinstance(cell, int) else cell


def _citation(citation: Citation) -> dict[str, Any]:
    return {
        "kind": citation.kind.value,
        "id": citation.id,
        "label": citation.label,
        "account_id": citation.account_id,
        "stripe_url": citation.stripe_url,
    }
