"""The shared request budget against a real Redis, and what is left of it without one."""

from __future__ import annotations

import math
import multiprocessing
import threading
import time
from collections.abc import Callable, Sequence
from multiprocessing.queues import Queue
from pathlib import Path

import pytest
from tests.contracts.request_budget_contract import ENDPOINT_RATE, KEY_RATE, RequestBudgetContract
from tests.integration.redis_server import redis_server, redis_url  # noqa: F401

from clynto.adapters.rq_queue.connection import connect
from clynto.adapters.rq_queue.embedded_redis import EmbeddedRedis
from clynto.adapters.rq_queue.local_budget import FULL_RECOVERY_SECONDS, LocalRequestBudget
from clynto.adapters.rq_queue.redis_budget import RedisRequestBudget

_ROUNDING_SECONDS = 1e-4
_PRECISE_CALL_SECONDS = 0.005


class TestRedisBudget(RequestBudgetContract):
    """Shared through Redis; its clock is Redis's own, so time really passes."""

    @pytest.fixture
    def budget(self, redis_url: str) -> RedisRequestBudget:  # noqa: F811
        return RedisRequestBudget(redis_url, key_rate=KEY_RATE, endpoint_rate=ENDPOINT_RATE)

    @pytest.fixture
    def pass_time(self) -> Callable[[float], None]:
        return time.sleep


class TestLocalBudget(RequestBudgetContract):
    """The fallback of one process."""

    @pytest.fixture
    def now(self) -> list[float]:
        return [1_000.0]

    @pytest.fixture
    def budget(self, now: list[float]) -> LocalRequestBudget:
        return LocalRequestBudget(key_rate=KEY_RATE, endpoint_rate=ENDPOINT_RATE, monotonic=lambda: now[0])

    @pytest.fixture
    def pass_time(self, now: list[float]) -> Callable[[float], None]:
        return lambda seconds: now.__setitem__(0, now[0] + seconds)


def _most_in_one_second(moments: Sequence[float]) -> int:
    """The fullest second, wherever it begins. Reservations are told in microseconds, hence the small allowance."""
    ordered = sorted(moments)
    most, first = 0, 0
    for last, moment in enumerate(ordered):
        while moment - ordered[first] >= 1 - _ROUNDING_SECONDS:
            first += 1
        most = max(most, last - first + 1)
    return most


def _reserve_for(url: str, seconds: float, endpoints: Sequence[str], answers: Queue[tuple[str, float]]) -> None:
    """Reserve and wait, with one thread for each endpoint, as readers do. Answers (endpoint, intended moment)."""
    budget = RedisRequestBudget(url, key_rate=60)
    until = time.monotonic() + seconds

    def read(endpoint: str) -> None:
        while time.monotonic() < until:
            before = time.monotonic()
            waiting = budget.reserve("key", endpoint)
            # A slow call leaves open when Redis looked at its clock, so its moment proves nothing.
            precise = time.monotonic() - before < _PRECISE_CALL_SECONDS
            answers.put((endpoint, before + waiting if precise else math.nan))
            time.sleep(waiting)

    threads = [threading.Thread(target=read, args=(endpoint,)) for endpoint in endpoints]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answers.put(("", 0.0))


@pytest.mark.processes
def test_two_processes_together_stay_within_both_limits(redis_url: str) -> None:  # noqa: F811
    context = multiprocessing.get_context("spawn")
    answers: Queue[tuple[str, float]] = context.Queue()
    endpoints = ["/v1/invoices", "/v1/invoices", "/v1/customers", "/v1/prices", "/v1/products"]
    processes = [context.Process(target=_reserve_for, args=(redis_url, 3.0, endpoints, answers)) for _ in range(2)]
    for process in processes:
        process.start()
    seen: list[tuple[str, float]] = []
    ended = 0
    while ended < len(processes):
        endpoint, moment = answers.get(timeout=30)
        ended += endpoint == ""
        if endpoint:
            seen.append((endpoint, moment))
    for process in processes:
        process.join()
    precise = [(endpoint, moment) for endpoint, moment in seen if not math.isnan(moment)]
    # One more than the limit: a moment measured from outside is off by up to the length of a call.
    assert _most_in_one_second([moment for _, moment in precise]) <= 61
    for endpoint in set(endpoints):
        assert _most_in_one_second([moment for each, moment in precise if each == endpoint]) <= 26
    assert len(seen) >= 0.5 * 3 * 60
    assert len(precise) >= 0.5 * len(seen)


def _slots(url: str, budget: RedisRequestBudget, asked: Sequence[str]) -> list[float]:
    """The slots on Redis's own clock: each lies one interval at full pace before the endpoint's next free moment."""
    client = connect(url)
    slots = []
    for endpoint in asked:
        budget.reserve("key", endpoint)
        next_free = client.hget(f"clynto:budget:key:endpoint:{endpoint}", "next_free")
        assert isinstance(next_free, bytes)
        slots.append(int(next_free) / 1_000_000 - 1 / 25)
    client.close()
    return slots


