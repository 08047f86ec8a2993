"""A Stripe-shaped server per test, or one for all that only read it, and readers without real waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from tests.integration.stripe_api.quick_time import NOW, SkippedTime, WallClock

from clynto.adapters.rq_queue.local_budget import LocalRequestBudget
from clynto.adapters.stripe_api.careful_reads import Surroundings
from clynto.adapters.stripe_api.key_check import StripeApiKeyCheck
from clynto.adapters.stripe_api.reader import StripeApiReader, StripeApiReaders
from clynto.domain.secret import Secret
from clynto.ports.request_budget import RequestBudget
from stripe_sandbox import keys
from stripe_sandbox.portfolio.build import PortfolioPlan, build_portfolio
from stripe_sandbox.records import Customer
from stripe_sandbox.server import SandboxServer
from stripe_sandbox.world import World


@pytest.fixture
def skipped_time() -> SkippedTime:
    return SkippedTime()


@pytest.fixture
def budget(skipped_time: SkippedTime) -> RequestBudget:
    """Wide enough never to hold a test back."""
    return LocalRequestBudget(key_rate=1_000_000, endpoint_rate=1_000_000, monotonic=skipped_time.monotonic)


@pytest.fixture
def surroundings(budget: RequestBudget, skipped_time: SkippedTime) -> Surroundings:
    return Surroundings(
        budget=budget,
        clock=WallClock(),
        sleep=skipped_time.sleep,
        random_share=lambda: 0.5,
        monotonic=skipped_time.monotonic,
    )


@pytest.fixture(scope="session")
def portfolio() -> Iterator[SandboxServer]:
    """A server with a believable portfolio. For tests that change neither it nor its traffic."""
    with SandboxServer(build_portfolio(PortfolioPlan(customers=130, now=NOW))) as server:
        yield server


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    """A server of an empty account, for one test."""
    with SandboxServer(World(seed=7, now=NOW)) as server:
        yield server


@pytest.fixture
def readers(sandbox: SandboxServer, surroundings: Surroundings) -> StripeApiReaders:
    return StripeApiReaders(surroundings, api_base=sandbox.url)


@pytest.fixture
def key() -> Secret:
    return Secret(keys.RESTRICTED_TEST_KEY)


@pytest.fixture
def reader(readers: StripeApiReaders, key: Secret) -> Iterator[StripeApiReader]:
    with readers.open(key, still_wanted=lambda: True) as opened:
        yield opened


@pytest.fixture
def key_check(sandbox: SandboxServer, surroundings: Surroundings) -> StripeApiKeyCheck:
    return StripeApiKeyCheck(surroundings, api_base=sandbox.url)


@pytest.fixture
def add_customers(sandbox: SandboxServer) -> Callable[..., set[str]]:
    """Adds customers to the sandbox, one every ``apart`` seconds back from ``newest``; returns their ids."""

    def add(count: int, *, apart: int = 3_600, newest: int = NOW) -> set[str]:
        world = sandbox.world
        made = [
            Customer(id=world.new_id("cus"), created=newest - number * apart, name=f"Customer {number}", email=None)
            for number in reversed(range(count))
        ]
        with world.lock:
            for customer in made:
                world.store.customers.add(customer)
        return {customer.id for customer in made}

    return add
