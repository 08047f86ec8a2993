"""Ask for a fresh pull of everything (guide, Manual re-sync)."""

from __future__ import annotations

from clynto.application.actor import Actor
from clynto.application.audit import AuditTrail
from clynto.domain.errors import NotConnected
from clynto.domain.roles import Role
from clynto.domain.sync_run import SyncRun
from clynto.ports.clock import Clock
from clynto.ports.identifiers import Identifiers
from clynto.ports.unit_of_work import UnitsOfWork
from clynto.ports.work_queue import Job, JobKind, WorkQueue


class RequestSync:
    """Stores a queued run, then hands it over. The database, not this code, lets only one run be active."""

    def __init__(
        self, *, units: UnitsOfWork, clock: Clock, identifiers: Identifiers, queue: WorkQueue, audit: AuditTrail
    ) -> None:
        self._units = units
        self._clock = clock
        self._identifiers = identifiers
        self._queue = queue
        self._audit = audit

    def __call__(self, actor: Actor) -> str:
        """The id of the new run.

        Raises ``Forbidden``, ``NotConnected``, ``SyncAlreadyRunning`` or ``QueueUnavailable``; then nothing has
        changed (guarantees E4).
        """
        actor.must_be(Role.ADMIN)
        self._queue.ensure_available()
        run_id = self._identifiers.new_id("run")
        with self._units.writing(actor.workspace_id) as uow:
            if not uow.connections.get().has_key:
                raise NotConnected
            run = SyncRun.request(run_id, requested_by=actor.label, at=self._clock.now())
            uow.sync_runs.add(run)
            self._audit.note(uow, actor, "stripe.sync_requested", "Asked for a re-sync with Stripe.")
            uow.commit()
        self._queue.enqueue(Job(JobKind.RUN_SYNC, actor.workspace_id, run_id))
        return run_id
