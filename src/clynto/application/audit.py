"""Write to the audit log inside the use case's own transaction, so that what happened and its trace are one."""

from __future__ import annotations

from clynto.application.actor import Actor
from clynto.ports.clock import Clock
from clynto.ports.identifiers import Identifiers
from clynto.ports.people import AuditEntry
from clynto.ports.unit_of_work import UnitOfWork


class AuditTrail:
    """Appends entries with a fresh id and the present time."""

    def __init__(self, clock: Clock, identifiers: Identifiers) -> None:
        self._clock = clock
        self._identifiers = identifiers

    def note(self, uow: UnitOfWork, actor: Actor, action: str, detail: str) -> None:
        """``action`` is a stable dotted word such as ``stripe.connected``; ``detail`` a sentence without secrets."""
        entry = AuditEntry(
            id=self._identifiers.new_id("aud"),
            at=self._clock.now(),
            actor=actor.label,
            action=action,
            detail=detail,
        )
        uow.audit_log.append(entry)
