"""The webhook panel of the Stripe card (guide, Step 2 and "Webhook signature invalid"; guarantees A14, C8, L6)."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from clynto.application.actor import Actor
from clynto.application.configure_webhooks import endpoint_of
from clynto.domain.moments import MICROS_PER_SECOND, UnixMicros
from clynto.domain.roles import Role
from clynto.domain.webhook_event import FURTHER_TYPES, RECOMMENDED_TYPES, EventUse
from clynto.ports.clock import Clock
from clynto.ports.identifiers import Identifiers
from clynto.ports.read_models import AccountRow, AccountSort, AccountsQuery
from clynto.ports.unit_of_work import UnitsOfWork, retrying
from clynto.ports.webhooks import InboxCounts, WebhookEndpoint

WEBHOOK_PATH = "/webhooks/stripe/"
"""What stands before the endpoint's token in every webhook address (contract)."""
PARKED_SHOWN = 10
SILENCE_AFTER_SECONDS = 2 * 3600
"""Stripe makes a renewal's invoice at once and finalises it about an hour later (stripe_facts 6.4)."""


class WebhookState(enum.StrEnum):
    """How deliveries are doing (contract)."""

    NOT_CONFIGURED = "not_configured"
    WAITING = "waiting"
    RECEIVING = "receiving"
    SIGNATURE_INVALID = "signature_invalid"


@dataclass(frozen=True, slots=True)
class WebhookRefusal:
    """Why the newest refused delivery was refused; ``clock_skew_seconds`` only where its time alone was off."""

    at: UnixMicros
    reason: str
    clock_skew_seconds: int | None


@dataclass(frozen=True, slots=True)
class ParkedEvent:
    """An event that failed too often and waits for a person."""

    id: str
    type: str
    received_at: UnixMicros
    attempts: int
    fault: str | None


@dataclass(frozen=True, slots=True)
class WebhookPanel:
    """``refusal`` is set only while it is newer than every genuine event. ``former_valid_until`` tells how long the
    secret before the current one is still accepted. ``events_readable``: the key may list events, so that a gap can
    be filled after an outage. ``silent_since`` is when a renewal fell due of which no event ever told."""

    url: str
    configured: bool
    state: WebhookState
    last_event_at: UnixMicros | None
    secret_set_at: UnixMicros | None
    former_valid_until: UnixMicros | None
    refusal: WebhookRefusal | None
    pending: int
    parked: int
    ignored_other_mode: int
    ignored_foreign_account: int
    parked_events: tuple[ParkedEvent, ...]
    retry_possible: bool
    recommended_types: tuple[str, ...]
    further_types: tuple[str, ...]
    events_readable: bool
    silent_since: UnixMicros | None


class ShowWebhooks:
    """Any member may look. The address is made on the first look, so that it can be pasted before any secret is."""

    def __init__(self, *, units: UnitsOfWork, clock: Clock, identifiers: Identifiers, public_url: str) -> None:
        self._units = units
        self._clock = clock
        self._identifiers = identifiers
        self._public_url = public_url.rstrip("/")

    def __call__(self, actor: Actor) -> WebhookPanel:
        """The panel as of now; its address comes from the settings, never from a request (guarantees K14)."""
        actor.must_be(Role.MEMBER)
        with self._units.reading(actor.workspace_id) as uow:
            # First, as the port asks: an event that is on its way into the inbox would be counted nowhere.
            counts = uow.event_inbox.counts()
            endpoint = uow.webhook_endpoints.get()
            connection = uow.connections.get()
            parked = uow.event_inbox.parked(limit=PARKED_SHOWN) if counts.parked else ()
            renewals = uow.accounts_table.page(AccountsQuery(sort=AccountSort.RENEWAL_AT, limit=1)).rows
        if endpoint is None:
            endpoint = retrying(lambda: self._made(actor.workspace_id))
        refusal = _newest_refusal(endpoint, counts)
        now = self._clock.now()
        former_until = endpoint.former_valid_until if endpoint.former is not None else None
        return WebhookPanel(
            url=f"{self._public_url}{WEBHOOK_PATH}{endpoint.token}",
            configured=endpoint.current is not None,
            state=_state(endpoint, counts, refusal),
            last_event_at=counts.last_event_at,
            secret_set_at=endpoint.secret_set_at,
            former_valid_until=former_until if former_until is not None and former_until > now else None,
            refusal=refusal,
            pending=counts.pending,
            parked=counts.parked,
            ignored_other_mode=counts.by_use.get(EventUse.OTHER_MODE, 0),
            ignored_foreign_account=counts.by_use.get(EventUse.FOREIGN_ACCOUNT, 0),
            parked_events=tuple(
                ParkedEvent(event.envelope.id, event.envelope.type, event.received_at, event.attempts, event.fault)
                for event in parked
            ),
            retry_possible=counts.parked > 0 and connection.has_key,
            recommended_types=RECOMMENDED_TYPES,
            further_types=FURTHER_TYPES,
            events_readable=connection.events_readable,
            silent_since=_silent_since(endpoint, counts, renewals, now) if connection.has_key else None,
        )

    def _made(self, workspace_id: str) -> WebhookEndpoint:
        with self._units.writing(workspace_id) as uow:
            endpoint = endpoint_of(uow, self._clock, self._identifiers)
            uow.commit()
        return endpoint


def _newest_refusal(endpoint: WebhookEndpoint, counts: InboxCounts) -> WebhookRefusal | None:
    refused_at, genuine_at = endpoint.refused_at, counts.last_event_at
    if endpoint.current is None or refused_at is None or (genuine_at is not None and genuine_at >= refused_at):
        return None
    return WebhookRefusal(refused_at, endpoint.refusal or "mismatch", endpoint.clock_skew_seconds)


def _silent_since(
    endpoint: WebhookEndpoint, counts: InboxCounts, earliest: Sequence[AccountRow], now: UnixMicros
) -> UnixMicros | None:
    """The watchdog: what we hold renews by itself, so a renewal of the past is one that nobody told us of.

    Only while the endpoint was there to be told, and only if nothing at all came since: then deliveries have stopped.
    """
    due = next((row.renewal_at for row in earliest), None)
    since = endpoint.secret_set_at
    if endpoint.current is None or since is None or due is None:
        return None
    fell_due = UnixMicros(due * MICROS_PER_SECOND)
    told_late = now - fell_due <= SILENCE_AFTER_SECONDS * MICROS_PER_SECOND
    heard_since = counts.last_event_at is not None and counts.last_event_at >= fell_due
    return None if told_late or heard_since or fell_due < since else fell_due


def _state(endpoint: WebhookEndpoint, counts: InboxCounts, refusal: WebhookRefusal | None) -> WebhookState:
    if endpoint.current is None:
        return WebhookState.NOT_CONFIGURED
    if refusal is not None:
        return WebhookState.SIGNATURE_INVALID
    since, newest = endpoint.secret_set_at, counts.last_event_at
    if newest is None or (since is not None and newest < since):
        return WebhookState.WAITING
    return WebhookState.RECEIVING
