"""What made MRR change over a period, by kind: new, expansion, contraction, churn."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

from clynto.application.queries.answer_over_time import between
from clynto.application.queries.question_ground import Ground, off_by
from clynto.domain.money import MoneyBag
from clynto.domain.questions.answers import Answer, AnswerFigure, CellKind, Column, Row, Table
from clynto.domain.questions.query import MovementKind, Movements
from clynto.domain.questions.sentences import METRIC_WORDS
from clynto.domain.questions.wording import count, listed, money, sentence, unsigned
from clynto.ports.question_data import Movement, MovementTotal

TITLES = {
    MovementKind.NEW: "New",
    MovementKind.EXPANSION: "Expansion",
    MovementKind.CONTRACTION: "Contraction",
    MovementKind.CHURN: "Churn",
}
_TOLD = {
    MovementKind.NEW: "came with {accounts} that paid nothing before",
    MovementKind.EXPANSION: "came from {accounts} that pay more",
    MovementKind.CONTRACTION: "was lost to {accounts} that pay less",
    MovementKind.CHURN: "churned, with {accounts} that pay nothing any more",
}


_COMPARED = (
    "Each account is compared at the two ends: what came and went in between is not counted, and who came back is new."
)


def answer_movements(ground: Ground, query: Movements) -> Answer:
    """Sums over all accounts between the two ends of the period. Raises ``NotRecorded``."""
    span = ground.span(query.period)
    start, end = ground.moments_of(span)
    held = {one.kind: one for one in ground.unit.question_data.movements(Movement(start, end), ground.figures.basis)}
    every = {kind: held.get(kind, MovementTotal(kind, 0, MoneyBag.empty())) for kind in MovementKind}
    asked = query.kinds or tuple(MovementKind)
    net = sum((one.amounts for one in every.values()), start=MoneyBag.empty()).without_zeros()
    told = listed([_told(ground, query, every[kind]) for kind in asked])
    change = ground.recurring(query.metric, net)
    words = METRIC_WORDS[query.metric]
    text = sentence(f"between {between(start)} and {between(end)}, {told}")
    whole = f"New and expansion less contraction and churn make a change of the {words} of {money(change)}."
    columns = (
        Column("movement", "Movement"),
        Column("accounts", "Accounts", CellKind.COUNT),
        Column(query.metric.value, f"Change of {words}", CellKind.MONEY),
    )
    rows = tuple(
        Row((TITLES[one.kind], one.accounts, ground.recurring(query.metric, one.amounts))) for one in every.values()
    )
    figures = [
        *(AnswerFigure(kind.value, ground.recurring(query.metric, every[kind].amounts)) for kind in asked),
        *(AnswerFigure(f"{kind.value}_accounts", number=Fraction(every[kind].accounts)) for kind in asked),
        AnswerFigure("change", change),
    ]
    return ground.answer(
        query,
        [text, *([] if query.kinds else [whole])],
        table=Table(columns, rows, len(rows)),
        figures=figures,
        notes=[
            *off_by(span.first - dt.timedelta(days=1), start),
            *off_by(span.last, end),
            _COMPARED,
        ],
        over_all=end.is_now,
    )


def _told(ground: Ground, query: Movements, total: MovementTotal) -> str:
    view = ground.recurring(query.metric, total.amounts)
    words = METRIC_WORDS[query.metric]
    if not total.accounts:
        return f"there was no {TITLES[total.kind].casefold()} {words}".replace("no churn", "no churned")
    verb = _TOLD[total.kind].format(accounts=count(total.accounts, "account"))
    if total.accounts == 1:
        verb = verb.replace("that pay ", "that pays ")
    return f"{unsigned(view)} {words} {verb}"
