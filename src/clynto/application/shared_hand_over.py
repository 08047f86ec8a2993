"""Hand the same work over once for all who ask at the same time.

Handing over costs several round trips to the queue, more than verifying a delivery does. Whoever comes while another
is about to begin handing over the same job needs none of its own: that one begins after whatever both have committed.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from clynto.ports.work_queue import Job, WorkQueue


@dataclass(slots=True)
class _Turn:
    """``expected``: somebody will begin to hand the job over as soon as ``under_way`` is free."""

    under_way: threading.Lock = field(default_factory=threading.Lock)
    expected: bool = False


class SharedHandOver:
    """A ``WorkQueue`` before another one."""

    def __init__(self, queue: WorkQueue) -> None:
        self._queue = queue
        self._guard = threading.Lock()
        self._turns: dict[Job, _Turn] = {}

    def ensure_available(self) -> None:
        """See ``WorkQueue.ensure_available``."""
        self._queue.ensure_available()

    def enqueue(self, job: Job) -> None:
        """Hand ``job`` over, or rely on somebody who is about to. Only the one who does it learns of
        ``QueueUnavailable``; for the others the sweeper makes up for it, as for him."""
        with self._guard:
            turn = self._turns.setdefault(job, _Turn())
            if turn.expected:
                return
            turn.expected = True
        with turn.under_way:
            with self._guard:
                turn.expected = False
            self._queue.enqueue(job)

    def enqueue_in(self, seconds: int, job: Job) -> None:
        """See ``WorkQueue.enqueue_in``."""
        self._queue.enqueue_in(seconds, job)

    def workers(self) -> int:
        """See ``WorkQueue.workers``."""
        return self._queue.workers()
