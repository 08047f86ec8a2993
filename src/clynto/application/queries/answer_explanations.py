"""Questions that ask why: a payment status, how an MRR comes about, and what changed it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from fractions import Fraction

from clynto.application.customer_facts import CustomerFacts
from clynto.application.queries.answer_lists import SIGNAL_COLUMNS, signal_row
from clynto.application.queries.explain_mrr import MrrExplained, explained_mrr
from clynto.application.queries.question_ground import Ground, known_at, off_by
from clynto.domain.exclusion_wording import describe_exclusion
from clynto.domain.invoice import Invoice, InvoiceStatus
from clynto.domain.moments import UnixTime, seconds_of
from clynto.domain.money import MoneyBag
from clynto.domain.payment_status import ReasonCode, StatusReason, assess_payment_status
from clynto.domain.plan_context import plan_name
from clynto.domain.questions.answers import (
    Answer,
    AnswerFigure,
    Cell,
    CellKind,
    Citation,
    Column,
    NamedAccount,
    Row,
    Table,
)
from clynto.domain.questions.lists import USUAL_LIMIT
from clynto.domain.questions.periods import Period
from clynto.domain.questions.query import Explain, Metric, Topic
from clynto.domain.questions.wording import STATUS_WORDS, count, in_span, moment_day, money, sentence, unsigned
from clynto.domain.recurring_revenue import RevenueLine
from clynto.domain.signals import SignalType
from clynto.domain.subscription import Subscription
from clynto.ports.question_data import SignalCondition, Stretch
from clynto.ports.read_models import AccountRow
from clynto.ports.workspaces import MrrBasis

REASONS_TOLD = 3
_REASON_WORDS = {
    ReasonCode.SUBSCRIPTION_ACTIVE: "the subscription is active and nothing on it is late",
    ReasonCode.SUBSCRIPTION_PAST_DUE: "the subscription is past due and Stripe may still collect",
    ReasonCode.RETRIES_EXHAUSTED: "the charge was refused and Stripe has no further attempt planned",
    ReasonCode.SUBSCRIPTION_UNPAID: "the subscription is unpaid: Stripe gave up collecting",
    ReasonCode.FIRST_PAYMENT_INCOMPLETE: "the first payment of the subscription was not made",
    ReasonCode.FIRST_PAYMENT_NOT_ATTEMPTED: "the first payment was not tried yet",
    ReasonCode.TRIAL_WITH_MONEY_PAID: "the subscription is on trial and an invoice of it was paid",
    ReasonCode.TRIAL_WITHOUT_MONEY: "the subscription is on trial and nothing was paid yet",
    ReasonCode.PAUSED_AFTER_FAILED_PAYMENT: "Stripe paused the subscription after a failed payment",
    ReasonCode.SUBSCRIPTION_PAUSED: "the subscription is paused",
    ReasonCode.SUBSCRIPTION_ENDED: "the subscription has ended",
    ReasonCode.UNKNOWN_STATUS: "the subscription has a status that is not known here",
    ReasonCode.PAYMENT_REJECTED: "the charge was refused",
    ReasonCode.WRITTEN_OFF: "the invoice was written off and nothing was paid since",
    ReasonCode.DUE_DATE_PASSED: "the invoice is past its due date",
    ReasonCode.DEBT_OF_ENDED_SUBSCRIPTION: "the invoice belongs to a subscription that has ended",
}
_REASON_COLUMNS = (
    Column("object", "What"),
    Column("says", "Says", CellKind.STATUS),
    Column("reason", "Why"),
    Column("due_date", "Due", CellKind.DAY),
    Column("amount_remaining", "Left to pay", CellKind.MONEY),
)
_LINE_COLUMNS = (
    Column("plan", "Plan"),
    Column("quantity", "Quantity", CellKind.COUNT),
    Column("period_amount", "Price per period", CellKind.MONEY),
    Column("interval", "Period"),
    Column("factor", "Times"),
    Column("mrr", "MRR", CellKind.MONEY),
)
_MOVING_SIGNALS = frozenset({SignalType.SUBSCRIPTION_CANCELED, SignalType.SUBSCRIPTION_DOWNGRADED})


def answer_explanation(ground: Ground, query: Explain, account: NamedAccount) -> Answer:
    """Why something about one account is as it is. Raises ``NotRecorded``."""
    if query.topic is Topic.STATUS:
        return _status(ground, query, account)
    if query.period is None:
        return _mrr(ground, query, account)
    return _change(ground, query, account, query.period)


# Payment status.


def _status(ground: Ground, query: Explain, account: NamedAccount) -> Answer:
    row = ground.unit.accounts_table.rows([account.id])[0]
    facts = CustomerFacts.read(ground.unit, ground.unit.matches.customers_of([account.id]).get(account.id, ()))
    reasons = _reasons(ground, facts)
    deciding = [reason for reason in reasons if row.payment_status is not None and reason.says is row.payment_status]
    told = deciding or reasons
    status = "no payment status" if row.payment_status is None else STATUS_WORDS[row.payment_status]
    first = f"{row.name} has {status}" if row.payment_status is None else f"{row.name} is {status}"
    objects = _Objects(ground, facts, row)
    sentences = [sentence(f"{first}: {_because(objects, told)}")]
    owed = ground.view(objects.owed(told))
    figures = []
    if owed.by_currency:
        figures.append(AnswerFigure("outstanding", owed))
        sentences.append(sentence(f"{money(owed)} is left to pay on what decides it"))
    rows = tuple(objects.row(reason) for reason in told)
    return ground.answer(
        query,
        sentences,
        table=Table(_REASON_COLUMNS, rows, len(rows)),
        figures=figures,
        citations=[ground.cite_account(row.id, row.name)],
    )


def _reasons(ground: Ground, facts: CustomerFacts) -> list[StatusReason]:
    moment = seconds_of(ground.connection.moment_of_figures(ground.now))
    found: list[StatusReason] = []
    for customer_id in facts.ids:
        held = [subscription for subscription, _ in facts.subscriptions.get(customer_id, ())]
        invoices = [invoice for invoice, _ in facts.invoices.get(customer_id, ())]
        found.extend(assess_payment_status(held, invoices, moment).all_reasons)
    return found


def _because(objects: _Objects, reasons: Sequence[StatusReason]) -> str:
    if not reasons:
        return "Stripe has no live subscription and no open invoice of it"
    told = [f"{_REASON_WORDS[reason.code]} ({objects.name(reason)})" for reason in reasons[:REASONS_TOLD]]
    more = len(reasons) - len(told)
    return "; ".join(told) + (f"; and {count(more, 'reason')} more" if more else "")


class _Objects:
    """The invoices and subscriptions that reasons name."""

    def __init__(self, ground: Ground, facts: CustomerFacts, account: AccountRow) -> None:
        self._ground = ground
        self._account = account
        self._products = facts.products
        self._invoices: dict[str, Invoice] = {
            invoice.id: invoice for own in facts.invoices.values() for invoice, _ in own
        }
        self._subscriptions: dict[str, Subscription] = {
            held.id: held for own in facts.subscriptions.values() for held, _ in own
        }

    def name(self, reason: StatusReason) -> str:
        """How people call the object."""
        invoice = self._invoices.get(reason.object_id)
        if invoice is not None:
            due = f", due {moment_day(invoice.due_date)}" if invoice.due_date is not None else ""
            return f"invoice {invoice.number or invoice.id}{due}"
        subscription = self._subscriptions.get(reason.object_id)
        plan = plan_name(subscription, self._products) if subscription is not None else ""
        return plan or reason.object_id

    def owed(self, reasons: Sequence[StatusReason]) -> MoneyBag:
        """What is left to pay on the invoices that reasons name, and on the open ones of the subscriptions."""
        named = {reason.object_id for reason in reasons}
        bag = MoneyBag.empty()
        for invoice in self._invoices.values():
            is_owed = invoice.status == InvoiceStatus.OPEN and invoice.amount_remaining > 0
            if is_owed and {invoice.id, invoice.subscription_id} & named:
                bag = bag + MoneyBag.of(invoice.currency, invoice.amount_remaining)
        return bag

    def row(self, reason: StatusReason) -> Row:
        """One object and what it says."""
        invoice = self._invoices.get(reason.object_id)
        says = None if reason.says is None else reason.says.value
        due: UnixTime | None = None
        left: Cell = None
        if invoice is not None:
            due = invoice.due_date
            left = self._ground.as_billed(MoneyBag.of(invoice.currency, invoice.amount_remaining))
        cells: tuple[Cell, ...] = (self.name(reason), says, _REASON_WORDS[reason.code], due, left)
        return Row(cells, self._cited(reason))

    def _cited(self, reason: StatusReason) -> Citation:
        invoice = self._invoices.get(reason.object_id)
        if invoice is not None:
            return self._ground.cite_invoice(invoice.id, invoice.number, self._account.id)
        return self._ground.cite_subscription(reason.object_id, self.name(reason), self._account.id)


# How an MRR comes about.


def _mrr(ground: Ground, query: Explain, account: NamedAccount) -> Answer:
    explained = explained_mrr(ground.unit, account.id, ground.connection.moment_of_figures(ground.now))
    lines = len(explained.lines)
    basis = "after discounts" if explained.basis is MrrBasis.NET else "at list prices"
    text = f"The MRR of {account.name} is {money(explained.mrr)} {basis}, from {count(lines, 'line')}"
    sentences = [sentence(f"{text}: price times quantity, brought to a month" if lines else text)]
    rows = tuple(_line(ground, line, explained, account) for line in explained.lines)
    notes = [f"Not counted: {held.object_id}. {describe_exclusion(held.reason)}" for held in explained.excluded]
    if explained.partial:
        notes.append("An amount is not known yet, so the figure is partial.")
    return ground.answer(
        query,
        sentences,
        table=Table(_LINE_COLUMNS, rows, len(rows)),
        figures=[AnswerFigure("mrr", explained.mrr)],
        citations=[ground.cite_account(account.id, account.name)],
        notes=notes,
    )


def _line(ground: Ground, line: RevenueLine, explained: MrrExplained, account: NamedAccount) -> Row:
    name = explained.product_names.get(line.product_id or "", "") or line.price_id
    result = line.net_mrr if explained.basis is MrrBasis.NET else line.list_mrr
    cells: tuple[Cell, ...] = (
        name,
        line.quantity,
        ground.as_billed(MoneyBag.of(line.currency, line.period_amount)),
        line.interval if line.interval_count == 1 else f"{line.interval_count} {line.interval}s",
        _factor(line.factor),
        ground.as_billed(MoneyBag.of(line.currency, result)),
    )
    return Row(cells, ground.cite_subscription(line.subscription_id, name, account.id))


def _factor(factor: Fraction) -> str:
    return str(factor)


# What changed it.


def _change(ground: Ground, query: Explain, account: NamedAccount, period: Period) -> Answer:
    span = ground.span(period)
    start, end = ground.moments_of(span)
    bags = [ground.sum_of(account.id, ground.measure(at=moment)) for moment in (start, end)]
    before, after = (ground.recurring(Metric.MRR, bag) for bag in bags)
    change = ground.view((bags[1] - bags[0]).without_zeros())
    subject = f"the MRR of {account.name}"
    course = f"from {money(before)} {known_at(start)} to {money(after)} {known_at(end)}"
    condition = SignalCondition(types=_MOVING_SIGNALS, within=Stretch(span.since, span.until))
    found, signals = ground.unit.question_data.signals(account.id, condition, limit=USUAL_LIMIT)
    if not change.by_currency:
        sentences = [sentence(f"{subject} did not change: {money(before)} {known_at(start)} and {known_at(end)}")]
    else:
        verb = "changed" if change.mixed else "rose" if change.value > 0 else "fell"
        sentences = [sentence(f"{subject} {verb} by {unsigned(change)}, {course}")]
    rows = tuple(signal_row(ground, stored) for stored in signals)
    sentences.append(_signals_told(found.total, in_span(span.first, span.last)))
    return ground.answer(
        query,
        sentences,
        table=Table(SIGNAL_COLUMNS, rows, found.total),
        figures=[AnswerFigure("change", change), AnswerFigure("before", before), AnswerFigure("after", after)],
        citations=[ground.cite_account(account.id, account.name)],
        notes=[*off_by(span.first - dt.timedelta(days=1), start), *off_by(span.last, end)],
    )


def _signals_told(total: int, when: str) -> str:
    if not total:
        return f"No cancellation or downgrade was recorded {when}."
    return sentence(f"{count(total, 'cancellation or downgrade', 'cancellations or downgrades')} {when} explain it")
