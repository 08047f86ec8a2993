"""Each request takes its slot of the shared budget, and a page is as old as its request (guarantees 2, G3, G4, D12)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.contracts.stripe_reading_contract import ids_on
from tests.integration.stripe_api.quick_time import EVERYTHING, SkippedTime

from clynto.adapters.rq_queue.local_budget import LocalRequestBudget
from clynto.adapters.stripe_api.careful_reads import Surroundings, key_fingerprint
from clynto.adapters.stripe_api.key_check import StripeApiKeyCheck
from clynto.adapters.stripe_api.patience import Patience
from clynto.adapters.stripe_api.reader import StripeApiReader, StripeApiReaders
from clynto.domain.secret import Secret
from clynto.ports.stripe_reading import Listing
from stripe_sandbox import keys
from stripe_sandbox.rate_limits import RateLimits
from stripe_sandbox.server import SandboxServer

RATE = 1_000


class WatchedBudget(LocalRequestBudget):
    """The budget of one process, which also remembers what it was asked."""

    def __init__(self, rate: int, time_source: Callable[[], float]) -> None:
        super().__init__(key_rate=rate, endpoint_rate=rate, monotonic=time_source)
        self.reserved: list[tuple[str, str]] = []
        self.refusals: list[tuple[str, str]] = []

    def reserve(self, key_fingerprint: str, endpoint: str) -> float:
        self.reserved.append((key_fingerprint, endpoint))
        return super().reserve(key_fingerprint, endpoint)

    def refused(self, key_fingerprint: str, endpoint: str) -> None:
        self.refusals.append((key_fingerprint, endpoint))
        super().refused(key_fingerprint, endpoint)


@pytest.fixture
def budget(skipped_time: SkippedTime) -> WatchedBudget:
    return WatchedBudget(RATE, skipped_time.monotonic)


def test_every_request_takes_a_slot(
    portfolio: SandboxServer, surroundings: Surroundings, budget: WatchedBudget
) -> None:
    key = Secret(keys.RESTRICTED_WITH_COUPONS_KEY)
    StripeApiKeyCheck(surroundings, api_base=portfolio.url).examine(key)
    with StripeApiReaders(surroundings, api_base=portfolio.url).open(key, still_wanted=lambda: True) as reader:
        for listing in Listing:
            list(reader.pages(listing, [EVERYTHING]))
        for read in (reader.product, reader.price, reader.customer, reader.subscription, reader.invoice):
            assert read("nothing_has_this_id") is None
    assert {fingerprint for fingerprint, _ in budget.reserved} == {key_fingerprint(key)}
    assert {endpoint for _, endpoint in budget.reserved} == {
        "account",
        "events",
        "products",
        "prices",
        "customers",
        "subscriptions",
        "invoices",
        "subscription_items",
        "invoice_lines",
        "one_product",
        "one_price",
        "one_customer",
        "one_subscription",
        "one_invoice",
    }


def test_one_slot_for_each_request_tries_included(
    sandbox: SandboxServer, reader: StripeApiReader, add_customers: Callable[..., set[str]], budget: WatchedBudget
) -> None:
    known = add_customers(750)
    sandbox.world.traffic.faults.add("fail", status=500, times=3, after=2)
    assert ids_on(list(reader.pages(Listing.CUSTOMERS, [EVERYTHING]))) == known
    assert len(budget.reserved) == sandbox.world.traffic.log.total


def test_a_refusal_is_told_to_the_budget(
    sandbox: SandboxServer, reader: StripeApiReader, key: Secret, budget: WatchedBudget
) -> None:
    sandbox.world.traffic.faults.add("fail", status=429)
    list(reader.pages(Listing.CUSTOMERS, [EVERYTHING]))
    assert budget.refusals == [(key_fingerprint(key), "customers")]


def test_the_budget_is_waited_for(
    sandbox: SandboxServer,
    surroundings: Surroundings,
    add_customers: Callable[..., set[str]],
    skipped_time: SkippedTime,
    key: Secret,
) -> None:
    known = add_customers(1_050)
    slow = replace(surroundings, budget=WatchedBudget(2, skipped_time.monotonic))
    asked = 0

    def still_wanted() -> bool:
        nonlocal asked
        asked += 1
        return True

    with StripeApiReaders(slow, api_base=sandbox.url, readers_per_list=1).open(
        key, still_wanted=still_wanted
    ) as reader:
        assert ids_on(list(reader.pages(Listing.CUSTOMERS, [EVERYTHING]))) == known
    requests = sandbox.world.traffic.log.total
    assert sum(skipped_time.pauses) >= (requests - 1) / 2 - 1.0
    assert max(skipped_time.pauses) <= 0.25
    assert asked > requests


def test_a_budget_within_the_limits_of_stripe_is_never_refused(
    sandbox: SandboxServer, surroundings: Surroundings, add_customers: Callable[..., set[str]], key: Secret
) -> None:
    known = add_customers(2_000)
    sandbox.world.traffic.limiter.set(RateLimits(endpoint_rate=25))
    paced = Surroundings(budget=LocalRequestBudget(key_rate=25, endpoint_rate=25), clock=surroundings.clock)
    with StripeApiReaders(paced, api_base=sandbox.url).open(key, still_wanted=lambda: True) as reader:
        assert ids_on(list(reader.pages(Listing.CUSTOMERS, [EVERYTHING]))) == known
    assert not sandbox.world.traffic.log.find(status=429)


def test_a_page_is_as_old_as_its_request(
    sandbox: SandboxServer, reader: StripeApiReader, add_customers: Callable[..., set[str]]
) -> None:
    add_customers(3)
    sandbox.world.traffic.faults.add("fail", status=500)
    sandbox.world.traffic.faults.add("slow", seconds=0.4)
    before = time.time_ns() // 1000
    (page,) = reader.pages(Listing.CUSTOMERS, [EVERYTHING])
    after = time.time_ns() // 1000
    assert before <= page.sent_at <= after - 400_000


def test_who_is_asked_whether_to_go_on_is_asked_by_one_thread_at_a_time(
    sandbox: SandboxServer, readers: StripeApiReaders, add_customers: Callable[..., set[str]], key: Secret
) -> None:
    known = add_customers(2_000)
    sandbox.world.traffic.latency = 0.01
    inside = threading.Lock()
    clashes: list[int] = []

    def still_wanted() -> bool:
        if not inside.acquire(blocking=False):
            clashes.append(1)
            return True
        time.sleep(0.002)
        inside.release()
        return True

    with readers.open(key, still_wanted=still_wanted) as reader:
        assert ids_on(list(reader.pages(Listing.CUSTOMERS, [EVERYTHING]))) == known
    assert not clashes


def test_waiting_in_our_own_line_uses_up_no_patience(
    sandbox: SandboxServer,
    surroundings: Surroundings,
    skipped_time: SkippedTime,
    add_customers: Callable[..., set[str]],
) -> None:
    """E7: others of the key's readers hold a request back for longer than Stripe may take over it; when its turn comes
    and the first try fails, it is tried again like any other."""
    known = add_customers(5)
    crowded = LocalRequestBudget(key_rate=RATE, endpoint_rate=1, monotonic=skipped_time.monotonic)
    patience = Patience()
    for _ in range(int(patience.longest) + 10):
        crowded.reserve(key_fingerprint(Secret(keys.RESTRICTED_TEST_KEY)), "customers")
    sandbox.world.traffic.faults.add("fail", status=500)
    readers = StripeApiReaders(replace(surroundings, budget=crowded), api_base=sandbox.url, patience=patience)
    with readers.open(Secret(keys.RESTRICTED_TEST_KEY), still_wanted=lambda: True) as reader:
        assert ids_on(list(reader.pages(Listing.CUSTOMERS, [EVERYTHING]))) == known
    assert sum(skipped_time.pauses) > patience.longest
