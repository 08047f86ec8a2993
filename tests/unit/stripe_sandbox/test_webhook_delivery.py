"""Events are signed, delivered, retried, doubled and shuffled as ordered."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson
import pytest
import stripe

from stripe_sandbox import SandboxServer, World
from stripe_sandbox.webhooks.endpoint import signature_header

SECRET = "whsec_testonly0123456789"


class Receiver:
    """A webhook target that writes down what it gets; `answers` are used up first, then 200."""

    def __init__(self) -> None:
        self.got: list[tuple[bytes, dict[str, str]]] = []
        self.answers: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((body, dict(self.headers)))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    @property
    def events(self) -> list[dict[str, Any]]:
        return [orjson.loads(body) for body, _ in self.got]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


def verified(body: bytes, headers: dict[str, str], secret: str) -> bool:
    """Judge a signature with Stripe's own library."""
    try:
        stripe.WebhookSignature.verify_header(body.decode(), headers["Stripe-Signature"], secret, tolerance=300)
    except stripe.SignatureVerificationError:
        return False
    return True


def test_an_event_arrives_signed(server: SandboxServer, world: World, receiver: Receiver) -> None:
    server.control.add_webhook_endpoint(receiver.url, secret=SECRET)
    world.stories.new_customer("A", "a@a.example")
    assert server.sender.drain()
    ((body, headers),) = receiver.got
    assert verified(body, headers, SECRET)
    assert not verified(body, headers, "whsec_other")
    assert headers["User-Agent"].startswith("Stripe/1.0")
    event = orjson.loads(body)
    assert (event["type"], event["pending_webhooks"], event["livemode"]) == ("customer.created", 1, False)
    (kept,) = world.store.events
    assert kept.undelivered == set()


def test_only_the_wanted_types_are_sent(server: SandboxServer, world: World, receiver: Receiver) -> None:
    server.control.add_webhook_endpoint(receiver.url, enabled_events=["customer.updated", "customer.subscription.*"])
    customer = world.stories.new_customer("A", "a@a.example")
    world.stories.change_email(customer.id, None)
    server.sender.drain()
    assert [event["type"] for event in receiver.events] == ["customer.updated"]


def test_each_endpoint_gets_its_own_api_version(
    server: SandboxServer, world: World, receiver: Receiver, prices: dict[str, str]
) -> None:
    wanted = ["customer.subscription.created"]
    for version in ("2020-08-27", "2025-08-27.basil", None):
        server.control.add_webhook_endpoint(receiver.url, api_version=version, enabled_events=wanted)
    customer = world.stories.new_customer("A", "a@a.example")
    world.stories.new_subscription(customer.id, [(prices["team_month"], 2)])
    assert server.sender.drain()
    by_version = {event["api_version"]: event["data"]["object"] for event in receiver.events}
    assert set(by_version) == {"2020-08-27", "2025-08-27.basil", world.account.api_version}
    assert "current_period_end" in by_version["2020-08-27"]
    assert "current_period_end" not in by_version["2025-08-27.basil"]


def test_while_a_secret_is_rolled_both_sign(server: SandboxServer, world: World, receiver: Receiver) -> None:
    endpoint = server.control.add_webhook_endpoint(receiver.url, secret=SECRET)
    fresh = server.control.roll_webhook_secret(endpoint.id)
    world.stories.new_customer("A", "a@a.example")
    server.sender.drain()
    body, headers = receiver.got[0]
    assert verified(body, headers, SECRET)
    assert verified(body, headers, fresh)
    server.control.expire_old_secrets(endpoint.id)
    world.stories.new_customer("B", "b@b.example")
    server.sender.drain()
    body, headers = receiver.got[1]
    assert not verified(body, headers, SECRET)
    assert verified(body, headers, fresh)


def test_failed_deliveries_are_retried_until_accepted(server: SandboxServer, world: World, receiver: Receiver) -> None:
    server.sender.settings.retry_scale = 0.0001
    server.control.add_webhook_endpoint(receiver.url, secret=SECRET)
    receiver.answers = [500, 302]
    world.stories.new_customer("A", "a@a.example")
    assert server.sender.drain()
    assert [entry.status for entry in server.sender.log] == [500, 302, 200]
    assert [entry.attempt for entry in server.sender.log] == [1, 2, 3]
    assert len({body for body, _ in receiver.got}) == 1
    assert all(verified(body, headers, SECRET) for body, headers in receiver.got)


def test_deliveries_can_be_dropped_and_sent_again(server: SandboxServer, world: World, receiver: Receiver) -> None:
    server.sender.settings.drop_all = True
    server.sender.settings.retry_scale = 0.0
    server.control.add_webhook_endpoint(receiver.url)
    world.stories.new_customer("A", "a@a.example")
    assert server.sender.drain()
    (event,) = world.store.events
    assert receiver.got == []
    assert event.undelivered
    server.sender.settings.drop_all = False
    server.sender.resend(event.id)
    assert server.sender.drain()
    assert [received["id"] for received in receiver.events] == [event.id]
    assert not event.undelivered


def test_a_pause_holds_deliveries_back(server: SandboxServer, world: World, receiver: Receiver) -> None:
    server.control.add_webhook_endpoint(receiver.url)
    server.sender.pause()
    for number in range(5):
        world.stories.new_customer("A", f"a{number}@a.example")
    assert not server.sender.drain(timeout=0.1)
    assert receiver.got == []
    server.sender.resume()
    assert server.sender.drain()
    assert len(receiver.got) == 5


def test_what_waits_is_delivered_although_the_api_lists_it_no_longer(
    server: SandboxServer, world: World, receiver: Receiver
) -> None:
    """Clocks are moved by months while deliveries take real time; Stripe lists events for 30 days."""
    server.control.add_webhook_endpoint(receiver.url)
    server.sender.pause()
    world.stories.new_customer("A", "a@a.example")
    world.advance(days=60)
    assert not list(world.store.events)
    server.sender.resume()
    assert server.sender.drain()
    assert [received["type"] for received in receiver.events] == ["customer.created"]


def test_doubles_and_disorder(server: SandboxServer, world: World, receiver: Receiver) -> None:
    settings = server.sender.settings
    settings.duplicate_rate, settings.disorder_rate, settings.disorder_seconds = 1.0, 1.0, 0.2
    server.control.add_webhook_endpoint(receiver.url)
    for number in range(20):
        world.stories.new_customer("A", f"a{number}@a.example")
    assert server.sender.drain()
    ids = [event["id"] for event in receiver.events]
    sent = [event.id for event in world.store.events]
    assert sorted(ids) == sorted(sent * 2)
    assert list(dict.fromkeys(ids)) != sent


def test_one_sender_thread_keeps_the_order(server: SandboxServer, world: World, receiver: Receiver) -> None:
    server.sender.settings.parallelism = 1
    server.control.add_webhook_endpoint(receiver.url)
    for number in range(20):
        world.stories.new_customer("A", f"a{number}@a.example")
    assert server.sender.drain()
    assert [event["id"] for event in receiver.events] == [event.id for event in world.store.events]


def test_the_signature_is_over_the_exact_bytes() -> None:
    body = b'{"a": 1}'
    header = signature_header(body, [SECRET], 1_000)
    assert header.startswith("t=1000,v1=")
    assert header != signature_header(b'{"a":1}', [SECRET], 1_000)


def test_an_endpoint_cannot_have_an_impossible_version(server: SandboxServer) -> None:
    with pytest.raises(ValueError, match="Invalid Stripe API version"):
        server.control.add_webhook_endpoint("http://127.0.0.1:1/x", api_version="newest")
