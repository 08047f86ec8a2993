"""Limits refuse as Stripe does, and ordered faults hit exactly the requests they are meant for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

import pytest
import requests

from stripe_sandbox import Account, RateLimits, SandboxServer, World, keys
from stripe_sandbox.rate_limits import RateLimiter

Ask = Callable[..., requests.Response]


class HandClock:
    """A clock that only moves by hand, in seconds."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_refills_with_time() -> None:
    clock = HandClock()
    limiter = RateLimiter(clock)
    limiter.set(RateLimits(endpoint_rate=5))
    assert [limiter.refusal("list invoices") for _ in range(6)] == [None] * 5 + ["endpoint-rate"]
    assert limiter.refusal("list customers") is None
    clock.now += 0.4
    assert [limiter.refusal("list invoices") for _ in range(3)] == [None, None, "endpoint-rate"]


def test_the_global_limit_counts_all_endpoints() -> None:
    limiter = RateLimiter(HandClock())
    limiter.set(RateLimits(global_rate=2))
    answers = [limiter.refusal(name) for name in ("a", "b", "c")]
    assert answers == [None, None, "global-rate"]


def test_concurrency_limits_count_requests_in_flight() -> None:
    limiter = RateLimiter(HandClock())
    limiter.set(RateLimits(endpoint_concurrency=1, global_concurrency=2))
    with limiter.in_flight("a"):
        assert limiter.refusal("a") is None
        with limiter.in_flight("a"):
            assert limiter.refusal("a") == "endpoint-concurrency"
            with limiter.in_flight("b"):
                assert limiter.refusal("b") == "global-concurrency"


