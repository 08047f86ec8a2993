"""What stands beside a signal in the inbox: what its account is worth, and the other stages of its story."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clynto.application.actor import Actor
from clynto.application.queries.figures import account_figures
from clynto.application.shown_figures import ShownFigures
from clynto.domain.account_billing import PaymentStatus
from clynto.domain.money_view import MoneyView
from clynto.domain.roles import Role
from clynto.domain.signal_severity import Severity, severity_of
from clynto.domain.signals import SignalType
from clynto.ports.clock import Clock
from clynto.ports.signals import SignalOrder, SignalsQuery, StoredSignal
from clynto.ports.unit_of_work import UnitOfWork, UnitsOfWork

STAGES_LOOKED_AT = 50
_COURSE = tuple(SignalType)
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class SignalCase:
    """``arr`` None: the customer is on no account. ``stages`` are all signals of the story, oldest first; one of
    them is the signal itself."""

    severity: Severity
    arr: MoneyView | None
    payment_status: PaymentStatus | None
    stages: tuple[StoredSignal, ...]


class ReadSignalCases:
    """Any member may look."""

    def __init__(self, *, units: UnitsOfWork, clock: Clock) -> None:
        self._units = units
        self._clock = clock

    def __call__(self, actor: Actor, signals: Sequence[StoredSignal]) -> Mapping[str, SignalCase]:
        """By signal id, for the signals of one page."""
        actor.must_be(Role.MEMBER)
        with self._units.reading(actor.workspace_id) as uow:
            figures = ShownFigures.of(uow, self._clock.now())
            by_case = _stages(uow, signals)
            accounts = {
                account_id: account_figures(figures, row)
                for account_id in {stored.account_id for stored in signals if stored.account_id is not None}
                if (row := uow.accounts_table.row(account_id)) is not None
            }
        cases = {}
        for stored in signals:
            account = accounts.get(stored.account_id or "")
            cases[stored.id] = SignalCase(
                severity=severity_of(stored.signal),
                arr=account.arr if account else None,
                payment_status=account.row.payment_status if account else None,
                stages=by_case.get(stored.signal.case_key, (stored,)),
            )
        return cases


def _stages(uow: UnitOfWork, signals: Sequence[StoredSignal]) -> dict[str, tuple[StoredSignal, ...]]:
    """Signals of the same subscriptions, grouped into their stories."""
    found: dict[str, StoredSignal] = {stored.id: stored for stored in signals}
    for subscription_id in {s.signal.subscription_id for s in signals if s.signal.subscription_id is not None}:
        query = SignalsQuery(subscription_id=subscription_id, order=SignalOrder.NEWEST, limit=STAGES_LOOKED_AT)
        found.update((stored.id, stored) for stored in uow.signals.page(query).rows)
    stories: dict[str, list[StoredSignal]] = {}
    for stored in sorted(found.values(), key=_place):
        stories.setdefault(stored.signal.case_key, []).append(stored)
    return {key: tuple(story) for key, story in stories.items()}


def _place(stored: StoredSignal) -> tuple[int, int, int, int, str]:
    """By time; of one day in the course that things take, for a first sync knows of some only the day: a charge is
    refused, and that makes the subscription overdue."""
    at = stored.signal.occurred_at
    return at // _DAY, _COURSE.index(stored.signal.type), at, stored.detected_at, stored.id
