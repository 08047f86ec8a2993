"""Redis may be emptied, stopped or frozen at any moment (guarantee 11; E4, E5, E9, E11, E12, J2)."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests
from tests.integration.product.figures import differences
from tests.integration.product.installation import PASSWORD, Api, wait_for
from tests.integration.product.seller import Seller, large_seller, small_seller
from tests.integration.product.stage import Stage, connect, connected, ended, resynced, rule_met, staged
from tests.integration.product.stored import redis_dump

from clynto.adapters.rq_queue.connection import connect as connect_redis

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("redis-trouble")]
CONVERGED_SECONDS = 120.0
ANSWERED_SECONDS = 5.0
PAGES = ("/integrations", "/accounts", "/inbox", "/settings")


@pytest.fixture(scope="module")
def own_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stage whose Redis nobody else needs."""
    with staged(tmp_path_factory.mktemp("redis-trouble"), [small_seller(1)]) as stage:
        yield stage


@pytest.fixture
def stage(own_stage: Stage) -> Iterator[Stage]:
    """All parts in place again."""
    own_stage.put_right()
    yield own_stage
    own_stage.sandbox.world.traffic.faults.clear()


def emptied(stage: Stage) -> None:
    """FLUSHALL."""
    client = connect_redis(stage.redis.url)
    client.flushall()
    client.close()


def redis_process(stage: Stage) -> psutil.Process:
    """The Redis server of the stage."""
    pid_file = Path(stage.redis_folder) / "redis.pid"
    return psutil.Process(int(pid_file.read_text()))


def held_sync(stage: Stage, path: str) -> tuple[Api, Seller]:
    """A first sync whose next request to ``path`` is not answered until faults are cleared."""
    api, seller = stage.customer_of_ours()
    rule = stage.fault("hold", seller, path, times=None)
    connect(api, seller.key)
    rule_met(rule, seconds=60)
    return api, seller


def assert_complete(api: Api, seller: Seller, *, seconds: float = CONVERGED_SECONDS) -> None:
    """The sync ended by itself, and every figure is right."""
    assert ended(api, seconds=seconds)["state"] == "connected"
    assert differences(api, seller) == []


def test_redis_is_emptied_while_syncs_run_and_wait(stage: Stage) -> None:
    """E11, E9: two syncs under way and two that wait for a place; all four end, as does the one asked for later."""
    running = [held_sync(stage, "/v1/invoices") for _ in range(2)]
    waiting = []
    for _ in range(2):
        api, seller = stage.customer_of_ours()
        connect(api, seller.key)
        waiting.append((api, seller))
    emptied(stage)
    stage.sandbox.world.traffic.faults.clear()
    for api, seller in [*running, *waiting]:
        assert_complete(api, seller)
    assert resynced(running[0][0])["state"] == "succeeded"


def test_a_sync_outlives_redis(stage: Stage) -> None:
    """E12: Redis is stopped in the middle of a sync and comes back empty-handed; the run ends well and was never
    taken up twice."""
    api, seller = held_sync(stage, "/v1/customers")
    run_id = api.card()["progress"]["run_id"]
    stage.redis.stop()
    stage.sandbox.world.traffic.faults.clear()
    assert ended(api)["state"] == "connected"
    stage.redis.start()
    assert api.get(f"/integrations/stripe/syncs/{run_id}")["state"] == "succeeded"
    assert differences(api, seller) == []
    assert wait_for("a re-sync to be taken", lambda: resynced(api, seconds=90)["state"] == "succeeded")


def test_a_click_without_redis_fails_at_once_and_changes_nothing(stage: Stage) -> None:
    """E4: an error within five seconds, the card as before; with Redis back the click works."""
    api, seller = stage.customer_of_ours()
    connected(api, seller.key)
    fresh, _ = stage.customer_of_ours(stage.open(small_seller(2)), accounts=False)
    before, history = api.card(), api.everything("/integrations/stripe/syncs")
    stage.redis.stop()
    began = time.monotonic()
    assert api.post("/integrations/stripe/syncs", expect=503)["code"] == "queue_unavailable"
    assert time.monotonic() - began < ANSWERED_SECONDS
    began = time.monotonic()
    answer = fresh.post("/integrations/stripe/connection", {"api_key": seller.another_key()}, expect=503)
    assert answer["code"] == "queue_unavailable"
    assert time.monotonic() - began < ANSWERED_SECONDS
    assert (api.card(), api.everything("/integrations/stripe/syncs")) == (before, history)
    assert fresh.card()["state"] == "not_connected"
    stage.redis.start()
    assert resynced(api)["state"] == "succeeded"


