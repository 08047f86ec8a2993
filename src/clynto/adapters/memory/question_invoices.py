"""Which invoices a question asks for, decided plainly, one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clynto.adapters.memory.question_selection import is_in
from clynto.domain.invoice import NOT_SHOWN, Invoice, InvoiceStatus
from clynto.domain.moments import UnixTime
from clynto.domain.money import MoneyBag, minor_digits
from clynto.domain.questions.lists import OWED, InvoiceWord
from clynto.domain.questions.query import Order
from clynto.ports.question_data import InvoiceCondition, Payer, Payers, Received, Stretch

_STATUS_OF_INVOICE = {
    InvoiceWord.UNPAID: InvoiceStatus.OPEN,
    InvoiceWord.OVERDUE: InvoiceStatus.OPEN,
    InvoiceWord.PAID: InvoiceStatus.PAID,
    InvoiceWord.UNCOLLECTIBLE: InvoiceStatus.UNCOLLECTIBLE,
    InvoiceWord.VOID: InvoiceStatus.VOID,
}


def amount_of(invoice: Invoice, which: InvoiceWord) -> int:
    """What is bounded and put in order."""
    return invoice.amount_remaining if which in OWED else invoice.amount_due


def is_wanted(invoice: Invoice, wanted: InvoiceCondition, now: UnixTime) -> bool:
    """Whether it meets all conditions but that on the account."""
    low, behind = wanted.bounds.in_minor_units(minor_digits(invoice.currency))
    amount = amount_of(invoice, wanted.which)
    return (
        _is(invoice, wanted.which, now)
        and (wanted.created is None or is_in(invoice.created, wanted.created))
        and (wanted.due is None or is_in(invoice.due_date, wanted.due))
        and (wanted.paid is None or was_paid(invoice, wanted.paid))
        and wanted.currency in (None, invoice.currency)
        and (low is None or amount >= low)
        and (behind is None or amount < behind)
    )


def was_paid(invoice: Invoice, within: Stretch) -> bool:
    """Something was paid on it, and in that stretch."""
    return invoice.status == InvoiceStatus.PAID and is_in(invoice.paid_at, within) and invoice.amount_paid > 0


def payers_of(paid: Sequence[tuple[str, Invoice]], order: Order, limit: int, weights: Mapping[str, int]) -> Payers:
    """Who paid what, from each paid invoice and the account that it is of."""
    held = {account_id: Payer(account_id, 0, MoneyBag.empty()) for account_id, _ in paid}
    worth = dict.fromkeys(held, 0)
    for account_id, invoice in paid:
        so_far, amount = held[account_id], MoneyBag.of(invoice.currency, invoice.amount_paid)
        held[account_id] = Payer(account_id, so_far.invoices + 1, so_far.amounts + amount)
        worth[account_id] += invoice.amount_paid * weights.get(invoice.currency, 1)
    sign = -1 if order is Order.HIGHEST else 1
    first = sorted(held.values(), key=lambda payer: (sign * worth[payer.account_id], payer.account_id))
    together = sum((payer.amounts for payer in first), start=MoneyBag.empty())
    return Payers(len(held), Received(len(paid), together), first[:limit])


def _is(invoice: Invoice, which: InvoiceWord, now: UnixTime) -> bool:
    if which is InvoiceWord.ANY:
        return invoice.status not in NOT_SHOWN
    if invoice.status != _STATUS_OF_INVOICE[which]:
        return False
    if which is InvoiceWord.UNPAID:
        return invoice.amount_remaining > 0
    if which is InvoiceWord.OVERDUE:
        return invoice.amount_remaining > 0 and invoice.due_date is not None and invoice.due_date < now
    return True
