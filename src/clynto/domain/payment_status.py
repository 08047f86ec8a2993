"""Payment status of a customer: failed, overdue, paid or none, and which object made it so (billing rules 3)."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clynto.domain.account_billing import PaymentStatus, worst
from clynto.domain.invoice import Invoice, InvoiceStatus
from clynto.domain.moments import UnixTime
from clynto.domain.policies import (
    EXHAUSTED_FROM_ATTEMPTS,
    PAST_DUE_SAYS,
    PAST_DUE_WITH_EXHAUSTED_RETRIES_SAYS,
    PAUSE_REASONS_THAT_ARE_FAILURES,
    SILENT_ATTEMPT_IS_REJECTED_AFTER_SECONDS,
    STATUSES_WHOSE_ATTEMPT_WAS_REJECTED,
    TRIAL_WITHOUT_MONEY_SAYS,
)
from clynto.domain.subscription import KNOWN_STATUSES, Subscription, SubscriptionStatus

MARKED_BY_A_PAUSE = "subscription_paused"
"""``status_details.uncollectible.reason`` of an invoice that a collection pause wrote off (stripe_shapes)."""


class ReasonCode(enum.StrEnum):
    """Why an object says what it says."""

    SUBSCRIPTION_ACTIVE = "subscription_active"
    SUBSCRIPTION_PAST_DUE = "subscription_past_due"
    RETRIES_EXHAUSTED = "retries_exhausted"
    SUBSCRIPTION_UNPAID = "subscription_unpaid"
    FIRST_PAYMENT_INCOMPLETE = "first_payment_incomplete"
    FIRST_PAYMENT_NOT_ATTEMPTED = "first_payment_not_attempted"
    TRIAL_WITH_MONEY_PAID = "trial_with_money_paid"
    TRIAL_WITHOUT_MONEY = "trial_without_money"
    PAUSED_AFTER_FAILED_PAYMENT = "paused_after_failed_payment"
    SUBSCRIPTION_PAUSED = "subscription_paused"
    SUBSCRIPTION_ENDED = "subscription_ended"
    UNKNOWN_STATUS = "unknown_status"
    PAYMENT_REJECTED = "payment_rejected"
    WRITTEN_OFF = "written_off"
    DUE_DATE_PASSED = "due_date_passed"
    DEBT_OF_ENDED_SUBSCRIPTION = "debt_of_ended_subscription"


@dataclass(frozen=True, slots=True)
class StatusReason:
    """What one object says; ``says`` None: it says nothing, and ``code`` tells why that is worth knowing.

    ``object_id`` is the invoice where one decides (``retries_exhausted`` names the invoice, not the subscription).
    """

    object_id: str
    code: ReasonCode
    says: PaymentStatus | None


@dataclass(frozen=True, slots=True)
class StatusAssessment:
    """``status`` None is the dash. ``decided_by`` are the objects that say exactly ``status``, sorted by id."""

    status: PaymentStatus | None
    decided_by: tuple[StatusReason, ...]
    all_reasons: tuple[StatusReason, ...]


def assess_payment_status(
    subscriptions: Sequence[Subscription], invoices: Sequence[Invoice], now: UnixTime
) -> StatusAssessment:
    """The worst of all that live subscriptions and open invoices say (billing rules 3.3).

    ``invoices`` may be in any order and carry our own ledger of failed payments in ``last_failed_at``.
    """
    by_subscription: dict[str, list[Invoice]] = {}
    for invoice in invoices:
        if invoice.subscription_id is not None:
            by_subscription.setdefault(invoice.subscription_id, []).append(invoice)
    known = {subscription.id: subscription for subscription in subscriptions}
    reasons = [_subscription_says(s, by_subscription.get(s.id, ())) for s in subscriptions]
    for invoice in invoices:
        owner = invoice.subscription_id
        reason = _invoice_says(invoice, known.get(owner or ""), by_subscription.get(owner or "", ()), now)
        if reason is not None:
            reasons.append(reason)
    reasons.sort(key=lambda reason: (reason.object_id, reason.code))
    status = worst(reason.says for reason in reasons)
    decided_by = tuple(r for r in reasons if r.says is status) if status is not None else ()
    return StatusAssessment(status, decided_by, tuple(reasons))


def retries_are_exhausted(invoice: Invoice) -> bool:
    """The retry schedule of an open, automatically charged invoice is proven over (billing rules 3.1).

    Needs two attempts and a next attempt that is *present and null*: one attempt without a retry time is how a
    payload looks before the schedule is set, or while the bank wants authentication.
    """
    return (
        _is_owed(invoice)
        and not is_emailed(invoice)
        and invoice.attempt_count >= EXHAUSTED_FROM_ATTEMPTS
        and invoice.retry_known
        and invoice.next_payment_attempt is None
    )


def is_rejected(invoice: Invoice, subscription_status: str | None, now: UnixTime) -> bool:
    """Proof that an open, automatically charged invoice was refused (billing rules 3.2 a to e).

    A bank debit under way looks like one attempt with nothing scheduled, so that alone proves nothing until it has
    lasted for fourteen days.
    """
    if not _is_owed(invoice) or is_emailed(invoice):
        return False
    if invoice.last_failed_at is not None or invoice.attempt_count >= EXHAUSTED_FROM_ATTEMPTS:
        return True
    if invoice.attempt_count < 1:
        return False
    if invoice.next_payment_attempt is not None or subscription_status in STATUSES_WHOSE_ATTEMPT_WAS_REJECTED:
        return True
    finalized = invoice.finalized_at
    return finalized is not None and now - finalized >= SILENT_ATTEMPT_IS_REJECTED_AFTER_SECONDS


def is_emailed(invoice: Invoice) -> bool:
    """Sent for payment by hand. Without a stated method the due date tells: only ``send_invoice`` has one."""
    if invoice.collection_method is None:
        return invoice.due_date is not None
    return invoice.collection_method == "send_invoice"


def _is_owed(invoice: Invoice) -> bool:
    return invoice.status == InvoiceStatus.OPEN and invoice.amount_remaining > 0


def _subscription_says(subscription: Subscription, invoices: Sequence[Invoice]) -> StatusReason:
    status, own = subscription.status, subscription.id
    if status == SubscriptionStatus.ACTIVE:
        return StatusReason(own, ReasonCode.SUBSCRIPTION_ACTIVE, PaymentStatus.PAID)
    if subscription.is_ended:
        return StatusReason(own, ReasonCode.SUBSCRIPTION_ENDED, None)
    if status == SubscriptionStatus.PAST_DUE:
        return _past_due_says(subscription, invoices)
    if status == SubscriptionStatus.UNPAID:
        return StatusReason(own, ReasonCode.SUBSCRIPTION_UNPAID, PaymentStatus.FAILED)
    if status == SubscriptionStatus.INCOMPLETE:
        if invoices and not any(invoice.attempt_count > 0 or invoice.last_failed_at for invoice in invoices):
            return StatusReason(own, ReasonCode.FIRST_PAYMENT_NOT_ATTEMPTED, None)
        return StatusReason(own, ReasonCode.FIRST_PAYMENT_INCOMPLETE, PaymentStatus.FAILED)
    if status == SubscriptionStatus.TRIALING:
        if any(invoice.amount_paid > 0 for invoice in invoices):
            return StatusReason(own, ReasonCode.TRIAL_WITH_MONEY_PAID, PaymentStatus.PAID)
        return StatusReason(own, ReasonCode.TRIAL_WITHOUT_MONEY, TRIAL_WITHOUT_MONEY_SAYS)
    if status == SubscriptionStatus.PAUSED:
        if subscription.pause_reason in PAUSE_REASONS_THAT_ARE_FAILURES:
            return StatusReason(own, ReasonCode.PAUSED_AFTER_FAILED_PAYMENT, PaymentStatus.FAILED)
        return StatusReason(own, ReasonCode.SUBSCRIPTION_PAUSED, None)
    return StatusReason(own, ReasonCode.UNKNOWN_STATUS, None)


def _past_due_says(subscription: Subscription, invoices: Iterable[Invoice]) -> StatusReason:
    exhausted = min((invoice.id for invoice in invoices if retries_are_exhausted(invoice)), default=None)
    if exhausted is None:
        return StatusReason(subscription.id, ReasonCode.SUBSCRIPTION_PAST_DUE, PAST_DUE_SAYS)
    return StatusReason(exhausted, ReasonCode.RETRIES_EXHAUSTED, PAST_DUE_WITH_EXHAUSTED_RETRIES_SAYS)


def _invoice_says(
    invoice: Invoice, subscription: Subscription | None, siblings: Iterable[Invoice], now: UnixTime
) -> StatusReason | None:
    """The first line of the invoice table that fits; None where it says nothing."""
    if invoice.amount_remaining <= 0:
        return None
    if invoice.status == InvoiceStatus.UNCOLLECTIBLE:
        return _written_off_says(invoice, subscription, siblings)
    if invoice.status != InvoiceStatus.OPEN:
        return None
    if subscription is not None and subscription.is_ended:
        return StatusReason(invoice.id, ReasonCode.DEBT_OF_ENDED_SUBSCRIPTION, None)
    if subscription is not None and subscription.status == SubscriptionStatus.PAST_DUE:
        return None
    if is_emailed(invoice):
        late = invoice.due_date is not None and invoice.due_date < now
        return StatusReason(invoice.id, ReasonCode.DUE_DATE_PASSED, PaymentStatus.OVERDUE) if late else None
    if is_rejected(invoice, subscription.status if subscription is not None else None, now):
        return StatusReason(invoice.id, ReasonCode.PAYMENT_REJECTED, PaymentStatus.FAILED)
    return None


def _written_off_says(
    invoice: Invoice, subscription: Subscription | None, siblings: Iterable[Invoice]
) -> StatusReason | None:
    """Failed while the subscription lives and nothing was paid since; a pause is no refusal (billing rules 3.4)."""
    if subscription is None:
        return None
    if subscription.is_ended:
        return StatusReason(invoice.id, ReasonCode.DEBT_OF_ENDED_SUBSCRIPTION, None)
    if subscription.status not in KNOWN_STATUSES or _was_written_off_by_a_pause(invoice, subscription):
        return None
    if any(other.status == InvoiceStatus.PAID and other.created > invoice.created for other in siblings):
        return None
    return StatusReason(invoice.id, ReasonCode.WRITTEN_OFF, PaymentStatus.FAILED)


def _was_written_off_by_a_pause(invoice: Invoice, subscription: Subscription) -> bool:
    if invoice.uncollectible_reason is not None:
        return invoice.uncollectible_reason == MARKED_BY_A_PAUSE
    pause = subscription.collection_pause
    if pause is None or pause.behavior != "mark_uncollectible":
        return False
    marked_at = invoice.uncollectible_at
    return pause.resumes_at is None or marked_at is None or marked_at < pause.resumes_at
