"""Deliveries in front of the whole application (guarantees A10 to A13, A15)."""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from gunicorn.http.errors import InvalidChunkSize, NoMoreData
from tests.unit.http.acme import SIGNING_SECRET, an_event, save_secret, signed, webhook_path
from tests.unit.http.browsing import problem
from tests.unit.memory_product import Product
from werkzeug.test import Client, TestResponse

from clynto.application.receive_webhook import Answered, Delivery
from clynto.domain.errors import ServiceUnavailable
from clynto.domain.moments import UnixMicros
from clynto.domain.roles import Role
from clynto.entrypoints.http.app import create_app
from clynto.entrypoints.http.metrics import RequestMetrics
from clynto.entrypoints.http.web_application import web_application
from clynto.entrypoints.http.webhook_intake import LARGEST_BODY, Answer, WebhookIntake
from clynto.ports.work_queue import Job, JobKind

COOKIE = "clynto_session=planted"


@pytest.fixture
def stripe(ready: Product) -> Client:
    """What Stripe talks to: the application exactly as a server serves it."""
    return Client(web_application(ready.services()), use_cookies=False)


def whole(answer: TestResponse) -> tuple[int, bytes, list[tuple[str, str]]]:
    return answer.status_code, answer.data, list(answer.headers.items())


def send(client: Client, product: Product, body: bytes, **options: object) -> TestResponse:
    return client.post(webhook_path(product), data=body, headers=signed(body, product.clock.now()), **options)


def test_a_genuine_event_is_acknowledged_and_stored(ready: Product, stripe: Client) -> None:
    answer = send(stripe, ready, an_event())
    assert (answer.status_code, answer.get_json()) == (200, {"received": True})
    assert Job(JobKind.DRAIN_EVENTS, ready.workspace_id) in ready.jobs()
    panel = ready.services().webhooks.show_webhooks(ready.actor_of(Role.MEMBER))
    assert (panel.state, panel.pending) == ("receiving", 1)


def test_whatever_is_genuinely_signed_is_acknowledged(ready: Product, stripe: Client) -> None:
    for body in (
        an_event("evt_same"),
        an_event("evt_same"),
        an_event("evt_odd", type="foo.bar"),
        an_event("evt_bare", data={"object": {}}),
        b'{"object": "v2.core.event", "id": "evt_thin"}',
        b"[]",
        b"not json",
        '{"id": "evt_umlaut", "text": "Söhne"}'.encode(),
    ):
        assert send(stripe, ready, body).status_code == 200, body


def refused_in_every_way(ready: Product, stripe: Client) -> Iterator[tuple[str, TestResponse]]:
    body, path, now = an_event(), webhook_path(ready), ready.clock.now()
    good = signed(body, now)
    yield "no signature", stripe.post(path, data=body)
    yield "wrong secret", stripe.post(path, data=body, headers=signed(body, now, "whsec_other"))
    yield "changed body", stripe.post(path, data=body + b" ", headers=good)
    yield "nonsense signature", stripe.post(path, data=body, headers={"Stripe-Signature": "t=,v1=\xff,,=="})
    yield "too old", stripe.post(path, data=body, headers=signed(body, UnixMicros(now - 900_000_000)))
    yield "no body", stripe.post(path, headers=good)
    for token in ("unknown", "tok%00en", "%C3%A9", "a%20b", "x" * 5000, "..%5c"):
        yield f"token {token[:9]}", stripe.post(f"/webhooks/stripe/{token}", data=body, headers=good)
    ready.services().webhooks.renew_webhook_address(ready.actor_of(Role.ADMIN))
    yield "former address", stripe.post(path, data=body, headers=good)
    yield "no secret saved", stripe.post(webhook_path(ready), data=body, headers=good)
    save_secret(ready)
    ready.services().integration.disconnect_stripe(ready.actor_of(Role.ADMIN))
    yield "disconnected", stripe.post(webhook_path(ready), data=body, headers=good)


