"""Questions for what was paid in a period: over everybody, or by one account."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from clynto.application.queries.answer_invoices import invoice_table
from clynto.application.queries.answer_lists import cited, id_of
from clynto.application.queries.question_ground import Ground
from clynto.domain.money import MoneyBag
from clynto.domain.money_view import MoneyView
from clynto.domain.questions.answers import (
    Answer,
    AnswerFigure,
    AnswerKind,
    CellKind,
    Column,
    NamedAccount,
    Row,
    Table,
)
from clynto.domain.questions.lists import USUAL_LIMIT, InvoiceWord, Received
from clynto.domain.questions.periods import DaySpan, Period
from clynto.domain.questions.query import Query
from clynto.domain.questions.wording import count, day_text, in_span, money, sentence
from clynto.ports.question_data import InvoiceCondition, OwnedInvoice, Stretch
from clynto.ports.question_data import Received as Sums

_COLUMNS = (Column("group", "Currency"), Column("received", "Paid", CellKind.MONEY))


@dataclass(frozen=True, slots=True)
class TimeOfPayment:
    """``text`` is how it stands in a sentence; ``notes`` say what is not known of it."""

    within: Stretch
    text: str
    notes: tuple[str, ...]


def answer_received(ground: Ground, query: Received, account: NamedAccount | None) -> Answer:
    """What was paid in the period, as far as invoices are held: those of the last twelve months (ADR 0028). Of what
    lies before nothing is told. Of one account the invoices are shown, the last one paid first."""
    asked = time_of_payment(ground, query.period)
    if asked is None:
        return payments_not_known(ground, query)
    within = asked.within
    found = ground.unit.question_data.received(within, account_id=id_of(account), currency=query.currency)
    view = received_view(ground, query.currency, found.amounts)
    shown = _invoices(ground, query, account, within) if account is not None else ()
    everybody = "Stripe customers without an account are included; " if account is None else ""
    return ground.answer(
        query,
        [sentence(_told(found, view, asked.text, query, account))],
        table=_by_currency(ground, found) if account is None else _paid(ground, shown, found),
        figures=[AnswerFigure("received", view), AnswerFigure("invoices", number=Fraction(found.invoices))],
        citations=cited(ground, account),
        notes=[*asked.notes, sentence(f"{everybody}refunds are not subtracted")],
    )


def time_of_payment(ground: Ground, period: Period) -> TimeOfPayment | None:
    """The part of ``period`` of which invoices tell; None: they tell of none of it."""
    span, held_since = ground.span(period), ground.invoices_held_since
    if span.last < held_since:
        return None
    inside = DaySpan(max(span.first, held_since), min(span.last, ground.today))
    text = in_span(inside.first, inside.last) if inside.last < ground.today else _until_now(inside, span)
    held = f"Invoices are held since {day_text(held_since)}, older ones where they were open later on."
    return TimeOfPayment(Stretch(inside.since, inside.until), text, (*_cut_short(span, held_since), held))


def payments_not_known(ground: Ground, query: Query) -> Answer:
    """Of a period that was over before the oldest invoices that are held."""
    held_since = day_text(ground.invoices_held_since)
    text = f"Clynto holds the invoices of twelve months: what was paid before {held_since} is not known."
    return Answer(query, AnswerKind.NOT_RECORDED, (text,))


def received_view(ground: Ground, currency: str | None, bag: MoneyBag) -> MoneyView:
    """What was paid, as it is shown. What one ``currency`` brought is told in it: no rate has a say in it."""
    return ground.view(bag) if currency is None else ground.as_billed(bag + MoneyBag.of(currency, 0))


def _told(found: Sums, view: MoneyView, when: str, query: Received, account: NamedAccount | None) -> str:
    unit = "" if query.currency is None else f" in {query.currency}"
    if not found.invoices:
        return f"{account.name} paid nothing{unit} {when}" if account else f"nothing was paid{unit} {when}"
    on = f"on {count(found.invoices, 'invoice')}{unit}"
    return f"{account.name} paid {money(view)} {when}, {on}" if account else f"{money(view)} was paid {when}, {on}"


def _invoices(ground: Ground, query: Received, account: NamedAccount | None, within: Stretch) -> Sequence[OwnedInvoice]:
    wanted = InvoiceCondition(InvoiceWord.PAID, id_of(account), currency=query.currency, paid=within)
    return ground.unit.question_data.invoices(wanted, now=ground.second, limit=USUAL_LIMIT)[1]


def _paid(ground: Ground, shown: Sequence[OwnedInvoice], found: Sums) -> Table:
    return invoice_table(ground, shown, found.invoices, with_payment=True)


def _by_currency(ground: Ground, found: Sums) -> Table:
    rows = tuple(
        Row((currency, ground.as_billed(MoneyBag.of(currency, amount)))) for currency, amount in sorted(found.amounts)
    )
    return Table(_COLUMNS, rows, len(rows))


def _until_now(inside: DaySpan, span: DaySpan) -> str:
    if inside.first == inside.last:
        return "today" if span.first == span.last else f"since {day_text(inside.first)}"
    return f"since {day_text(inside.first)}"


def _cut_short(span: DaySpan, held_since: dt.date) -> list[str]:
    if span.first >= held_since:
        return []
    missing = DaySpan(span.first, held_since - dt.timedelta(days=1))
    return [f"What was paid {in_span(missing.first, missing.last)} is not known, and not in this figure."]
