"""A sync is limited by lack of progress and not by total time: one that hangs ends in Error within its limit, and one
that goes on slowly is let go on (guarantees E7, E8)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer
from tests.integration.product.figures import differences
from tests.integration.product.installation import wait_for
from tests.integration.product.seller import large_seller, small_seller
from tests.integration.product.stage import Stage, connect, connected, ended, resynced, rule_met, run_ended, staged

from clynto.adapters.rq_queue.connection import connect as connect_redis

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("product-limits")]

LIMIT_SECONDS = 4
RQ_DEFAULT_SECONDS = 180


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Web and worker that stay four seconds with a read that Stripe does not answer, and ask for a list twice
    a second."""
    settings = {"STRIPE_PATIENCE_SECONDS": str(LIMIT_SECONDS), "STRIPE_ENDPOINT_RPS": "2"}
    with staged(tmp_path_factory.mktemp("impatient"), [small_seller(1)], settings) as stage:
        yield stage


def worker_threads(stage: Stage) -> dict[int, int]:
    """How many threads each process of the worker has."""
    (worker,) = stage.workers
    family = psutil.Process(worker.pid).children(recursive=True)
    return {process.pid: process.num_threads() for process in family if process.is_running()}


@contextmanager
def sync_jobs(stage: Stage) -> Iterator[Queue]:
    """The queue of syncs, as rq's own tools see it."""
    redis = connect_redis(stage.redis.url)
    try:
        yield Queue("syncs", connection=redis, serializer=JSONSerializer)
    finally:
        redis.close()


def job_under_way(stage: Stage, run_id: str) -> Job:
    """The rq job that performs a run now."""
    with sync_jobs(stage) as queue:

        def found() -> Job | None:
            jobs = [queue.fetch_job(job_id) for job_id in queue.started_job_registry.get_job_ids()]
            return next((job for job in jobs if job is not None and run_id in job.args), None)

        job = wait_for("the job to begin", found)
    assert isinstance(job, Job)
    return job


def test_a_sync_that_hangs_ends_in_error_and_leaves_nothing_behind(impatient: Stage) -> None:
    """E8: Stripe takes the question of the fourth step and never answers. The card says so within the limit; no
    thread, process or job goes on, and rq never counted the run as done while it hung."""
    api, seller = impatient.customer_of_ours(impatient.open(small_seller(3)))
    card = connected(api, seller.key)
    impatient.quiet(seller)
    idle = worker_threads(impatient)
    silent = impatient.fault("silent", seller, "/v1/subscriptions", times=None)
    run_id = api.post("/integrations/stripe/syncs", expect=202)["run_id"]
    rule_met(silent)
    asked = time.monotonic()
    job = job_under_way(impatient, run_id)
    run = run_ended(api, run_id, seconds=30)
    # Three lists of subscriptions are asked for one after the other at this pace, and other tests work beside this one;
    # whoever waits without this limit does so for two minutes.
    assert time.monotonic() - asked < 4 * LIMIT_SECONDS
    assert (run["state"], run["error"]["code"]) == ("failed", "stripe_unreachable")
    assert [step["name"] for step in run["steps"] if step["state"] == "failed"] == ["subscriptions"]
    assert "reading subscriptions" in run["error"]["message"]
    shown = api.card()
    assert (shown["state"], shown["error"]["message"]) == ("error", run["error"]["message"])
    assert shown["records_synced"] == card["records_synced"]
    wait_for("threads and processes to end", lambda: worker_threads(impatient) == idle, seconds=10)
    with sync_jobs(impatient) as queue:
        assert job.id not in queue.started_job_registry.get_job_ids()
    hits = silent.hits
    time.sleep(1.5)
    assert silent.hits == hits, "something still asks"
    impatient.release(silent)
    impatient.sandbox.world.traffic.faults.clear()
    assert resynced(api)["state"] == "succeeded"
    assert differences(api, seller) == []


def test_a_slow_sync_goes_on_for_as_long_as_it_gets_on(impatient: Stage) -> None:
    """E7: every answer comes late, and the whole takes several times the limit for lack of progress; it completes,
    and rq would not have ended it at its own three minutes either."""
    api, seller = impatient.customer_of_ours(impatient.open(large_seller(220, 12)))
    impatient.fault("slow", seller, "/v1/.*", times=None, seconds=0.4)
    connect(api, seller.key)
    began = time.monotonic()
    run_id = api.card()["progress"]["run_id"]
    assert (job_under_way(impatient, run_id).timeout or 0) > RQ_DEFAULT_SECONDS * 10
    assert ended(api)["state"] == "connected"
    assert time.monotonic() - began > 3 * LIMIT_SECONDS
    assert differences(api, seller) == []