def test_every_refusal_is_the_same_byte_for_byte(ready: Product, stripe: Client) -> None:
    before = ready.jobs()
    answers = {why: whole(answer) for why, answer in refused_in_every_way(ready, stripe)}
    assert len({repr(answer) for answer in answers.values()}) == 1, answers
    answer = stripe.post("/webhooks/stripe/unknown", data=b"x")
    assert problem(answer) == (400, "webhook_refused")
    assert set(answer.get_json()) == {"status", "title", "detail", "code"}
    assert ready.jobs() == before


def test_the_same_holds_without_the_intake_in_front(ready: Product) -> None:
    client = create_app(ready.services()).test_client()
    body, path = an_event(), webhook_path(ready)
    assert problem(client.post(path, data=body)) == (400, "webhook_refused")
    assert client.post(path, data=body, headers=signed(body, ready.clock.now())).get_json() == {"received": True}
    assert problem(client.post(path, data=b"x" * (LARGEST_BODY + 1))) == (413, "payload_too_large")


def test_no_cookie_comes_or_goes_and_nothing_redirects(ready: Product, stripe: Client) -> None:
    body = an_event()
    headers = {**signed(body, ready.clock.now()), "Cookie": COOKIE, "Origin": "https://evil.example"}
    for answer in (
        stripe.post(webhook_path(ready), data=body, headers=headers),
        stripe.post(webhook_path(ready), data=body, headers={"Cookie": COOKIE}),
    ):
        assert answer.status_code in (200, 400)
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


class Drip(io.RawIOBase):
    """A body of ``size`` bytes that tells how much of it was read."""

    def __init__(self, size: int) -> None:
        self.left, self.taken = size, 0

    def read(self, size: int = -1) -> bytes:
        given = min(self.left, 4096 if size < 0 else min(size, 4096))
        self.left -= given
        self.taken += given
        return b"x" * given


