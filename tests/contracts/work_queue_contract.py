"""What every ``WorkQueue`` carries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import pytest

from clynto.domain.errors import QueueUnavailable
from clynto.ports.work_queue import Job, JobKind, WorkQueue

SYNC = Job(JobKind.RUN_SYNC, "ws_here", "run_1")
DRAIN = Job(JobKind.DRAIN_EVENTS, "ws_here")


class Belt(Protocol):
    """The worker's end of a queue under test; a binding implements it over its own technology."""

    def waiting(self) -> Sequence[Job]:
        """Jobs that a free worker would take now, in the order in which it would take them."""
        ...

    def take(self) -> Job:
        """Take the first waiting job, as a worker that begins with it and has not finished."""
        ...

    def finish(self) -> None:
        """End the job that was taken."""
        ...


class WorkQueueContract:
    """Needs the fixtures ``queue`` (empty, no worker alive), ``belt`` at its other end and ``dead_queue``, one whose
    carrier does not answer.

    Decided: a job that a worker has begun no longer waits, so an equal one is handed over again (the running one may
    have looked too early); a job that is to start later does not swallow an equal one that may start now.
    """

    def test_is_available(self, queue: WorkQueue) -> None:
        queue.ensure_available()

    def test_carries_jobs_in_order(self, queue: WorkQueue, belt: Belt) -> None:
        queue.enqueue(SYNC)
        queue.enqueue(DRAIN)
        assert list(belt.waiting()) == [SYNC, DRAIN]

    @pytest.mark.parametrize("kind", JobKind)
    def test_carries_every_kind(self, queue: WorkQueue, belt: Belt, kind: JobKind) -> None:
        job = Job(kind, "ws_here", "sub:ject/1 _-.")
        queue.enqueue(job)
        assert belt.take() == job

    def test_an_equal_job_that_waits_is_not_doubled(self, queue: WorkQueue, belt: Belt) -> None:
        for _ in range(3):
            queue.enqueue(SYNC)
        assert list(belt.waiting()) == [SYNC]

    @pytest.mark.parametrize(
        "other",
        [
            Job(JobKind.RECOMPUTE, "ws_here", "run_1"),
            Job(JobKind.RUN_SYNC, "ws_there", "run_1"),
            Job(JobKind.RUN_SYNC, "ws_here", "run_2"),
            Job(JobKind.RUN_SYNC, "ws_here"),
        ],
    )
    def test_different_jobs_are_kept_apart(self, queue: WorkQueue, belt: Belt, other: Job) -> None:
        queue.enqueue(SYNC)
        queue.enqueue(other)
        assert list(belt.waiting()) == [SYNC, other]

    def test_an_equal_job_may_wait_while_one_runs(self, queue: WorkQueue, belt: Belt) -> None:
        queue.enqueue(SYNC)
        assert belt.take() == SYNC
        queue.enqueue(SYNC)
        queue.enqueue(SYNC)
        assert list(belt.waiting()) == [SYNC]

    def test_an_equal_job_may_come_after_one_has_ended(self, queue: WorkQueue, belt: Belt) -> None:
        queue.enqueue(SYNC)
        belt.take()
        belt.finish()
        assert list(belt.waiting()) == []
        queue.enqueue(SYNC)
        assert list(belt.waiting()) == [SYNC]

    def test_a_job_for_later_does_not_start_now(self, queue: WorkQueue, belt: Belt) -> None:
        queue.enqueue_in(3600, SYNC)
        assert list(belt.waiting()) == []

    def test_a_job_for_later_does_not_swallow_one_for_now(self, queue: WorkQueue, belt: Belt) -> None:
        queue.enqueue_in(3600, SYNC)
        queue.enqueue(SYNC)
        assert list(belt.waiting()) == [SYNC]

    def test_no_worker_is_alive(self, queue: WorkQueue) -> None:
        assert queue.workers() == 0

    def test_a_dead_carrier_is_told(self, dead_queue: WorkQueue) -> None:
        with pytest.raises(QueueUnavailable):
            dead_queue.ensure_available()
        with pytest.raises(QueueUnavailable):
            dead_queue.enqueue(SYNC)
        with pytest.raises(QueueUnavailable):
            dead_queue.enqueue_in(5, SYNC)
        with pytest.raises(QueueUnavailable):
            dead_queue.workers()
