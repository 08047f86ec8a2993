"""Webhook endpoints and the event inbox in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from clynto.adapters.memory.database import HeldEvent, MemoryDatabase, Transaction
from clynto.domain.moments import MICROS_PER_SECOND, UnixMicros, UnixTime
from clynto.domain.webhook_event import EventUse
from clynto.ports.webhooks import (
    AddressedEndpoint,
    ArrivedEvent,
    EventState,
    InboxCounts,
    InboxEvent,
    WebhookEndpoint,
    first_of,
)

REFUSAL_IS_NOTED_EVERY = 5 * MICROS_PER_SECOND
AT_ONCE = UnixMicros(0)


class MemoryWebhookEndpointStore:
    """See ``ports.webhooks.WebhookEndpointStore``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def get(self) -> WebhookEndpoint | None:
        """The endpoint, None before one was made."""
        return self._transaction.records.webhook_endpoint

    def save(self, endpoint: WebhookEndpoint) -> None:
        """Insert or replace it."""
        self._transaction.changing().webhook_endpoint = endpoint


class MemoryWebhookAddresses:
    """See ``ports.webhooks.WebhookAddresses``."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    def find(self, token: str) -> AddressedEndpoint | None:
        """None for an unknown token."""
        for workspace_id, records in self._database.workspaces().items():
            endpoint = records.webhook_endpoint
            if endpoint is not None and endpoint.token == token:
                return AddressedEndpoint(workspace_id, endpoint, connected=records.connection.has_key)
        return None

    def note_refusal(self, workspace_id: str, at: UnixMicros, *, reason: str, skew_seconds: int | None) -> None:
        """Remember a badly signed delivery; at most one write in five seconds for a workspace."""
        endpoint = self._database.committed(workspace_id).webhook_endpoint
        if endpoint is None:
            return
        if endpoint.refused_at is not None and 0 <= at - endpoint.refused_at < REFUSAL_IS_NOTED_EVERY:
            return
        with self._database.change(workspace_id) as records:
            if records.webhook_endpoint is not None:
                noted = replace(
                    records.webhook_endpoint, refused_at=at, refusal=reason, clock_skew_seconds=skew_seconds
                )
                records.webhook_endpoint = noted


class MemoryEventInbox:
    """See ``ports.webhooks.EventInbox``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def due(self, *, at: UnixMicros, limit: int) -> Sequence[InboxEvent]:
        """Pending events whose time has come, oldest first; of too many, those of the longest waiting customers."""
        due = [held.event for held in self._in(EventState.PENDING) if held.due_at <= at]
        first = {one.envelope.about_customer for one in due[: first_of(limit)]} - {None}
        # Sorting is stable: within the two groups the oldest stay first.
        chosen = sorted(due, key=lambda one: one.envelope.about_customer not in first)[:limit] if first else due[:limit]
        return sorted(chosen, key=lambda one: (one.envelope.created, one.envelope.id))

    def newest_waiting(self, object_ids: Collection[str]) -> Mapping[str, UnixTime]:
        """When the newest pending event of each of these objects was created, due or not."""
        # Oldest first, so the newest is written last.
        waiting = [held.event.envelope for held in self._in(EventState.PENDING)]
        wanted = set(object_ids)
        return {one.object_id: one.created for one in waiting if one.object_id is not None and one.object_id in wanted}

    def finish(self, outcomes: Mapping[str, tuple[EventState, EventUse]], *, at: UnixMicros) -> int:
        """Mark pending events as done or ignored and drop their bodies; how many were still pending."""

        def finished(held: HeldEvent) -> HeldEvent:
            state, use = outcomes[held.event.envelope.id]
            return replace(held, state=state, use=use, finished_at=at, event=replace(held.event, body=b"", fault=None))

        return self._change(outcomes, finished)

    def postpone(self, event_ids: Iterable[str], *, until: UnixMicros, fault: str) -> None:
        """Count a failed try and try again later."""
        self._change(event_ids, lambda held: replace(_failed(held, fault), due_at=until))

    def park(self, event_ids: Iterable[str], *, fault: str) -> None:
        """Count a failed try and stop trying."""
        self._change(event_ids, lambda held: replace(_failed(held, fault), state=EventState.PARKED))

    def parked(self, *, limit: int) -> Sequence[InboxEvent]:
        """Parked events, newest first, without bodies."""
        newest_first = reversed(self._in(EventState.PARKED))
        return [replace(held.event, body=b"") for held in newest_first][:limit]

    def unpark(self, *, at: UnixMicros) -> int:
        """Let every parked event be tried again; how many."""
        parked = self._in(EventState.PARKED)
        inbox = self._transaction.changing().inbox
        for held in parked:
            fresh = replace(held.event, attempts=0, fault=None)
            inbox[fresh.envelope.id] = replace(held, event=fresh, state=EventState.PENDING, due_at=at)
        return len(parked)

    def counts(self) -> InboxCounts:
        """Figures for the card."""
        inbox = self._transaction.records.inbox.values()
        return InboxCounts(
            pending=sum(held.state is EventState.PENDING for held in inbox),
            parked=sum(held.state is EventState.PARKED for held in inbox),
            last_event_at=max((held.event.received_at for held in inbox if held.delivered), default=None),
            by_use=dict(Counter(held.use for held in inbox if held.use is not None)),
        )

    def _in(self, state: EventState) -> list[HeldEvent]:
        """Events in a state, oldest first."""
        held = [held for held in self._transaction.records.inbox.values() if held.state is state]
        return sorted(held, key=lambda one: (one.event.envelope.created, one.event.envelope.id))

    def _change(self, event_ids: Iterable[str], change: Callable[[HeldEvent], HeldEvent]) -> int:
        inbox = self._transaction.changing().inbox
        pending = [i for i in set(event_ids) if i in inbox and inbox[i].state is EventState.PENDING]
        inbox.update({event_id: change(inbox[event_id]) for event_id in pending})
        return len(pending)


