"""Find work that got lost and hand it over again (architecture decision 1; guarantees 4, 11; E1, E9, E11).

Runs every few seconds in each worker. It reads the database only; whatever the queue forgot is put back.
"""

from __future__ import annotations

from clynto.application.run_lease import LEASE_SECONDS
from clynto.domain.moments import MICROS_PER_SECOND, UnixMicros
from clynto.ports.clock import Clock
from clynto.ports.sync_runs import StalledRuns
from clynto.ports.webhooks import WaitingEvents
from clynto.ports.work_queue import Job, JobKind, WorkQueue

SWEEP_EVERY_SECONDS = 10
EVENTS_KEPT_SECONDS = 90 * 24 * 3600
"""Ids of events are kept three times as long as Stripe can list or re-send them (stripe_facts 6.2, 6.3)."""


class SweepWork:
    """Hands over runs without a sign of life and inboxes with due events; doing them twice does no harm."""

    def __init__(self, *, stalled: StalledRuns, waiting: WaitingEvents, clock: Clock, queue: WorkQueue) -> None:
        self._stalled = stalled
        self._waiting = waiting
        self._clock = clock
        self._queue = queue

    def __call__(self) -> int:
        """How many jobs were handed over again. Raises ``QueueUnavailable``."""
        now = self._clock.now()
        silent_since = UnixMicros(now - LEASE_SECONDS * MICROS_PER_SECOND)
        runs = self._stalled.across_workspaces(silent_since=silent_since)
        for workspace_id, run in runs:
            self._queue.enqueue(Job(JobKind.RUN_SYNC, workspace_id, run.id))
        inboxes = self._waiting.workspaces_with_due_events(at=now)
        for workspace_id in inboxes:
            self._queue.enqueue(Job(JobKind.DRAIN_EVENTS, workspace_id))
        self._waiting.prune(received_before=UnixMicros(now - EVENTS_KEPT_SECONDS * MICROS_PER_SECOND))
        return len(runs) + len(inboxes)
