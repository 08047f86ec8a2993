"""Delivers events to webhook endpoints: signed afresh each time, retried with back-off, duplicated or shuffled at will.

Deliveries run in threads of their own, by real time: the sandbox's clock may stand still or jump.
"""

from __future__ import annotations

import heapq
import random
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import orjson
import requests

from stripe_sandbox.records import Event, Json
from stripe_sandbox.rendering.event_payloads import event_payload
from stripe_sandbox.webhooks.endpoint import WebhookEndpoint, signature_header, wants

if TYPE_CHECKING:
    from stripe_sandbox.world import World

USER_AGENT = "Stripe/1.0 (+https://stripe.com/docs/webhooks)"
#: Waits in seconds before the second and later tries, before `retry_scale`. Stripe publishes only that it backs off
#: exponentially for three days; these are Svix's published steps.
RETRY_WAITS = (5, 300, 1_800, 7_200, 18_000, 36_000, 36_000)


@dataclass(slots=True)
class Delivery:
    """One try to deliver one event. `status` is 0 if no answer came; `at` is real time in Unix seconds."""

    event_id: str
    event_type: str
    endpoint_id: str
    attempt: int
    status: int
    error: str | None
    at: float
    seconds: float

    def as_json(self) -> Json:
        """Return the entry for the control API."""
        return asdict(self)


@dataclass(slots=True)
class SenderSettings:
    """How deliveries go wrong. Rates are chances per event; `timeout` is in seconds.

    `clock_offset` is added to the signature's time stamp; `drop_all` fails every try without sending.
    """

    retry_scale: float = 1.0
    duplicate_rate: float = 0.0
    disorder_rate: float = 0.0
    disorder_seconds: float = 0.5
    parallelism: int = 4
    timeout: float = 20.0
    drop_all: bool = False
    clock_offset: int = 0


