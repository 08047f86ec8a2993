"""Money received from a customer, as far as invoices tell (billing rules 4, with its limits)."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from clynto.domain.invoice import Invoice
from clynto.domain.moments import UnixTime
from clynto.domain.money import MoneyBag


def lifetime_value(invoices: Iterable[Invoice]) -> MoneyBag:
    """Per currency: what was paid on all invoices, less what post-payment credit notes gave back.

    A currency in which invoices exist stays in the bag with zero. Refunds are on no invoice and not subtracted.
    """
    sums: dict[str, int] = {}
    for invoice in invoices:
        if invoice.currency:
            received = invoice.amount_paid - invoice.post_payment_credit
            sums[invoice.currency] = sums.get(invoice.currency, 0) + received
    return MoneyBag({currency: Fraction(amount) for currency, amount in sums.items()})


def oldest_invoice_at(invoices: Iterable[Invoice]) -> UnixTime | None:
    """Since when ``lifetime_value`` counts; None without invoices."""
    return min((invoice.created for invoice in invoices), default=None)
