"""The pretended Stripe account as a whole: its objects, its clock, its events and what is due next.

`World` keeps state and time; what billing does at a due moment is in `stripe_sandbox.life_cycle`, and what people do
(seats cut, cards refused) is in `world.stories`. All times are Unix seconds, UTC.
"""

from __future__ import annotations

import heapq
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from stripe_sandbox.billing_dates import DAY
from stripe_sandbox.company import Company
from stripe_sandbox.event_differences import previous_attributes
from stripe_sandbox.keys import KeyRing
from stripe_sandbox.life_cycle.charging import Charging
from stripe_sandbox.life_cycle.invoicing import Invoicing
from stripe_sandbox.life_cycle.renewing import Renewing
from stripe_sandbox.life_cycle.stories import Stories
from stripe_sandbox.object_store import Account, ObjectStore
from stripe_sandbox.records import Event, Json, Record, RetryEnd
from stripe_sandbox.rendering.api_versions import shape_of
from stripe_sandbox.rendering.json_text import to_json
from stripe_sandbox.rendering.payloads import payload_of
from stripe_sandbox.request_log import RequestLog
from stripe_sandbox.traffic import Traffic
from stripe_sandbox.truth import truth_of
from stripe_sandbox.webhooks.endpoint import WebhookEndpoint, wants

_ID_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
EVENT_RETENTION = 30 * DAY

EventListener = Callable[[Event], None]


@dataclass(slots=True)
class BillingSettings:
    """How the seller has set up collection. `retry_days` are the waits between attempts.

    `finalize_after` is the life of a renewal's draft in seconds, `incomplete_after` when an unpaid first invoice ends
    its subscription.
    """

    retry_days: tuple[int, ...] = (3, 5, 7)
    retry_end: RetryEnd = "past_due"
    finalize_after: int = 3_600
    incomplete_after: int = 23 * 3_600


