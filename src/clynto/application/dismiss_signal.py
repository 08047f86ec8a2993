"""Take signals off the inbox, or put them back (contract, POST dismiss and reopen)."""

from __future__ import annotations

from collections.abc import Iterable

from clynto.application.actor import Actor
from clynto.application.audit import AuditTrail
from clynto.domain.errors import NotFound
from clynto.domain.roles import Role
from clynto.ports.clock import Clock
from clynto.ports.signals import StoredSignal
from clynto.ports.unit_of_work import UnitOfWork, UnitsOfWork


class DismissSignal:
    """A person's choice; what Stripe says goes on underneath.

    What is dismissed already, or back already, is left as it is: whoever takes back what they did takes back nothing
    that somebody else did before them.
    """

    def __init__(self, *, units: UnitsOfWork, clock: Clock, audit: AuditTrail) -> None:
        self._units = units
        self._clock = clock
        self._audit = audit

    def __call__(self, actor: Actor, signal_ids: Iterable[str]) -> tuple[str, ...]:
        """Dismiss all of them or none. Which of them it changed; raises ``NotFound``."""
        actor.must_be(Role.MEMBER)
        with self._units.writing(actor.workspace_id) as uow:
            changing = [one.id for one in _held(uow, signal_ids) if one.dismissed_at is None]
            for signal_id in changing:
                uow.signals.dismiss(signal_id, self._clock.now())
                self._audit.note(uow, actor, "signal.dismissed", f"Dismissed the signal {signal_id}.")
            uow.commit()
        return tuple(changing)

    def reopen(self, actor: Actor, signal_ids: Iterable[str]) -> tuple[StoredSignal, ...]:
        """Bring all of them back or none. As they are now: open, or resolved where the cause is gone; raises
        ``NotFound``."""
        actor.must_be(Role.MEMBER)
        with self._units.writing(actor.workspace_id) as uow:
            held = _held(uow, signal_ids)
            for signal_id in (one.id for one in held if one.dismissed_at is not None):
                uow.signals.reopen(signal_id, self._clock.now())
                self._audit.note(uow, actor, "signal.reopened", f"Brought back the signal {signal_id}.")
            back = tuple(_held(uow, (one.id for one in held)))
            uow.commit()
        return back


def _held(uow: UnitOfWork, signal_ids: Iterable[str]) -> list[StoredSignal]:
    found = []
    for signal_id in dict.fromkeys(signal_ids):
        stored = uow.signals.get(signal_id)
        if stored is None:
            raise NotFound
        found.append(stored)
    return found
