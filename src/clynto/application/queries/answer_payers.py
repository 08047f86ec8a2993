"""Which accounts paid in a period, how many, and how much each of them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from clynto.application.queries.answer_received import TimeOfPayment, payments_not_known, received_view, time_of_payment
from clynto.application.queries.question_ground import Ground
from clynto.domain.money_view import MoneyView
from clynto.domain.questions.answers import Answer, AnswerFigure, CellKind, Column, Row, Table
from clynto.domain.questions.query import Order, Payers
from clynto.domain.questions.wording import count, listed, money, sentence
from clynto.ports.question_data import Payers as Found
from clynto.ports.question_data import Received

_COLUMNS = (
    Column("account", "Account"),
    Column("received", "Paid", CellKind.MONEY),
    Column("invoices", "Invoices", CellKind.COUNT),
)
NAMED = 3
"""Leading accounts that are named in the sentence."""


def answer_payers(ground: Ground, query: Payers, *, most: int | None = None) -> Answer:
    """Who paid in the period, as far as invoices are held (see ``answer_received``); of more than ``most`` payments,
    usually those of ``QuestionData.most_payments``, what was paid in all."""
    asked = time_of_payment(ground, query.period)
    if asked is None:
        return payments_not_known(ground, query)
    data = ground.unit.question_data
    everybody = data.received(asked.within, currency=query.currency)
    most = data.most_payments if most is None else most
    if everybody.invoices > most:
        return _too_many(ground, query, asked, everybody, most)
    found = data.payers(
        asked.within,
        currency=query.currency,
        order=query.order,
        limit=query.limit,
        weights=ground.weights_of(data.billed_currencies()),
    )
    names = {row.id: row.name for row in ground.unit.accounts_table.rows([payer.account_id for payer in found.first])}
    held = [
        (payer, names[payer.account_id], received_view(ground, query.currency, payer.amounts)) for payer in found.first
    ]
    rows = tuple(
        Row((name, view, payer.invoices), ground.cite_account(payer.account_id, name)) for payer, name, view in held
    )
    strangers = everybody.amounts - found.together.amounts
    together = received_view(ground, query.currency, found.together.amounts)
    notes = [*asked.notes]
    if everybody.invoices > found.together.invoices:
        paid = money(received_view(ground, query.currency, strangers.without_zeros()))
        notes.append(f"Not included: {paid} that Stripe customers without an account paid.")
    return ground.answer(
        query,
        [_told(query, found, together, asked.text), *_leading(query, found, [(name, view) for _, name, view in held])],
        table=Table(_COLUMNS, rows, found.accounts),
        figures=[
            AnswerFigure("accounts", number=Fraction(found.accounts)),
            AnswerFigure("received", together),
            AnswerFigure("invoices", number=Fraction(found.together.invoices)),
        ],
        notes=[*notes, "Refunds are not subtracted."],
    )


def _too_many(ground: Ground, query: Payers, asked: TimeOfPayment, everybody: Received, most: int) -> Answer:
    paid = received_view(ground, query.currency, everybody.amounts)
    unit = "" if query.currency is None else f" in {query.currency}"
    return ground.answer(
        query,
        [
            sentence(f"{money(paid)} was paid {asked.text}, on {count(everybody.invoices, 'invoice')}{unit}"),
            sentence(f"which accounts paid is told of up to {most:,} payments; ask for a shorter period"),
        ],
        figures=[AnswerFigure("received", paid), AnswerFigure("invoices", number=Fraction(everybody.invoices))],
        notes=[*asked.notes, "Stripe customers without an account are included; refunds are not subtracted."],
    )


def _told(query: Payers, found: Found, together: MoneyView, when: str) -> str:
    unit = "" if query.currency is None else f" in {query.currency}"
    if not found.accounts:
        return sentence(f"no account paid anything{unit} {when}")
    invoices = f"on {count(found.together.invoices, 'invoice')}{unit}"
    in_all = " together" if found.accounts > 1 else ""
    return sentence(f"{count(found.accounts, 'account')} paid {money(together)}{in_all} {when}, {invoices}")


def _leading(query: Payers, found: Found, held: Sequence[tuple[str, MoneyView]]) -> list[str]:
    if not held:
        return []
    if len(held) == 1 and found.accounts == 1:
        return [f"That is {held[0][0]}."]
    named = [f"{name} ({money(view)})" for name, view in held[: min(query.limit, NAMED)]]
    most = "most" if query.order is Order.HIGHEST else "least"
    return [sentence(f"{listed(named)} paid {most}")]
