"""When ``subscription_canceled`` opens, moves on and is undone (billing rules 5.4)."""

from __future__ import annotations

from dataclasses import replace

from clynto.domain.moments import UnixMicros, UnixTime, seconds_of
from clynto.domain.provenance import Source
from clynto.domain.signal_cases import debt_case, subscription_case
from clynto.domain.signal_ledger import Episode, LedgerDraft, SubscriptionMemory
from clynto.domain.signal_pictures import SubscriptionFacts, SubscriptionPicture
from clynto.domain.signals import (
    CancellationStage,
    Signal,
    SignalContext,
    SignalOutcome,
    SignalState,
    SignalType,
    signal_key,
)
from clynto.domain.subscription import SubscriptionStatus

LOST_OVER_A_DEBT = "payment_failed"
"""``cancellation_details.reason`` of a subscription that Stripe ended after the last retry (stripe_facts 2.4)."""

_NEVER_STARTED = frozenset({SubscriptionStatus.INCOMPLETE.value, SubscriptionStatus.INCOMPLETE_EXPIRED.value})


def is_requested(facts: SubscriptionFacts) -> bool:
    """Live and scheduled to end, by flag or by date only, unless the end was fixed when it was made (5.4)."""
    if facts.is_ended or facts.ended_at is not None or facts.status in _NEVER_STARTED:
        return False
    if facts.cancel_at is not None and facts.canceled_at == facts.created:
        return False
    return facts.cancel_at_period_end or (facts.cancel_at is not None and facts.canceled_at is not None)


def after_newer(
    draft: LedgerDraft,
    held: SubscriptionMemory | None,
    memory: SubscriptionMemory,
    picture: SubscriptionPicture,
    previous_sync_at: UnixMicros | None,
) -> SubscriptionMemory:
    """Open, move, end or undo a cancellation. Returns the memory with its requests brought up to date."""
    facts, now = picture.facts, picture.seen.as_of
    open_signals = draft.open_of(SignalType.SUBSCRIPTION_CANCELED, facts.id)
    if facts.status == SubscriptionStatus.CANCELED.value:
        if open_signals:
            draft.put(_moved(draft, open_signals[-1], picture))
            return memory
        if held is not None and held.facts.status in _NEVER_STARTED:
            return replace(memory, ended_before_it_started=True)
        return _opened(draft, memory, picture) if _is_news(held, picture, previous_sync_at) else memory
    if is_requested(facts):
        if open_signals:
            draft.put(_moved(draft, open_signals[-1], picture))
            return memory
        return _opened(draft, memory, picture)
    for signal in open_signals:
        draft.put(_undone(signal, seconds_of(now)))
    if all(request.ended is not None for request in memory.requests):
        return memory
    requests = tuple(
        request if request.ended is not None else replace(request, ended=now) for request in memory.requests
    )
    return replace(memory, requests=requests)


def after_older(draft: LedgerDraft, memory: SubscriptionMemory, picture: SubscriptionPicture) -> SubscriptionMemory:
    """A request that was undone before we heard of it is added as closed (billing rules 5.1, 3).

    The one thing that may open late is an end that we took for an unfinished checkout: what is open must not depend on
    whether the start was told before or after the end.
    """
    then = picture.seen.as_of
    if memory.ended_before_it_started and picture.facts.status not in _NEVER_STARTED:
        end = SubscriptionPicture(memory.facts, memory.seen)
        return replace(_opened(draft, memory, end), ended_before_it_started=False)
    if not is_requested(picture.facts) or is_requested(memory.facts) or memory.facts.is_ended:
        return memory
    identity = _base_identity(picture.facts)
    known = signal_key(SignalType.SUBSCRIPTION_CANCELED, identity) in draft.signals
    if known or any(
        request.began <= then and (request.ended is None or then < request.ended) for request in memory.requests
    ):
        return memory
    draft.put(_undone(_new_signal(draft, picture, identity), seconds_of(memory.as_of)))
    return replace(memory, requests=(*memory.requests, Episode(identity, then, memory.as_of)))