class WebhookSender:
    """Takes every event of a world and brings it to the endpoints that want it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.settings = SenderSettings()
        self.log: list[Delivery] = []
        self._random = random.Random(f"webhooks-{world.seed}")
        # Events themselves and not their ids: one that waits is delivered, also when the API lists it no longer.
        self._queue: list[tuple[float, int, Event, str, int]] = []
        self._queued = 0
        self._running = 0
        self._paused = False
        self._stopping = False
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        self._done = threading.Condition(self._lock)
        self._started = False
        self._threads: list[threading.Thread] = []
        self._sleep_clock: Callable[[], float] = time.monotonic

    # --- life ---

    def start(self) -> None:
        """Listen to the world and begin to deliver."""
        self._world.listeners.append(self._on_event)
        with self._lock:
            self._started = True
            for _ in self._queue:
                self._have_hands()

    def stop(self) -> None:
        """Stop delivering; what is queued is dropped."""
        if self._on_event in self._world.listeners:
            self._world.listeners.remove(self._on_event)
        with self._lock:
            self._stopping = True
            self._queue.clear()
            self._wake.notify_all()
            self._done.notify_all()
        for thread in self._threads:
            thread.join(timeout=5)
        self._threads.clear()

    def pause(self) -> None:
        """Hold deliveries back; events queue up."""
        with self._lock:
            self._paused = True

    def resume(self) -> None:
        """Deliver what has queued up, and go on."""
        with self._lock:
            self._paused = False
            self._wake.notify_all()

    def drain(self, timeout: float = 10.0) -> bool:
        """Wait until nothing is queued or under way, retries included; say whether that came in time."""
        with self._lock:
            return self._done.wait_for(lambda: not self._queue and not self._running, timeout)

    # --- queue ---

    def _on_event(self, event: Event) -> None:
        for endpoint in list(self._world.endpoints.values()):
            if not wants(endpoint, event.type):
                continue
            delay = 0.0
            if self._random.random() < self.settings.disorder_rate:
                delay = self._random.random() * self.settings.disorder_seconds
            self._put(event, endpoint.id, attempt=1, delay=delay)
            if self._random.random() < self.settings.duplicate_rate:
                self._put(event, endpoint.id, attempt=1, delay=delay)

    def resend(self, event_id: str, endpoint_id: str | None = None) -> None:
        """Deliver an event once more, as the dashboard's button does; to all endpoints if none is named."""
        event = self._world.store.events.get(event_id)
        if event is None:
            return
        for endpoint in list(self._world.endpoints.values()):
            if endpoint_id in (None, endpoint.id):
                self._put(event, endpoint.id, attempt=1, delay=0.0)

    def _put(self, event: Event, endpoint_id: str, *, attempt: int, delay: float) -> None:
        with self._lock:
            if self._stopping:
                return
            self._queued += 1
            entry = (self._sleep_clock() + delay, self._queued, event, endpoint_id, attempt)
            heapq.heappush(self._queue, entry)
            self._have_hands()
            # All of them: one of the first few might be of those that are to stand back now.
            self._wake.notify_all()

    def _have_hands(self) -> None:
        """One more thread to deliver, as long as there may be more: most worlds never deliver anything."""
        number = len(self._threads)
        if self._started and number < self.settings.parallelism:
            thread = threading.Thread(target=self._work, args=(number,), name=f"webhook-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _work(self, number: int) -> None:
        with requests.Session() as session:
            session.trust_env = False  # loopback targets must not go through a proxy
            while True:
                with self._lock:
                    entry = self._next(number)
                    while entry is None:
                        if self._stopping:
                            return
                        self._wake.wait(self._time_to_wait(number))
                        entry = self._next(number)
                    self._running += 1
                try:
                    self._deliver(session, *entry)
                finally:
                    with self._lock:
                        self._running -= 1
                        self._done.notify_all()

    def _next(self, number: int) -> tuple[Event, str, int] | None:
        idle = self._paused or self._stopping or number >= self.settings.parallelism
        if idle or not self._queue or self._queue[0][0] > self._sleep_clock():
            return None
        _, _, event, endpoint_id, attempt = heapq.heappop(self._queue)
        return event, endpoint_id, attempt

    def _time_to_wait(self, number: int) -> float | None:
        if not self._queue or self._paused:
            return None
        if number < self.settings.parallelism:
            return max(0.001, min(1.0, self._queue[0][0] - self._sleep_clock()))
        return 1.0

    # --- delivery ---

    def _deliver(self, session: requests.Session, event: Event, endpoint_id: str, attempt: int) -> None:
        world = self._world
        with world.lock:
            endpoint = world.endpoints.get(endpoint_id)
            if endpoint is None:
                return
            body = self._body(event, endpoint)
            url, keys = endpoint.url, list(endpoint.secrets)
        began = time.time()
        status, error = self._post(session, url, body, keys)
        entry = Delivery(event.id, event.type, endpoint_id, attempt, status, error, began, time.time() - began)
        with world.lock:
            self.log.append(entry)
            if 200 <= status < 300:
                event.undelivered.discard(endpoint_id)
                return
        if attempt <= len(RETRY_WAITS):
            wait = RETRY_WAITS[attempt - 1] * self.settings.retry_scale
            self._put(event, endpoint_id, attempt=attempt + 1, delay=wait)

    def _body(self, event: Event, endpoint: WebhookEndpoint) -> bytes:
        version = endpoint.api_version or event.api_version
        if version not in event.bodies:  # the endpoint is younger than the event
            version = event.api_version
        return orjson.dumps(event_payload(self._world.store, event, version), option=orjson.OPT_INDENT_2)

    def _post(self, session: requests.Session, url: str, body: bytes, keys: list[str]) -> tuple[int, str | None]:
        if self.settings.drop_all:
            return 0, "dropped by order"
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": USER_AGENT,
            "Accept": "*/*; q=0.5, application/xml",
            "Cache-Control": "no-cache",
            "Stripe-Signature": signature_header(body, keys, int(time.time()) + self.settings.clock_offset),
        }
        try:
            # A redirect counts as a failure at Stripe.
            answer = session.post(url, data=body, headers=headers, timeout=self.settings.timeout, allow_redirects=False)
        except requests.RequestException as error:
            return 0, type(error).__name__
        return answer.status_code, None
