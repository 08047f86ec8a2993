"""Real worker processes: signals, kills, and a Redis that goes away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from rq.job import Job as RqJob
from rq.serializers import JSONSerializer
from tests.integration.recorded_jobs import PERFORM
from tests.integration.redis_server import redis_server, redis_url  # noqa: F401

from clynto.adapters.rq_queue.connection import connect
from clynto.adapters.rq_queue.embedded_redis import EmbeddedRedis
from clynto.adapters.rq_queue.job_routes import QueueName
from clynto.adapters.rq_queue.work_queue import RqWorkQueue, open_queue
from clynto.ports.work_queue import Job, JobKind

pytestmark = pytest.mark.processes
_WEEK_SECONDS = 7 * 86_400


class Workers:
    """Starts workers and reads what their jobs wrote down."""

    def __init__(self, record: Path) -> None:
        self._record = record
        self.clock = record.with_name("clock")
        self._started: list[subprocess.Popen[bytes]] = []

    def start(self, url: str, *options: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-c", "from tests.integration.recorded_jobs import main; main()", url, *options],
            env={**os.environ, "RECORDED_JOBS": str(self._record), "PYTHONPATH": "src:."},
            stderr=subprocess.DEVNULL,
        )
        self._started.append(process)
        return process

    def lines(self, beginning: str) -> list[str]:
        if not self._record.exists():
            return []
        return [line for line in self._record.read_text().splitlines() if line.startswith(beginning)]

    def saw(self, beginning: str, times: int = 1) -> Callable[[], bool]:
        return lambda: len(self.lines(beginning)) >= times

    def stop_all(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.terminate()
                process.wait(timeout=15)


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Workers]:
    started = Workers(tmp_path / "record")
    yield started
    started.stop_all()


def _until(condition: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def test_alert_is_served_while_a_sync_runs_and_delayed_and_periodic_jobs_come(
    workers: Workers,
    redis_url: str,  # noqa: F811
) -> None:
    """E10, L5: no scheduler of rq's is started; what is delayed comes all the same."""
    queue = RqWorkQueue(redis_url, perform=PERFORM)
    workers.start(redis_url, "--sweep")
    queue.enqueue(Job(JobKind.RUN_SYNC, "ws_1", "long_1"))
    _until(workers.saw("begin run_sync ws_1 long_1"))
    queue.enqueue(Job(JobKind.DRAIN_EVENTS, "ws_1"))
    queue.enqueue_in(1, Job(JobKind.RECOMPUTE, "ws_1", "acc_1"))
    _until(workers.saw("end drain_events ws_1"), 5)
    _until(workers.saw("end recompute ws_1 acc_1"), 5)
    _until(workers.saw("end sweep all", 2), 5)
    assert not workers.lines("end run_sync")
    assert queue.workers() == 1


def test_a_clock_that_was_moved_brings_what_time_alone_brings(
    workers: Workers,
    redis_url: str,  # noqa: F811
) -> None:
    workers.clock.write_text("1790000000")
    workers.start(redis_url, "--clock")
    _until(workers.saw("end snapshot all"), 5)
    time.sleep(1.5)
    assert len(workers.lines("end snapshot all")) == 1
    workers.clock.write_text("1830000000")
    _until(workers.saw("end snapshot all", 2), 5)


def test_sigterm_lets_a_running_sync_checkpoint_and_ends_every_process_in_time(
    workers: Workers,
    redis_url: str,  # noqa: F811
) -> None:
    queue = RqWorkQueue(redis_url, perform=PERFORM)
    process = workers.start(redis_url)
    queue.enqueue(Job(JobKind.RUN_SYNC, "ws_1", "long_1"))
    _until(workers.saw("begin run_sync"))
    children = psutil.Process(process.pid).children(recursive=True)
    began = time.monotonic()
    process.terminate()
    assert process.wait(timeout=10) == 0
    assert time.monotonic() - began < 5
    assert workers.lines("end run_sync ws_1 long_1")
    assert not [child for child in children if child.is_running()]
    assert queue.workers() == 0


def test_job_that_does_not_stop_is_killed_within_ten_seconds(workers: Workers, redis_url: str) -> None:  # noqa: F811
    queue = RqWorkQueue(redis_url, perform=PERFORM)
    process = workers.start(redis_url)
    queue.enqueue(Job(JobKind.RUN_SYNC, "ws_1", "stubborn_1"))
    _until(workers.saw("begin run_sync"))
    process.terminate()
    assert process.wait(timeout=10) == 0
    assert not workers.lines("end")


def test_killed_worker_and_child_hold_nothing_back(workers: Workers, redis_url: str) -> None:  # noqa: F811
    queue = RqWorkQueue(redis_url, perform=PERFORM)
    process = workers.start(redis_url)
    job = Job(JobKind.RUN_SYNC, "ws_1", "brief_1")
    queue.enqueue(job)
    _until(workers.saw("begin run_sync"))
    for victim in [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]:
        victim.kill()
    process.wait()
    workers.start(redis_url)
    queue.enqueue(job)
    _until(workers.saw("end run_sync ws_1 brief_1"), 10)


