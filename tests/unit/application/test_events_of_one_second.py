"""Stripe dates events by whole seconds: of those that share one, only Stripe knows which was the last (guarantees 2;
B1, B13)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import permutations

import pytest
from tests.unit.application.plain_billing import plain_customer, plain_subscription
from tests.unit.application.sync_product import WORKSPACE, SyncProduct

from clynto.adapters.memory.webhooks import MemoryEventIntake
from clynto.adapters.stripe_api.event_reading import StripeEventReading
from clynto.application.drain_events import DrainEvents
from clynto.domain.moments import UnixTime, seconds_of
from clynto.domain.signals import CancellationStage, SignalState, SignalType
from clynto.domain.subscription import Subscription, SubscriptionStatus
from clynto.domain.webhook_event import EventEnvelope
from clynto.ports.signals import SignalsQuery
from clynto.ports.webhooks import ArrivedEvent


@dataclass
class ToldReading(StripeEventReading):
    """Events whose bodies are names of the records that they carry."""

    told: dict[bytes, Subscription] = field(default_factory=dict)

    def records(self, body: bytes) -> tuple[Subscription, ...]:
        """The record of that name."""
        return (self.told[body],)


class Bursts:
    """A synced workspace that hears of one subscription, and what Stripe is asked about it meanwhile."""

    def __init__(self) -> None:
        self.product = product = SyncProduct()
        product.add_account("Acme", "acme.example")
        product.stripe.put(plain_customer(1, "a@acme.example"), plain_subscription(1))
        product.synced()
        product.clock.advance(seconds=10)
        self._reading = ToldReading()
        self._intake = MemoryEventIntake(product.database)
        self._drain = DrainEvents(
            units=product.units,
            clock=product.clock,
            intake=self._intake,
            reading=self._reading,
            readers=product.stripe,
            opener=product.vault,
            matching=product.matching,
            signals=product.signals,
        )

    def tell(self, *pictures: Subscription, at: UnixTime | None = None) -> None:
        """Events of the present second, or of the one ``at``, worked off as one batch."""
        for picture in pictures:
            body = f"evt_{len(self._reading.told)}".encode()
            self._reading.told[body] = picture
            created = seconds_of(self.product.clock.now()) if at is None else at
            envelope = EventEnvelope(
                id=body.decode(),
                type="customer.subscription.updated",
                created=created,
                livemode=None,
                account_id=None,
                api_version=None,
                object_kind="subscription",
                object_id=picture.id,
                customer_id=picture.customer_id,
            )
            self._intake.store([ArrivedEvent(WORKSPACE, envelope, body, self.product.clock.now())])
        assert not self._drain(WORKSPACE, stopping=lambda: False).more

    def change(self, seats: int) -> Subscription:
        """What Stripe holds from now on."""
        now = plain_subscription(1, seats)
        self.product.stripe.put(now)
        return now

    def asked(self) -> int:
        """How often Stripe was asked for the subscription."""
        return sum("sub_1" in request for request in self.product.stripe.requests)

    @property
    def mrr(self) -> str | None:
        """What the account pays."""
        return str(self.product.figures()["Acme"][0])


@pytest.fixture
def bursts() -> Bursts:
    return Bursts()


def test_events_that_say_what_is_stored_ask_nothing(bursts: Bursts) -> None:
    """B13: however many batches a burst falls apart into."""
    now = bursts.change(2)
    for _ in range(20):
        bursts.tell(now, now)
    assert bursts.asked() == 0
    assert bursts.mrr == "100.00"


def test_one_that_says_something_else_asks_and_the_answer_counts(bursts: Bursts) -> None:
    """B1: the last word is another one than that of any event that came by then."""
    now = bursts.change(2)
    bursts.tell(now)
    bursts.change(5)
    bursts.tell(plain_subscription(1, 3))
    assert (bursts.asked(), bursts.mrr) == (1, "250.00")
    bursts.tell(plain_subscription(1, 5))
    assert (bursts.asked(), bursts.mrr) == (1, "250.00")
    bursts.tell(now)
    assert (bursts.asked(), bursts.mrr) == (2, "250.00")


def test_two_that_differ_ask_though_one_says_what_is_stored(bursts: Bursts) -> None:
    now = bursts.change(2)
    bursts.tell(now)
    bursts.change(7)
    bursts.tell(now, plain_subscription(1, 7))
    assert (bursts.asked(), bursts.mrr) == (1, "350.00")


def test_what_a_sync_read_in_that_second_is_no_reason_not_to_ask(bursts: Bursts) -> None:
    """A sync tells nobody what it found to have changed; the answer to the event's question does."""
    now = bursts.change(2)
    bursts.product.synced()
    bursts.tell(now)
    assert bursts.asked() == 1


def batches_of(events: Sequence[str]) -> Iterator[list[Sequence[str]]]:
    """Every way in which events that come in this order fall apart into batches."""
    if not events:
        yield []
    for length in range(1, len(events) + 1):
        for rest in batches_of(events[length:]):
            yield [events[:length], *rest]


@pytest.mark.parametrize("read", [None, "born", "asked", "gone"])
@pytest.mark.parametrize("resync_after", [None, 0])
def test_born_and_gone_in_the_second_of_a_sync_is_told_in_every_order(
    read: str | None, resync_after: int | None
) -> None:
    """B1: whatever of it the sync read, however its events come, and wherever another sync meets them."""
    for events in permutations(("born", "asked", "gone")):
        for batches in batches_of(events):
            bursts = Bursts()
            product = bursts.product
            begins = UnixTime(seconds_of(product.clock.now()) + 1)
            born = plain_subscription(2, created=begins)
            asked = replace(born, cancel_at_period_end=True, canceled_at=begins)
            gone = replace(born, status=SubscriptionStatus.CANCELED.value, canceled_at=begins, ended_at=begins)
            pictures = {"born": born, "asked": asked, "gone": gone}
            product.stripe.put(plain_customer(2, "b@acme.example"), *([] if read is None else [pictures[read]]))
            product.synced()
            with product.units.reading(WORKSPACE) as uow:
                began = uow.connections.get().last_sync_began_at
            assert began is not None
            assert seconds_of(began) == begins
            product.stripe.put(gone)
            for number, batch in enumerate(batches):
                bursts.tell(*(pictures[event] for event in batch), at=begins)
                if number == resync_after:
                    product.synced()
            with product.units.reading(WORKSPACE) as uow:
                (stored,) = uow.signals.page(SignalsQuery(limit=10)).rows
            told = (stored.signal.type, stored.signal.state, stored.signal.stage)
            assert told == (SignalType.SUBSCRIPTION_CANCELED, SignalState.OPEN, CancellationStage.ENDED), batches
