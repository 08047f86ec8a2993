"""Lists that a process of their own reads: what crosses over, and how both sides end."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from fractions import Fraction

import psutil
import pytest
from tests.integration.stripe_api.quick_time import EVERYTHING

from clynto.adapters.stripe_api.careful_reads import Surroundings
from clynto.adapters.stripe_api.page_pickling import packed, unpacked
from clynto.adapters.stripe_api.reader import StripeApiReaders
from clynto.adapters.stripe_api.reading_process import ReadersInTwoProcesses, ReadingProcessEnded
from clynto.domain.errors import MissingPermissions, RunSuperseded, SyncInterrupted
from clynto.domain.secret import Secret
from clynto.ports.stripe_reading import Listing, Page
from stripe_sandbox import keys
from stripe_sandbox.server import SandboxServer

SECONDS = 10.0


@pytest.fixture
def two(readers: StripeApiReaders) -> ReadersInTwoProcesses:
    return ReadersInTwoProcesses(readers)


@pytest.fixture
def no_process_is_left(others: set[int]) -> Iterator[None]:
    yield
    assert not children(others)


@pytest.fixture(autouse=True)
def others() -> set[int]:
    """Processes that earlier tests started and share."""
    return {child.pid for child in children(set())}


def children(others: set[int]) -> list[psutil.Process]:
    living = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
    return [child for child in living if child.pid not in others]


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


@pytest.mark.parametrize("listing", list(Listing))
def test_pages_cross_over_as_they_are(portfolio: SandboxServer, surroundings: Surroundings, listing: Listing) -> None:
    whole = StripeApiReaders(surroundings, api_base=portfolio.url)
    with whole.open(Secret(keys.RESTRICTED_TEST_KEY), still_wanted=lambda: True) as reader:
        pages = list(reader.pages(listing, (EVERYTHING,)))
    assert pages
    for page in pages:
        assert unpacked(packed(page)) == page
    assert unpacked(packed(Fraction(2, 7))) == Fraction(2, 7)


def test_a_fault_keeps_its_kind_and_facts(
    two: ReadersInTwoProcesses, sandbox: SandboxServer, no_process_is_left: None
) -> None:
    key = Secret(keys.KEY_WITHOUT[keys.INVOICE_READ])
    with two.open(key, still_wanted=lambda: True) as reader, pytest.raises(MissingPermissions) as refused:
        list(reader.pages(Listing.INVOICES, (EVERYTHING,)))
    assert refused.value.facts["permissions"] == ["invoices"]
    assert str(refused.value.facts["request_id"]).startswith("req_")


def test_a_list_that_is_given_up_ends_and_others_go_on(
    two: ReadersInTwoProcesses, key: Secret, add_customers: Callable[..., set[str]], no_process_is_left: None
) -> None:
    made = add_customers(2_500)
    with two.open(key, still_wanted=lambda: True) as reader:
        given_up = reader.pages(Listing.CUSTOMERS, (EVERYTHING,))
        next(given_up)
        given_up.close()
        assert ids(reader.pages(Listing.CUSTOMERS, (EVERYTHING,))) == made


def test_what_nobody_takes_is_not_read(
    two: ReadersInTwoProcesses, key: Secret, add_customers: Callable[..., set[str]], sandbox: SandboxServer
) -> None:
    made = add_customers(30_000, apart=60)
    with two.open(key, still_wanted=lambda: True) as reader:
        pages = reader.pages(Listing.CUSTOMERS, (EVERYTHING,))
        next(pages)
        counts: list[int] = []

        def unchanged() -> bool:
            counts.append(len(sandbox.world.request_log.find(path="/v1/customers")))
            time.sleep(0.2)
            return len(counts) > 3 and len(set(counts[-3:])) == 1

        until(unchanged)
        assert counts[-1] < len(made) // 100
        pages.close()


def test_a_run_that_is_not_wanted_any_more_stops_reading(
    two: ReadersInTwoProcesses, key: Secret, sandbox: SandboxServer, no_process_is_left: None
) -> None:
    wanted = threading.Event()
    wanted.set()
    held = sandbox.world.traffic.faults.add("hold", path="/v1/customers")
    with two.open(key, still_wanted=wanted.is_set) as reader:
        threading.Timer(0.3, wanted.clear).start()
        with pytest.raises(RunSuperseded):
            list(reader.pages(Listing.CUSTOMERS, (EVERYTHING,)))
        asked = len(sandbox.world.request_log.find())
        time.sleep(0.5)
        assert len(sandbox.world.request_log.find()) == asked
    sandbox.world.traffic.faults.release(held.id)


def test_a_killed_reader_is_told_and_leaves_no_list_hanging(
    two: ReadersInTwoProcesses, key: Secret, sandbox: SandboxServer, others: set[int]
) -> None:
    held = sandbox.world.traffic.faults.add("hold", path="/v1/customers")
    with two.open(key, still_wanted=lambda: True) as reader:
        victim = children(others)[0]
        threading.Timer(0.3, lambda: victim.send_signal(signal.SIGKILL)).start()
        with pytest.raises(ReadingProcessEnded):
            list(reader.pages(Listing.CUSTOMERS, (EVERYTHING,)))
        with pytest.raises(ReadingProcessEnded):
            list(reader.pages(Listing.PRODUCTS, (EVERYTHING,)))
    sandbox.world.traffic.faults.release(held.id)
    assert not children(others)


def test_a_reader_that_stands_still_is_ended(
    readers: StripeApiReaders, key: Secret, sandbox: SandboxServer, no_process_is_left: None, others: set[int]
) -> None:
    """Frozen, not dead: its socket stays open, so nothing but the missing sign of life tells."""
    held = sandbox.world.traffic.faults.add("hold", path="/v1/customers")
    with ReadersInTwoProcesses(readers, still_seconds=2.5).open(key, still_wanted=lambda: True) as reader:
        victim = children(others)[0]
        threading.Timer(0.3, lambda: victim.send_signal(signal.SIGSTOP)).start()
        with pytest.raises(SyncInterrupted):
            list(reader.pages(Listing.CUSTOMERS, (EVERYTHING,)))
        until(lambda: not children(others))
    sandbox.world.traffic.faults.release(held.id)


def test_a_reader_that_only_waits_for_stripe_is_left_alone(
    readers: StripeApiReaders, key: Secret, sandbox: SandboxServer, add_customers: Callable[..., set[str]]
) -> None:
    made = add_customers(3)
    held = sandbox.world.traffic.faults.add("hold", path="/v1/customers")
    with ReadersInTwoProcesses(readers, still_seconds=1.5).open(key, still_wanted=lambda: True) as reader:
        threading.Timer(4.0, lambda: sandbox.world.traffic.faults.release(held.id)).start()
        assert ids(reader.pages(Listing.CUSTOMERS, (EVERYTHING,))) == made


def test_it_ends_with_the_process_that_stores(two: ReadersInTwoProcesses, key: Secret) -> None:
    """Killed without a chance to say so, as in an accident."""
    told, tells = os.pipe()
    storing = os.fork()
    if storing == 0:
        with two.open(key, still_wanted=lambda: True):
            os.write(tells, b"%10d" % children(set())[0].pid)
            time.sleep(SECONDS)
        os._exit(0)
    reading = int(os.read(told, 10))
    os.kill(storing, signal.SIGKILL)
    os.waitpid(storing, 0)
    for end in (told, tells):
        os.close(end)
    until(lambda: not psutil.pid_exists(reading) or psutil.Process(reading).status() == psutil.STATUS_ZOMBIE)


def test_signals_to_the_whole_group_leave_the_decision_to_the_one_that_stores(
    two: ReadersInTwoProcesses, key: Secret, add_customers: Callable[..., set[str]], others: set[int]
) -> None:
    made = add_customers(300)
    with two.open(key, still_wanted=lambda: True) as reader:
        until(lambda: ids(reader.pages(Listing.CUSTOMERS, (EVERYTHING,))) == made)
        for number in (signal.SIGINT, signal.SIGTERM):
            children(others)[0].send_signal(number)
        assert ids(reader.pages(Listing.CUSTOMERS, (EVERYTHING,))) == made


def ids(pages: Iterator[Page]) -> set[str]:
    return {str(record.id) for page in pages for record in page.records if hasattr(record, "id")}
