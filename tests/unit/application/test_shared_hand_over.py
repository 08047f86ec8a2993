"""Many who hand the same job over at once cost the queue two round trips at most, and nobody's job is lost."""

from __future__ import annotations

import threading

import pytest

from clynto.adapters.memory.work_queue import MemoryWorkQueue
from clynto.application.shared_hand_over import SharedHandOver
from clynto.domain.errors import QueueUnavailable
from clynto.ports.work_queue import Job, JobKind, WorkQueue

JOB = Job(JobKind.DRAIN_EVENTS, "wsp_1")
OTHER = Job(JobKind.DRAIN_EVENTS, "wsp_2")


class SlowQueue(MemoryWorkQueue):
    """Holds whoever hands over until the test lets it go."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = threading.Semaphore(0)
        self.leave = threading.Semaphore(0)
        self.ended: list[Job] = []

    def enqueue(self, job: Job) -> None:
        """Wait, then take it."""
        self.begun.release()
        assert self.leave.acquire(timeout=20)
        self.ended.append(job)
        super().enqueue(job)


def asked_by(count: int, queue: WorkQueue, job: Job = JOB) -> list[threading.Thread]:
    """So many threads that hand ``job`` over."""
    threads = [threading.Thread(target=queue.enqueue, args=(job,)) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def test_whoever_comes_meanwhile_shares_the_next_turn() -> None:
    slow = SlowQueue()
    shared = SharedHandOver(slow)
    first = asked_by(1, shared)
    assert slow.begun.acquire(timeout=20)
    others = asked_by(20, shared)
    for thread in others[1:]:
        # All but the one who waits for his turn may go on at once; which one that is, nobody knows.
        thread.join(timeout=0.2)
    assert sum(thread.is_alive() for thread in others) == 1
    slow.leave.release(2)
    for thread in (*first, *others):
        thread.join(timeout=20)
    assert slow.ended == [JOB, JOB]


def test_another_job_waits_for_nobody() -> None:
    slow = SlowQueue()
    shared = SharedHandOver(slow)
    threads = [*asked_by(1, shared), *asked_by(1, shared, OTHER)]
    assert slow.begun.acquire(timeout=20)
    assert slow.begun.acquire(timeout=20), "both are under way"
    slow.leave.release(2)
    for thread in threads:
        thread.join(timeout=20)
    assert sorted(job.workspace_id for job in slow.ended) == ["wsp_1", "wsp_2"]


def test_a_queue_that_is_away_is_told_and_asked_again() -> None:
    queue = MemoryWorkQueue()
    shared = SharedHandOver(queue)
    queue.available = False
    with pytest.raises(QueueUnavailable):
        shared.enqueue(JOB)
    with pytest.raises(QueueUnavailable):
        shared.ensure_available()
    queue.available = True
    shared.enqueue(JOB)
    assert queue.take() == JOB
