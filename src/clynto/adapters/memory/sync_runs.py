"""Sync runs in memory."""

from __future__ import annotations

from collections.abc import Sequence

from clynto.adapters.memory.database import MemoryDatabase, Transaction
from clynto.domain.errors import RunSuperseded, SyncAlreadyRunning
from clynto.domain.moments import UnixMicros
from clynto.domain.sync_run import RunState, SyncRun
from clynto.ports.stripe_reading import Listing, Span


class MemorySyncRunStore:
    """See ``ports.sync_runs.SyncRunStore``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add(self, run: SyncRun) -> None:
        """Store a new run. Raises ``SyncAlreadyRunning`` if another one is active."""
        if run.is_active and self.active() is not None:
            raise SyncAlreadyRunning
        self._transaction.changing().runs[run.id] = run

    def get(self, run_id: str) -> SyncRun | None:
        """One run."""
        return self._transaction.records.runs.get(run_id)

    def active(self) -> SyncRun | None:
        """The queued or running one, if any."""
        return next((run for run in self._transaction.records.runs.values() if run.is_active), None)

    def save(self, run: SyncRun, *, holding: int) -> None:
        """Store ``run`` if nobody took it over and it is not over; the one writer is the lock."""
        stored = self._transaction.records.runs.get(run.id)
        if stored is None or not stored.is_active or stored.attempt != holding:
            raise RunSuperseded
        self._transaction.changing().runs[run.id] = run

    def history(self, *, before: str | None, limit: int) -> Sequence[SyncRun]:
        """Newest first, behind the run id ``before``."""
        runs = self._transaction.records.runs
        ordered = sorted(runs.values(), key=lambda run: (run.requested_at, run.id), reverse=True)
        if before is not None:
            last = runs.get(before)
            ordered = (
                []
                if last is None
                else [run for run in ordered if (run.requested_at, run.id) < (last.requested_at, last.id)]
            )
        return ordered[:limit]

    def remaining(self, run_id: str, listing: Listing) -> tuple[Span, ...] | None:
        """The checkpoint; None if the list was never begun."""
        return self._transaction.records.checkpoints.get((run_id, listing))

    def put_remaining(self, run_id: str, listing: Listing, remaining: Sequence[Span]) -> None:
        """Replace the checkpoint of a list."""
        self._transaction.changing().checkpoints[run_id, listing] = tuple(remaining)


class MemoryStalledRuns:
    """See ``ports.sync_runs.StalledRuns``."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    def across_workspaces(self, *, silent_since: UnixMicros) -> Sequence[tuple[str, SyncRun]]:
        """Active runs whose last sign of life is older, or that were released."""
        return [
            (workspace_id, run)
            for workspace_id, records in sorted(self._database.workspaces().items())
            for run in records.runs.values()
            if run.is_active and _is_silent(run, silent_since)
        ]


def _is_silent(run: SyncRun, silent_since: UnixMicros) -> bool:
    if run.heartbeat_at is not None:
        return run.heartbeat_at < silent_since
    return run.state is RunState.RUNNING or run.requested_at < silent_since
