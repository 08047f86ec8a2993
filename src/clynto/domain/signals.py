"""Churn signals: the records that reach the inbox (guide, "Churn signals"; billing rules 5)."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from fractions import Fraction

from clynto.domain.moments import UnixTime
from clynto.domain.plain_documents import Document, from_document, to_document

ONE_OFF_PLAN = "one-off invoice"
"""The plan context of an invoice without a subscription (billing rules 5.2)."""


class SignalType(enum.StrEnum):
    """The four types of the guide."""

    PAYMENT_FAILED = "payment_failed"
    PAYMENT_OVERDUE = "payment_overdue"
    SUBSCRIPTION_CANCELED = "subscription_canceled"
    SUBSCRIPTION_DOWNGRADED = "subscription_downgraded"


class SignalState(enum.StrEnum):
    """Whether what the signal tells is still so."""

    OPEN = "open"
    RESOLVED = "resolved"


class SignalOutcome(enum.StrEnum):
    """How a signal ended (billing rules 5.2 to 5.5)."""

    PAID = "paid"
    VOIDED = "voided"
    WRITTEN_OFF = "written_off"
    SUBSCRIPTION_ENDED = "subscription_ended"
    RECOVERED = "recovered"
    PAUSED = "paused"
    UNDONE = "undone"
    SUPERSEDED_BY_CANCELLATION = "superseded_by_cancellation"


class CancellationStage(enum.StrEnum):
    """A cancellation is asked for first and takes effect later, or both at once (billing rules 5.4)."""

    SCHEDULED = "scheduled"
    ENDED = "ended"


class DowngradeCause(enum.StrEnum):
    """What made the revenue shrink (billing rules 5.5)."""

    SEATS = "seats"
    PLAN = "plan"
    PRICE = "price"


class DowngradeTiming(enum.StrEnum):
    """When in the billing period the change came (billing rules 5.5)."""

    MID_CYCLE = "mid-cycle"
    AT_RENEWAL = "at renewal"


class NonEventCode(enum.StrEnum):
    """Why a fall of revenue is no downgrade (billing rules 5.5)."""

    LONGER_COMMITMENT = "longer_commitment"
    CURRENCY_CHANGE = "currency_change"
    TIER_BREAK = "tier_break"
    AMOUNT_UNKNOWN = "amount_unknown"


@dataclass(frozen=True, slots=True)
class SignalContext:
    """Facts for the explanation; what does not apply to the signal's type is None.

    ``mrr_before``, ``mrr_after`` and ``net_change`` are exact list MRR in minor units of the signal's currency per
    month; ``net_change`` is that of all subscriptions of the customer over the same hour, negative for a loss.
    ``retry_known`` with no ``next_attempt_at``: Stripe says that it plans no further try. ``effective_at`` is when a
    cancellation takes or took effect. ``time_is_exact`` False: Stripe was read later, and ``occurred_at`` is the best
    time that the objects tell.
    """

    invoice_number: str | None = None
    next_attempt_at: UnixTime | None = None
    retry_known: bool = False
    last_attempt_at: UnixTime | None = None
    reason: str | None = None
    effective_at: UnixTime | None = None
    on_trial: bool = False
    cause: DowngradeCause | None = None
    timing: DowngradeTiming | None = None
    mrr_before: Fraction | None = None
    mrr_after: Fraction | None = None
    net_change: Fraction | None = None
    time_is_exact: bool = True


@dataclass(frozen=True, slots=True)
class Signal:
    """One churn signal. ``type`` and ``identity`` together are unique per workspace (billing rules 5.1, 2).

    ``amount`` is exact minor units of ``currency`` (upper case): what was left to pay for payment signals, list MRR
    per month for the others. ``estimated`` says that it stands in for a figure that is not known yet. ``plan`` is
    None until the subscription is known. ``occurred_at`` is the time of the fact, not of its detection.
    ``case_key`` is shared by signals that are stages of one story (failed, overdue, canceled over the same debt).
    ``attempts`` is how many tries to collect are known.
    """

    type: SignalType
    identity: str
    customer_id: str | None
    subscription_id: str | None
    invoice_id: str | None
    case_key: str
    state: SignalState
    amount: Fraction
    currency: str
    plan: str | None
    occurred_at: UnixTime
    outcome: SignalOutcome | None = None
    stage: CancellationStage | None = None
    estimated: bool = False
    resolved_at: UnixTime | None = None
    attempts: int = 0
    context: SignalContext = SignalContext()

    @property
    def key(self) -> str:
        """``type`` and ``identity`` as one text."""
        return signal_key(self.type, self.identity)

    @property
    def is_open(self) -> bool:
        """Still so."""
        return self.state is SignalState.OPEN

    def to_document(self) -> Document:
        """Plain values for storage; fractions as ``p/q``."""
        return to_document(self)

    @classmethod
    def from_document(cls, document: Document) -> Signal:
        """The signal that ``document`` was made from."""
        return from_document(cls, document)


def signal_key(signal_type: SignalType, identity: str) -> str:
    """The key under which a ledger holds a signal."""
    return f"{signal_type.value} {identity}"


@dataclass(frozen=True, slots=True)
class NonEvent:
    """A change that looks like a downgrade and is none, with its name. ``at`` and ``code`` make it unique."""

    code: NonEventCode
    subscription_id: str
    customer_id: str | None
    at: UnixTime
    plan: str

    def __str__(self) -> str:
        return f"{self.code.value} {self.subscription_id}"
