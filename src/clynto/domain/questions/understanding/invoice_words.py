"""From what a question says to the invoices that it asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from clynto.domain.questions.filters import SignalStanding, StatusWord
from clynto.domain.questions.lists import BY_AMOUNT, OWED, USUAL_LIMIT, InvoiceOrder, Invoices, InvoiceWord
from clynto.domain.questions.query import Metric, Order
from clynto.domain.questions.understanding.chunks import Chunk
from clynto.domain.questions.understanding.gathering import Gathered, Unreadable
from clynto.domain.questions.understanding.lexicon import Tag

_SINGLE = ("invoice", "bill", "invoiced")


def invoices_of(said: Gathered, accounts_listed: bool) -> Invoices | None:
    """The query; None if accounts are meant: those that owe something. Raises ``Unreadable``."""
    nouns = said.take_all(Tag.INVOICES)
    single = all(chunk.text.casefold() in _SINGLE for chunk in nouns)
    said.take(Tag.HOW_MANY)
    if len(said.names) > 1:
        raise Unreadable(*said.names)
    account = said.names[0] if said.names else None
    newest = said.take(Tag.LATEST)
    if newest and single and account is not None and not said.has(Tag.DAYS_LATE) and not _of_a_state(said, nouns):
        # "Has Acme paid its last invoice?": the invoice itself tells.
        said.take(Tag.UNPAID, Tag.DUE)
        said.statuses()
        return Invoices(account, limit=said.limit or 1)
    days_late = _days_late(said)
    which, statuses = _which(said)
    which = InvoiceWord.OVERDUE if days_late is not None else which
    if said.has(Tag.DUE) and which is InvoiceWord.ANY:
        # What was paid is not due any more.
        which = InvoiceWord.UNPAID
    if accounts_listed and which is InvoiceWord.UNPAID and not statuses and account is None and not said.amounts:
        said.metrics.append(Metric.OUTSTANDING)
        return None
    if said.has(Tag.TOTAL) and which not in OWED and account is None and not said.has(Tag.PAID_IN):
        raise ValueError("how much was billed is not kept over all accounts; what was paid in a period is")
    is_first = said.top_words == "first" and not said.order_words and not said.has(Tag.BY_AMOUNT)
    order = InvoiceOrder.OLDEST if is_first and not newest else _order(said, which, newest=newest)
    said.take(Tag.NEW, Tag.DUE)
    paid = [chunk.value.past for chunk in said.take_all(Tag.PAID_IN)]
    if len(paid) > 1:
        raise Unreadable("paid")
    period = said.periods.pop(0) if said.periods else said.event_periods.get(Tag.NEW)
    currencies = {chunk.value for chunk in (*said.take_all(Tag.CURRENCY), *said.take_owed())}
    if len(currencies) > 1:
        raise Unreadable(*currencies)
    bounds: dict[str, Fraction] = dict(said.amounts)
    if bounds:
        said.range_words, said.mrr = "", None
    unordered = order is InvoiceOrder.NEWEST and not newest and not paid
    if account is None and which not in OWED and (bounds or currencies) and unordered:
        # "Paid invoices over 500": over all accounts they are told in the order of their amounts.
        order = InvoiceOrder.LARGEST
    picked = said.order is not None or said.has(Tag.AGE) or newest
    asked_for_one = single and picked and said.limit is None
    said.take(Tag.AGE)
    return Invoices(
        account,
        which,
        period,
        1 if asked_for_one else said.limit or USUAL_LIMIT,
        order,
        next(iter(currencies), None),
        bounds.get("minimum"),
        bounds.get("above"),
        bounds.get("maximum"),
        bounds.get("below"),
        said.event_periods.get(Tag.DUE),
        days_late,
        next(iter(paid), None),
    )


def _of_a_state(said: Gathered, nouns: Sequence[Chunk]) -> bool:
    """``Its last unpaid invoice``; "has it paid its last invoice?" asks for the state of the last one."""
    states = [chunk for chunk in said.left if chunk.tag in (Tag.UNPAID, Tag.STATUS, Tag.STANDING, Tag.INVOICE_STATE)]
    return any(state.end == noun.start for state in states for noun in nouns)


def invoices_narrowed(query: Invoices, said: Gathered) -> Invoices:
    """``Only those over 500``, ``only the unpaid ones``, ``in EUR``: said of the invoices that were shown before."""
    which = query.which
    if said.has(Tag.STATUS, Tag.UNPAID, Tag.INVOICE_STATE) or (
        said.has(Tag.STANDING) and not said.has(Tag.SIGNALS, Tag.SIGNAL_TYPE)
    ):
        which, _ = _which(said)
    currencies = [chunk.value for chunk in (*said.take_all(Tag.CURRENCY), *said.take_owed())]
    bounds: dict[str, Fraction | None] = dict.fromkeys(("minimum", "above", "maximum", "below"))
    bounds |= said.amounts or {name: getattr(query, name) for name in bounds}
    if said.amounts:
        said.range_words, said.mrr = "", None
    currency = currencies[0] if currencies else query.currency
    narrowed = any(bound is not None for bound in bounds.values()) or currency is not None
    order = query.order
    if narrowed and which not in OWED and query.account is None and order not in BY_AMOUNT:
        order = InvoiceOrder.LARGEST
    changes: dict[str, Any] = {"which": which, "currency": currency, "order": order, **bounds}
    if which not in OWED:
        changes |= {"due": None, "days_late": None}
    return replace(query, **changes)


def _days_late(said: Gathered) -> int | None:
    days = [chunk.value for chunk in said.take_all(Tag.DAYS_LATE)]
    if len(set(days)) > 1:
        raise Unreadable(*(f"{held} days" for held in days))
    return days[0] if days else None


def _which(said: Gathered) -> tuple[InvoiceWord, tuple[StatusWord, ...]]:
    which = InvoiceWord.ANY
    paid_all = _asks_whether_all_are_paid(said)
    states = [chunk.value for chunk in said.take_all(Tag.INVOICE_STATE)]
    statuses = said.statuses()
    types = said.take(Tag.SIGNAL_TYPE)
    if "draft" in states:
        raise ValueError("drafts are no invoices yet, and are not shown")
    if states:
        which = InvoiceWord(states[0])
    elif paid_all:
        which = InvoiceWord.UNPAID
    elif StatusWord.OVERDUE in statuses:
        which = InvoiceWord.OVERDUE
    elif said.take(Tag.UNPAID) or Metric.OUTSTANDING in said.metrics or StatusWord.FAILED in statuses or types:
        which = InvoiceWord.UNPAID
    elif said.has(Tag.STANDING):
        which = _open(said)
    elif StatusWord.PAID in statuses:
        which = InvoiceWord.PAID
    if Metric.OUTSTANDING in said.metrics:
        said.metrics.remove(Metric.OUTSTANDING)
    if said.metrics:
        raise Unreadable(said.metrics[0].value)
    return which, statuses


def _asks_whether_all_are_paid(said: Gathered) -> bool:
    """``Has Acme paid all its invoices?``: those that it has not tell."""
    pairs = zip(said.left, said.left[1:], strict=False)
    return bool(said.names) and any(
        first.tag is Tag.STATUS and first.value is StatusWord.PAID and second.tag is Tag.ALL for first, second in pairs
    )


def _open(said: Gathered) -> InvoiceWord:
    if [chunk.value for chunk in said.take_all(Tag.STANDING)] != [SignalStanding.OPEN]:
        raise Unreadable("invoices")
    return InvoiceWord.UNPAID


def _order(said: Gathered, which: InvoiceWord, *, newest: bool) -> InvoiceOrder:
    """``Top 5 unpaid invoices`` are those with most left to pay; otherwise the newest come first."""
    by_amount = said.take(Tag.BY_AMOUNT)
    if newest:
        return InvoiceOrder.NEWEST
    if said.has(Tag.AGE):
        return InvoiceOrder.OLDEST
    if said.order is Order.LOWEST:
        return InvoiceOrder.SMALLEST
    ranked = by_amount or (said.order is not None and (bool(said.order_words) or which in OWED))
    return InvoiceOrder.LARGEST if ranked else InvoiceOrder.NEWEST
