"""When ``subscription_downgraded`` opens, grows and closes (billing rules 5.5).

Compared is always our own exact list MRR; never the net one, never proration lines.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from clynto.domain.downgrade_explanation import cause_of, explained_by
from clynto.domain.moments import MICROS_PER_SECOND, UnixMicros, UnixTime, seconds_of
from clynto.domain.money import ZERO
from clynto.domain.provenance import Source
from clynto.domain.signal_cases import subscription_case
from clynto.domain.signal_ledger import Episode, LedgerDraft, Level, SubscriptionMemory
from clynto.domain.signal_pictures import SubscriptionFacts, SubscriptionPicture
from clynto.domain.signals import (
    DowngradeTiming,
    NonEvent,
    NonEventCode,
    Signal,
    SignalContext,
    SignalOutcome,
    SignalState,
    SignalType,
    signal_key,
)
from clynto.domain.subscription import SubscriptionStatus

SETTLING_SECONDS = 60 * 60
"""Changes within one hour are one decision: the hour sets the level to fall from and never delays a signal
(billing rules 5.5; section 7, decision 4)."""

_SETTLING = SETTLING_SECONDS * MICROS_PER_SECOND


def after_newer(
    draft: LedgerDraft, held: SubscriptionMemory | None, memory: SubscriptionMemory, picture: SubscriptionPicture
) -> SubscriptionMemory:
    """Compare the level that was in force with the new one. Returns the memory with its levels brought up to date."""
    facts, now = picture.facts, picture.seen.as_of
    open_signals = draft.open_of(SignalType.SUBSCRIPTION_DOWNGRADED, facts.id)
    if facts.status == SubscriptionStatus.CANCELED.value:
        for signal in open_signals:
            at = facts.ended_at or seconds_of(now)
            draft.put(_resolved(signal, SignalOutcome.SUPERSEDED_BY_CANCELLATION, at))
    elif facts.is_counted and not facts.amount_unknown:
        for signal in open_signals:
            mark = signal.context.mrr_before
            if signal.currency == facts.currency and mark is not None and facts.list_mrr >= mark:
                draft.put(_resolved(signal, SignalOutcome.RECOVERED, seconds_of(now)))
    if held is not None and _was_counted(held) and facts.is_counted:
        memory = _compared(draft, held, memory, picture)
    levels = _levels(memory, facts, now)
    return memory if levels is memory.levels else replace(memory, levels=levels)


def after_tied(held: SubscriptionMemory, picture: SubscriptionPicture) -> SubscriptionMemory:
    """A subscription met for the first time in two pictures of one second: the larger is what it may have fallen
    from, whichever came first, so that the order of delivery does not decide whether a cut is seen."""
    facts, now = picture.facts, picture.seen.as_of
    if len(held.levels) != 1 or seconds_of(held.levels[0].since) != seconds_of(now):
        return held
    (first,) = held.levels
    other = _level(facts, now)
    if other.mrr is None or (first.mrr is not None and (first.currency != other.currency or first.mrr >= other.mrr)):
        return held
    return replace(held, levels=(replace(other, since=first.since),))


def tell_net_change(draft: LedgerDraft, now: UnixMicros) -> None:
    """While a cut settles, show what all subscriptions of the customer made of it together (S96)."""
    for memory in list(draft.subscriptions.values()):
        for cut in memory.cuts:
            if 0 <= now - cut.began < _SETTLING:
                signal = draft.signals[signal_key(SignalType.SUBSCRIPTION_DOWNGRADED, cut.identity)]
                net = _net_change(draft, memory, signal, cut.began)
                draft.put(replace(signal, context=replace(signal.context, net_change=net)))


def _compared(
    draft: LedgerDraft, held: SubscriptionMemory, memory: SubscriptionMemory, picture: SubscriptionPicture
) -> SubscriptionMemory:
    old, new, now = held.facts, picture.facts, picture.seen.as_of
    if old.currency != new.currency:
        _explain(draft, picture, NonEventCode.CURRENCY_CHANGE)
        return memory
    if old.amount_unknown or new.amount_unknown:
        if old.items != new.items or old.amount_unknown != new.amount_unknown:
            _explain(draft, picture, NonEventCode.AMOUNT_UNKNOWN)
        return memory
    lowest = _lowest_of_the_last_hour(memory, new.currency, now)
    if lowest is None or lowest.mrr is None:
        return memory
    recent = _settling_cut(draft, memory, new, now)
    if new.list_mrr < lowest.mrr:
        reason = explained_by(lowest.items, new.items)
        if reason is not None:
            _explain(draft, picture, reason)
            return memory
        if recent is None:
            return _opened(draft, memory, picture, lowest)
    if recent is not None:
        draft.put(_grown(recent, new))
    return memory


def _explain(draft: LedgerDraft, picture: SubscriptionPicture, code: NonEventCode) -> None:
    facts = picture.facts
    draft.non_events.append(NonEvent(code, facts.id, facts.customer_id, seconds_of(picture.seen.as_of), facts.plan))


def _lowest_of_the_last_hour(memory: SubscriptionMemory, currency: str, now: UnixMicros) -> Level | None:
    """The lowest level in force at any time in the last hour; of equal ones the newest."""
    lowest: Level | None = None
    until: UnixMicros | None = None
    for level in reversed(memory.levels):
        if until is not None and until <= now - _SETTLING:
            break
        until = level.since
        if level.mrr is None or level.currency != currency:
            continue
        if lowest is None or lowest.mrr is None or level.mrr < lowest.mrr:
            lowest = level
    return lowest


def _settling_cut(
    draft: LedgerDraft, memory: SubscriptionMemory, new: SubscriptionFacts, now: UnixMicros
) -> Signal | None:
    """The cut of less than an hour ago that the new level belongs to: deeper, or back below the mark after a rise."""
    if not memory.cuts or now - memory.cuts[-1].began >= _SETTLING:
        return None
    signal = draft.signals[signal_key(SignalType.SUBSCRIPTION_DOWNGRADED, memory.cuts[-1].identity)]
    mark, low = signal.context.mrr_before, signal.context.mrr_after
    if signal.currency != new.currency or mark is None or low is None or new.list_mrr >= mark:
        return None
    return signal if not signal.is_open or new.list_mrr < low else None


def _opened(
    draft: LedgerDraft, memory: SubscriptionMemory, picture: SubscriptionPicture, before: Level
) -> SubscriptionMemory:
    facts, now = picture.facts, picture.seen.as_of
    assert before.mrr is not None
    identity = f"{facts.id}:{len(memory.cuts) + 1}"
    signal = Signal(
        type=SignalType.SUBSCRIPTION_DOWNGRADED,
        identity=identity,
        customer_id=facts.customer_id,
        subscription_id=facts.id,
        invoice_id=None,
        case_key=subscription_case(facts.id, f"downgraded {identity}"),
        state=SignalState.OPEN,
        amount=before.mrr - facts.list_mrr,
        currency=facts.currency,
        plan=f"{before.plan} -> {facts.plan}",
        occurred_at=seconds_of(now),
        context=SignalContext(
            cause=cause_of(before.items, facts.items),
            timing=_timing(before, facts),
            mrr_before=before.mrr,
            mrr_after=facts.list_mrr,
            time_is_exact=picture.seen.source is Source.EVENT,
        ),
    )
    draft.put(signal)
    return replace(memory, cuts=(*memory.cuts, Episode(identity, now)))


def _grown(signal: Signal, new: SubscriptionFacts) -> Signal:
    """A second cut within the hour is the same decision (S71)."""
    mark, plan = signal.context.mrr_before, signal.plan
    assert mark is not None
    before = (plan or "").split(" -> ")[0]
    return replace(
        signal,
        state=SignalState.OPEN,
        outcome=None,
        resolved_at=None,
        amount=mark - new.list_mrr,
        plan=f"{before} -> {new.plan}",
        context=replace(signal.context, mrr_after=new.list_mrr),
    )


def _timing(before: Level, facts: SubscriptionFacts) -> DowngradeTiming | None:
    """At renewal if a new period began where the old one ended; None where the periods are not told."""
    if before.period_end is None or facts.period_start is None:
        return None
    return DowngradeTiming.AT_RENEWAL if facts.period_start >= before.period_end else DowngradeTiming.MID_CYCLE


def _was_counted(held: SubscriptionMemory) -> bool:
    return held.facts.is_counted or (len(held.levels) > 0 and held.levels[-1].mrr is not None)


def _level(facts: SubscriptionFacts, now: UnixMicros) -> Level:
    mrr = facts.list_mrr if facts.is_counted and not facts.amount_unknown else None
    return Level(now, facts.currency, mrr, facts.plan, facts.items, facts.period_end)


def _levels(memory: SubscriptionMemory, facts: SubscriptionFacts, now: UnixMicros) -> tuple[Level, ...]:
    """Add the new level if it is one, and keep two hours: one to settle, and the one before a cut that settles."""
    level = _level(facts, now)
    levels = memory.levels
    if levels and replace(levels[-1], since=now) == level:
        return levels
    levels = (*levels, level)
    past = [position for position, held in enumerate(levels) if held.since <= now - 2 * _SETTLING]
    return levels[past[-1] :] if past else levels


def _net_change(draft: LedgerDraft, cut_memory: SubscriptionMemory, signal: Signal, began: UnixMicros) -> Fraction:
    total = ZERO
    for memory in draft.subscriptions.values():
        latest = memory.levels[-1] if memory.levels else None
        if latest is not None and latest.currency == signal.currency:
            total += latest.mrr or ZERO
        if memory is cut_memory:
            total -= signal.context.mrr_before or ZERO
        else:
            total -= _in_force(memory, signal.currency, UnixMicros(began - _SETTLING))
    return total


def _in_force(memory: SubscriptionMemory, currency: str, moment: UnixMicros) -> Fraction:
    """The level at ``moment``; of a subscription that we met later, the first one, unless it was made later too."""
    earlier = [level for level in memory.levels if level.since <= moment]
    if not earlier:
        created = memory.facts.created
        if not memory.levels or (created is not None and created * MICROS_PER_SECOND > moment):
            return ZERO
    level = earlier[-1] if earlier else memory.levels[0]
    return level.mrr or ZERO if level.currency == currency else ZERO


def _resolved(signal: Signal, outcome: SignalOutcome, at: UnixTime) -> Signal:
    return replace(signal, state=SignalState.RESOLVED, outcome=outcome, resolved_at=at)
