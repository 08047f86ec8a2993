"""Which signals are stages of one story (guide, inbox; billing rules 5.3: "show them as one case")."""

from __future__ import annotations

_DEBT = "debt "


def debt_case(subscription_id: str | None, invoice_id: str | None) -> str:
    """The case of an unpaid invoice: refused, overdue, and the loss of the subscription over it."""
    return f"{_DEBT}{invoice_id or subscription_id}"


def is_debt(case_key: str) -> bool:
    """Whether the case is about an unpaid invoice."""
    return case_key.startswith(_DEBT)


def subscription_case(subscription_id: str, identity: str) -> str:
    """The case of something a customer decided: a cancellation that was asked for, a downgrade."""
    return f"subscription {subscription_id} {identity}"
