"""How urgent a signal is, and the order of the inbox (guide, "In the inbox")."""

from __future__ import annotations

import enum

from clynto.domain.signals import Signal, SignalType


class Severity(enum.StrEnum):
    """What a person should look at first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"


SEVERITY_OF_TYPE = {
    SignalType.SUBSCRIPTION_CANCELED: Severity.CRITICAL,
    SignalType.PAYMENT_FAILED: Severity.CRITICAL,
    SignalType.PAYMENT_OVERDUE: Severity.HIGH,
    SignalType.SUBSCRIPTION_DOWNGRADED: Severity.MEDIUM,
}
"""Lost or refused money first, late money next, less money last: failed outranks overdue as in the payment status
(billing rules, section 1)."""

_RANK = {Severity.CRITICAL: 0, Severity.HIGH: 1, Severity.MEDIUM: 2}


def severity_of(signal: Signal) -> Severity:
    """The severity of ``signal``, whether or not it is still open."""
    return SEVERITY_OF_TYPE[signal.type]


def inbox_order(signal: Signal) -> tuple[bool, int, int, str]:
    """A sort key: open ones first, then by severity, then the newest; the key of the signal breaks ties.

    Amounts play no part, since they may be of different currencies.
    """
    return (not signal.is_open, _RANK[severity_of(signal)], -signal.occurred_at, signal.key)
