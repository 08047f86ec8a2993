"""A workspace in memory, fed with the events of a sandbox account through its real inbox, one delivery at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any

import orjson
from tests.unit.application.sync_product import ADMIN, WORKSPACE, SyncProduct

from clynto.adapters.memory.webhooks import MemoryEventIntake
from clynto.adapters.stripe_api.event_reading import StripeEventReading
from clynto.adapters.stripe_api.map_catalogue import map_price, map_product
from clynto.adapters.stripe_api.map_customer import map_customer
from clynto.adapters.stripe_api.map_invoice import map_invoice
from clynto.adapters.stripe_api.map_subscription import map_subscription
from clynto.application.drain_events import DrainEvents
from clynto.application.store_page import store_records
from clynto.domain.moments import UnixTime, seconds_of, start_of_second
from clynto.domain.provenance import Provenance
from clynto.domain.sync_window import window_start
from clynto.ports.signals import SignalsQuery
from clynto.ports.unit_of_work import UnitOfWork, UnitsOfWork
from clynto.ports.webhooks import ArrivedEvent
from stripe_sandbox import World
from stripe_sandbox.records import Event, Record
from stripe_sandbox.rendering.api_versions import shape_of
from stripe_sandbox.rendering.event_payloads import event_payload
from stripe_sandbox.rendering.payloads import payload_of

NEWEST = "2026-10-28.endive"
COMPANY = "Acme"
Told = tuple[Any, ...]


class Crowded:
    """Units of work of one who is not alone: ``meanwhile`` happens once, just before the next change begins."""

    def __init__(self, units: UnitsOfWork) -> None:
        self._units = units
        self.meanwhile: Callable[[], None] | None = None

    def reading(self, workspace_id: str) -> AbstractContextManager[UnitOfWork]:
        """See ``UnitsOfWork``."""
        return self._units.reading(workspace_id)

    def writing(self, workspace_id: str, *, repeatable: bool = False) -> AbstractContextManager[UnitOfWork]:
        """See ``UnitsOfWork``."""
        happens, self.meanwhile = self.meanwhile, None
        if happens is not None:
            happens()
        return self._units.writing(workspace_id, repeatable=repeatable)


class ToldInbox:
    """What Stripe says when it is asked is the state of ``world`` at the last ``look``."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.product = SyncProduct()
        self.product.clock.set(start_of_second(UnixTime(world.now)))
        self.product.add_account(COMPANY, f"{COMPANY.lower()}.example")
        self.reading = StripeEventReading()
        self.intake = MemoryEventIntake(self.product.database)
        self.crowded = Crowded(self.product.units)
        self.drain = DrainEvents(
            units=self.crowded,
            clock=self.product.clock,
            intake=self.intake,
            reading=self.reading,
            readers=self.product.stripe,
            opener=self.product.vault,
            matching=self.product.matching,
            signals=self.product.signals,
        )
        self.look()
        self.product.synced()

    def look(self) -> None:
        """Let Stripe answer with the present state, at the present second."""
        store, stripe = self.world.store, self.product.stripe
        self.product.clock.set(max(self.product.clock.now(), start_of_second(UnixTime(self.world.now))))
        for product in store.products:
            stripe.put(map_product(_payload(self.world, product)), created=UnixTime(product.created))
        for price in store.prices:
            stripe.put(map_price(_payload(self.world, price)), created=UnixTime(price.created))
        for customer in store.customers:
            stripe.put(map_customer(_payload(self.world, customer)))
        for subscription in store.subscriptions:
            stripe.put(map_subscription(_payload(self.world, subscription)))
        for invoice in store.invoices:
            stripe.put(map_invoice(_payload(self.world, invoice)))

    def deliver(self, events: Iterable[Event], *, again: int = 0) -> None:
        """One delivery of these events, worked off; ``again`` makes it a copy under event ids of its own."""
        arrived = []
        for event in events:
            told = {**event_payload(self.world.store, event), **({"id": f"{event.id}_{again}"} if again else {})}
            body = orjson.dumps(told)
            envelope = self.reading.envelope(body)
            assert envelope is not None
            arrived.append(ArrivedEvent(WORKSPACE, envelope, body, self.product.clock.now()))
        self.intake.store(arrived)
        self.work_off()

    def work_off(self) -> None:
        """Until nothing is due any more."""
        self.product.clock.advance(micros=1)
        while self.drain(WORKSPACE, stopping=lambda: False).more:
            self.product.clock.advance(micros=1)
        with self.product.units.reading(WORKSPACE) as uow:
            counts = uow.event_inbox.counts()
        assert (counts.pending, counts.parked) == (0, 0)

    def subscriptions_read(self) -> Callable[[], None]:
        """What a running sync reads in its fourth step. Called, it is stored, which is long before the last step comes
        to the signals."""
        held = [map_subscription(_payload(self.world, one)) for one in self.world.store.subscriptions]
        self.product.clock.set(max(self.product.clock.now(), start_of_second(UnixTime(self.world.now))))
        read = Provenance.of_read(self.product.clock.now())

        def store() -> None:
            with self.product.units.writing(WORKSPACE) as uow:
                store_records(uow, held, read, window_start=window_start(seconds_of(read.as_of)))
                uow.commit()

        return store

    def resync(self) -> None:
        """One re-sync to its end."""
        self.look()
        self.product.clock.advance(micros=1)
        assert self.product.run(self._asked_for()).state.value == "succeeded"

    def _asked_for(self) -> str:
        run_id = self.product.request_sync(ADMIN)
        self.product.sync(run_id)
        return run_id

    def signals(self, *, only_open: bool = True) -> list[Told]:
        """What the inbox holds, but for our own ids, the keys inside a stay, and times."""
        with self.product.units.reading(WORKSPACE) as uow:
            page = uow.signals.page(SignalsQuery(limit=200))
        told = [
            (
                one.signal.type.value,
                one.signal.state.value,
                one.signal.subscription_id or one.signal.invoice_id,
                one.signal.amount,
                one.signal.plan,
                one.account_name,
            )
            for one in page.rows
            if one.signal.is_open or not only_open
        ]
        return sorted(told, key=str)

    def figures(self) -> dict[str, tuple[str, str | None]]:
        """MRR and payment status by account name."""
        return self.product.figures()


def _payload(world: World, record: Record) -> Any:
    """As Stripe answers in the newest version."""
    return orjson.loads(orjson.dumps(payload_of(world.store, record, shape_of(NEWEST))))
