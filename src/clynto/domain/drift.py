"""What webhooks had left us believing against what Stripe says, object by object, with the likely cause.

A re-sync compares what was remembered of each object with what it read. Small differences inside the same picture
(a retry time, a number) are not worth a line; a status, an amount, a plan or a cancellation is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from fractions import Fraction

from clynto.domain.invoice import Invoice
from clynto.domain.money import major_text
from clynto.domain.signal_ledger import SignalLedger
from clynto.domain.signal_pictures import InvoicePicture, Picture, SubscriptionFacts

MOST_LINES = 200

_EVENT_BEYOND_THE_FIVE = {
    "void": "invoice.voided",
    "uncollectible": "invoice.marked_uncollectible",
    "paid": "invoice.paid",
}
"""Events that the guide's five leave out, by the status they would have told (guarantees H8)."""


def drift_of(ledger: SignalLedger, picture: Picture, *, parked: Collection[str]) -> Iterator[str]:
    """Lines about the object of ``picture`` as far as it differs from what ``ledger`` remembers.

    ``parked`` are ids of objects whose events failed too often. What is seen for the first time is no drift.
    """
    if isinstance(picture, InvoicePicture):
        memory = ledger.invoices.get(picture.invoice.id)
        if memory is not None:
            changes = _invoice_changes(memory.invoice, picture.invoice)
            if changes:
                yield _line("invoice", picture.invoice.id, changes, _invoice_cause(picture.invoice, parked))
        return
    held = ledger.subscriptions.get(picture.facts.id)
    if held is not None:
        changes = _subscription_changes(held.facts, picture.facts)
        if changes:
            yield _line("subscription", picture.facts.id, changes, _cause(picture.facts.id, parked))


def _line(kind: str, object_id: str, changes: list[str], cause: str) -> str:
    return f"{kind} {object_id}: {', '.join(changes)}; {cause}"


def _subscription_changes(held: SubscriptionFacts, now: SubscriptionFacts) -> list[str]:
    changes = []
    if held.status != now.status:
        changes.append(f"status {held.status} → {now.status}")
    if held.list_mrr != now.list_mrr or held.currency != now.currency:
        before, after = major_text(held.list_mrr, held.currency), major_text(now.list_mrr, now.currency)
        changes.append(f"list MRR {before} {held.currency} → {after} {now.currency}")
    scheduled = (held.cancel_at_period_end, held.cancel_at), (now.cancel_at_period_end, now.cancel_at)
    if scheduled[0] != scheduled[1] and held.status == now.status:
        changes.append("scheduled cancellation changed")
    return changes


def _invoice_changes(held: Invoice, now: Invoice) -> list[str]:
    changes = []
    if held.status != now.status:
        changes.append(f"status {held.status} → {now.status}")
    if held.amount_remaining != now.amount_remaining:
        before = major_text(Fraction(held.amount_remaining), held.currency)
        after = major_text(Fraction(now.amount_remaining), now.currency)
        changes.append(f"left to pay {before} → {after} {now.currency}")
    return changes


def _invoice_cause(invoice: Invoice, parked: Collection[str]) -> str:
    told_by = _EVENT_BEYOND_THE_FIVE.get(invoice.status)
    if invoice.id not in parked and told_by is not None:
        return f"no event told us, perhaps because {told_by} is not among the endpoint's events"
    return _cause(invoice.id, parked)


def _cause(object_id: str, parked: Collection[str]) -> str:
    return "its event failed and is parked" if object_id in parked else "no event told us"
