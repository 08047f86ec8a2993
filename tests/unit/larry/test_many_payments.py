"""Of more payments than can be added up account by account while somebody waits, their sum is told and why no more."""

from __future__ import annotations

from tests.contracts.samples import HERE, MOMENT

from clynto.adapters.memory.unit_of_work import MemoryUnitsOfWork
from clynto.application.queries.answer_payers import answer_payers
from clynto.application.queries.question_ground import Ground
from clynto.domain.questions.query import Payers
from clynto.domain.questions.text_form import parse_query


def test_too_many_payments_are_summed_and_a_shorter_period_is_asked_for(units: MemoryUnitsOfWork) -> None:
    query = parse_query("payers(period=relative(unit=year, which=this))")
    assert isinstance(query, Payers)
    with units.reading(HERE) as unit:
        ground = Ground.of(unit, MOMENT)
        told = answer_payers(ground, query)
        figures = {figure.name: figure for figure in told.figures}
        payments = figures["invoices"].number
        assert payments is not None
        assert payments > 1
        enough = answer_payers(ground, query, most=int(payments))
        assert (enough.sentences, enough.table) == (told.sentences, told.table)
        cut = answer_payers(ground, query, most=int(payments) - 1)
    assert cut.is_answered
    assert cut.sentences[1] == (
        f"Which accounts paid is told of up to {int(payments) - 1:,} payments; ask for a shorter period."
    )
    assert {figure.name: figure.number for figure in cut.figures} == {"received": None, "invoices": payments}
    assert next(figure.money for figure in cut.figures) == figures["received"].money
    assert cut.table.rows == ()
    assert all(text.endswith(".") for text in (*cut.sentences, *cut.notes))
