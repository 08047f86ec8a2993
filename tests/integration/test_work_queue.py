"""rq as work queue: what lies in Redis, what happens when Redis does not answer."""

from __future__ import annotations

import os
import signal
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue
from rq.job import Job as RqJob
from rq.serializers import JSONSerializer
from tests.contracts.work_queue_contract import WorkQueueContract
from tests.integration.redis_server import redis_server, redis_url  # noqa: F401

from clynto.adapters.rq_queue.connection import connect
from clynto.adapters.rq_queue.delayed_jobs import DelayedJobs
from clynto.adapters.rq_queue.embedded_redis import EmbeddedRedis
from clynto.adapters.rq_queue.job_routes import QueueName, queue_of
from clynto.adapters.rq_queue.work_queue import RqWorkQueue, open_queue
from clynto.adapters.rq_queue.worker_presence import leave, show_presence
from clynto.domain.errors import QueueUnavailable
from clynto.ports.work_queue import Job, JobKind

_SYNC = Job(JobKind.RUN_SYNC, "ws_1", "run_1")
_DRAIN = Job(JobKind.DRAIN_EVENTS, "ws_1")
_WEEK_SECONDS = 7 * 86_400


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:  # noqa: F811
    client = connect(redis_url)
    yield client
    client.close()


class RqBelt:
    """The worker's end. Each queue has workers of its own; between the queues, the older job counts as the first."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._queues = [open_queue(name, redis) for name in QueueName]
        self._taken: RqJob | None = None

    def waiting(self) -> list[Job]:
        return [_job(each) for each in self._in_order()]

    def take(self) -> Job:
        first = self._in_order()[0]
        queue = next(queue for queue in self._queues if queue.name == first.origin)
        taken = Queue.dequeue_any([queue], None, self._redis, serializer=JSONSerializer)
        assert taken is not None
        self._taken = taken[0]
        return _job(self._taken)

    def finish(self) -> None:
        assert self._taken is not None
        self._taken.delete()

    def _in_order(self) -> list[RqJob]:
        jobs = [job for queue in self._queues for job in queue.get_jobs()]
        return sorted(jobs, key=lambda job: str(job.enqueued_at))


def _job(job: RqJob) -> Job:
    kind, workspace_id, subject_id = job.args
    return Job(JobKind(kind), workspace_id, subject_id)


class TestRqWorkQueue(WorkQueueContract):
    """rq on a real Redis."""

    @pytest.fixture
    def queue(self, redis_url: str) -> RqWorkQueue:  # noqa: F811
        return RqWorkQueue(redis_url)

    @pytest.fixture
    def belt(self, redis: Redis) -> RqBelt:
        return RqBelt(redis)

    @pytest.fixture
    def dead_queue(self, tmp_path: Path) -> RqWorkQueue:
        return RqWorkQueue(f"unix://{tmp_path}/nobody.sock")


def _waiting(redis: Redis, name: QueueName) -> list[tuple[str, ...]]:
    return [tuple(job.args) for job in open_queue(name, redis).get_jobs()]


def test_alerts_never_wait_behind_syncs(redis_url: str, redis: Redis) -> None:  # noqa: F811
    queue = RqWorkQueue(redis_url)
    queue.enqueue(_SYNC)
    queue.enqueue(_DRAIN)
    assert _waiting(redis, QueueName.SYNCS) == [("run_sync", "ws_1", "run_1")]
    assert _waiting(redis, QueueName.ALERTS) == [("drain_events", "ws_1", "")]


def test_every_kind_has_a_queue() -> None:
    assert {queue_of(Job(kind, "ws_1")) for kind in JobKind} == set(QueueName)


def test_equal_job_that_waits_is_not_doubled(redis_url: str, redis: Redis) -> None:  # noqa: F811
    queue = RqWorkQueue(redis_url)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: queue.enqueue(_DRAIN), range(40)))
    queue.enqueue(Job(JobKind.DRAIN_EVENTS, "ws_2"))
    assert _waiting(redis, QueueName.ALERTS) == [("drain_events", "ws_1", ""), ("drain_events", "ws_2", "")]


def test_job_that_was_taken_and_never_begun_can_be_handed_over_again(redis_url: str, redis: Redis) -> None:  # noqa: F811
    queue = RqWorkQueue(redis_url)
    queue.enqueue(_SYNC)
    # A worker that is killed between taking the job and beginning it leaves exactly this behind.
    redis.lpop(open_queue(QueueName.SYNCS, redis).key)
    queue.enqueue(_SYNC)
    assert _waiting(redis, QueueName.SYNCS) == [("run_sync", "ws_1", "run_1")]


def test_emptied_redis_takes_the_job_again(redis_url: str, redis: Redis) -> None:  # noqa: F811
    queue = RqWorkQueue(redis_url)
    queue.enqueue(_SYNC)
    redis.flushall()
    queue.enqueue(_SYNC)
    assert len(_waiting(redis, QueueName.SYNCS)) == 1


def test_delayed_job_starts_no_sooner_and_joins_an_equal_one_that_waits(redis_url: str, redis: Redis) -> None:  # noqa: F811
    """E10: what moves it is ours, not rq's scheduler."""
    queue = RqWorkQueue(redis_url)
    delayed = DelayedJobs(redis)
    asked = time.time()
    queue.enqueue_in(1, _DRAIN)
    queue.enqueue_in(1, _DRAIN)
    while delayed.start_due() == 0:
        assert not _waiting(redis, QueueName.ALERTS)
        assert time.time() - asked < 5
        time.sleep(0.05)
    assert time.time() - asked >= 1
    time.sleep(1)
    delayed.start_due()
    assert len(_waiting(redis, QueueName.ALERTS)) == 1