def test_equal_job_is_taken_while_one_runs(workers: Workers, redis_url: str) -> None:  # noqa: F811
    queue = RqWorkQueue(redis_url, perform=PERFORM)
    workers.start(redis_url)
    job = Job(JobKind.DRAIN_EVENTS, "ws_1", "brief_1")
    queue.enqueue(job)
    _until(workers.saw("begin drain_events"))
    queue.enqueue(job)
    queue.enqueue(job)
    _until(workers.saw("end drain_events", 2))
    assert len(workers.lines("begin drain_events")) == 2


def test_killed_process_is_started_again(workers: Workers, redis_url: str) -> None:  # noqa: F811
    queue = RqWorkQueue(redis_url, perform=PERFORM)
    process = workers.start(redis_url)
    queue.enqueue(Job(JobKind.RUN_SYNC, "ws_1", "long_1"))
    _until(workers.saw("begin run_sync"))
    os.kill(int(workers.lines("begin run_sync")[0].split()[-1]), signal.SIGKILL)
    queue.enqueue(Job(JobKind.RUN_SYNC, "ws_1", "quick_1"))
    _until(workers.saw("end run_sync ws_1 quick_1"))
    assert process.poll() is None


def test_orphaned_process_checkpoints_and_goes(workers: Workers, redis_url: str) -> None:  # noqa: F811
    queue = RqWorkQueue(redis_url, perform=PERFORM)
    process = workers.start(redis_url)
    queue.enqueue(Job(JobKind.RUN_SYNC, "ws_1", "long_1"))
    _until(workers.saw("begin run_sync"))
    children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    _until(workers.saw("end run_sync ws_1 long_1"), 5)
    _until(lambda: not [child for child in children if child.is_running()], 5)


@pytest.fixture
def mortal_redis(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    """A server that a test may stop and start again."""
    server = EmbeddedRedis(tmp_path / "redis")
    server.start()
    yield server
    server.stop()


def test_running_sync_and_its_worker_outlive_redis(workers: Workers, mortal_redis: EmbeddedRedis) -> None:
    server = mortal_redis
    queue = RqWorkQueue(server.url, perform=PERFORM)
    process = workers.start(server.url)
    queue.enqueue(Job(JobKind.RUN_SYNC, "ws_1", "brief_1"))
    _until(workers.saw("begin run_sync"))
    pids = {child.pid for child in psutil.Process(process.pid).children()}
    server.stop()
    _until(workers.saw("end run_sync ws_1 brief_1"))
    time.sleep(1)
    server.start()
    queue.enqueue(Job(JobKind.RUN_SYNC, "ws_1", "quick_2"))
    _until(workers.saw("end run_sync ws_1 quick_2"))
    _until(lambda: queue.workers() == 1)
    assert {child.pid for child in psutil.Process(process.pid).children()} == pids
    process.terminate()
    assert process.wait(timeout=10) == 0


def test_emptied_redis_loses_no_later_job(workers: Workers, redis_url: str) -> None:  # noqa: F811
    queue = RqWorkQueue(redis_url, perform=PERFORM)
    workers.start(redis_url)
    queue.enqueue(Job(JobKind.RUN_SYNC, "ws_1", "brief_1"))
    _until(workers.saw("begin run_sync"))
    client = connect(redis_url)
    client.flushall()
    client.close()
    _until(workers.saw("end run_sync ws_1 brief_1"))
    queue.enqueue(Job(JobKind.RUN_SYNC, "ws_1", "quick_2"))
    _until(workers.saw("end run_sync ws_1 quick_2"), 5)
    _until(lambda: queue.workers() == 1, 6)


def test_failed_jobs_leave_no_customer_data_and_expire_within_a_week(workers: Workers, redis_url: str) -> None:  # noqa: F811
    """E15: twenty jobs fail with a customer's address and a key in their message."""
    queue = RqWorkQueue(redis_url, perform=PERFORM)
    workers.start(redis_url)
    for number in range(20):
        queue.enqueue(Job(JobKind.RECOMPUTE, "ws_1", f"fails_{number}"))
    _until(workers.saw("begin recompute", 20))
    client = connect(redis_url)
    _until(lambda: client.zcard("rq:failed:alerts") == 20)
    failed = open_queue(QueueName.ALERTS, client).failed_job_registry.get_job_ids()
    kept = [RqJob.fetch(each, client, JSONSerializer).latest_result() for each in failed]
    assert {result.exc_string for result in kept if result} == {"see the worker's log"}
    assert client.zcount("rq:failed:alerts", time.time() + _WEEK_SECONDS, "+inf") == 0
    for key in client.keys("rq:*"):
        kind = client.type(key)
        if kind == b"hash":
            content = repr(client.hgetall(key))
        elif kind == b"stream":
            content = repr(client.xrange(key))
        else:
            continue
        assert 0 < client.ttl(key) <= _WEEK_SECONDS, key
        assert "canary" not in content
        assert "Traceback" not in content
    client.close()
