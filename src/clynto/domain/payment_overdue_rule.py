"""When ``payment_overdue`` opens and closes (billing rules 5.3)."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from clynto.domain.moments import UnixMicros, UnixTime, seconds_of
from clynto.domain.provenance import Source
from clynto.domain.signal_cases import debt_case
from clynto.domain.signal_ledger import Episode, InvoiceMemory, LedgerDraft, SubscriptionMemory
from clynto.domain.signal_pictures import SubscriptionFacts, SubscriptionPicture, is_owed
from clynto.domain.signals import (
    Signal,
    SignalContext,
    SignalOutcome,
    SignalState,
    SignalType,
    signal_key,
)
from clynto.domain.subscription import SubscriptionStatus

PAUSED_AFTER_LAST_RETRY = "final_payment_failure"
"""The only pause in which the money is still owed as before (billing rules 5.3; stripe_facts 2.4)."""

OWING_STATUSES = frozenset({SubscriptionStatus.PAST_DUE.value, SubscriptionStatus.UNPAID.value})
"""``unpaid`` has no other way in than past_due, so it counts as entry when that was missed (billing rules 5.3)."""

_OUTCOME_OF_STATUS = {
    SubscriptionStatus.ACTIVE.value: SignalOutcome.RECOVERED,
    SubscriptionStatus.TRIALING.value: SignalOutcome.RECOVERED,
    SubscriptionStatus.CANCELED.value: SignalOutcome.SUBSCRIPTION_ENDED,
    SubscriptionStatus.INCOMPLETE_EXPIRED.value: SignalOutcome.SUBSCRIPTION_ENDED,
    SubscriptionStatus.PAUSED.value: SignalOutcome.PAUSED,
}
"""A status that is not here, an unknown one above all, proves nothing and leaves the signal open."""


def is_owing(facts: SubscriptionFacts) -> bool:
    """In past_due, or in a state that only past_due leads to."""
    if facts.status == SubscriptionStatus.PAUSED.value:
        return facts.pause_reason == PAUSED_AFTER_LAST_RETRY
    return facts.status in OWING_STATUSES


def after_newer(
    draft: LedgerDraft, held: SubscriptionMemory | None, memory: SubscriptionMemory, picture: SubscriptionPicture
) -> SubscriptionMemory:
    """Enter, stay in or leave past_due. Returns the memory with its stays brought up to date.

    The plan of an open signal follows the newest picture: whichever came first, it is the same in the end (5.1, 3).
    """
    facts, now = picture.facts, picture.seen.as_of
    open_signals = draft.open_of(SignalType.PAYMENT_OVERDUE, facts.id)
    if is_owing(facts):
        if open_signals:
            for signal in open_signals:
                draft.put(replace(signal, plan=facts.plan))
            return memory
        identity = _next_identity(facts, memory)
        draft.put(_new_signal(draft, picture, identity, held))
        return replace(memory, stays=(*memory.stays, Episode(identity, now)))
    outcome = _outcome(facts)
    if outcome is None:
        return memory
    for signal in open_signals:
        draft.put(_resolved(signal, outcome, facts.ended_at or seconds_of(now)))
    if all(stay.ended is not None for stay in memory.stays):
        return memory
    stays = tuple(stay if stay.ended is not None else replace(stay, ended=now) for stay in memory.stays)
    return replace(memory, stays=stays)


def after_older(draft: LedgerDraft, memory: SubscriptionMemory, picture: SubscriptionPicture) -> SubscriptionMemory:
    """A stay that is over and was never told is added as closed; nothing else (billing rules 5.1, 3)."""
    facts, then = picture.facts, picture.seen.as_of
    outcome = _outcome(memory.facts)
    if not is_owing(facts) or is_owing(memory.facts) or outcome is None:
        return memory
    identity = _base_identity(facts)
    if signal_key(SignalType.PAYMENT_OVERDUE, identity) in draft.signals or _lies_in_a_known_stay(memory, then):
        return memory
    signal = _new_signal(draft, picture, identity, None)
    ended_at = memory.facts.ended_at or seconds_of(memory.as_of)
    draft.put(_resolved(signal, outcome, ended_at))
    return replace(memory, stays=(*memory.stays, Episode(identity, then, memory.as_of)))


def after_invoice(draft: LedgerDraft, memory: InvoiceMemory) -> None:
    """Once the invoice is known, what is left on it replaces the estimate (billing rules 5.3)."""
    for signal in list(draft.signals.values()):
        if signal.type is not SignalType.PAYMENT_OVERDUE or signal.invoice_id != memory.invoice.id:
            continue
        debt = _debt(memory)
        if debt is not None and (signal.estimated or (signal.is_open and is_owed(memory.invoice))):
            context = replace(signal.context, invoice_number=memory.invoice.number)
            draft.put(replace(signal, amount=debt, currency=memory.invoice.currency, estimated=False, context=context))


def _outcome(facts: SubscriptionFacts) -> SignalOutcome | None:
    return None if is_owing(facts) else _OUTCOME_OF_STATUS.get(facts.status)


def _lies_in_a_known_stay(memory: SubscriptionMemory, then: UnixMicros) -> bool:
    return any(stay.began <= then and (stay.ended is None or then < stay.ended) for stay in memory.stays)


def _base_identity(facts: SubscriptionFacts) -> str:
    entry = facts.latest_invoice_id if facts.latest_invoice_id is not None else facts.period_start
    return f"{facts.id}:{'undated' if entry is None else entry}"


def _next_identity(facts: SubscriptionFacts, memory: SubscriptionMemory) -> str:
    base = _base_identity(facts)
    earlier = sum(1 for stay in memory.stays if stay.identity == base or stay.identity.startswith(f"{base}#"))
    return f"{base}#{earlier + 1}" if earlier else base


def _debt(memory: InvoiceMemory) -> Fraction | None:
    """What is left to pay; of an invoice settled since, what was due. None where nothing ever was."""
    invoice = memory.invoice
    amount = invoice.amount_remaining if is_owed(invoice) else invoice.amount_due
    return Fraction(amount) if amount > 0 else None


def _new_signal(
    draft: LedgerDraft, picture: SubscriptionPicture, identity: str, held: SubscriptionMemory | None
) -> Signal:
    facts = picture.facts
    known = draft.invoices.get(facts.latest_invoice_id or "")
    debt = None if known is None else _debt(known)
    return Signal(
        type=SignalType.PAYMENT_OVERDUE,
        identity=identity,
        customer_id=facts.customer_id,
        subscription_id=facts.id,
        invoice_id=facts.latest_invoice_id,
        case_key=debt_case(facts.id, facts.latest_invoice_id),
        state=SignalState.OPEN,
        amount=facts.period_amount if debt is None else debt,
        currency=facts.currency if debt is None or known is None else known.invoice.currency,
        plan=facts.plan,
        occurred_at=_entered_at(picture, held),
        estimated=debt is None,
        context=SignalContext(
            invoice_number=None if known is None else known.invoice.number,
            time_is_exact=picture.seen.source is Source.EVENT,
        ),
    )


def _entered_at(picture: SubscriptionPicture, held: SubscriptionMemory | None) -> UnixTime:
    """An event tells the second. A read tells only that it is so; the period it opened with is the best guess if
    it began after the last time we looked."""
    seen_at, period_start = seconds_of(picture.seen.as_of), picture.facts.period_start
    if picture.seen.source is Source.EVENT or period_start is None or period_start > seen_at:
        return seen_at
    return period_start if held is None or period_start > seconds_of(held.as_of) else seen_at


def _resolved(signal: Signal, outcome: SignalOutcome, at: UnixTime) -> Signal:
    return replace(signal, state=SignalState.RESOLVED, outcome=outcome, resolved_at=at)
