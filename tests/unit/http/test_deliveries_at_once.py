"""Deliveries that are taken in together: one transaction, and an answer of its own for each (guarantees A, 1)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from tests.unit.http.acme import an_event, signed, webhook_path
from tests.unit.memory_product import Product

from clynto.adapters.memory.webhooks import MemoryEventIntake, MemoryWebhookAddresses
from clynto.adapters.stripe_api.event_reading import StripeEventReading
from clynto.application.receive_webhook import Delivery, ReceiveWebhook
from clynto.domain.errors import ServiceUnavailable, WebhookRefused
from clynto.domain.roles import Role
from clynto.ports.vault import Purpose
from clynto.ports.webhooks import AddressedEndpoint, ArrivedEvent


class Intake(MemoryEventIntake):
    """Notes its transactions. One id cannot be stored, and "away" stands for a database that does not answer."""

    def __init__(self, product: Product) -> None:
        super().__init__(product.database)
        self.transactions: list[list[str]] = []
        self.away = False

    def store(self, events: Sequence[ArrivedEvent]) -> int:
        """One transaction."""
        names = [event.envelope.id for event in events]
        self.transactions.append(names)
        if self.away:
            raise ServiceUnavailable(reason="database_unavailable")
        if "evt_bad" in names:
            raise ValueError("cannot be stored")
        return super().store(events)


class Addresses(MemoryWebhookAddresses):
    """Counts the looks, and fails for one token."""

    looks = 0

    def find(self, token: str) -> AddressedEndpoint | None:
        """One look."""
        self.looks += 1
        if token == "unreadable":
            raise ServiceUnavailable(reason="database_unavailable")
        return super().find(token)


@pytest.fixture
def intake(ready: Product) -> Intake:
    return Intake(ready)


@pytest.fixture
def addresses(ready: Product) -> Addresses:
    return Addresses(ready.database)


@pytest.fixture
def receive(ready: Product, intake: Intake, addresses: Addresses) -> ReceiveWebhook:
    return ReceiveWebhook(
        addresses=addresses,
        opener=ready.vault.opening_only([Purpose.WEBHOOK_SIGNING_SECRET]),
        reading=StripeEventReading(),
        intake=intake,
        queue=ready.queue,
        clock=ready.clock,
        signing_clock=ready.clock,
    )


def a_delivery(product: Product, name: str, *, token: str | None = None) -> Delivery:
    body = an_event(name)
    own = webhook_path(product).rpartition("/")[2]
    return Delivery(token or own, body, signed(body, product.clock.now())["Stripe-Signature"])


def pending(product: Product) -> int:
    return product.services().webhooks.show_webhooks(product.actor_of(Role.MEMBER)).pending


def test_all_genuine_ones_share_a_transaction_and_a_look(
    ready: Product, receive: ReceiveWebhook, intake: Intake, addresses: Addresses
) -> None:
    forged = Delivery(a_delivery(ready, "x").token, b"{}", "t=1,v1=" + "0" * 64)
    several = [
        a_delivery(ready, "evt_1"),
        forged,
        a_delivery(ready, "evt_2", token="nobodys"),
        a_delivery(ready, "evt_3"),
    ]
    taken = receive.take_in(several)
    assert [type(fault) for fault in taken.faults] == [type(None), WebhookRefused, WebhookRefused, type(None)]
    assert intake.transactions == [["evt_1", "evt_3"]]
    assert addresses.looks == 2, "one for each address"
    assert list(taken.refusals) == [1], "only a known address is told of"
    assert taken.workspaces == {ready.workspace_id}
    assert pending(ready) == 2


def test_one_that_cannot_be_stored_fails_alone(ready: Product, receive: ReceiveWebhook) -> None:
    taken = receive.take_in([a_delivery(ready, name) for name in ("evt_1", "evt_bad", "evt_2")])
    assert [type(fault) for fault in taken.faults] == [type(None), ValueError, type(None)]
    assert pending(ready) == 2


def test_a_database_that_is_away_is_asked_once(ready: Product, receive: ReceiveWebhook, intake: Intake) -> None:
    intake.away = True
    forged = Delivery("nobodys", b"{}", None)
    taken = receive.take_in([a_delivery(ready, "evt_1"), forged, a_delivery(ready, "evt_2")])
    assert [type(fault) for fault in taken.faults] == [ServiceUnavailable, WebhookRefused, ServiceUnavailable]
    assert len(intake.transactions) == 1
    assert (taken.workspaces, pending(ready)) == (set(), 0)


def test_an_address_that_cannot_be_looked_up_fails_alone(
    ready: Product, receive: ReceiveWebhook, addresses: Addresses
) -> None:
    unreadable = [a_delivery(ready, f"evt_{number}", token="unreadable") for number in (1, 2)]
    taken = receive.take_in([*unreadable, a_delivery(ready, "evt_3")])
    assert [type(fault) for fault in taken.faults] == [ServiceUnavailable, ServiceUnavailable, type(None)]
    assert addresses.looks == 2
    assert pending(ready) == 1
