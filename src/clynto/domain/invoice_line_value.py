"""What an invoice line is worth per month (billing rules 6.3, rules 1, 6 and 7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from clynto.domain.catalogue import Price
from clynto.domain.invoice import Invoice, InvoiceLine, InvoiceStatus
from clynto.domain.moments import UnixTime
from clynto.domain.money import ZERO
from clynto.domain.service_period import (
    IntervalSource,
    ServiceInterval,
    full_period_seconds,
    interval_of,
    is_metered,
)

INTERVAL_INFERRED = "interval_inferred"
PRORATION_SCALED = "proration_scaled"
PRORATION_WITHOUT_PRICE = "proration_without_price"
LINES_NOT_ALL_READ = "lines_not_all_read"

VALID_STATUSES = frozenset({InvoiceStatus.PAID.value, InvoiceStatus.OPEN.value})
"""``open`` counts as past_due does (billing rules 6.3, rule 2)."""

KNOWN_ZERO_STATUSES = frozenset({InvoiceStatus.VOID.value, InvoiceStatus.UNCOLLECTIBLE.value})


NO_INTERVAL_NEEDED = ServiceInterval(ZERO, None, IntervalSource.LINE)
"""Nothing per period is nothing per month, whatever the period (rule 6)."""


@dataclass(frozen=True, slots=True)
class ValuedLine:
    """A recurring licensed line with its monthly value in exact minor units of ``currency``.

    ``item`` tells lines of the same subscription item. ``credit``: a negative line, which has no value of its own.
    ``void``: its invoice was voided or written off. ``scaled``: the value comes from a rounded part of a period.
    """

    subscription_id: str
    item: str
    currency: str
    start: UnixTime
    end: UnixTime
    invoice_id: str
    invoice_created: UnixTime
    billing_reason: str | None
    proration: bool
    credit: bool
    void: bool
    scaled: bool
    list_mrr: Fraction
    net_mrr: Fraction


@dataclass(frozen=True, slots=True)
class ValuedLines:
    """``notes`` are about the input and concern every point that is rebuilt from it."""

    lines: tuple[ValuedLine, ...]
    notes: frozenset[str]


def value_lines(invoices: Iterable[Invoice], listed_prices: Mapping[str, Price]) -> ValuedLines:
    """Value every recurring licensed line of ``invoices`` that are final; drafts are not yet history."""
    valued: list[ValuedLine] = []
    notes: set[str] = set()
    for invoice in invoices:
        if invoice.status not in VALID_STATUSES | KNOWN_ZERO_STATUSES:
            continue
        if not invoice.lines_complete:
            notes.add(LINES_NOT_ALL_READ)
        for line in invoice.lines:
            if not line.subscription_line or is_metered(line, listed_prices):
                continue
            interval = NO_INTERVAL_NEEDED if line.amount == 0 else interval_of(line, listed_prices)
            if interval is None:
                notes.update({PRORATION_WITHOUT_PRICE} if line.proration else ())
                continue
            owner = line.subscription_id or invoice.subscription_id
            if owner is None:
                continue
            if interval.source is IntervalSource.PERIOD_LENGTH:
                notes.add(INTERVAL_INFERRED)
            valued.append(_valued(line, invoice, owner, interval, listed_prices))
    return ValuedLines(tuple(valued), frozenset(notes))


def _valued(
    line: InvoiceLine,
    invoice: Invoice,
    owner: str,
    interval: ServiceInterval,
    listed_prices: Mapping[str, Price],
) -> ValuedLine:
    scaled = False
    if line.amount <= 0:
        value = ZERO
    elif not line.proration:
        value = line.amount * interval.factor
    else:
        whole_price = _whole_price(line, listed_prices)
        scaled = whole_price is None
        value = (_scaled_amount(line, invoice, interval) if whole_price is None else whole_price) * interval.factor
    share = 1 - Fraction(line.discount_total, line.amount) if line.amount > 0 else ZERO
    return ValuedLine(
        subscription_id=owner,
        item=_item_key(line),
        currency=line.currency,
        start=line.period_start,
        end=line.period_end,
        invoice_id=invoice.id,
        invoice_created=invoice.created,
        billing_reason=invoice.billing_reason,
        proration=line.proration,
        credit=line.amount < 0,
        void=invoice.status in KNOWN_ZERO_STATUSES,
        scaled=scaled,
        list_mrr=value,
        net_mrr=value * share,
    )


def _item_key(line: InvoiceLine) -> str:
    """The subscription item, else the product (rule 4); a line that tells neither stands for its price."""
    return line.subscription_item_id or line.product_id or line.price_id or ""


def _whole_price(line: InvoiceLine, listed_prices: Mapping[str, Price]) -> Fraction | None:
    """Quantity times unit price, for a price of which that is the amount of a whole period."""
    listed = listed_prices.get(line.price_id or "")
    per_unit, unit_amount = line.price_per_unit, line.unit_amount
    if listed is not None and per_unit is None:
        per_unit = not listed.tiered and listed.package is None
    if listed is not None and unit_amount is None and listed.currency == line.currency:
        unit_amount = listed.amounts.unit_amount
    if not per_unit or unit_amount is None or line.quantity is None:
        return None
    return unit_amount * line.quantity


def _scaled_amount(line: InvoiceLine, invoice: Invoice, interval: ServiceInterval) -> Fraction:
    """The rounded amount of a part of the period, brought up to the whole: may be off by a few cents (rule 6)."""
    seconds = line.period_end - line.period_start
    if seconds <= 0:
        return Fraction(line.amount)
    wholes = [
        other
        for other in invoice.lines
        if not other.proration
        and _item_key(other) == _item_key(line)
        and other.period_end == line.period_end
        and other.period_start <= line.period_start
    ]
    whole = max(wholes, key=lambda other: other.period_start) if wholes else None
    return line.amount * Fraction(full_period_seconds(line, interval, whole), seconds)
