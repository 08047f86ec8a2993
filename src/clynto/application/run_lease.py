"""The right of one worker to write for one sync run (guarantees 4; E1, E2).

The lease is the run's row: ``attempt`` is the fencing number and ``heartbeat_at`` the sign of life. Whoever finds
the number moved on has been replaced and stops. A run without a sign of life for ``LEASE_SECONDS`` may be taken up
by another worker.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from clynto.domain.errors import RunSuperseded
from clynto.domain.moments import MICROS_PER_SECOND, UnixMicros
from clynto.domain.sync_run import RunState, SyncRun
from clynto.ports.clock import Clock
from clynto.ports.unit_of_work import UnitOfWork, UnitsOfWork

LEASE_SECONDS = 40
"""Longer than the longest single Stripe call (30 s), short enough that a dead run resumes within 120 s."""
HEARTBEAT_SECONDS = 8


def is_silent(run: SyncRun, now: UnixMicros) -> bool:
    """Whether the holder of a running run has given no sign of life for the length of the lease."""
    return run.heartbeat_at is None or now - run.heartbeat_at > LEASE_SECONDS * MICROS_PER_SECOND


class RunLease:
    """Holds a run for one worker. Safe to use from the reading threads and the writing one at once."""

    def __init__(self, units: UnitsOfWork, clock: Clock, workspace_id: str, run: SyncRun) -> None:
        self._units = units
        self._clock = clock
        self._workspace_id = workspace_id
        self._run = run
        self._lock = threading.Lock()
        self._beating = threading.Lock()
        self._lost = False

    @classmethod
    def take_up(cls, units: UnitsOfWork, clock: Clock, workspace_id: str, run_id: str) -> RunLease | None:
        """Take the run up for this worker; None if it is over, gone, or in the hands of a living worker."""
        try:
            with units.writing(workspace_id) as uow:
                run = uow.sync_runs.get(run_id)
                now = clock.now()
                if run is None or not run.is_active:
                    return None
                if run.state is RunState.RUNNING and not is_silent(run, now):
                    return None
                taken = run.take_up(now)
                uow.sync_runs.save(taken, holding=run.attempt)
                uow.commit()
        except RunSuperseded:
            return None
        return cls(units, clock, workspace_id, taken)

    @property
    def run(self) -> SyncRun:
        """The run as this worker last stored it."""
        return self._run

    @property
    def lost(self) -> bool:
        """Whether another run or worker took over, or the connection went away."""
        return self._lost

    def store(self, uow: UnitOfWork, change: Callable[[SyncRun], SyncRun]) -> None:
        """Write the changed run, with a fresh heartbeat, inside ``uow``, and fence everything written beside it.

        Call it once per unit of work, as the last thing before ``commit``. Raises ``RunSuperseded``.
        """
        # The database's lock is always taken before this one (a unit of work is already open here), so a reading
        # thread that gives a sign of life and the writing thread cannot wait for each other.
        with self._lock:
            changed = change(self._run).beat(self._clock.now())
            try:
                uow.sync_runs.save(changed, holding=self._run.attempt)
            except RunSuperseded:
                self._lost = True
                raise
            self._run = changed

    def release(self, uow: UnitOfWork) -> None:
        """Give the run back: without a sign of life, the next worker may take it up at once."""
        with self._lock:
            uow.sync_runs.save(self._run.without_heartbeat(), holding=self._run.attempt)
            self._lost = True

    def still_held(self) -> bool:
        """Give a sign of life if one is due; False once the lease is lost."""
        if self._lost:
            return False
        beaten = self._run.heartbeat_at
        due = beaten is None or self._clock.now() - beaten >= HEARTBEAT_SECONDS * MICROS_PER_SECOND
        if not due or not self._beating.acquire(blocking=False):
            return True
        try:
            with self._units.writing(self._workspace_id) as uow:
                self.store(uow, lambda run: run)
                uow.commit()
        except RunSuperseded:
            return False
        finally:
            self._beating.release()
        return True
