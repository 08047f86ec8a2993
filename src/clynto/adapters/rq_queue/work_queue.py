"""``WorkQueue`` on rq.

Equal jobs are not doubled while one waits: a mark in Redis names the rq job, and it counts only while that rq job is
still in its queue's list. Taking the job off the list is what starts it, so nothing has to clean up: a worker that is
killed before, in or after the job leaves no mark that could hold back the next one (guarantees E1, E9).

Delayed jobs lie in rq's own registry of scheduled jobs. Every worker supervisor moves due ones to their queue (see
``delayed_jobs``), so there is no scheduler process that could be forgotten (guarantees E10).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from redis import Redis
from redis.exceptions import RedisError, WatchError
from rq import Queue
from rq.serializers import JSONSerializer

from clynto.adapters.rq_queue.connection import connect
from clynto.adapters.rq_queue.job_routes import (
    FAILURE_TTL_SECONDS,
    WAITING_TTL_SECONDS,
    QueueName,
    queue_of,
    timeout_seconds,
    waiting_mark,
)
from clynto.adapters.rq_queue.worker_presence import count_workers
from clynto.domain.errors import QueueUnavailable
from clynto.ports.work_queue import Job

_WAITS = """
local held = redis.call('GET', KEYS[1])
return held and redis.call('LPOS', KEYS[2], held) and 1 or 0
"""
"""Whether the rq job that a mark names is still in its queue's list: asked for each delivery, so in one round trip."""
PERFORM = "clynto.entrypoints.worker.perform"
"""What a worker imports and calls with (kind, workspace id, subject id)."""


class RqWorkQueue:
    """Implements ``WorkQueue``. Making one connects to nothing.

    ``perform`` is the dotted name of the function that workers call; a name, since adapters know no entrypoint.
    """

    def __init__(self, redis_url: str, *, perform: str = PERFORM) -> None:
        self._redis = connect(redis_url)
        self._perform = perform
        self._waits = self._redis.register_script(_WAITS)
        self._queues = {name: open_queue(name, self._redis) for name in QueueName}

    def ensure_available(self) -> None:
        """Raise ``QueueUnavailable`` within 5 s if work cannot be handed over now."""
        with _unavailable():
            # A write, because a server that is full or loading its file answers pings and refuses work.
            self._redis.set("clynto:write-probe", "1", ex=60)

    def enqueue(self, job: Job) -> None:
        """Hand over ``job``. An equal job that still waits is not doubled. Raises ``QueueUnavailable``."""
        queue = self._queues[queue_of(job)]
        mark = waiting_mark(job)
        where = [mark, queue.key]
        with _unavailable(), self._redis.pipeline() as pipeline:
            if self._waits(where):
                return
            pipeline.watch(mark)  # type: ignore[no-untyped-call]
            if pipeline.eval(_WAITS, len(where), *where):
                return
            pipeline.multi()
            job_id = uuid.uuid4().hex
            pipeline.set(mark, job_id, ex=WAITING_TTL_SECONDS)
            queue.enqueue(self._perform, pipeline=pipeline, **_terms(job, job_id))
            try:
                pipeline.execute()
            except WatchError:
                # Somebody else handed an equal job over in this very moment.
                return

    def enqueue_in(self, seconds: int, job: Job) -> None:
        """Hand over ``job`` so that it starts no sooner than in ``seconds``. Raises ``QueueUnavailable``.

        When it falls due while an equal job waits, the two become one.
        """
        # rq keeps whole seconds and cuts off the rest, so one more keeps the promise "no sooner".
        due = datetime.now(UTC) + timedelta(seconds=max(seconds, 0) + 1)
        terms = _terms(job, uuid.uuid4().hex)
        terms["ttl"] += max(seconds, 0)
        with _unavailable():
            self._queues[queue_of(job)].enqueue_at(due, self._perform, **terms)

    def workers(self) -> int:
        """How many workers are alive. Raises ``QueueUnavailable``."""
        with _unavailable():
            return count_workers(self._redis)


def _terms(job: Job, job_id: str) -> dict[str, Any]:
    """What rq is told about ``job``: ids only (guarantees J2)."""
    ids = (job.kind.value, job.workspace_id, job.subject_id)
    return {
        "args": ids,
        "job_id": job_id,
        "description": " ".join(filter(None, ids)),
        "meta": {"mark": waiting_mark(job)},
        "job_timeout": timeout_seconds(queue_of(job)),
        "ttl": WAITING_TTL_SECONDS,
        "result_ttl": 0,
        "failure_ttl": FAILURE_TTL_SECONDS,
    }


def open_queue(name: QueueName, redis: Redis) -> Queue:
    """The rq queue, with JSON in place of pickle: whoever can write to Redis must not run code in a worker."""
    return Queue(name.value, connection=redis, serializer=JSONSerializer)


@contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except RedisError:
        # The driver's text can name hosts and users of the address; the cause is logged by whoever handles this.
        raise QueueUnavailable from None