class World:
    """A stateful, movable Stripe account. `now` moves only by `advance`, or along real time with `follow_real_time`."""

    def __init__(
        self,
        *,
        seed: int = 1,
        now: int | None = None,
        account: Account | None = None,
        settings: BillingSettings | None = None,
    ) -> None:
        self.seed = seed
        self.account = account or Account()
        self.store = ObjectStore(self.account)
        self.settings = settings or BillingSettings()
        self.keys = KeyRing()
        self.companies: list[Company] = []
        self.endpoints: dict[str, WebhookEndpoint] = {}
        #: Events before this moment are not kept: a long history is played silently.
        self.events_from = 0
        self.lock = threading.RLock()
        self.listeners: list[EventListener] = []
        self.traffic = Traffic()
        self._now = int(time.time()) if now is None else now
        self._real_offset: int | None = None
        self._ids = random.Random(f"ids-{seed}")
        self._tasks: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []
        self._task_number = 0
        self._request_id: str | None = None
        self.invoicing = Invoicing(self)
        self.charging = Charging(self)
        self.renewing = Renewing(self)
        self.stories = Stories(self)

    # --- clock ---

    @property
    def now(self) -> int:
        """The sandbox's present second."""
        return self._now

    def advance(self, seconds: int = 0, *, days: int = 0, hours: int = 0) -> int:
        """Play everything that falls due in that stretch, in time order, and return the new present."""
        with self.lock:
            ahead = seconds + days * DAY + hours * 3_600
            if self._real_offset is not None and ahead > 0:
                self._real_offset += ahead
            return self.advance_to(self._now + ahead)

    def advance_to(self, moment: int) -> int:
        """Play everything due up to and including `moment`; the clock never goes back."""
        with self.lock:
            while self._tasks and self._tasks[0][0] <= moment:
                due, _, run, arguments = heapq.heappop(self._tasks)
                self._now = max(self._now, due)
                run(*arguments)
            self._now = max(self._now, moment)
            self.store.events.forget_before(self._now - EVENT_RETENTION)
            return self._now

    def follow_real_time(self) -> None:
        """From now on `catch_up` keeps the clock in step with real time, at its present distance from it.

        A clock that already followed keeps its distance: a saved world plays the time it was away.
        """
        if self._real_offset is None:
            self._real_offset = self._now - int(time.time())

    def catch_up(self) -> None:
        """Advance to the present second of real time, if the clock follows it."""
        if self._real_offset is not None:
            self.advance_to(int(time.time()) + self._real_offset)

    def schedule(self, moment: int, run: Callable[..., None], *arguments: Any) -> None:
        """Have `run(*arguments)` called when the clock reaches `moment`. Only bound methods or module functions."""
        self._task_number += 1
        heapq.heappush(self._tasks, (moment, self._task_number, run, arguments))

    @property
    def request_log(self) -> RequestLog:
        """The requests that the server of this world has had."""
        return self.traffic.log

    # --- objects and events ---

    def new_id(self, prefix: str) -> str:
        """Return a fresh id such as `cus_...`, random but the same for the same seed."""
        return f"{prefix}_" + "".join(self._ids.choices(_ID_ALPHABET, k=18))

    @property
    def recording(self) -> bool:
        """True if events that happen now are kept."""
        return self._now >= self.events_from

    @contextmanager
    def on_request(self) -> Iterator[None]:
        """Mark the events inside as caused by an API request instead of by Stripe itself."""
        with self.lock:
            self._request_id = self.new_id("req")
            try:
                yield
            finally:
                self._request_id = None

    @contextmanager
    def changing(self, record: Record, event_type: str | None = None) -> Iterator[None]:
        """Change an object inside: it gets a new revision and, with `event_type`, an event with what was before."""
        before = self._snapshots(record) if event_type is not None and self.recording else None
        yield
        record.revision += 1
        if event_type is not None and before is not None:
            self._record_event(event_type, record, self._snapshots(record), before)

    def emit(self, event_type: str, record: Record) -> None:
        """Record an event about the object as it is now."""
        if self.recording:
            self._record_event(event_type, record, self._snapshots(record), None)

    def emit_payload(self, event_type: str, object_id: str, render: Callable[[str], Json]) -> None:
        """Record an event about something that is not listed by itself; `render` takes the API version."""
        if self.recording:
            bodies = {version: render(version) for version in self._event_versions()}
            self._store_event(event_type, object_id, {v: {"object": body} for v, body in bodies.items()})

    def _event_versions(self) -> list[str]:
        versions = {self.account.api_version: None}
        for endpoint in self.endpoints.values():
            versions[endpoint.api_version or self.account.api_version] = None
        return list(versions)

    def _snapshots(self, record: Record) -> dict[str, Json]:
        return {version: payload_of(self.store, record, shape_of(version)) for version in self._event_versions()}

    def _record_event(
        self, event_type: str, record: Record, after: dict[str, Json], before: dict[str, Json] | None
    ) -> None:
        data: dict[str, Json] = {version: {"object": payload} for version, payload in after.items()}
        if before is not None:
            for version, body in data.items():
                body["previous_attributes"] = previous_attributes(before[version], body["object"])
            if not any(body["previous_attributes"] for body in data.values()):
                return  # nothing that any version shows has changed
        self._store_event(event_type, record.id, data)

    def _store_event(self, event_type: str, object_id: str, data: dict[str, Json]) -> None:
        event = Event(
            id=self.new_id("evt"),
            created=self._now,
            type=event_type,
            object_id=object_id,
            api_version=self.account.api_version,
            bodies={version: to_json(body) for version, body in data.items()},
            request_id=self._request_id,
            undelivered={e.id for e in self.endpoints.values() if wants(e, event_type)},
        )
        self.store.events.add(event)
        for listener in self.listeners:
            listener(event)

    # --- what a reader should make of it ---

    def truth(self) -> Json:
        """Return what a correct reader of this account must show; see `stripe_sandbox.truth`."""
        with self.lock:
            return truth_of(self)

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        for runtime_only in ("lock", "listeners", "traffic"):
            del state[runtime_only]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.lock = threading.RLock()
        self.listeners = []
        self.traffic = Traffic()
