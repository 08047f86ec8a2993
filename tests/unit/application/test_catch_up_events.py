"""Missed events are read before a re-sync, once, and never stand in its way (guarantees C1, C2)."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest
from tests.unit.application.plain_billing import plain_customer, plain_subscription
from tests.unit.application.sync_product import ADMIN, KEY, WORKSPACE, SyncProduct, report

from clynto.adapters.memory.stripe import PastEvent
from clynto.adapters.memory.webhooks import MemoryEventIntake
from clynto.adapters.stripe_api.event_reading import StripeEventReading
from clynto.application.catch_up_events import CatchUpEvents
from clynto.domain.errors import StripeUnreachable
from clynto.domain.moments import UnixTime, seconds_of
from clynto.domain.sync_run import RunState

DAY = 86_400


@pytest.fixture
def product() -> SyncProduct:
    """Connected with a key that may read events, and synced once."""
    made = SyncProduct()
    made.stripe.allow(KEY, replace(report(), events_readable=True))
    made.add_account("Acme", "acme.example")
    made.stripe.put(plain_customer(1, "a@acme.example"), plain_subscription(1))
    made.synced()
    return made


def catch_up(product: SyncProduct, run_id: str) -> int:
    """What a worker does before it takes the run up."""
    read = CatchUpEvents(
        units=product.units,
        clock=product.clock,
        reading=StripeEventReading(),
        readers=product.stripe,
        opener=product.vault,
        intake=MemoryEventIntake(product.database),
    )
    return read(WORKSPACE, run_id, stopping=lambda: False)


def happened(product: SyncProduct, count: int, *, kind: str = "customer.updated", ago: int = 0) -> None:
    """Events at Stripe of which nobody told."""
    created = seconds_of(product.clock.now()) - ago
    for _ in range(count):
        event_id = f"evt_{len(product.stripe.events)}"
        told = {"id": event_id, "type": kind, "created": created, "data": {"object": {"id": "cus_1"}}}
        product.stripe.events.append(PastEvent(event_id, kind, UnixTime(created), orjson.dumps(told)))


def pending(product: SyncProduct) -> int:
    """How many events wait."""
    with product.units.reading(WORKSPACE) as uow:
        return uow.event_inbox.counts().pending


def readable(product: SyncProduct) -> bool:
    """Whether the panel says that a gap can be closed."""
    with product.units.reading(WORKSPACE) as uow:
        return uow.connections.get().events_readable


def test_missed_events_are_taken_in_once_and_told(product: SyncProduct) -> None:
    product.clock.advance(seconds=10 * DAY)
    happened(product, 5)
    happened(product, 1, kind="charge.refunded")
    run_id = product.request_sync(ADMIN)
    assert catch_up(product, run_id) == 5
    assert catch_up(product, run_id) == 0
    assert pending(product) == 5
    assert product.run(run_id).drift == ("5 events that had not reached us were read from Stripe's list of events",)
    with product.units.reading(WORKSPACE) as uow:
        assert uow.event_inbox.counts().last_event_at is None, "nothing was delivered"


def test_no_further_back_than_stripe_remembers_or_the_last_sync_saw(product: SyncProduct) -> None:
    product.clock.advance(seconds=40 * DAY)
    happened(product, 2, ago=32 * DAY)
    happened(product, 3, ago=29 * DAY)
    run_id = product.request_sync(ADMIN)
    assert catch_up(product, run_id) == 3
    product.sync(run_id)
    product.clock.advance(seconds=2 * DAY)
    happened(product, 1, ago=DAY)
    assert catch_up(product, product.request_sync(ADMIN)) == 1


def test_a_first_sync_and_a_key_without_the_right_read_none() -> None:
    first = SyncProduct()
    first.stripe.allow(KEY, replace(report(), events_readable=True))
    happened(first, 3)
    assert catch_up(first, first.connected()) == 0
    blind = SyncProduct()
    blind.synced()
    happened(blind, 3)
    assert catch_up(blind, blind.request_sync(ADMIN)) == 0
    assert blind.stripe.requests.count("events") == 1


def test_a_key_that_gains_or_loses_the_right_is_believed_at_the_next_sync() -> None:
    made = SyncProduct()
    made.synced()
    happened(made, 3)
    seen = []
    for may_read in (False, True, False):
        made.stripe.allow(KEY, replace(report(), events_readable=may_read))
        run_id = made.request_sync(ADMIN)
        seen.append((catch_up(made, run_id), readable(made)))
        made.sync(run_id)
    assert seen == [(0, False), (3, True), (0, False)]


def test_a_fault_ends_the_catching_up_and_not_the_sync(product: SyncProduct) -> None:
    product.clock.advance(seconds=DAY)
    happened(product, 5)
    product.stripe.faults.fail("events", StripeUnreachable(fault="timeout", request_id=None), after=1, times=1)
    run_id = product.request_sync(ADMIN)
    assert catch_up(product, run_id) == product.stripe.page_size
    assert product.sync(run_id)
    assert product.run(run_id).state is RunState.SUCCEEDED


def test_a_run_that_somebody_holds_is_left_alone(product: SyncProduct) -> None:
    product.clock.advance(seconds=DAY)
    happened(product, 1)
    run_id = product.request_sync(ADMIN)
    product.sync(run_id)
    assert catch_up(product, run_id) == 0
