"""The Stripe card (guide, On the Stripe card and Troubleshooting)."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from clynto.application.actor import Actor
from clynto.application.run_lease import is_silent
from clynto.domain.connection import Connection, ConnectionStatus
from clynto.domain.errors import QueueUnavailable
from clynto.domain.moments import MICROS_PER_SECOND
from clynto.domain.roles import Role
from clynto.domain.sync_run import RunState, SyncRun
from clynto.ports.clock import Clock
from clynto.ports.unit_of_work import UnitsOfWork
from clynto.ports.work_queue import WorkQueue

PATIENCE_SECONDS = 5
"""A run that waits longer than this with no worker alive is shown as waiting for a worker (guarantees E9).

So is one whose worker died, once its lease has run out and no other worker is there to resume it (E1, D10).
"""


class CardState(enum.StrEnum):
    """The states of the card (contract)."""

    NOT_CONNECTED = "not_connected"
    SYNCING = "syncing"
    CONNECTED = "connected"
    ERROR = "error"
    DISCONNECTED = "disconnected"


@dataclass(frozen=True, slots=True)
class RecordsSynced:
    """Distinct objects held (guarantees L7)."""

    customers: int
    subscriptions: int
    invoices: int


@dataclass(frozen=True, slots=True)
class IntegrationCard:
    """``run`` is the active one, if any; ``waiting_for_worker`` says that nobody is there to do it."""

    state: CardState
    connection: Connection
    records_synced: RecordsSynced
    customers_matched: int
    run: SyncRun | None
    waiting_for_worker: bool


class ShowIntegration:
    """Any member may look. Reads the database only; the queue is asked just for a run that is not moving."""

    def __init__(self, *, units: UnitsOfWork, clock: Clock, queue: WorkQueue) -> None:
        self._units = units
        self._clock = clock
        self._queue = queue

    def __call__(self, actor: Actor) -> IntegrationCard:
        """The card as of now."""
        actor.must_be(Role.MEMBER)
        with self._units.reading(actor.workspace_id) as uow:
            connection = uow.connections.get()
            run = uow.sync_runs.active()
            records = RecordsSynced(uow.customers.count(), uow.subscriptions.count(), uow.invoices.count())
            matched = uow.matches.matched_count()
        return IntegrationCard(
            state=_state(connection, run),
            connection=connection,
            records_synced=records,
            customers_matched=matched,
            run=run,
            waiting_for_worker=run is not None and self._waits(run),
        )

    def _waits(self, run: SyncRun) -> bool:
        now = self._clock.now()
        if run.state is RunState.RUNNING and not is_silent(run, now):
            return False
        if now - run.requested_at < PATIENCE_SECONDS * MICROS_PER_SECOND:
            return False
        try:
            return self._queue.workers() == 0
        except QueueUnavailable:
            return True


def _state(connection: Connection, run: SyncRun | None) -> CardState:
    if run is not None and connection.has_key:
        return CardState.SYNCING
    return {
        ConnectionStatus.NOT_CONNECTED: CardState.NOT_CONNECTED,
        ConnectionStatus.CONNECTED: CardState.CONNECTED,
        ConnectionStatus.ERROR: CardState.ERROR,
        ConnectionStatus.DISCONNECTED: CardState.DISCONNECTED,
    }[connection.status]
