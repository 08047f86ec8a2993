"""Webhook endpoints, the event inbox, and the drain (architecture, Data flow; guarantees A to C)."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from clynto.domain.catalogue import Price, Product
from clynto.domain.customer import StripeCustomer
from clynto.domain.discount_readings import DiscountReading
from clynto.domain.invoice import Invoice
from clynto.domain.moments import UnixMicros, UnixTime
from clynto.domain.secret import Secret
from clynto.domain.subscription import Subscription
from clynto.domain.webhook_event import EventEnvelope, EventUse
from clynto.ports.vault import SealedCredential


@dataclass(frozen=True, slots=True)
class WebhookEndpoint:
    """The address of a workspace and the secrets that open it. ``token`` is the unguessable part of the address.

    ``former`` stays valid until ``former_valid_until`` (24 h after a new secret was saved). ``refused_at`` and
    ``refusal`` tell of the newest badly signed delivery; ``clock_skew_seconds`` is set where only its time was off.
    """

    token: str
    created_at: UnixMicros
    current: SealedCredential | None = None
    secret_set_at: UnixMicros | None = None
    former: SealedCredential | None = None
    former_valid_until: UnixMicros | None = None
    refused_at: UnixMicros | None = None
    refusal: str | None = None
    clock_skew_seconds: int | None = None


class WebhookEndpointStore(Protocol):
    """The one endpoint of a workspace."""

    def get(self) -> WebhookEndpoint | None:
        """The endpoint, None before one was made."""
        ...

    def save(self, endpoint: WebhookEndpoint) -> None:
        """Insert or replace it; a former token stops to exist."""
        ...


@dataclass(frozen=True, slots=True)
class AddressedEndpoint:
    """What a delivery needs to be judged. ``connected`` False: nothing may be accepted."""

    workspace_id: str
    endpoint: WebhookEndpoint
    connected: bool


class WebhookAddresses(Protocol):
    """Finds the workspace behind an endpoint token: the look across workspaces that a delivery needs."""

    def find(self, token: str) -> AddressedEndpoint | None:
        """None for an unknown token."""
        ...

    def note_refusal(self, workspace_id: str, at: UnixMicros, *, reason: str, skew_seconds: int | None) -> None:
        """Remember a badly signed delivery for the card; at most one write in five seconds for a workspace."""
        ...


class EventState(enum.StrEnum):
    """Where an event of the inbox stands."""

    PENDING = "pending"
    DONE = "done"
    IGNORED = "ignored"
    PARKED = "parked"


@dataclass(frozen=True, slots=True)
class ArrivedEvent:
    """A genuine event. ``body`` is the raw text as received. ``delivered`` False: nobody sent it, we read it from
    Stripe's list of events."""

    workspace_id: str
    envelope: EventEnvelope
    body: bytes
    received_at: UnixMicros
    delivered: bool = True


@dataclass(frozen=True, slots=True)
class InboxEvent:
    """An event that waits, with what became of earlier tries."""

    envelope: EventEnvelope
    body: bytes
    received_at: UnixMicros
    attempts: int = 0
    fault: str | None = None


class EventIntake(Protocol):
    """Makes arrived events durable, whatever workspaces they belong to. What is stored counts as pending at once; to
    be worked off it has to be brought in."""

    def store(self, events: Sequence[ArrivedEvent]) -> int:
        """Insert all of them in one transaction and return once it is committed; an event id that the workspace
        already has is left as it is. How many were new."""
        ...

    def bring_in(self, workspace_id: str) -> int:
        """Put what was stored elsewhere into the inbox of the workspace; how many. Whoever wants to see all events of
        an inbox calls it first. Nothing is lost or doubled if it ends half way."""
        ...


@dataclass(frozen=True, slots=True)
class InboxCounts:
    """What the webhook panel shows. ``by_use`` counts processed events; ``last_event_at`` is of the newest one that
    was delivered."""

    pending: int
    parked: int
    last_event_at: UnixMicros | None
    by_use: Mapping[EventUse, int]


def first_of(limit: int) -> int:
    """How many of the oldest events choose the customers of a batch of ``limit``."""
    return max(1, limit // 10)


class EventInbox(Protocol):
    """The events of one workspace; a row is the proof that an id was seen, even when its body is pruned."""

    def due(self, *, at: UnixMicros, limit: int) -> Sequence[InboxEvent]:
        """Pending events whose time has come, oldest first by creation, then id.

        Of more than ``limit`` those come first that share a customer with the oldest tenth of ``limit``, so that a
        backlog costs one computation of a customer and not one for each event. The oldest of all is always among
        them, and of no customer is an event left out that is older than one handed out.
        """
        ...

    def newest_waiting(self, object_ids: Collection[str]) -> Mapping[str, UnixTime]:
        """When the newest pending event of each of these objects was created, due or not; without those that have
        none."""
        ...

    def finish(self, outcomes: Mapping[str, tuple[EventState, EventUse]], *, at: UnixMicros) -> int:
        """Mark pending events as done or ignored and drop their bodies; how many were still pending."""
        ...

    def postpone(self, event_ids: Iterable[str], *, until: UnixMicros, fault: str) -> None:
        """Count a failed try of pending events and try again later."""
        ...

    def park(self, event_ids: Iterable[str], *, fault: str) -> None:
        """Count a failed try of pending events and stop trying; shown on the card."""
        ...

    def parked(self, *, limit: int) -> Sequence[InboxEvent]:
        """Parked events, newest first by creation, then id, with empty bodies."""
        ...

    def unpark(self, *, at: UnixMicros) -> int:
        """Let every parked event be tried again from ``at`` on, as if it had never failed; how many."""
        ...

    def counts(self) -> InboxCounts:
        """Figures for the card. Asked first in its unit of work: a snapshot that is older than the question may lack
        events that are being brought in."""
        ...


class WaitingEvents(Protocol):
    """The sweeper's look across workspaces."""

    def workspaces_with_due_events(self, *, at: UnixMicros) -> Sequence[str]:
        """Ids of workspaces with pending events whose time has come."""
        ...

    def prune(self, *, received_before: UnixMicros) -> int:
        """Delete rows of finished events that are older than Stripe could ever send again; how many."""
        ...


class SignatureCheck(enum.StrEnum):
    """What a signature was found to be."""

    GENUINE = "genuine"
    MISSING = "missing"
    MALFORMED = "malformed"
    MISMATCH = "mismatch"
    TOO_OLD = "too_old"
    TOO_NEW = "too_new"


@dataclass(frozen=True, slots=True)
class SignatureVerdict:
    """``skew_seconds`` is how far the signed time lies behind (negative: ahead of) ours; only set when the signature
    itself fits."""

    check: SignatureCheck
    skew_seconds: int | None = None


EventRecord = Subscription | Invoice | StripeCustomer | Price | Product | DiscountReading


class EventReading(Protocol):
    """Judges and reads webhook bodies. Never raises on hostile input but where it says so."""

    def verify(self, body: bytes, header: str | None, secrets: Sequence[Secret], *, at: UnixTime) -> SignatureVerdict:
        """Check Stripe's signature over the raw bytes: any ``v1``, constant time, 300 s to either side."""
        ...

    def envelope(self, body: bytes) -> EventEnvelope | None:
        """What the event tells about itself; None if the body is no event at all."""
        ...

    def records(self, body: bytes) -> tuple[EventRecord, ...]:
        """The object that the event carries, in our own records; a nested list that was cut is told by the record
        (``items_complete``, ``lines_complete``). Empty if it cannot be used."""
        ...
