"""Questions for what was paid in a period, over everybody."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

from clynto.application.queries.question_ground import Ground
from clynto.domain.money import MoneyBag
from clynto.domain.questions.answers import Answer, AnswerFigure, AnswerKind, CellKind, Column, Row, Table
from clynto.domain.questions.lists import Received
from clynto.domain.questions.periods import DaySpan
from clynto.domain.questions.wording import count, day_text, in_span, money, sentence
from clynto.ports.question_data import Stretch

_COLUMNS = (Column("group", "Currency"), Column("received", "Paid", CellKind.MONEY))


def answer_received(ground: Ground, query: Received) -> Answer:
    """What was paid in the period, as far as invoices are held: those of the last twelve months (ADR 0028). Of what
    lies before nothing is told."""
    span = ground.span(query.period)
    held_since = ground.invoices_held_since
    if span.last < held_since:
        text = f"Clynto holds the invoices of twelve months: what was paid before {day_text(held_since)} is not known."
        return Answer(query, AnswerKind.NOT_RECORDED, (text,))
    inside = DaySpan(max(span.first, held_since), min(span.last, ground.today))
    found = ground.unit.question_data.received(Stretch(inside.since, inside.until))
    view = ground.view(found.amounts)
    when = in_span(inside.first, inside.last) if inside.last < ground.today else _until_now(inside, span)
    told = f"{money(view)} was paid {when}, on {count(found.invoices, 'invoice')}"
    if not found.invoices:
        told = f"nothing was paid {when}"
    rows = tuple(
        Row((currency, ground.as_billed(MoneyBag.of(currency, amount)))) for currency, amount in sorted(found.amounts)
    )
    return ground.answer(
        query,
        [sentence(told)],
        table=Table(_COLUMNS, rows, len(rows)),
        figures=[AnswerFigure("received", view), AnswerFigure("invoices", number=Fraction(found.invoices))],
        notes=[
            *_cut_short(span, held_since),
            f"Invoices are held since {day_text(held_since)}, older ones where they were open later on.",
            "Stripe customers without an account are included; refunds are not subtracted.",
        ],
    )


def _until_now(inside: DaySpan, span: DaySpan) -> str:
    if inside.first == inside.last:
        return "today" if span.first == span.last else f"since {day_text(inside.first)}"
    return f"since {day_text(inside.first)}"


def _cut_short(span: DaySpan, held_since: dt.date) -> list[str]:
    if span.first >= held_since:
        return []
    missing = DaySpan(span.first, held_since - dt.timedelta(days=1))
    return [f"What was paid {in_span(missing.first, missing.last)} is not known, and not in this figure."]
