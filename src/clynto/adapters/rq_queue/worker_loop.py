"""One rq worker process that serves one queue, performs jobs in its own process, and outlives Redis.

Why rq's ``SimpleWorker`` and not its forking ``Worker``: rq's work-horse dies of SIGTERM at once (the default action)
while the worker itself waits for the whole job, so a sync could neither checkpoint nor stop in time; and a fork per
job would open new database connections for each. Here SIGTERM only sets the ``StopSignal``; the running job asks it,
checkpoints and returns, and the supervisor kills what has not ended after its grace period. A process that crashes is
started again by the supervisor.

What rq notes about a job is a courtesy to rq's tools. Outcomes live in the database (guarantees E12), so an
unreachable Redis is waited for and never ends a process or a job.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.exceptions import DequeueTimeout
from rq.executions import Execution
from rq.job import Job as RqJob
from rq.serializers import JSONSerializer
from rq.worker import SimpleWorker

from clynto.adapters.rq_queue.connection import connect
from clynto.adapters.rq_queue.job_routes import FAILURE_TTL_SECONDS, QueueName
from clynto.adapters.rq_queue.stop_signal import StopSignal
from clynto.adapters.rq_queue.work_queue import open_queue
from clynto.ports.work_queue import JobKind

_LOG = logging.getLogger("clynto.worker")
_BLOCK_SECONDS = 1
_SOCKET_SECONDS = 4.0
_LONGEST_PAUSE_SECONDS = 5.0
_ORPHAN_GRACE_SECONDS = 8.0
_CHORES = (JobKind.SWEEP.value, JobKind.SNAPSHOT.value, JobKind.DRAIN_EVENTS.value)


def serve(redis_url: str, name: QueueName, prepare: Callable[[StopSignal], None]) -> None:
    """Work on a queue until SIGTERM, SIGINT or the end of the parent process. Call it in a process of its own.

    ``prepare`` runs first, in this process: it builds what the job function needs and keeps the signal for it.
    """
    stop = StopSignal()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threading.Thread(target=_stop_with_parent, args=(os.getppid(), stop), daemon=True).start()
    prepare(stop)
    redis = connect(redis_url, call_seconds=_SOCKET_SECONDS)
    QueueWorker(open_queue(name, redis), redis, stop).work(logging_level="WARNING")
    redis.close()


def _stop_with_parent(parent: int, stop: StopSignal) -> None:
    """A worker without its supervisor is nobody's: it checkpoints and goes (guarantees E2)."""
    while os.getppid() == parent:
        time.sleep(1.0)
    stop.set()
    time.sleep(_ORPHAN_GRACE_SECONDS)
    os._exit(1)


class QueueWorker(SimpleWorker):
    """Performs the jobs of one queue until ``stop`` is set."""

    def __init__(self, queue: Queue, redis: Redis, stop: StopSignal) -> None:
        self._stop = stop
        super().__init__([queue], connection=redis, serializer=JSONSerializer, worker_ttl=60)
        self.log_result_lifespan = False

    @property
    def dequeue_timeout(self) -> int:
        """Seconds of one blocking wait for a job, which is also how late a stop is noticed when idle."""
        return _BLOCK_SECONDS

    @property
    def connection_timeout(self) -> int:
        """rq lengthens shorter socket timeouts to this."""
        return int(_SOCKET_SECONDS)

    def _install_signal_handlers(self) -> None:
        """``serve`` has installed them; rq's own would talk to Redis, or raise, in the middle of a job."""

    def subscribe(self) -> None:
        """No remote commands: nothing in Redis may stop or kill a worker."""

    def check_for_suspension(self, burst: bool) -> None:
        """``rq suspend`` is not obeyed: one forgotten key must not stop all syncs."""

    def register_birth(self) -> None:
        """Tell rq, once Redis can be reached."""
        self._insisting(super().register_birth)

    def set_state(self, state: str, pipeline: Any = None) -> None:
        """Tell rq what this worker does; not worth a failure."""
        if pipeline is not None:
            super().set_state(state, pipeline)
            return
        self._politely(super().set_state, state)

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Tell rq that this worker lives; not worth a failure."""
        if pipeline is not None:
            super().heartbeat(timeout, pipeline)
            return
        self._politely(super().heartbeat, timeout)

    def teardown(self) -> None:
        """Tell rq that this worker ends; not worth a failure."""
        self._politely(super().teardown)

    def dequeue_job_and_maintain_ttl(
        self,
        timeout: int | None,  # noqa: ARG002 - rq's signature
        max_idle_time: int | None = None,  # noqa: ARG002 - rq's signature
    ) -> tuple[RqJob, Queue] | None:
        """The next job; None once the worker should stop. Waits for Redis as long as it takes."""
        self.set_state("idle")
        pause = 0.25
        while not self._stop.is_set():
            try:
                if self.should_run_maintenance_tasks:
                    self.run_maintenance_tasks()  # type: ignore[no-untyped-call]
                self.heartbeat()
                return Queue.dequeue_any(
                    self.queues, self.dequeue_timeout, connection=self.connection, serializer=self.serializer
                )
            except DequeueTimeout:
                pause = 0.25
            except RedisError as error:
                _LOG.warning("Redis does not answer (%s), trying again", type(error).__name__)
                self._stop.wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
        return None

    def execute_job(self, job: RqJob, queue: Queue) -> None:
        """Perform the job here and now, whatever becomes of Redis meanwhile."""
        # Chores come every few seconds and would bury what matters.
        level = logging.DEBUG if str(job.description).startswith(_CHORES) else logging.INFO
        _LOG.log(level, "job begins: %s", job.description)
        try:
            super().execute_job(job, queue)
        except RedisError as error:
            _LOG.warning("job ended or never began, and rq could not be told (%s)", type(error).__name__)
            self.executions.clear()
        else:
            _LOG.log(level, "job ends: %s", job.description)

    def prepare_job_execution(self, job: RqJob, remove_from_intermediate_queue: bool = False) -> None:
        """rq keeps a begun job without limit; ours must expire even if this process is killed (guarantees E15)."""
        super().prepare_job_execution(job, remove_from_intermediate_queue)
        self.connection.expire(job.key, FAILURE_TTL_SECONDS)

    def handle_job_failure(
        self,
        job: RqJob,
        queue: Queue,
        started_job_registry: Any = None,
        exc_string: str = "",  # noqa: ARG002 - what must not be kept
        execution: Execution | None = None,
    ) -> None:
        """Keep the traceback out of Redis: messages may quote customers' data (guarantees E15). The log has it."""
        super().handle_job_failure(job, queue, started_job_registry, "see the worker's log", execution)

    def handle_exception(self, job: RqJob, *exc_info: Any) -> None:
        """Log the failure through our own logger, which redacts."""
        _LOG.error("job failed: %s", job.description, exc_info=exc_info)

    def _politely(self, tell: Callable[..., object], *args: object) -> None:
        try:
            tell(*args)
        except RedisError as error:
            _LOG.debug("rq could not be told (%s)", type(error).__name__)

    def _insisting(self, tell: Callable[[], object]) -> None:
        while not self._stop.is_set():
            try:
                tell()
            except RedisError as error:
                _LOG.warning("Redis does not answer (%s), trying again", type(error).__name__)
                self._stop.wait(1.0)
            else:
                return
