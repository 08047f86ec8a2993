"""Which queue a job travels on, and how long rq may keep anything about it.

Signals must not wait behind a sync (guarantees L5: a webhook shows within 5 s), so there are two queues with workers
of their own. The sweep is short and frees stuck syncs, so it travels with the alerts.
"""

from __future__ import annotations

import enum

from clynto.ports.work_queue import Job, JobKind

WAITING_TTL_SECONDS = 86_400
"""A job nobody took in a day is dropped; the sweeper hands it over again from the database."""
FAILURE_TTL_SECONDS = 3 * 86_400
"""rq keeps failed jobs for a year unless told otherwise (guarantees E15 allows 7 days)."""


class QueueName(enum.StrEnum):
    """The queues."""

    ALERTS = "alerts"
    SYNCS = "syncs"


_QUEUES = {
    JobKind.RUN_SYNC: QueueName.SYNCS,
    JobKind.REBUILD_HISTORY: QueueName.SYNCS,
    JobKind.SNAPSHOT: QueueName.SYNCS,
    JobKind.DRAIN_EVENTS: QueueName.ALERTS,
    JobKind.RECOMPUTE: QueueName.ALERTS,
    JobKind.SWEEP: QueueName.ALERTS,
}

# A sync is limited by lack of progress, which its lease in the database watches, and not by total time (guarantees
# E7). The half day only ends a process that is stuck for good.
_TIMEOUT_SECONDS = {QueueName.SYNCS: 12 * 3_600, QueueName.ALERTS: 900}


def queue_of(job: Job) -> QueueName:
    """The queue that carries ``job``."""
    return _QUEUES[job.kind]


def timeout_seconds(queue: QueueName) -> int:
    """When rq ends a job of this queue by force."""
    return _TIMEOUT_SECONDS[queue]


def waiting_mark(job: Job) -> str:
    """The Redis key that names the rq job in which an equal job waits."""
    return f"clynto:waiting:{job.kind.value}:{job.workspace_id}:{job.subject_id}"
