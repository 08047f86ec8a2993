"""Background work. The queue only carries; the database is the truth (architecture decision 1)."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Protocol


class JobKind(enum.StrEnum):
    """What a worker can be asked to do."""

    RUN_SYNC = "run_sync"
    DRAIN_EVENTS = "drain_events"
    RECOMPUTE = "recompute"
    REBUILD_HISTORY = "rebuild_history"
    SWEEP = "sweep"
    SNAPSHOT = "snapshot"


@dataclass(frozen=True, slots=True)
class Job:
    """Ids only: no personal data and no secret ever enters the queue (guarantees J2, E15)."""

    kind: JobKind
    workspace_id: str
    subject_id: str = ""


class WorkQueue(Protocol):
    """Hand work over. Jobs are idempotent: one that comes twice, late or never does no harm."""

    def ensure_available(self) -> None:
        """Raise ``QueueUnavailable`` within 5 s if work cannot be handed over now."""
        ...

    def enqueue(self, job: Job) -> None:
        """Hand over ``job``. Raises ``QueueUnavailable``.

        An equal job that still waits to start now is not doubled. One that a worker has begun no longer waits (it may
        have looked too early), and one that is to start later does not stand in for one that may start now.
        """
        ...

    def enqueue_in(self, seconds: int, job: Job) -> None:
        """Hand over ``job`` so that it starts no sooner than in ``seconds``. Raises ``QueueUnavailable``."""
        ...

    def workers(self) -> int:
        """How many workers are alive. Raises ``QueueUnavailable``."""
        ...