def chunked(client: Client, path: str, stream: io.RawIOBase | io.BytesIO, headers: dict[str, str]) -> TestResponse:
    overrides = {"wsgi.input": stream, "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    return client.post(path, headers={**headers, "Transfer-Encoding": "chunked"}, environ_overrides=overrides)


def test_a_chunked_body_is_read_to_its_end(ready: Product, stripe: Client) -> None:
    body = an_event("evt_chunked", padding="p" * 200_000)
    headers = signed(body, ready.clock.now())
    assert chunked(stripe, webhook_path(ready), io.BytesIO(body), headers).status_code == 200


def test_no_more_than_the_limit_is_ever_read(ready: Product, stripe: Client) -> None:
    endless = Drip(50 * LARGEST_BODY)
    answer = chunked(stripe, webhook_path(ready), endless, {})
    assert problem(answer) == (413, "payload_too_large")
    assert endless.taken <= LARGEST_BODY + 1
    announced = Drip(2 * LARGEST_BODY)
    overrides = {"wsgi.input": announced, "CONTENT_LENGTH": str(2 * LARGEST_BODY)}
    answer = stripe.post(webhook_path(ready), environ_overrides=overrides)
    assert problem(answer) == (413, "payload_too_large")
    assert announced.taken == 0


def test_exactly_the_limit_is_taken(ready: Product, stripe: Client) -> None:
    body = an_event("evt_full")
    body += b" " * (LARGEST_BODY - len(body))
    assert send(stripe, ready, body).status_code == 200
    assert chunked(stripe, webhook_path(ready), io.BytesIO(body), signed(body, ready.clock.now())).status_code == 200
    assert problem(send(stripe, ready, body + b" ")) == (413, "payload_too_large")


class BrokenOff(io.RawIOBase):
    """A sender that goes away half way, or whose chunks the server cannot read."""

    def __init__(self, fault: Exception) -> None:
        self.fault = fault

    def read(self, size: int = -1) -> bytes:
        raise self.fault


@pytest.mark.parametrize("fault", [OSError("connection reset"), InvalidChunkSize(b"zz"), NoMoreData()])
def test_a_body_that_breaks_off_is_refused(ready: Product, stripe: Client, fault: Exception) -> None:
    overrides = {"wsgi.input": BrokenOff(fault), "CONTENT_LENGTH": "10"}
    answer = stripe.post(webhook_path(ready), environ_overrides=overrides)
    assert problem(answer) == (400, "webhook_refused")


def test_other_methods_and_addresses_pass_through(ready: Product, stripe: Client) -> None:
    path = webhook_path(ready)
    for method in ("GET", "PUT", "DELETE", "HEAD"):
        answer = stripe.open(path, method=method)
        assert answer.status_code == 405
        assert answer.headers["Allow"] == "OPTIONS, POST"
    assert stripe.post("/webhooks/stripe/").status_code == 404
    assert stripe.post(f"{path}/more").status_code == 404
    assert stripe.get("/healthz").get_json() == {"alive": True}


def test_deliveries_are_counted_without_their_address(ready: Product, stripe: Client) -> None:
    path = webhook_path(ready)
    send(stripe, ready, an_event())
    stripe.post(path, data=b"x")
    text = stripe.get("/metrics").text
    assert 'method="POST",route="/webhooks/stripe/<string:endpoint_token>",status="200"} 1.0' in text
    assert 'method="POST",route="/webhooks/stripe/<string:endpoint_token>",status="400"} 1.0' in text
    assert path.rsplit("/", 1)[1] not in text


class Failing:
    """Receives nothing."""

    def __init__(self, fault: Exception) -> None:
        self.fault = fault

    def __call__(self, token: str, body: bytes, signature_header: str | None) -> None:
        raise self.fault

    def submit(self, delivery: Delivery, answered: Answered) -> None:
        answered(self.fault)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (ZeroDivisionError("postgres://user:hunter2@db"), (500, "internal_error")),
        (ServiceUnavailable(reason="db.internal does not answer"), (503, "service_unavailable")),
    ],
)
def test_faults_of_ours_are_told_without_a_leak(
    ready: Product, caplog: pytest.LogCaptureFixture, fault: Exception, told: tuple[int, str]
) -> None:
    metrics = RequestMetrics(None)
    front = WebhookIntake(
        create_app(ready.services()),
        receive=Failing(fault),
        identifiers=ready.identifiers,
        metrics=metrics,
        is_https=True,
    )
    submitted: list[Answer] = []
    with caplog.at_level(logging.ERROR):
        answer = Client(front).post("/webhooks/stripe/canarytoken", data=b"canarybody")
        front.submit(Delivery("canarytoken", b"canarybody", None), submitted.append)
    assert problem(answer) == told
    assert submitted[0].status == answer.status
    assert dict(submitted[0].headers)["Content-Type"] == answer.content_type
    for text in (answer.text, submitted[0].body.decode()):
        assert "hunter2" not in text
        assert "internal does" not in text
    assert answer.headers["Strict-Transport-Security"]
    assert f'status="{told[0]}"}} 2.0' in metrics.render().get_data(as_text=True)
    assert "canarytoken" not in caplog.text
    assert "canarybody" not in caplog.text


def test_an_event_survives_a_queue_that_is_away(ready: Product, stripe: Client) -> None:
    ready.break_queue()
    assert send(stripe, ready, an_event()).status_code == 200


def test_many_deliveries_at_once(ready: Product, stripe: Client) -> None:
    started = threading.Barrier(8)
    path, now = webhook_path(ready), ready.clock.now()
    app = web_application(ready.services())

    def deliver(number: int) -> int:
        body = an_event(f"evt_{number % 4}")
        started.wait(timeout=20)
        return Client(app).post(path, data=body, headers=signed(body, now)).status_code

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(deliver, range(8))) == {200}
    assert ready.services().webhooks.show_webhooks(ready.actor_of(Role.MEMBER)).pending == 4


def test_secrets_never_reach_the_log(ready: Product, stripe: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        send(stripe, ready, an_event())
        stripe.post(webhook_path(ready), data=b"x")
    assert SIGNING_SECRET not in caplog.text