def _is_news(
    held: SubscriptionMemory | None, picture: SubscriptionPicture, previous_sync_at: UnixMicros | None
) -> bool:
    """What ended before we ever looked is history (billing rules 5.1, 4 and 5)."""
    if held is not None:
        return not held.facts.is_ended
    if previous_sync_at is None:
        return picture.seen.source is Source.EVENT
    ended_at = picture.facts.ended_at
    if ended_at is None:
        return False
    if picture.seen.source is Source.API:
        return ended_at > seconds_of(previous_sync_at)
    # An event is told because it happened: within the second in which the sync began, it came after the sync looked,
    # which would have remembered the subscription otherwise.
    return ended_at >= seconds_of(previous_sync_at)


def _base_identity(facts: SubscriptionFacts) -> str:
    for moment in (facts.canceled_at, facts.cancel_at, facts.ended_at, facts.period_end):
        if moment is not None:
            return f"{facts.id}:{moment}"
    return f"{facts.id}:undated"


def _opened(draft: LedgerDraft, memory: SubscriptionMemory, picture: SubscriptionPicture) -> SubscriptionMemory:
    base = _base_identity(picture.facts)
    earlier = sum(
        1 for request in memory.requests if request.identity == base or request.identity.startswith(f"{base}#")
    )
    identity = f"{base}#{earlier + 1}" if earlier else base
    draft.put(_new_signal(draft, picture, identity))
    return replace(memory, requests=(*memory.requests, Episode(identity, picture.seen.as_of)))


def _new_signal(draft: LedgerDraft, picture: SubscriptionPicture, identity: str) -> Signal:
    facts = picture.facts
    ended = facts.status == SubscriptionStatus.CANCELED.value
    asked_at = facts.canceled_at or facts.ended_at or seconds_of(picture.seen.as_of)
    return Signal(
        type=SignalType.SUBSCRIPTION_CANCELED,
        identity=identity,
        customer_id=facts.customer_id,
        subscription_id=facts.id,
        invoice_id=None,
        case_key=_case(draft, facts, identity),
        state=SignalState.OPEN,
        stage=CancellationStage.ENDED if ended else CancellationStage.SCHEDULED,
        amount=facts.list_mrr,
        currency=facts.currency,
        plan=facts.plan,
        occurred_at=asked_at,
        estimated=facts.amount_unknown,
        context=_context(facts),
    )


def _moved(draft: LedgerDraft, signal: Signal, picture: SubscriptionPicture) -> Signal:
    """The same cancellation in its newest form: another date, other seats, or in effect (S44, S47)."""
    facts = picture.facts
    ended = facts.status == SubscriptionStatus.CANCELED.value
    moved = replace(
        signal,
        stage=CancellationStage.ENDED if ended else CancellationStage.SCHEDULED,
        case_key=_case(draft, facts, signal.identity),
        context=replace(_context(facts), on_trial=signal.context.on_trial or _context(facts).on_trial),
    )
    if not facts.items and signal.amount:
        # An ended subscription may come without its items; what it brought is known from before.
        return moved
    return replace(
        moved, amount=facts.list_mrr, currency=facts.currency, plan=facts.plan, estimated=facts.amount_unknown
    )


def _case(draft: LedgerDraft, facts: SubscriptionFacts, identity: str) -> str:
    if facts.cancellation_reason != LOST_OVER_A_DEBT:
        return subscription_case(facts.id, f"canceled {identity}")
    debts = [
        signal
        for signal in draft.signals.values()
        if signal.subscription_id == facts.id and signal.type in (SignalType.PAYMENT_OVERDUE, SignalType.PAYMENT_FAILED)
    ]
    overdue = [signal for signal in debts if signal.type is SignalType.PAYMENT_OVERDUE] or debts
    if overdue:
        return max(overdue, key=lambda signal: (signal.occurred_at, signal.identity)).case_key
    return debt_case(facts.id, facts.latest_invoice_id)


def _context(facts: SubscriptionFacts) -> SignalContext:
    return SignalContext(
        reason=facts.cancellation_reason,
        effective_at=facts.ended_at or facts.cancel_at or facts.period_end,
        on_trial=facts.status == SubscriptionStatus.TRIALING.value,
    )


def _undone(signal: Signal, at: UnixTime) -> Signal:
    return replace(signal, state=SignalState.RESOLVED, outcome=SignalOutcome.UNDONE, resolved_at=at)
