"""When ``payment_failed`` opens and closes (billing rules 5.2; proof of rejection 3.2)."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from clynto.domain.invoice import Invoice, InvoiceStatus
from clynto.domain.moments import UnixMicros, UnixTime, seconds_of
from clynto.domain.payment_status import is_emailed, is_rejected
from clynto.domain.provenance import Age
from clynto.domain.signal_cases import debt_case
from clynto.domain.signal_ledger import InvoiceMemory, LedgerDraft
from clynto.domain.signal_pictures import InvoicePicture, SubscriptionPicture, is_owed, is_settled, settled_at
from clynto.domain.signals import (
    ONE_OFF_PLAN,
    Signal,
    SignalContext,
    SignalOutcome,
    SignalState,
    SignalType,
    signal_key,
)

_OUTCOME_OF_STATUS = {
    InvoiceStatus.PAID.value: SignalOutcome.PAID,
    InvoiceStatus.VOID.value: SignalOutcome.VOIDED,
    InvoiceStatus.UNCOLLECTIBLE.value: SignalOutcome.WRITTEN_OFF,
}


def after_invoice(draft: LedgerDraft, picture: InvoicePicture, age: Age) -> None:
    """Tell what a picture of an invoice, of whatever age, means; the ledger holds its newest picture already.

    A refused try is a fact of its own time: told late it opens a signal only if the invoice is still owed today.
    """
    newest = draft.invoices[picture.invoice.id]
    signal = draft.signals.get(signal_key(SignalType.PAYMENT_FAILED, picture.invoice.id))
    if signal is not None:
        draft.put(_followed_up(signal, picture, newest))
    elif picture.tells_failure:
        if not _is_forgotten(draft, picture, newest):
            draft.put(_new_signal(draft, picture.invoice, newest, seconds_of(picture.seen.as_of)))
    elif picture.invoice.last_failed_at is not None and is_owed(newest.invoice):
        _raise_unless_ended(draft, picture.invoice, newest)
    elif age is Age.NEWER and picture.seen.is_read:
        _raise_if_proven(draft, newest, picture.seen.as_of)


def after_subscription(draft: LedgerDraft, picture: SubscriptionPicture) -> None:
    """A newer picture of the subscription ends its failures, names their plan, or proves a rejection (3.2 d).

    The plan of what is open is that of the newest picture: whichever came first, it is the same in the end (5.1, 3).
    """
    facts = picture.facts
    for signal in list(draft.signals.values()):
        if signal.type is not SignalType.PAYMENT_FAILED or signal.subscription_id != facts.id:
            continue
        if signal.plan is None or (signal.is_open and not facts.is_ended):
            signal = replace(signal, plan=facts.plan)
        if signal.is_open and facts.is_ended:
            ended_at = facts.ended_at or seconds_of(picture.seen.as_of)
            signal = _resolved(signal, SignalOutcome.SUBSCRIPTION_ENDED, ended_at)
        draft.put(signal)
    if picture.seen.is_read:
        for memory in list(draft.invoices_of(facts.id)):
            _raise_if_proven(draft, memory, picture.seen.as_of)


def _is_forgotten(draft: LedgerDraft, picture: InvoicePicture, newest: InvoiceMemory) -> bool:
    """A failure from before the ledger's memory, of an invoice that is known by nothing else."""
    horizon = draft.forgotten_before
    return horizon is not None and picture.seen.as_of < horizon and newest.as_of == picture.seen.as_of


def _raise_if_proven(draft: LedgerDraft, memory: InvoiceMemory, now: UnixMicros) -> None:
    invoice = memory.invoice
    if signal_key(SignalType.PAYMENT_FAILED, invoice.id) in draft.signals:
        return
    subscription = draft.subscriptions.get(invoice.subscription_id or "")
    status = None if subscription is None else subscription.facts.status
    if is_rejected(invoice, status, seconds_of(now)):
        _raise_unless_ended(draft, invoice, memory)


def _raise_unless_ended(draft: LedgerDraft, failing: Invoice, newest: InvoiceMemory) -> None:
    """What is owed for a subscription that is over is no news (billing rules 3.3; 5.1, 4)."""
    subscription = draft.subscriptions.get(failing.subscription_id or "")
    if subscription is None or not subscription.facts.is_ended:
        draft.put(_new_signal(draft, failing, newest, None))


def _new_signal(draft: LedgerDraft, failing: Invoice, newest: InvoiceMemory, told_at: UnixTime | None) -> Signal:
    """``told_at`` None: found by reading, which tells that a try was refused but not when."""
    plan: str | None = ONE_OFF_PLAN
    subscription = None
    if failing.subscription_id is not None:
        subscription = draft.subscriptions.get(failing.subscription_id)
        plan = None if subscription is None else subscription.facts.plan
    failed_at = told_at or failing.last_failed_at
    signal = Signal(
        type=SignalType.PAYMENT_FAILED,
        identity=failing.id,
        customer_id=failing.customer_id,
        subscription_id=failing.subscription_id,
        invoice_id=failing.id,
        case_key=debt_case(failing.subscription_id, failing.id),
        state=SignalState.OPEN,
        amount=Fraction(failing.amount_remaining),
        currency=failing.currency,
        plan=plan,
        occurred_at=failed_at or failing.finalized_at or failing.created,
        attempts=failing.attempt_count,
        context=_context(newest, failed_at, time_is_exact=failed_at is not None),
    )
    if is_settled(newest.invoice):
        return _settled(signal, newest)
    if subscription is not None and subscription.facts.is_ended:
        ended_at = subscription.facts.ended_at or seconds_of(subscription.as_of)
        return _resolved(signal, SignalOutcome.SUBSCRIPTION_ENDED, ended_at)
    return signal


def _followed_up(signal: Signal, picture: InvoicePicture, newest: InvoiceMemory) -> Signal:
    """Later tries add to the signal. An earlier one, told late, gives it its moment and its amount."""
    invoice = picture.invoice
    last = signal.context.last_attempt_at
    if picture.tells_failure:
        told_at = seconds_of(picture.seen.as_of)
        if told_at < signal.occurred_at or not signal.context.time_is_exact:
            signal = replace(signal, occurred_at=told_at, amount=Fraction(invoice.amount_remaining))
        last = told_at if last is None else max(last, told_at)
    if invoice.last_failed_at is not None:
        last = invoice.last_failed_at if last is None else max(last, invoice.last_failed_at)
    if not is_settled(invoice):
        signal = replace(signal, attempts=max(signal.attempts, invoice.attempt_count))
    exact = signal.context.time_is_exact or picture.tells_failure
    signal = replace(signal, context=_context(newest, last, time_is_exact=exact))
    if signal.is_open and is_settled(newest.invoice):
        return _settled(signal, newest)
    return signal


def _context(newest: InvoiceMemory, last_attempt_at: UnixTime | None, *, time_is_exact: bool) -> SignalContext:
    invoice = newest.invoice
    return SignalContext(
        invoice_number=invoice.number,
        next_attempt_at=invoice.next_payment_attempt if is_owed(invoice) else None,
        retry_known=invoice.retry_known and not is_emailed(invoice),
        last_attempt_at=last_attempt_at,
        time_is_exact=time_is_exact,
    )


def _settled(signal: Signal, newest: InvoiceMemory) -> Signal:
    at = settled_at(newest.invoice) or seconds_of(newest.as_of)
    return _resolved(signal, _OUTCOME_OF_STATUS[newest.invoice.status], at)


def _resolved(signal: Signal, outcome: SignalOutcome, at: UnixTime) -> Signal:
    return replace(signal, state=SignalState.RESOLVED, outcome=outcome, resolved_at=at)
