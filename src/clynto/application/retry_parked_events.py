"""Try events again that were parked after too many failures (guarantees A14)."""

from __future__ import annotations

from clynto.application.actor import Actor
from clynto.application.audit import AuditTrail
from clynto.domain.roles import Role
from clynto.ports.clock import Clock
from clynto.ports.unit_of_work import UnitsOfWork
from clynto.ports.work_queue import Job, JobKind, WorkQueue


class RetryParkedEvents:
    """The button on the webhook panel."""

    def __init__(self, *, units: UnitsOfWork, clock: Clock, queue: WorkQueue, audit: AuditTrail) -> None:
        self._units = units
        self._clock = clock
        self._queue = queue
        self._audit = audit

    def __call__(self, actor: Actor) -> int:
        """How many events wait again. Raises ``Forbidden`` or ``QueueUnavailable``."""
        actor.must_be(Role.ADMIN)
        self._queue.ensure_available()
        with self._units.writing(actor.workspace_id) as uow:
            count = uow.event_inbox.unpark(at=self._clock.now())
            self._audit.note(uow, actor, "stripe.events_retried", f"Asked for {count} parked events to be tried again.")
            uow.commit()
        self._queue.enqueue(Job(JobKind.DRAIN_EVENTS, actor.workspace_id))
        return count