class MemoryEventIntake:
    """See ``ports.webhooks.EventIntake``."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    def store(self, events: Sequence[ArrivedEvent]) -> int:
        """Insert all of them at once; how many were new."""
        with self._database.writing():
            changed = {one.workspace_id: self._database.committed(one.workspace_id).copy() for one in events}
            new = 0
            for one in events:
                inbox = changed[one.workspace_id].inbox
                if one.envelope.id not in inbox:
                    arrived = InboxEvent(one.envelope, one.body, one.received_at)
                    inbox[one.envelope.id] = HeldEvent(arrived, EventState.PENDING, AT_ONCE, delivered=one.delivered)
                    new += 1
            for workspace_id, records in changed.items():
                self._database.publish(workspace_id, records)
        return new

    def bring_in(self, workspace_id: str) -> int:  # noqa: ARG002 - the port's
        """Nothing lies anywhere else."""
        return 0


class MemoryWaitingEvents:
    """See ``ports.webhooks.WaitingEvents``."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    def workspaces_with_due_events(self, *, at: UnixMicros) -> Sequence[str]:
        """Ids of workspaces with pending events whose time has come."""
        return sorted(
            workspace_id
            for workspace_id, records in self._database.workspaces().items()
            if any(held.state is EventState.PENDING and held.due_at <= at for held in records.inbox.values())
        )

    def prune(self, *, received_before: UnixMicros) -> int:
        """Delete rows of finished events that are older; how many."""
        pruned = 0
        for workspace_id in self._database.workspaces():
            with self._database.change(workspace_id) as records:
                before = len(records.inbox)
                records.inbox = {
                    event_id: held
                    for event_id, held in records.inbox.items()
                    if held.use is None or held.event.received_at >= received_before
                }
                pruned += before - len(records.inbox)
        return pruned


def _failed(held: HeldEvent, fault: str) -> HeldEvent:
    return replace(held, event=replace(held.event, attempts=held.event.attempts + 1, fault=fault))