def test_a_frozen_redis_stops_nobody_from_reading(stage: Stage) -> None:
    """E5: SIGSTOP to Redis; what only reads the database works, everything else answers within five seconds."""
    api, seller = stage.customer_of_ours()
    connected(api, seller.key)
    account = api.everything("/accounts")[0]["id"]
    with signed_in(stage, api) as session:
        frozen = redis_process(stage)
        frozen.send_signal(signal.SIGSTOP)
        try:
            for page in (*PAGES, f"/accounts/{account}"):
                began = time.monotonic()
                answer = session.get(f"{stage.installation.base}{page}", timeout=30)
                assert (answer.status_code, time.monotonic() - began < ANSWERED_SECONDS) == (200, True), page
            for path in ("/integrations/stripe", "/accounts", f"/accounts/{account}/billing", "/signals"):
                began = time.monotonic()
                api.get(path)
                assert time.monotonic() - began < ANSWERED_SECONDS, path
            began = time.monotonic()
            assert api.post("/integrations/stripe/syncs", expect=503)["code"] == "queue_unavailable"
            ready = requests.get(f"{stage.installation.base}/readyz", timeout=30)
            assert ready.status_code == 503
            assert time.monotonic() - began < 2 * ANSWERED_SECONDS
        finally:
            frozen.send_signal(signal.SIGCONT)
    assert resynced(api, seconds=90)["state"] == "succeeded"


def signed_in(stage: Stage, api: Api) -> requests.Session:
    """A browser session of the workspace's owner."""
    session = requests.Session()
    page = session.get(f"{stage.installation.base}/login", timeout=30).text
    token = page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    name = next(user["email"] for user in api.everything("/users") if user["role"] == "owner")
    form = {"email": name, "password": PASSWORD, "csrf_token": token}
    answer = session.post(f"{stage.installation.base}/login", data=form, timeout=30)
    assert "/login" not in answer.url
    return session


def test_without_a_worker_the_card_says_so(stage: Stage) -> None:
    """E9: waiting for a worker, told within a minute, and the sync begins by itself once one is there."""
    api, seller = stage.customer_of_ours()
    for worker in stage.workers:
        worker.terminate()
        worker.wait(timeout=12)
    stage.workers.clear()
    connect(api, seller.key)
    wait_for("the card to say so", lambda: api.card()["waiting_for_worker"], seconds=60)
    card = api.card()
    assert (card["state"], card["progress"]["state"], card["progress"]["percent"]) == ("syncing", "queued", 0)
    stage.start_worker()
    assert_complete(api, seller, seconds=60)
    assert api.card()["waiting_for_worker"] is False


def test_workers_told_to_stop_again_and_again_finish_every_run(stage: Stage) -> None:
    """E9, E13: SIGTERM to the worker at odd moments while eight syncs run; each of them ends well."""
    pairs = [stage.customer_of_ours(stage.open(large_seller(60, 2))) for _ in range(8)]
    for api, seller in pairs:
        connect(api, seller.key)
    for pause in (0.3, 1.1, 1.7):
        time.sleep(pause)
        stage.start_worker()
        leaving = stage.workers.pop(0)
        began = time.monotonic()
        leaving.terminate()
        assert leaving.wait(timeout=12) in (0, -signal.SIGTERM)  # the latter: it had not even begun
        assert time.monotonic() - began < 10
    for api, seller in pairs:
        assert_complete(api, seller)
    assert all(run["state"] == "succeeded" for api, _ in pairs for run in api.everything("/integrations/stripe/syncs"))


def test_sigterm_checkpoints_and_the_next_worker_reads_on(stage: Stage) -> None:
    """E13: asked to stop at the fifth step, the worker is gone within ten seconds; the next one does not read again
    what was read, and the result is the same."""
    api, seller = held_sync(stage, "/v1/invoices")
    wait_for("the fifth step", lambda: api.card()["progress"]["steps"][3]["state"] == "done")
    run_id = api.card()["progress"]["run_id"]
    leaving = stage.workers.pop()
    began = time.monotonic()
    leaving.terminate()
    assert leaving.wait(timeout=12) == 0
    assert time.monotonic() - began < 10
    assert not [each for each in psutil.process_iter(["pid"]) if os.getpgid(each.pid) == leaving.pid]
    assert api.card()["progress"]["last_activity_at"] is None
    asked = stage.quiet(seller)
    stage.sandbox.world.traffic.faults.clear()
    stage.start_worker()
    assert_complete(api, seller, seconds=60)
    again = {entry.path for entry in stage.requests_of(seller)[asked:]}
    assert again == {"/v1/invoices"}
    assert api.get(f"/integrations/stripe/syncs/{run_id}")["state"] == "succeeded"


def test_nothing_but_ids_is_ever_in_redis(stage: Stage) -> None:
    """J2: neither a key nor a customer's address, inflated or not, while a sync is under way and after it."""
    api, seller = held_sync(stage, "/v1/invoices")
    dumps = [redis_dump(stage.redis.url)]
    stage.sandbox.world.traffic.faults.clear()
    assert ended(api)["state"] == "connected"
    dumps.append(redis_dump(stage.redis.url))
    emails = [customer.email.encode() for customer in seller.world.store.customers if customer.email]
    assert api.workspace_id.encode() in dumps[0]
    for secret in (seller.canary.encode(), *emails):
        assert not any(secret in dump for dump in dumps)
