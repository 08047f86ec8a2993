"""Which accounts paid most, or least, at the end of a period."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from clynto.application.queries.question_ground import Ground, known_at, off_by
from clynto.domain.money_view import MoneyView
from clynto.domain.questions.answers import Answer, AnswerFigure, CellKind, Column, Row, Table
from clynto.domain.questions.periods import Period
from clynto.domain.questions.query import Accounts, Metric, Order
from clynto.domain.questions.sentences import METRIC_WORDS
from clynto.domain.questions.wording import count, listed, money, sentence
from clynto.ports.question_data import Selection

NAMED = 3
"""Leading accounts that are named in the sentence."""


def answer_accounts_of_the_past(ground: Ground, query: Accounts, period: Period) -> Answer:
    """Accounts that had MRR at the end of the period, ranked by it. Raises ``NotRecorded``."""
    last = ground.span(period).last
    moment = ground.moment_at_end_of(last)
    measure, data = ground.measure(at=moment), ground.unit.question_data
    total = data.totals(Selection(), measure)[0]
    ranked = data.ranked(
        Selection(), measure, order=query.order, limit=query.limit, weights=ground.weights(total.amounts)
    )
    rows = {row.id: row for row in ground.unit.accounts_table.rows([found.account_id for found in ranked])}
    held = [(rows[one.account_id], ground.recurring(query.metric, one.amounts)) for one in ranked]
    then, sum_then = known_at(moment), ground.recurring(query.metric, total.amounts)
    words = METRIC_WORDS[query.metric]
    columns = (
        Column("account", "Account"),
        Column(query.metric.value, f"{words} {then}", CellKind.MONEY),
        Column("now", f"{words} now", CellKind.MONEY),
    )
    table = Table(
        columns,
        tuple(
            Row(
                (row.name, view, ground.recurring(query.metric, ground.mrr_of(row))),
                ground.cite_account(row.id, row.name),
            )
            for row, view in held
        ),
        total.bearing,
    )
    together = sentence(f"{count(total.bearing, 'account')} had {money(sum_then)} {words} together {then}")
    if moment.is_now:
        together = together.replace(" had ", " have ")
    return ground.answer(
        query,
        [*_leading(query, [(row.name, view) for row, view in held], then), together],
        table=table,
        figures=[
            AnswerFigure("accounts", number=Fraction(total.bearing)),
            AnswerFigure(query.metric.value, sum_then, on=None if moment.is_now else moment.end_of),
        ],
        notes=off_by(last, moment),
        over_all=moment.is_now,
    )


def _leading(query: Accounts, held: Sequence[tuple[str, MoneyView]], then: str) -> list[str]:
    if not held:
        return []
    ends = "highest" if query.order is Order.HIGHEST else "lowest"
    words = Metric.ARR.value.upper() if query.metric is Metric.ARR else "MRR"
    named = [f"{name} ({money(view)})" for name, view in held[: min(query.limit, NAMED)]]
    verb = "is that" if len(named) == 1 else "are those"
    verb = verb if then == "now" else verb.replace("is", "was").replace("are", "were")
    return [sentence(f"the {ends} {words}{'' if len(named) == 1 else 's'} {then} {verb} of {listed(named)}")]
