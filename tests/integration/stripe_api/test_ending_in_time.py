"""How soon reading Stripe ends: when an answer does not come, a slice fails, or a run is no longer wanted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from tests.contracts.stripe_reading_contract import ids_on
from tests.integration.stripe_api.quick_time import EVERYTHING

from clynto.adapters.stripe_api.careful_reads import Surroundings
from clynto.adapters.stripe_api.key_check import StripeApiKeyCheck
from clynto.adapters.stripe_api.patience import Patience
from clynto.adapters.stripe_api.reader import StripeApiReader, StripeApiReaders
from clynto.domain.errors import (
    RunSuperseded,
    StripeAnswerUnusable,
    StripeUnreachable,
)
from clynto.domain.secret import Secret
from clynto.ports.stripe_reading import Listing
from stripe_sandbox import keys
from stripe_sandbox.server import SandboxServer

AddCustomers = Callable[..., set[str]]


def customers(reader: StripeApiReader) -> set[str]:
    return ids_on(list(reader.pages(Listing.CUSTOMERS, [EVERYTHING])))


@pytest.fixture
def new_threads() -> Callable[[], set[threading.Thread]]:
    before = set(threading.enumerate())
    return lambda: set(threading.enumerate()) - before


@pytest.mark.parametrize("kind", ["silent", "hold", "drip"])
def test_no_call_lasts_longer_than_its_limit(
    sandbox: SandboxServer, surroundings: Surroundings, add_customers: AddCustomers, kind: Any
) -> None:
    add_customers(5)
    sandbox.world.traffic.faults.add(kind, times=None, seconds=0.05)
    readers = StripeApiReaders(
        surroundings, api_base=sandbox.url, call_seconds=0.5, patience=Patience(tries=2, longest=30.0)
    )
    started = time.monotonic()
    with (
        readers.open(Secret(keys.RESTRICTED_TEST_KEY), still_wanted=lambda: True) as reader,
        pytest.raises(StripeUnreachable),
    ):
        customers(reader)
    assert 0.9 < time.monotonic() - started < 2.5


def test_hanging_calls_end_within_two_minutes() -> None:
    patience = Patience()
    elapsed, tries = 0.0, 0
    while True:
        elapsed += 30.0
        tries += 1
        pause = patience.pause(tries, lambda: 1.0)
        if tries >= patience.tries or elapsed + pause + 30.0 >= patience.longest:
            break
        elapsed += pause
    assert elapsed <= 120.0


def test_closing_a_list_does_not_wait_for_a_held_answer(
    sandbox: SandboxServer,
    reader: StripeApiReader,
    add_customers: AddCustomers,
    new_threads: Callable[[], set[threading.Thread]],
) -> None:
    add_customers(1_050)
    sandbox.world.traffic.faults.add("silent", times=None, after=1)
    started = time.monotonic()
    pages = reader.pages(Listing.CUSTOMERS, [EVERYTHING])
    with closing(pages):
        next(pages)
    assert time.monotonic() - started < 5.0
    assert not new_threads()


def test_a_failing_slice_ends_the_others_at_once(
    sandbox: SandboxServer,
    reader: StripeApiReader,
    add_customers: AddCustomers,
    new_threads: Callable[[], set[threading.Thread]],
) -> None:
    add_customers(3_000)
    sandbox.world.traffic.faults.add("fail", status=400, after=3)
    sandbox.world.traffic.faults.add("silent", times=None, after=4)
    started = time.monotonic()
    with pytest.raises(StripeAnswerUnusable):
        customers(reader)
    assert time.monotonic() - started < 5.0
    assert not new_threads()


def test_nothing_is_read_before_the_first_page_is_asked_for(sandbox: SandboxServer, reader: StripeApiReader) -> None:
    reader.pages(Listing.CUSTOMERS, [EVERYTHING])
    assert sandbox.world.traffic.log.total == 0


def test_a_run_stops_while_it_waits(sandbox: SandboxServer, surroundings: Surroundings) -> None:
    sandbox.world.traffic.faults.add("fail", status=500, times=None)
    asked: list[int] = []

    def still_wanted() -> bool:
        asked.append(1)
        return len(asked) < 3

    with (
        StripeApiReaders(surroundings, api_base=sandbox.url).open(
            Secret(keys.RESTRICTED_TEST_KEY), still_wanted=still_wanted
        ) as reader,
        pytest.raises(RunSuperseded),
    ):
        customers(reader)
    assert sandbox.world.traffic.log.total <= 2


def test_a_run_stops_in_the_middle_of_a_call(sandbox: SandboxServer, surroundings: Surroundings) -> None:
    """E13, L2: an answer that does not come is no reason to stay when the worker has to leave."""
    sandbox.world.traffic.faults.add("silent", times=None)
    leave_at = time.monotonic() + 0.5
    with (
        StripeApiReaders(surroundings, api_base=sandbox.url).open(
            Secret(keys.RESTRICTED_TEST_KEY), still_wanted=lambda: time.monotonic() < leave_at
        ) as reader,
        pytest.raises(RunSuperseded),
    ):
        customers(reader)
    assert time.monotonic() - leave_at < 5.0


def test_a_key_check_ends_soon_when_stripe_hangs(sandbox: SandboxServer, surroundings: Surroundings) -> None:
    sandbox.world.traffic.faults.add("silent", path="/v1/invoices", times=None)
    check = StripeApiKeyCheck(surroundings, api_base=sandbox.url, call_seconds=0.5)
    started = time.monotonic()
    with pytest.raises(StripeUnreachable):
        check.examine(Secret(keys.RESTRICTED_TEST_KEY))
    assert time.monotonic() - started < 5.0