def test_waiting_job_does_not_swallow_a_delayed_one_nor_the_other_way_round(redis_url: str, redis: Redis) -> None:  # noqa: F811
    queue = RqWorkQueue(redis_url)
    queue.enqueue_in(0, _DRAIN)
    queue.enqueue(_DRAIN)
    assert len(_waiting(redis, QueueName.ALERTS)) == 1
    redis.delete(open_queue(QueueName.ALERTS, redis).key)
    time.sleep(1.1)
    assert DelayedJobs(redis).start_due() == 1


def test_everything_in_redis_holds_ids_only_and_expires_within_a_week(redis_url: str, redis: Redis) -> None:  # noqa: F811
    """E15, J2: jobs that wait, and jobs for later."""
    queue = RqWorkQueue(redis_url)
    for number in range(20):
        queue.enqueue(Job(JobKind.RUN_SYNC, "ws_1", f"run_{number}"))
        queue.enqueue_in(3_600, Job(JobKind.RECOMPUTE, "ws_1", f"acc_{number}"))
    hashes = [key for key in redis.keys("rq:job:*") if redis.type(key) == b"hash"]
    assert len(hashes) == 40
    for key in hashes:
        assert 0 < redis.ttl(key) <= _WEEK_SECONDS
        fields = redis.hgetall(key)
        data, description = fields[b"data"], fields[b"description"]
        assert isinstance(data, bytes)
        assert isinstance(description, bytes)
        payload = zlib.decompress(data).decode()
        assert payload.startswith('["clynto.entrypoints.worker.perform", null, ["')
        assert all(0 < int(fields[name]) <= _WEEK_SECONDS for name in (b"ttl", b"failure_ttl"))
        assert description.decode().split()[1] == "ws_1"
    for key in redis.keys("clynto:*"):
        assert 0 < redis.ttl(key) <= _WEEK_SECONDS


def test_counts_workers_that_gave_a_sign_of_life(redis_url: str, redis: Redis) -> None:  # noqa: F811
    queue = RqWorkQueue(redis_url)
    assert queue.workers() == 0
    show_presence(redis, "one")
    show_presence(redis, "one")
    show_presence(redis, "two")
    assert queue.workers() == 2
    redis.zadd("clynto:workers", {"killed": (time.time() - 16) * 1_000_000})
    leave(redis, "two")
    assert queue.workers() == 1


@pytest.mark.processes
def test_frozen_redis_is_unavailable_within_five_seconds(tmp_path: Path) -> None:
    server = EmbeddedRedis(tmp_path)
    server.start()
    queue = RqWorkQueue(server.url)
    queue.enqueue(_DRAIN)
    pid = server.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        for attempt in (
            queue.ensure_available,
            lambda: queue.enqueue(_SYNC),
            lambda: queue.enqueue_in(1, _SYNC),
            queue.workers,
            RqWorkQueue(server.url).ensure_available,
        ):
            began = time.monotonic()
            with pytest.raises(QueueUnavailable):
                attempt()
            assert time.monotonic() - began < 5
    finally:
        os.kill(pid, signal.SIGCONT)
    queue.ensure_available()
    server.stop()


def test_absent_redis_is_unavailable_and_says_nothing_of_its_address(tmp_path: Path) -> None:
    queue = RqWorkQueue(f"unix://:canary@{tmp_path}/none.sock")
    with pytest.raises(QueueUnavailable) as caught:
        queue.enqueue(_SYNC)
    assert caught.value.__cause__ is None
    assert "canary" not in str(caught.value)


def test_queue_outlives_a_restart_of_redis(tmp_path: Path) -> None:
    server = EmbeddedRedis(tmp_path)
    server.start()
    queue = RqWorkQueue(server.url)
    queue.enqueue(_SYNC)
    server.stop()
    with pytest.raises(QueueUnavailable):
        queue.enqueue(_SYNC)
    server.start()
    queue.enqueue(_SYNC)
    server.stop()
