"""The state machine of churn signals: a ledger and a picture in, a ledger and what changed out (billing rules 5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from clynto.domain import cancellation_rule, downgrade_rule, payment_failed_rule, payment_overdue_rule
from clynto.domain.invoice import Invoice
from clynto.domain.moments import UnixMicros
from clynto.domain.provenance import Age, Source, age_against
from clynto.domain.signal_ledger import InvoiceMemory, LedgerDraft, SignalLedger, SubscriptionMemory
from clynto.domain.signal_pictures import (
    FINAL_INVOICE_STATUSES,
    SETTLED_INVOICE_STATUSES,
    InvoicePicture,
    Picture,
    SubscriptionPicture,
)
from clynto.domain.signals import NonEvent, Signal


@dataclass(frozen=True, slots=True)
class ObservationContext:
    """``previous_sync_at``: when the newest complete sync before this work sent its first request; None before the
    first one is complete. During a sync it is the sync before that one (billing rules 5.1, 4 and 5)."""

    previous_sync_at: UnixMicros | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """``signals_changed`` are new or different signals, to be stored over those of the same key, resolved ones first.

    ``unsettled`` are ids of objects of which two different pictures share a second: the one that came first stands
    until Stripe is asked again (architecture decision 4).
    """

    ledger: SignalLedger
    signals_changed: tuple[Signal, ...]
    non_events: tuple[NonEvent, ...]
    unsettled: tuple[str, ...] = ()


def observe(ledger: SignalLedger, picture: Picture, context: ObservationContext) -> Outcome:
    """Take one picture in. The same picture again, under whatever event id, changes nothing."""
    return observe_all(ledger, (picture,), context)


def observe_all(ledger: SignalLedger, pictures: Iterable[Picture], context: ObservationContext) -> Outcome:
    """Take pictures of one customer in, oldest first whatever their order here.

    The order does not matter for what is open in the end, but it spares closed signals that never were seen open.
    """
    draft = LedgerDraft(ledger)
    tied: list[SubscriptionPicture] = []
    for picture in sorted(pictures, key=lambda picture: (picture.seen.as_of, picture.seen.is_read)):
        if not isinstance(picture, SubscriptionPicture):
            _observe_invoice(draft, picture)
        elif not _observe_subscription(draft, picture, context):
            tied.append(picture)
    for picture in tied:
        held = draft.subscriptions[picture.facts.id]
        if held.source is Source.ANSWER:
            # Stripe was asked with this picture in hand, so it is an older one, which may still tell what was.
            _observe_older(draft, held, picture)
        else:
            draft.unsettled.append(picture.facts.id)
    return Outcome(
        ledger=draft.finished(),
        signals_changed=draft.changed_signals(),
        non_events=tuple(draft.non_events),
        unsettled=tuple(dict.fromkeys(draft.unsettled)),
    )


def _observe_subscription(draft: LedgerDraft, picture: SubscriptionPicture, context: ObservationContext) -> bool:
    """False for a picture that only an answer of Stripe's can put before or behind the one that is held."""
    facts, seen = picture.facts, picture.seen
    held = draft.subscriptions.get(facts.id)
    age = _subscription_age(picture, held)
    if held is not None and age is Age.TIED:
        if held.facts == facts:
            return True
        draft.subscriptions[facts.id] = downgrade_rule.after_tied(held, picture)
        return False
    if held is not None and age is Age.OLDER:
        _observe_older(draft, held, picture)
        return True
    if held is None:
        memory = SubscriptionMemory(facts, seen.as_of, seen.source)
    else:
        memory = replace(held, facts=facts, as_of=seen.as_of, source=seen.source)
    memory = payment_overdue_rule.after_newer(draft, held, memory, picture)
    memory = downgrade_rule.after_newer(draft, held, memory, picture)
    draft.subscriptions[facts.id] = cancellation_rule.after_newer(
        draft, held, memory, picture, context.previous_sync_at
    )
    payment_failed_rule.after_subscription(draft, picture)
    downgrade_rule.tell_net_change(draft, seen.as_of)
    return True


def _observe_older(draft: LedgerDraft, held: SubscriptionMemory, picture: SubscriptionPicture) -> None:
    memory = payment_overdue_rule.after_older(draft, held, picture)
    draft.subscriptions[picture.facts.id] = cancellation_rule.after_older(draft, memory, picture)


def _observe_invoice(draft: LedgerDraft, picture: InvoicePicture) -> None:
    invoice, seen = picture.invoice, picture.seen
    held = draft.invoices.get(invoice.id)
    age = _invoice_age(picture, held)
    if held is None or age is Age.NEWER:
        draft.invoices[invoice.id] = InvoiceMemory(invoice, seen.as_of, seen.source)
    elif age is Age.TIED and replace(held.invoice, last_failed_at=invoice.last_failed_at) != invoice:
        draft.unsettled.append(invoice.id)
    payment_failed_rule.after_invoice(draft, picture, age)
    payment_overdue_rule.after_invoice(draft, draft.invoices[invoice.id])


def _subscription_age(picture: SubscriptionPicture, held: SubscriptionMemory | None) -> Age:
    """By time, except that an end is final: nothing replaces it, and it replaces whatever claims to be newer."""
    if held is None:
        return Age.NEWER
    if held.facts.is_ended != picture.facts.is_ended:
        return Age.NEWER if picture.facts.is_ended else Age.OLDER
    return age_against(picture.seen, held.seen)


def _invoice_age(picture: InvoicePicture, held: InvoiceMemory | None) -> Age:
    """By time, except that an invoice never goes back: written off ends being open, paid and void end everything
    (billing rules 5.1, 3)."""
    if held is None:
        return Age.NEWER
    old, new = _finality(held.invoice), _finality(picture.invoice)
    if old != new:
        return Age.NEWER if new > old else Age.OLDER
    return age_against(picture.seen, held.seen)


def _finality(invoice: Invoice) -> int:
    if invoice.status in FINAL_INVOICE_STATUSES:
        return 2
    return 1 if invoice.status in SETTLED_INVOICE_STATUSES else 0
