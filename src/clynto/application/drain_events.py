"""Work off the event inbox of one workspace (architecture, Data flow; guarantees B, C, 3).

Effects and done marks commit together, so an event is either waiting or has had its one effect. A second worker at
the same inbox does no harm: the same pictures change nothing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from clynto.application.match_customers import MatchCustomers
from clynto.application.raise_signals import RaiseSignals
from clynto.application.read_event_pictures import EventPictures, ReadEventPictures, ages_of, store_facts
from clynto.application.store_page import store_records
from clynto.domain.customer import StripeCustomer
from clynto.domain.errors import ClyntoError, NotConnected, RunSuperseded
from clynto.domain.moments import MICROS_PER_SECOND, UnixMicros, seconds_of
from clynto.domain.sync_window import window_start
from clynto.domain.webhook_event import EventUse, use_of
from clynto.ports.clock import Clock
from clynto.ports.stripe_reading import StripeReader, StripeReaders
from clynto.ports.unit_of_work import UnitOfWork, UnitsOfWork, retrying
from clynto.ports.vault import CredentialOpener, Purpose
from clynto.ports.webhooks import EventInbox, EventIntake, EventReading, EventState, InboxEvent

BATCH = 200
SLICE_SECONDS = 0.5
"""How long one workspace is worked for before the others get their turn (guarantees L5)."""
MOST_ATTEMPTS = 8
FIRST_PAUSE_SECONDS = 5
LONGEST_PAUSE_SECONDS = 600
UNUSED = frozenset({EventUse.IGNORED, EventUse.OTHER_MODE, EventUse.FOREIGN_ACCOUNT})

_LOG = logging.getLogger("clynto.events")


def pause_seconds(attempts: int) -> int:
    """How long to wait after ``attempts`` failed tries: 5 s, doubling, at most 10 minutes."""
    return min(FIRST_PAUSE_SECONDS << max(0, attempts - 1), LONGEST_PAUSE_SECONDS)


@dataclass(frozen=True, slots=True)
class Drained:
    """``worked_off`` counts events; ``more`` tells that some are still due, and want another call."""

    worked_off: int
    more: bool


class DrainEvents:
    """One call works on what is due, for a slice of time. Interrupted anywhere, the next call goes on."""

    def __init__(
        self,
        *,
        units: UnitsOfWork,
        clock: Clock,
        intake: EventIntake,
        reading: EventReading,
        readers: StripeReaders,
        opener: CredentialOpener,
        matching: MatchCustomers,
        signals: RaiseSignals,
        slice_seconds: float = SLICE_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._slice_seconds = slice_seconds
        self._monotonic = monotonic
        self._units = units
        self._clock = clock
        self._intake = intake
        self._reading = reading
        self._readers = readers
        self._opener = opener
        self._matching = matching
        self._signals = signals

    def __call__(self, workspace_id: str, *, stopping: Callable[[], bool]) -> Drained:
        """Stops between two batches, or between two questions to Stripe, once ``stopping`` is True or the slice of
        time is used up; at least one event is tried."""
        until = self._monotonic() + self._slice_seconds
        worked_off = 0
        while not stopping():
            self._intake.bring_in(workspace_id)
            with self._units.reading(workspace_id) as uow:
                events = uow.event_inbox.due(at=self._clock.now(), limit=BATCH)
                connection = uow.connections.get()
            if not events:
                return Drained(worked_off, more=False)
            uses = {event.envelope.id: use_of(event.envelope, connection) for event in events}
            if not connection.has_key:
                # After a disconnect nothing changes until the next connect (guarantees L1).
                uses = dict.fromkeys(uses, EventUse.IGNORED)
            worked_off += self._batch(workspace_id, events, uses, stopping, until)
            if self._monotonic() >= until:
                break
        return Drained(worked_off, more=True)

    def _batch(
        self,
        workspace_id: str,
        events: Sequence[InboxEvent],
        uses: dict[str, EventUse],
        stopping: Callable[[], bool],
        until: float,
    ) -> int:
        used = [(event, uses[event.envelope.id]) for event in events if uses[event.envelope.id] not in UNUSED]
        read = ReadEventPictures(
            units=self._units,
            clock=self._clock,
            reading=self._reading,
            workspace_id=workspace_id,
            open_reader=lambda: self._open(workspace_id, stopping),
            out_of_time=lambda: self._monotonic() >= until,
        )
        pictures = read(used)
        failed = [event for event in events if event.envelope.id in pictures.failed]
        outcomes = {
            event_id: (EventState.IGNORED if use in UNUSED else EventState.DONE, use)
            for event_id, use in uses.items()
            if event_id not in pictures.failed and event_id not in pictures.left
        }
        return retrying(lambda: self._commit(workspace_id, pictures, outcomes, failed))

    def _commit(
        self,
        workspace_id: str,
        pictures: EventPictures,
        outcomes: Mapping[str, tuple[EventState, EventUse]],
        failed: Sequence[InboxEvent],
    ) -> int:
        """Effects and done marks, in one transaction: what a power cut undoes is pending again."""
        with self._units.writing(workspace_id, repeatable=True) as uow:
            now = self._clock.now()
            uow.ledgers.lock()
            if ages_of(uow, pictures.answered | pictures.agreed) != pictures.founded_on():
                # Somebody stored a younger picture while Stripe was asked: what the answer settles is not known now.
                return 0
            since = window_start(seconds_of(now))
            store_facts(pictures.facts, lambda records, seen: store_records(uow, records, seen, window_start=since))
            if pictures.doubted(ages_of(uow, pictures.believed)):
                # A sync stored its page since the batch was begun. Asked again, the batch sees the tie.
                return 0
            self._signals.from_pictures(uow, pictures.seen, overtaken=pictures.overtaken)
            self._recompute(uow, pictures)
            finished = uow.event_inbox.finish(outcomes, at=now)
            for event in failed:
                _put_off(uow.event_inbox, event, pictures.failed[event.envelope.id], now)
            uow.commit()
        return finished + len(failed)

    def _recompute(self, uow: UnitOfWork, pictures: EventPictures) -> None:
        """Matching is asked only about customers that events brought news of; everybody else stays matched."""
        news = {fact.record.id for fact in pictures.facts if isinstance(fact.record, StripeCustomer)}
        if news:
            self._matching.match_and_recompute(uow, news, self._matching.index_for(uow, news))
        self._matching.recompute.customers(uow, pictures.customers - news)

    def _open(self, workspace_id: str, stopping: Callable[[], bool]) -> AbstractContextManager[StripeReader]:
        with self._units.reading(workspace_id) as uow:
            sealed = uow.connections.sealed_key()
        if sealed is None:
            raise NotConnected
        key = self._opener.open(sealed, workspace_id=workspace_id, purpose=Purpose.STRIPE_API_KEY)
        return self._readers.open(key, still_wanted=lambda: not stopping())


def _put_off(inbox: EventInbox, event: InboxEvent, error: ClyntoError, now: UnixMicros) -> None:
    """Try again later, or park after too many tries. Being told to stop is no failure of the event."""
    if isinstance(error, RunSuperseded):
        return
    event_id, attempts = event.envelope.id, event.attempts + 1
    if attempts >= MOST_ATTEMPTS:
        _LOG.warning("event %s is parked after %d tries: %s", event_id, attempts, error.code)
        inbox.park([event_id], fault=error.code)
        return
    until = UnixMicros(now + pause_seconds(attempts) * MICROS_PER_SECOND)
    inbox.postpone([event_id], until=until, fault=error.code)