@pytest.mark.parametrize("key_rate", [1, 7, 25, 26, 80])
def test_long_queues_hold_the_limits_in_every_second(redis_url: str, key_rate: int) -> None:  # noqa: F811
    asked = ["/v1/invoices"] * 100 + ["/v1/customers", "/v1/prices", "/v1/products", "/v1/subscriptions"] * 30
    frozen = time.monotonic()
    local = LocalRequestBudget(key_rate=key_rate, monotonic=lambda: frozen)
    exact = [(endpoint, local.reserve("key", endpoint)) for endpoint in asked]
    moments = _slots(redis_url, RedisRequestBudget(redis_url, key_rate=key_rate), asked)
    shared = list(zip(asked, moments, strict=True))
    for slots in (exact, shared):
        assert _most_in_one_second([moment for _, moment in slots]) <= key_rate
        for endpoint in set(asked):
            assert _most_in_one_second([moment for each, moment in slots if each == endpoint]) <= 25


def test_one_endpoint_gets_its_whole_rate_and_leaves_the_rest_to_others(redis_url: str) -> None:  # noqa: F811
    budget = RedisRequestBudget(redis_url, key_rate=80)
    invoices = _slots(redis_url, budget, ["/v1/invoices"] * 100)
    assert invoices[-1] - invoices[0] == pytest.approx(99 / 25, rel=0.02)
    customers = _slots(redis_url, budget, ["/v1/customers"] * 20)
    assert customers[-1] - customers[0] == pytest.approx(19 / 25, rel=0.05)
    assert customers[0] < invoices[-1] - 2


def test_first_request_goes_at_once_and_keys_do_not_share(redis_url: str) -> None:  # noqa: F811
    budget = RedisRequestBudget(redis_url, key_rate=2)
    assert budget.reserve("one", "/v1/prices") == 0.0
    assert budget.reserve("two", "/v1/prices") == 0.0
    assert budget.reserve("one", "/v1/prices") > 0.4


def test_refusal_halves_the_pace_of_its_endpoint_once(redis_url: str) -> None:  # noqa: F811
    budget = RedisRequestBudget(redis_url, key_rate=80)
    for _ in range(5):
        budget.refused("key", "/v1/invoices")
    # The first slot is at once, the others lie behind one another at the slower pace.
    slow = [budget.reserve("key", "/v1/invoices") for _ in range(13)]
    fast = [budget.reserve("key", "/v1/customers") for _ in range(13)]
    assert slow[-1] - slow[0] == pytest.approx(12 / 12.5, rel=0.15)
    assert fast[-1] - fast[0] == pytest.approx(12 / 25, rel=0.3)


def test_pace_recovers_in_half_a_minute_and_never_stops(redis_url: str) -> None:  # noqa: F811
    now = [1_000.0]
    budget = LocalRequestBudget(key_rate=80, monotonic=lambda: now[0])

    def interval() -> float:
        now[0] += 10
        budget.reserve("key", "/v1/invoices")
        return budget.reserve("key", "/v1/invoices")

    for _ in range(20):
        now[0] += 1.5
        budget.refused("key", "/v1/invoices")
    assert 0.04 < interval() <= 32 / 25
    now[0] += FULL_RECOVERY_SECONDS
    assert interval() == pytest.approx(1 / 25)
    shared = RedisRequestBudget(redis_url, key_rate=80)
    shared.refused("key", "/v1/invoices")
    client = connect(redis_url)
    past = (time.time() - FULL_RECOVERY_SECONDS) * 1_000_000
    client.hset("clynto:budget:key:endpoint:/v1/invoices", "refused_at", f"{past:.0f}")
    client.close()
    shared.reserve("key", "/v1/invoices")
    assert shared.reserve("key", "/v1/invoices") == pytest.approx(1 / 25, abs=0.005)


def test_keys_in_redis_expire(redis_url: str) -> None:  # noqa: F811
    budget = RedisRequestBudget(redis_url, key_rate=80)
    budget.refused("key", "/v1/invoices")
    for _ in range(100):
        budget.reserve("key", "/v1/invoices")
    client = connect(redis_url)
    keys = client.keys("clynto:budget:*")
    assert len(keys) == 3
    assert all(0 < client.ttl(key) <= 120 for key in keys)
    client.close()


def test_without_redis_the_pace_is_kept_alone_and_shared_again_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clynto.adapters.rq_queue.redis_budget._ASK_AGAIN_SECONDS", 0.2)
    server = EmbeddedRedis(tmp_path)
    server.start()
    budget = RedisRequestBudget(server.url, key_rate=80)
    budget.reserve("key", "/v1/invoices")
    server.stop()
    began = time.monotonic()
    alone = [budget.reserve("key", "/v1/invoices") for _ in range(50)]
    assert time.monotonic() - began < 2
    assert alone[-1] == pytest.approx(49 / 25, rel=0.2)
    server.start()
    time.sleep(0.25)
    budget.reserve("key", "/v1/invoices")
    client = connect(server.url)
    assert client.exists("clynto:budget:key:row")
    client.close()
    server.stop()


def test_idle_keys_are_forgotten() -> None:
    now = [0.0]
    budget = LocalRequestBudget(key_rate=1, monotonic=lambda: now[0])
    for number in range(50):
        now[0] += 5
        budget.reserve(f"key {number}", "/v1/prices")
    assert len(budget._keys) < 20
    assert len(budget._endpoints) < 20
