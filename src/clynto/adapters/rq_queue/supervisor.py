"""``clynto worker``: one supervisor with a process for each place in each queue.

The supervisor performs no job. It starts the processes and starts them again when they die, moves delayed jobs that
fall due, hands over periodic jobs, and shows that this worker is alive. It forks, so it must be started from a process
without threads and without open database connections; children build their own in ``prepare``.

Ends on SIGTERM or SIGINT: processes are asked to stop, their jobs checkpoint, and after ``grace_seconds`` what still
runs is killed; the lease in the database then hands the work on (guarantees E1, E13).
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess

from redis import Redis
from redis.exceptions import RedisError

from clynto.adapters.rq_queue.connection import connect
from clynto.adapters.rq_queue.delayed_jobs import DelayedJobs
from clynto.adapters.rq_queue.job_routes import QueueName, waiting_mark
from clynto.adapters.rq_queue.stop_signal import StopSignal
from clynto.adapters.rq_queue.work_queue import PERFORM, RqWorkQueue
from clynto.adapters.rq_queue.worker_loop import serve
from clynto.adapters.rq_queue.worker_presence import leave, show_presence
from clynto.domain.errors import QueueUnavailable
from clynto.ports.work_queue import Job

_LOG = logging.getLogger("clynto.worker")
_TICK_SECONDS = 0.5
_PRESENCE_SECONDS = 4.0
_YOUNG_SECONDS = 5.0
_RESTART_PAUSE_SECONDS = 2.0

PLACES: Mapping[QueueName, int] = {QueueName.ALERTS: 1, QueueName.SYNCS: 2}
"""Two places for syncs, so that small workspaces need not wait for a giant's (guarantees L5)."""


@dataclass(frozen=True, slots=True)
class Periodic:
    """A job that is handed over every ``every_seconds`` of the product's clock, by one of all supervisors. A clock that
    was moved has passed into another period, so what follows from the mere passing of time is done at once."""

    every_seconds: int
    job: Job


@dataclass(slots=True)
class _Place:
    """A process that should always be there."""

    queue: QueueName
    process: BaseProcess | None = None
    started: float = 0.0
    not_before: float = 0.0


@dataclass(slots=True)
class WorkerSupervisor:
    """Keeps the processes of one worker going. ``run`` blocks until it is told to stop."""

    redis_url: str
    prepare: Callable[[StopSignal], None]
    places: Mapping[QueueName, int] = field(default_factory=lambda: PLACES)
    periodic: Sequence[Periodic] = ()
    seconds: Callable[[], float] = time.time
    perform: str = PERFORM
    grace_seconds: float = 8.0

    def run(self) -> None:
        """Work until SIGTERM or SIGINT. Returns within ``grace_seconds`` and a little, with every process ended."""
        stop = StopSignal()

        former = [(number, signal.signal(number, lambda *_: stop.set())) for number in (signal.SIGTERM, signal.SIGINT)]
        places = [_Place(queue) for queue, count in self.places.items() for _ in range(count)]
        redis = connect(self.redis_url)
        try:
            chores = _Chores(redis, RqWorkQueue(self.redis_url, perform=self.perform), self.periodic, self.seconds)
            while not stop.is_set():
                self._keep_filled(places)
                chores.do()
                stop.wait(_TICK_SECONDS)
            self._end(places)
            chores.leave()
        finally:
            self._kill(places)
            redis.close()
            for number, handler in former:
                signal.signal(number, handler)

    def _keep_filled(self, places: Sequence[_Place]) -> None:
        now = time.monotonic()
        for place in places:
            if place.process is not None and not place.process.is_alive():
                _LOG.warning(
                    "worker process for %s ended with %s, starting it again", place.queue, place.process.exitcode
                )
                place.process.close()
                place.process = None
                # One that dies at once would otherwise be started as fast as the machine can.
                young = now - place.started < _YOUNG_SECONDS
                place.not_before = now + (_RESTART_PAUSE_SECONDS if young else 0.0)
            if place.process is None and now >= place.not_before:
                place.process = multiprocessing.get_context("fork").Process(
                    target=serve, args=(self.redis_url, place.queue, self.prepare), name=f"clynto-{place.queue}"
                )
                place.process.start()
                place.started = now

    def _end(self, places: Sequence[_Place]) -> None:
        running = [place.process for place in places if place.process is not None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + self.grace_seconds
        for process in running:
            process.join(max(0.0, deadline - time.monotonic()))

    def _kill(self, places: Sequence[_Place]) -> None:
        for place in places:
            if place.process is None:
                continue
            if place.process.is_alive():
                _LOG.warning("worker process for %s did not stop in time and is killed", place.queue)
                place.process.kill()
            place.process.join()
            place.process.close()
            place.process = None


class _Chores:
    """What a supervisor does for everybody, as far as Redis can be reached."""

    def __init__(
        self, redis: Redis, queue: RqWorkQueue, periodic: Sequence[Periodic], seconds: Callable[[], float]
    ) -> None:
        self._redis = redis
        self._queue = queue
        self._periodic = periodic
        self._seconds = seconds
        self._delayed = DelayedJobs(redis)
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        self._next_presence = 0.0
        self._reachable = True

    def do(self) -> None:
        """One round."""
        try:
            if time.monotonic() >= self._next_presence:
                show_presence(self._redis, self._name)
                self._next_presence = time.monotonic() + _PRESENCE_SECONDS
            self._delayed.start_due()
            for each in self._periodic:
                period = int(self._seconds() // each.every_seconds)
                turn = f"clynto:turn:{waiting_mark(each.job)}:{period}"
                # Kept for longer than its period, for supervisors whose clocks are behind.
                if self._redis.set(turn, self._name, nx=True, ex=2 * each.every_seconds):
                    self._queue.enqueue(each.job)
        except (RedisError, QueueUnavailable) as error:
            self._note(f"Redis does not answer ({type(error).__name__}); waiting for it", reachable=False)
        else:
            self._note("Redis answers again", reachable=True)

    def leave(self) -> None:
        """Stop counting as alive."""
        try:
            leave(self._redis, self._name)
        except RedisError as error:
            _LOG.debug("Redis could not be told (%s)", type(error).__name__)

    def _note(self, message: str, *, reachable: bool) -> None:
        """Say it once, not twice a second."""
        if reachable != self._reachable:
            _LOG.warning("%s", message)
            self._reachable = reachable
            # An emptied or restarted Redis should know about this worker at once.
            self._next_presence = 0.0
