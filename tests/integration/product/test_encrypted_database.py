"""Workers loaded before they were forked, over a database that is only reached through TLS (guarantees F6)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.integration.postgres_server import PostgresServer
from tests.integration.product.figures import differences
from tests.integration.product.installation import wait_for
from tests.integration.product.seller import small_seller
from tests.integration.product.stage import Stage, connected, resynced, staged
from tests.integration.product.stored import engine_of
from tests.integration.tls_front import TlsFront, tls_in_front_of

from clynto.adapters.rq_queue.work_queue import RqWorkQueue
from clynto.ports.work_queue import Job, JobKind

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("encrypted-database")]
JOBS = 200
OURS = "turn-"
RESYNCS = 3
"""Each forks a process that reads lists from one whose connections are open (ADR 0036)."""


@pytest.fixture
def front(postgres_server: PostgresServer, tmp_path: Path) -> Iterator[tuple[TlsFront, str]]:
    """A fresh database behind TLS, and its address."""
    with postgres_server.database(migrated=False) as url, tls_in_front_of(url, tmp_path) as made:
        yield made


@pytest.fixture
def stage(front: tuple[TlsFront, str], tmp_path: Path) -> Iterator[Stage]:
    """Web and worker, forked from a process that has read all modules, over the encrypted address."""
    (folder := tmp_path / "data").mkdir(mode=0o700)
    with staged(folder, [small_seller(1)], {"DATABASE_URL": front[1]}) as made:
        yield made


def test_two_hundred_short_jobs_of_a_preloaded_worker_meet_no_fault(stage: Stage, front: tuple[TlsFront, str]) -> None:
    """F6: while syncs fork beside them, two hundred jobs end well; each process has TLS connections of its own."""
    api, seller = stage.customer_of_ours(stage.open(small_seller(3)))
    connected(api, seller.key)
    queue = RqWorkQueue(stage.redis.url)
    for number in range(JOBS):
        queue.enqueue(Job(JobKind.RECOMPUTE, api.workspace_id, f"{OURS}{number}"))
    assert {resynced(api)["state"] for _ in range(RESYNCS)} == {"succeeded"}
    wait_for("all jobs to end", lambda: ended_jobs(stage) >= JOBS)
    assert ended_jobs(stage) == JOBS
    assert differences(api, seller) == []
    logs = stage.installation.logs()
    assert not [trouble for trouble in ("Traceback", "job failed", "SSL", "starting it again") if trouble in logs]
    assert_all_encrypted(*front)


def ended_jobs(stage: Stage) -> int:
    """How many of this test's jobs the worker has told the end of."""
    told = [line for line in stage.installation.logs().splitlines() if "job ends: " in line]
    return sum(OURS in line for line in told)


def assert_all_encrypted(front: TlsFront, url: str) -> None:
    """``pg_stat_ssl`` cannot tell, for the server behind knows no TLS: as many backends as encrypted connections."""
    count = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
    with engine_of(url).connect() as connection:
        # A connection that begins or ends just now is known to one side only.
        wait_for("both sides to agree", lambda: connection.execute(count).scalar_one() == front.open, seconds=10)
    assert front.open >= 3  # the web server, and the worker's processes for alerts and syncs
    assert (front.refused, front.faults) == (0, [])