def test_a_429_names_the_limit_and_lists_and_retrieves_count_apart(
    ask_own: Ask, server: SandboxServer, world: World
) -> None:
    customer = world.stories.new_customer("A", "a@a.example")
    server.control.limit_rates(RateLimits(endpoint_rate=2))
    answers = [ask_own("/v1/customers") for _ in range(4)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert refused[0].json()["error"]["code"] == "rate_limit"
    assert refused[0].headers["Stripe-Rate-Limited-Reason"] == "endpoint-rate"
    assert "Retry-After" not in refused[0].headers
    assert ask_own(f"/v1/customers/{customer.id}").status_code == 200


def test_a_failure_hits_as_often_and_as_late_as_ordered(ask_own: Ask, server: SandboxServer) -> None:
    server.control.order_fault(
        "fail", path="/v1/invoices", after=1, times=2, status=503, headers={"Stripe-Should-Retry": "true"}
    )
    answers = [ask_own("/v1/invoices") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 503, 503, 200]
    assert answers[1].headers["Stripe-Should-Retry"] == "true"
    assert ask_own("/v1/customers").status_code == 200


def test_a_failure_may_carry_any_body(ask_own: Ask, server: SandboxServer) -> None:
    server.control.order_fault("fail", status=502, body="<html>Bad gateway</html>")
    answer = ask_own("/v1/customers")
    assert (answer.status_code, answer.text) == (502, "<html>Bad gateway</html>")
    server.control.order_fault("fail", status=409, body={"error": {"code": "lock_timeout"}})
    assert ask_own("/v1/customers").json() == {"error": {"code": "lock_timeout"}}


def test_garbage_with_status_200(ask_own: Ask, server: SandboxServer) -> None:
    server.control.order_fault("html")
    server.control.order_fault("truncate")
    page = ask_own("/v1/customers")
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    half = ask_own("/v1/customers")
    assert half.status_code == 200
    with pytest.raises(requests.exceptions.JSONDecodeError):
        half.json()


def test_a_cut_answer_breaks_the_connection(ask_own: Ask, server: SandboxServer, world: World) -> None:
    for number in range(30):
        world.stories.new_customer("A" * 2000, f"a{number}@a.example")
    server.control.order_fault("cut", path="/v1/customers")
    with pytest.raises((requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        ask_own("/v1/customers", limit=100)
    assert len(ask_own("/v1/customers", limit=100).json()["data"]) == 30


def test_a_held_answer_is_as_old_as_its_request(
    ask_own: Ask, server: SandboxServer, world: World, session: requests.Session
) -> None:
    customer = world.stories.new_customer("Before", "a@a.example")
    rule = server.control.order_fault("hold", path="/v1/customers")
    answers: list[str] = []
    headers = {"Authorization": f"Bearer {keys.FULL_TEST_KEY}"}

    def ask_and_wait() -> None:
        with requests.Session() as own:
            own.trust_env = False
            row = own.get(f"{server.url}/v1/customers", headers=headers, timeout=10).json()["data"][0]
            answers.append(row["name"])

    thread = threading.Thread(target=ask_and_wait)
    thread.start()
    while rule.hits == 0:
        time.sleep(0.005)
    time.sleep(0.05)
    world.stories.rename_customer(customer.id, "After")
    assert ask_own("/v1/customers").json()["data"][0]["name"] == "After"
    assert answers == []
    world.traffic.faults.release(rule.id)
    thread.join(timeout=5)
    assert answers == ["Before"]


def test_an_answer_that_never_comes(ask_own: Ask, server: SandboxServer) -> None:
    server.control.order_fault("silent", path="/v1/products")
    headers = {"Authorization": f"Bearer {keys.FULL_TEST_KEY}"}
    with requests.Session() as own:
        own.trust_env = False
        with pytest.raises(requests.exceptions.ReadTimeout):
            own.get(f"{server.url}/v1/products", headers=headers, timeout=0.2)
    assert ask_own("/v1/products").status_code == 200


def test_slow_and_dripping_answers_arrive_whole(ask_own: Ask, server: SandboxServer) -> None:
    server.control.order_fault("slow", seconds=0.15)
    began = time.perf_counter()
    assert ask_own("/v1/products").json()["data"] == []
    assert time.perf_counter() - began >= 0.15
    server.control.order_fault("drip", seconds=0.0005)
    assert ask_own("/v1/products").json()["data"] == []
    server.control.set_latency(0.05)
    began = time.perf_counter()
    ask_own("/v1/products")
    assert time.perf_counter() - began >= 0.05


def test_lists_that_lie_about_their_end(ask_own: Ask, server: SandboxServer, world: World) -> None:
    for number in range(4):
        world.stories.new_customer("A", f"a{number}@a.example")
    server.control.order_fault("empty_page", path="/v1/customers")
    page = ask_own("/v1/customers").json()
    assert (page["data"], page["has_more"]) == ([], True)
    server.control.order_fault("repeat_page", path="/v1/customers", times=2)
    first = ask_own("/v1/customers", limit=2).json()
    second = ask_own("/v1/customers", limit=2, starting_after=first["data"][-1]["id"]).json()
    assert second["data"] == first["data"]
    assert second["has_more"] is True


def test_the_world_changes_in_the_middle_of_a_walk(ask_own: Ask, server: SandboxServer, world: World) -> None:
    for number in range(5):
        world.stories.new_customer("A", f"a{number}@a.example")
    newest = world.store.customers.listed[-2].id

    def delete(changing: World) -> None:
        changing.stories.delete_customer(newest)

    server.control.order_fault("mutate", path="/v1/customers", after=1, action=delete)
    first = ask_own("/v1/customers", limit=2).json()
    second = ask_own("/v1/customers", limit=2, starting_after=first["data"][-1]["id"])
    assert first["data"][-1]["id"] == newest
    assert second.json()["error"]["code"] == "resource_missing"


def test_the_date_header_shows_the_sandbox_clock_or_the_real_one(
    ask_own: Ask, server: SandboxServer, world: World
) -> None:
    world.advance(days=400)

    def shown() -> float:
        return parsedate_to_datetime(ask_own("/v1/products").headers["Date"]).timestamp()

    assert shown() == world.now
    world.traffic.date_header = "real"
    assert abs(shown() - time.time()) < 5
    server.control.order_fault("date", headers={"Date": "Thu, 01 Jan 1970 00:00:00 GMT"})
    assert shown() == 0


def test_a_fault_for_one_key_and_one_query(ask_own: Ask, server: SandboxServer) -> None:
    restricted = keys.RESTRICTED_TEST_KEY
    server.control.order_fault("fail", path="/v1/products", query="limit=100.*", key=restricted[-20:], times=None)
    assert ask_own("/v1/products", key=restricted, limit=100).status_code == 500
    assert ask_own("/v1/products", key=restricted, limit=1).status_code == 200
    assert ask_own("/v1/products", key=keys.RESTRICTED_WITH_EVENTS_KEY, limit=100).status_code == 200


def test_an_account_that_opens_later_answers_at_the_same_address(ask_own: Ask, server: SandboxServer) -> None:
    later = World(seed=4, now=1_795_345_200, account=Account(id="acct_later"))
    later.keys.put("rk_test_later0001")
    assert ask_own("/v1/customers", key="rk_test_later0001").status_code == 401
    server.open_account(later)
    later.stories.new_customer("Later", "a@later.example")
    assert [row["name"] for row in ask_own("/v1/customers", key="rk_test_later0001").json()["data"]] == ["Later"]
    assert ask_own("/v1/customers").json()["data"] == []
