"""Which signals are stages of one story (guide, inbox; billing rules 5.3: "show them as one case"), which of them stand
together in the inbox, and which of their amounts may be added up there."""

from __future__ import annotations

from collections.abc import Sequence

from clynto.domain.signals import Signal, SignalType

PER_MONTH = frozenset({SignalType.SUBSCRIPTION_CANCELED, SignalType.SUBSCRIPTION_DOWNGRADED})
"""Their amount is lost every month; that of the others is a bill (``Signal.amount``)."""
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


def stand_together(signal: Signal, *, by_time: bool) -> str:
    """A key, equal for signals that stand together in the inbox, on one card. Unless ``by_time``, the navigation counts
    them by it.

    The stages of one case always do: a refused renewal is both a failed and an overdue payment (billing rules 5.3).
    Unless the inbox is in the order of time, so do all debts of one subscription, and all its signals of one other
    type: each unpaid month is a signal of its own (5.2), and twelve of one name would hide all others.
    """
    if by_time or signal.subscription_id is None:
        return signal.case_key
    return f"{'debts' if is_debt(signal.case_key) else signal.type.value} of {signal.subscription_id}"


def of_other_cases(first: Signal, others: Sequence[Signal]) -> tuple[Signal, ...]:
    """Those of ``others`` whose amounts come on top of that of ``first``, with which they stand together.

    One of each other case, the first of it: its stages are about the same money, which is not lost twice. Beside a
    debt only what is owed counts: what the loss of a subscription costs every month is not of its kind.
    """
    owed = is_debt(first.case_key)
    cases: dict[str, Signal] = {}
    for signal in others:
        if signal.case_key != first.case_key and not (owed and signal.type in PER_MONTH):
            cases.setdefault(signal.case_key, signal)
    return tuple(cases.values())


def is_lost_every_month(first: Signal) -> bool:
    """Whether the sum of what stands with ``first`` (``of_other_cases``) is a loss every month; debts are not."""
    return first.type in PER_MONTH and not is_debt(first.case_key)
