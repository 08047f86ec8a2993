"""Where sync runs, their lease and their checkpoints are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from clynto.domain.moments import UnixMicros
from clynto.domain.sync_run import SyncRun
from clynto.ports.stripe_reading import Listing, Span


class SyncRunStore(Protocol):
    """The runs of one workspace. At most one is active, and the database enforces it."""

    def add(self, run: SyncRun) -> None:
        """Store a new run. Raises ``SyncAlreadyRunning`` if another one is active."""
        ...

    def get(self, run_id: str) -> SyncRun | None:
        """One run."""
        ...

    def active(self) -> SyncRun | None:
        """The queued or running one, if any."""
        ...

    def save(self, run: SyncRun, *, holding: int) -> None:
        """Store ``run`` if its stored attempt is still ``holding`` and it is still active; the row stays locked
        until the transaction ends, so nothing written beside it can slip past the fence.

        Raises ``RunSuperseded``, also for a run that was never stored.
        """
        ...

    def history(self, *, before: str | None, limit: int) -> Sequence[SyncRun]:
        """Newest first (by ``requested_at``, then by id), behind the run id ``before``."""
        ...

    def remaining(self, run_id: str, listing: Listing) -> tuple[Span, ...] | None:
        """The checkpoint: spans not yet read (empty: all is read); None if the list was never begun."""
        ...

    def put_remaining(self, run_id: str, listing: Listing, remaining: Sequence[Span]) -> None:
        """Replace the checkpoint of a list."""
        ...


class StalledRuns(Protocol):
    """The sweeper's view: the only look across workspaces (architecture decision 9)."""

    def across_workspaces(self, *, silent_since: UnixMicros) -> Sequence[tuple[str, SyncRun]]:
        """(workspace id, run) of every active run whose last sign of life is older than ``silent_since``.

        That is its heartbeat; for a queued run the moment it was requested. A running one without a heartbeat was
        released by a worker that stopped, and counts as silent at once.
        """
        ...
