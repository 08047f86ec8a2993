"""Read events that Stripe could not deliver, before a re-sync reads the lists (guarantees C1 to C5).

Lists alone repair every figure; events tell in addition when things happened, so that what was missed is dated right.
Missed events go through the same inbox as delivered ones, where an id that is known already has no second effect.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Sequence

from clynto.domain.errors import ClyntoError, MissingPermissions, RunSuperseded
from clynto.domain.moments import MICROS_PER_SECOND, UnixMicros, UnixTime, seconds_of
from clynto.domain.secret import Secret
from clynto.domain.sync_run import RunState
from clynto.domain.webhook_event import MISSED_TYPES
from clynto.ports.clock import Clock
from clynto.ports.stripe_reading import StripeReaders
from clynto.ports.unit_of_work import UnitsOfWork
from clynto.ports.vault import CredentialOpener, Purpose
from clynto.ports.webhooks import ArrivedEvent, EventIntake, EventReading

EVENTS_LISTED_SECONDS = 30 * 24 * 3600
"""How long Stripe lists events (stripe_facts 6.3)."""
OVERLAP_SECONDS = 3600
"""Events are made a little later than what they tell, and clocks differ."""

_LOG = logging.getLogger("clynto.events")


class CatchUpEvents:
    """Does nothing on a first sync, which raises only what is true now.

    The right to read events is asked for anew each time: a key can gain it, or lose it, in Stripe's dashboard, and the
    panel says whether a gap can be closed.
    """

    def __init__(
        self,
        *,
        units: UnitsOfWork,
        clock: Clock,
        reading: EventReading,
        readers: StripeReaders,
        opener: CredentialOpener,
        intake: EventIntake,
    ) -> None:
        self._units = units
        self._clock = clock
        self._reading = reading
        self._readers = readers
        self._opener = opener
        self._intake = intake

    def __call__(self, workspace_id: str, run_id: str, *, stopping: Callable[[], bool]) -> int:
        """How many events were new to us. A fault of Stripe's ends the catching up and never the sync: what is missing
        then is repaired from the lists."""
        with self._units.reading(workspace_id) as uow:
            connection, sealed = uow.connections.get(), uow.connections.sealed_key()
            run = uow.sync_runs.get(run_id)
        synced_at = connection.last_sync_began_at
        if sealed is None or run is None or run.state is not RunState.QUEUED:
            return 0
        if synced_at is None:
            return 0
        oldest = self._clock.now() - EVENTS_LISTED_SECONDS * MICROS_PER_SECOND
        since = UnixTime(seconds_of(UnixMicros(max(synced_at, oldest))) - OVERLAP_SECONDS)
        new = 0
        try:
            key = self._opener.open(sealed, workspace_id=workspace_id, purpose=Purpose.STRIPE_API_KEY)
            for bodies in self._pages(key, since, stopping):
                self._note_readable(workspace_id, readable=True)
                new += self._store(workspace_id, bodies)
        except RunSuperseded:
            return new
        except MissingPermissions:
            self._note_readable(workspace_id, readable=False)
        except ClyntoError as error:
            _LOG.warning("missed events of workspace %s could not be read: %s", workspace_id, error.code)
        if new:
            self._tell(workspace_id, run_id, new)
        return new

    def _note_readable(self, workspace_id: str, *, readable: bool) -> None:
        with self._units.reading(workspace_id) as uow:
            if uow.connections.get().events_readable is readable:
                return
        with self._units.writing(workspace_id) as uow:
            uow.connections.note_events_readable(readable)
            uow.commit()

    def _pages(
        self, key: Secret, since: UnixTime, stopping: Callable[[], bool]
    ) -> Generator[tuple[bytes, ...], None, None]:
        with self._readers.open(key, still_wanted=lambda: not stopping()) as reader:
            yield from reader.events(since=since, event_types=MISSED_TYPES)

    def _store(self, workspace_id: str, bodies: Sequence[bytes]) -> int:
        now = self._clock.now()
        told = [(self._reading.envelope(body), body) for body in bodies]
        return self._intake.store(
            [ArrivedEvent(workspace_id, one, body, now, delivered=False) for one, body in told if one is not None]
        )

    def _tell(self, workspace_id: str, run_id: str, new: int) -> None:
        """Say so in the sync's history, as long as nobody holds the run."""
        with self._units.writing(workspace_id) as uow:
            run = uow.sync_runs.get(run_id)
            if run is None or run.state is not RunState.QUEUED:
                return
            line = f"{new} events that had not reached us were read from Stripe's list of events"
            try:
                uow.sync_runs.save(run.note_drift((line,)), holding=run.attempt)
            except RunSuperseded:
                return
            uow.commit()
