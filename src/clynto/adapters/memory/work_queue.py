"""A work queue that keeps what it was given, for tests and for looking at."""

from __future__ import annotations

import threading

from clynto.domain.errors import QueueUnavailable
from clynto.ports.work_queue import Job


class MemoryWorkQueue:
    """See ``ports.work_queue.WorkQueue``. Nothing runs by itself: ``take`` and ``take_due`` are the worker's end."""

    def __init__(self) -> None:
        self.available = True
        """Switched off, every call raises ``QueueUnavailable``."""
        self.workers_alive = 0
        self.handed_over: list[Job] = []
        """Every job that was ever accepted, equal ones that still waited left out."""
        self._waiting: list[Job] = []
        self._later: list[tuple[int, Job]] = []
        self._lock = threading.Lock()

    def ensure_available(self) -> None:
        """Raise ``QueueUnavailable`` while switched off."""
        if not self.available:
            raise QueueUnavailable

    def enqueue(self, job: Job) -> None:
        """Hand over ``job`` unless an equal one waits."""
        self.ensure_available()
        with self._lock:
            if job not in self._waiting:
                self._waiting.append(job)
                self.handed_over.append(job)

    def enqueue_in(self, seconds: int, job: Job) -> None:
        """Keep ``job`` for later; an equal one that waits for no longer is not doubled."""
        self.ensure_available()
        with self._lock:
            if (seconds, job) not in self._later:
                self._later.append((seconds, job))
                self.handed_over.append(job)

    def workers(self) -> int:
        """How many workers are alive, as set."""
        self.ensure_available()
        return self.workers_alive

    @property
    def waiting(self) -> tuple[Job, ...]:
        """Jobs a worker may begin now, in order."""
        return tuple(self._waiting)

    @property
    def later(self) -> tuple[tuple[int, Job], ...]:
        """Jobs for later, each with its delay in seconds."""
        return tuple(self._later)

    def take(self) -> Job | None:
        """Begin with the next job; None if nothing waits."""
        with self._lock:
            return self._waiting.pop(0) if self._waiting else None

    def make_due(self) -> None:
        """Let the time pass that jobs for later wait for."""
        with self._lock:
            due, self._later = sorted(self._later, key=lambda entry: entry[0]), []
            for _, job in due:
                if job not in self._waiting:
                    self._waiting.append(job)

    def lose_everything(self) -> None:
        """What an emptied carrier looks like (guarantees E11)."""
        with self._lock:
            self._waiting, self._later = [], []
