"""Questions for invoices: of one account or of all, newest first or by amount."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from clynto.application.queries.answer_lists import cited, has, id_of, when, whose
from clynto.application.queries.question_ground import Ground
from clynto.application.queries.select_accounts import stretch_of
from clynto.domain.moments import UnixTime
from clynto.domain.money import MoneyBag
from clynto.domain.questions.answers import Answer, AnswerFigure, Cell, CellKind, Column, NamedAccount, Row, Table
from clynto.domain.questions.lists import BY_AMOUNT, OWED, InvoiceOrder, Invoices, InvoiceWord
from clynto.domain.questions.periods import day_of
from clynto.domain.questions.sentences import INVOICE_WORDS, amount_bounds
from clynto.domain.questions.shown_bounds import AmountBounds
from clynto.domain.questions.wording import count, day_text, grouped_amounts, in_span, listed, money, sentence
from clynto.ports.question_data import Found, InvoiceCondition, OwnedInvoice, Stretch

INVOICE_COLUMNS = (
    Column("invoice", "Invoice"),
    Column("account", "Account"),
    Column("status", "Status", CellKind.STRIPE),
    Column("created_at", "Created", CellKind.DAY),
    Column("due_date", "Due", CellKind.DAY),
    Column("amount_due", "Amount", CellKind.MONEY),
    Column("amount_remaining", "Left to pay", CellKind.MONEY),
)
_PAID_AT = Column("paid_at", "Paid", CellKind.DAY)
NAMED = 3
"""Invoices at the end of an order that are named in the sentence."""
SECONDS_PER_DAY = 86_400


def answer_invoices(ground: Ground, query: Invoices, account: NamedAccount | None) -> Answer:
    """Invoices in the order that is asked for."""
    found, invoices = _read(ground, query, account)
    # "Paid invoices paid in October" would say it twice.
    noun = "invoice" if query.paid is not None else f"{INVOICE_WORDS[query.which]}invoice"
    created, paid_in = when(ground, query.period, "created"), when(ground, query.paid, "paid")
    narrowed = f"{_conditions(ground, query, found.total)}{paid_in}"
    conditions = f"{'' if narrowed else whose(account, found.total)}{narrowed}{created}"
    text = f"{has(account, found.total)} {count(found.total, noun)}{conditions}"
    told_of = query.paid or query.period
    if told_of is not None and query.which not in OWED:
        # That none is held of a year which was never read does not say that there were none.
        text = f"of those held, {text}" if ground.span(told_of).last < ground.invoices_held_since else text
    figures = [AnswerFigure("invoices", number=Fraction(found.total))]
    if query.which in OWED:
        owed = ground.view(found.remaining)
        figures.append(AnswerFigure("outstanding", owed))
        text += f", with {money(owed)} left to pay" if found.total else ""
    elif query.which is InvoiceWord.PAID and (account is not None or query.paid is not None) and found.total:
        paid = ground.view(found.paid)
        figures.append(AnswerFigure("paid", paid))
        text += f", on which {money(paid)} was paid"
    table = invoice_table(ground, invoices, found.total, with_payment=query.paid is not None)
    told = [sentence(text), *_ends_told(ground, query, invoices, found.total)]
    notes = [*_compared(ground, query, found, invoices), *_held(ground, query)]
    return ground.answer(query, told, table=table, figures=figures, citations=cited(ground, account), notes=notes)


def _read(ground: Ground, query: Invoices, account: NamedAccount | None) -> tuple[Found, Sequence[OwnedInvoice]]:
    data, now = ground.unit.question_data, ground.second
    wanted = InvoiceCondition(
        which=query.which,
        account_id=id_of(account),
        created=None if query.period is None else stretch_of(ground, query.period),
        due=_due(ground, query),
        paid=None if query.paid is None else stretch_of(ground, query.paid),
        currency=query.currency,
        bounds=AmountBounds(*query.bounds),
    )
    if query.order not in BY_AMOUNT:
        return data.invoices(wanted, now=now, limit=query.limit, order=query.order)
    weights = ground.weights_of(data.billed_currencies())
    return data.invoices(wanted, now=now, limit=query.limit, order=query.order, weights=weights)


def _due(ground: Ground, query: Invoices) -> Stretch | None:
    due = None if query.due is None else stretch_of(ground, query.due)
    if query.days_late is None:
        return due
    last = UnixTime(ground.second - query.days_late * SECONDS_PER_DAY + 1)
    since, until = (UnixTime(0), last) if due is None else (due.since, min(due.until, last))
    return Stretch(since, until)


def _conditions(ground: Ground, query: Invoices, total: int) -> str:
    told = "" if query.currency is None else f" in {query.currency}"
    if query.is_bounded:
        told += f" of {grouped_amounts(amount_bounds(query))}"
    if query.days_late is not None:
        told += f" that {'is' if total == 1 else 'are'} at least {count(query.days_late, 'day')} late"
    if query.due is not None:
        span = ground.span(query.due)
        told += f" due {in_span(span.first, span.last)}"
    return told


def _held(ground: Ground, query: Invoices) -> list[str]:
    """How far back invoices reach, where the question reaches further (ADR 0028). What is owed is held whatever its
    age."""
    since = ground.invoices_held_since
    asked = query.paid or query.period
    begins = None if asked is None else ground.span(asked).first
    newest_alone = query.order is InvoiceOrder.NEWEST and query.limit == 1
    reaches_back = not newest_alone if begins is None else begins < since
    if query.which in OWED or not reaches_back:
        return []
    return [f"Invoices are held since {day_text(since)}; of older ones some may be missing."]


def _compared(ground: Ground, query: Invoices, found: Found, invoices: Sequence[OwnedInvoice]) -> list[str]:
    """How amounts of several currencies were compared."""
    notes = []
    known = {*(found.remaining + found.paid).without_zeros().currencies, *(owned.row.currency for owned in invoices)}
    several = len(known) > 1
    if query.is_bounded and query.currency is None and several:
        notes.append("Each invoice is compared in its own currency.")
    if query.order in BY_AMOUNT and several and ground.figures.default_currency is None:
        notes.append("Invoices of different currencies are put in order by their amounts without conversion.")
    return notes


def _ends_told(ground: Ground, query: Invoices, invoices: Sequence[OwnedInvoice], total: int) -> list[str]:
    """Where one invoice was asked for, or there is but one, or the ends of an order, those are the answer."""
    if invoices and 1 in (query.limit, total):
        return [_one_told(ground, query, invoices[0], total)]
    if not invoices or query.order is InvoiceOrder.NEWEST:
        return []
    named = [_named(ground, query, owned) for owned in invoices[: min(NAMED, query.limit)]]
    return [sentence(f"the {query.order.value} {'is' if len(named) == 1 else 'are'} {listed(named)}")]


def _named(ground: Ground, query: Invoices, owned: OwnedInvoice) -> str:
    row = owned.row
    amount = row.amount_remaining if query.which in OWED else row.amount_due
    told = money(ground.as_billed(MoneyBag.of(row.currency, amount)))
    detail = told if query.order in BY_AMOUNT else f"{told}, {day_text(day_of(row.created_at))}"
    owner = "" if owned.account_name is None else f" of {owned.account_name}"
    return f"{row.number or row.id}{owner} ({detail})"


def _one_told(ground: Ground, query: Invoices, owned: OwnedInvoice, total: int) -> str:
    row = owned.row
    due = money(ground.as_billed(MoneyBag.of(row.currency, row.amount_due)))
    left = money(ground.as_billed(MoneyBag.of(row.currency, row.amount_remaining)))
    made = day_text(day_of(row.created_at))
    paid = "" if row.paid_at is None else f", paid on {day_text(day_of(row.paid_at))}"
    until = "" if row.due_date is None or paid else f", due on {day_text(day_of(row.due_date))}"
    owner = "" if query.account is not None or owned.account_name is None else f" of {owned.account_name}"
    name = f"{row.number or row.id}{owner} of {made}"
    which = {InvoiceOrder.NEWEST: "last one paid", InvoiceOrder.OLDEST: "first one paid"} if query.paid else {}
    first = which.get(query.order, query.order.value)
    subject = f"Invoice {name}" if total == 1 else f"The {first}, {name},"
    return f"{subject} is {row.status}: {due} in all, {left} left to pay{paid}{until}."


def invoice_table(ground: Ground, invoices: Sequence[OwnedInvoice], total: int, *, with_payment: bool = False) -> Table:
    """Invoices in their own currencies; ``with_payment``: and when they were paid."""
    if not with_payment:
        return Table(INVOICE_COLUMNS, tuple(invoice_row(ground, owned) for owned in invoices), total)
    rows = (invoice_row(ground, owned) for owned in invoices)
    with_days = [Row((*row.cells, owned.row.paid_at), row.citation) for row, owned in zip(rows, invoices, strict=True)]
    return Table((*INVOICE_COLUMNS, _PAID_AT), tuple(with_days), total)


def invoice_row(ground: Ground, owned: OwnedInvoice) -> Row:
    """One invoice, in its own currency: it is a bill, not a total."""
    row = owned.row
    cells: tuple[Cell, ...] = (
        row.number or row.id,
        owned.account_name,
        row.status,
        row.created_at,
        row.due_date,
        ground.as_billed(MoneyBag.of(row.currency, row.amount_due)),
        ground.as_billed(MoneyBag.of(row.currency, row.amount_remaining)),
    )
    return Row(cells, ground.cite_invoice(row.id, row.number, owned.account_id))
