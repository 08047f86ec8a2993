"""Take a signal off the inbox, or put it back (contract, POST dismiss and reopen)."""

from __future__ import annotations

from clynto.application.actor import Actor
from clynto.application.audit import AuditTrail
from clynto.domain.errors import NotFound
from clynto.domain.moments import UnixMicros
from clynto.domain.roles import Role
from clynto.ports.clock import Clock
from clynto.ports.signals import StoredSignal
from clynto.ports.unit_of_work import UnitsOfWork


class DismissSignal:
    """A person's choice; what Stripe says goes on underneath."""

    def __init__(self, *, units: UnitsOfWork, clock: Clock, audit: AuditTrail) -> None:
        self._units = units
        self._clock = clock
        self._audit = audit

    def __call__(self, actor: Actor, signal_id: str) -> StoredSignal:
        """The signal as it is now. Raises ``NotFound``."""
        return self._set(actor, signal_id, self._clock.now(), "signal.dismissed", "Dismissed")

    def reopen(self, actor: Actor, signal_id: str) -> StoredSignal:
        """The signal as it is now: open, or resolved if its cause is gone. Raises ``NotFound``."""
        return self._set(actor, signal_id, None, "signal.reopened", "Brought back")

    def _set(
        self, actor: Actor, signal_id: str, dismissed_at: UnixMicros | None, action: str, verb: str
    ) -> StoredSignal:
        actor.must_be(Role.MEMBER)
        with self._units.writing(actor.workspace_id) as uow:
            if uow.signals.get(signal_id) is None:
                raise NotFound
            uow.signals.set_dismissed(signal_id, dismissed_at)
            self._audit.note(uow, actor, action, f"{verb} the signal {signal_id}.")
            changed = uow.signals.get(signal_id)
            uow.commit()
        if changed is None:
            raise NotFound
        return changed
