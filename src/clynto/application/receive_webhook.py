"""Take deliveries in: verify, store, acknowledge (architecture, Data flow; guarantees 1, A).

Nothing else happens before the answer. Whoever is refused learns nothing: unknown address, disconnected workspace,
missing secret and bad signature all end in the same ``WebhookRefused``, after the same work.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from clynto.domain.errors import ClyntoError, CredentialUnreadable, QueueUnavailable, WebhookRefused
from clynto.domain.moments import UnixMicros, seconds_of
from clynto.domain.secret import Secret
from clynto.ports.clock import Clock
from clynto.ports.vault import CredentialOpener, Purpose, SealedCredential
from clynto.ports.webhooks import (
    AddressedEndpoint,
    ArrivedEvent,
    EventIntake,
    EventReading,
    SignatureCheck,
    SignatureVerdict,
    WebhookAddresses,
)
from clynto.ports.work_queue import Job, JobKind, WorkQueue

SECRETS_KEPT_OPEN = 512
_LOG = logging.getLogger("clynto.webhooks")
_NOBODYS = Secret("whsec_of_nobody")
"""Stands in where there is no secret, so that a refusal costs the same time; it never makes anything genuine."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a sender sent to ``token``: the raw ``body`` and the ``Stripe-Signature`` header."""

    token: str
    body: bytes
    signature_header: str | None


Answered = Callable[["Exception | None"], None]
"""Is told what became of a delivery: None for one that may be acknowledged."""


class Receiving(Protocol):
    """What the edge needs."""

    def __call__(self, token: str, body: bytes, signature_header: str | None) -> None:
        """Return once the event is durable. Raises ``WebhookRefused`` for whatever is not genuinely signed."""
        ...

    def submit(self, delivery: Delivery, answered: Answered) -> None:
        """The same for a caller that does not wait; ``answered`` is called once, by whatever thread."""
        ...


@dataclass(frozen=True, slots=True)
class Refusal:
    """A delivery to a known address that is not genuine, to be shown on that workspace's card."""

    workspace_id: str
    at: UnixMicros
    verdict: SignatureVerdict


@dataclass(slots=True)
class TakenIn:
    """What became of some deliveries. ``faults`` has one entry for each of them, in their order: None for one that
    is durable, or may be forgotten, and can be acknowledged. ``workspaces`` have work to be handed over."""

    faults: list[Exception | None]
    refusals: dict[int, Refusal] = field(default_factory=dict)
    workspaces: set[str] = field(default_factory=set)


class ReceiveWebhook:
    """Safe to call from many threads.

    ``signing_clock`` judges how old a signature is. It is the machine's own even where the product's clock follows a
    sandbox: deliveries travel in real time.
    """

    def __init__(
        self,
        *,
        addresses: WebhookAddresses,
        opener: CredentialOpener,
        reading: EventReading,
        intake: EventIntake,
        queue: WorkQueue,
        clock: Clock,
        signing_clock: Clock,
    ) -> None:
        self._addresses = addresses
        self._opener = opener
        self._reading = reading
        self._intake = intake
        self._queue = queue
        self._clock = clock
        self._signing_clock = signing_clock
        self._opened: OrderedDict[tuple[str, bytes], Secret] = OrderedDict()

    def __call__(self, token: str, body: bytes, signature_header: str | None) -> None:
        """Return once the event is durable. Raises ``WebhookRefused`` for whatever is not genuinely signed."""
        taken = self.take_in([Delivery(token, body, signature_header)])
        self.note(taken.refusals.values())
        self.hand_over(taken.workspaces)
        for fault in taken.faults:
            if fault is not None:
                raise fault

    def submit(self, delivery: Delivery, answered: Answered) -> None:
        """See ``Receiving``; here it is done at once."""
        try:
            self(delivery.token, delivery.body, delivery.signature_header)
        except Exception as fault:  # noqa: BLE001 - carried to the sender whose delivery this is
            answered(fault)
        else:
            answered(None)

    def take_in(self, deliveries: Sequence[Delivery]) -> TakenIn:
        """Verify and store them, all genuine ones in one transaction: a durable commit costs a flush to disk, far more
        than an insert. ``note`` and ``hand_over`` remain to be done."""
        now = self._clock.now()
        taken = TakenIn(faults=[None] * len(deliveries))
        known = self._known({delivery.token for delivery in deliveries})
        arrived: dict[int, ArrivedEvent] = {}
        for number, delivery in enumerate(deliveries):
            try:
                event = self._judge(number, delivery, known[delivery.token], now, taken)
            except Exception as fault:  # noqa: BLE001 - carried to the sender whose delivery this is
                taken.faults[number] = fault
            else:
                if event is not None:
                    arrived[number] = event
        self._store(arrived, taken)
        return taken

    def note(self, refusals: Iterable[Refusal]) -> None:
        """Show on the cards that something badly signed came."""
        for refusal in refusals:
            reason, skew_seconds = refusal.verdict.check.value, refusal.verdict.skew_seconds
            self._addresses.note_refusal(refusal.workspace_id, refusal.at, reason=reason, skew_seconds=skew_seconds)

    def hand_over(self, workspace_ids: Iterable[str]) -> None:
        """Have the events of these workspaces worked off."""
        for workspace_id in sorted(workspace_ids):
            try:
                self._queue.enqueue(Job(JobKind.DRAIN_EVENTS, workspace_id))
            except QueueUnavailable:
                # The event is safe in the database; the sweeper hands it over once the queue is back (guarantee 11).
                _LOG.warning("event of workspace %s is stored but could not be handed over yet", workspace_id)

    def _judge(
        self,
        number: int,
        delivery: Delivery,
        addressed: AddressedEndpoint | Exception | None,
        now: UnixMicros,
        taken: TakenIn,
    ) -> ArrivedEvent | None:
        """The event to store; None for what is genuine and no event. Raises ``WebhookRefused``."""
        if isinstance(addressed, Exception):
            raise addressed
        secrets = self._secrets(addressed, now)
        verdict = self._reading.verify(
            delivery.body,
            delivery.signature_header,
            secrets or [_NOBODYS],
            at=seconds_of(self._signing_clock.now()),
        )
        if addressed is None or not secrets:
            raise WebhookRefused
        if verdict.check is not SignatureCheck.GENUINE:
            taken.refusals[number] = Refusal(addressed.workspace_id, now, verdict)
            raise WebhookRefused
        envelope = self._reading.envelope(delivery.body)
        return None if envelope is None else ArrivedEvent(addressed.workspace_id, envelope, delivery.body, now)

    def _known(self, tokens: Iterable[str]) -> dict[str, AddressedEndpoint | Exception | None]:
        """Who is behind each token, looked up once; a fault belongs to those who asked for that token."""
        known: dict[str, AddressedEndpoint | Exception | None] = {}
        for token in tokens:
            try:
                known[token] = self._addresses.find(token)
            except Exception as fault:  # noqa: BLE001 - carried to the senders
                known[token] = fault
        return known

    def _store(self, arrived: dict[int, ArrivedEvent], taken: TakenIn) -> None:
        try:
            self._intake.store(list(arrived.values()))
        except ClyntoError as fault:
            # The database is away, for every one of them; asking for each again would only take longer to say so.
            taken.faults = [fault if number in arrived else told for number, told in enumerate(taken.faults)]
        except Exception as fault:  # noqa: BLE001 - carried to the senders; one bad event must not fail the others
            if len(arrived) == 1:
                taken.faults[next(iter(arrived))] = fault
                return
            for number, event in arrived.items():
                self._store({number: event}, taken)
        else:
            taken.workspaces |= {event.workspace_id for event in arrived.values()}

    def _secrets(self, addressed: AddressedEndpoint | None, now: UnixMicros) -> list[Secret]:
        if addressed is None or not addressed.connected:
            return []
        endpoint = addressed.endpoint
        sealed = [endpoint.current] if endpoint.current is not None else []
        if endpoint.former is not None and (endpoint.former_valid_until or 0) > now:
            sealed.append(endpoint.former)
        return [secret for held in sealed if (secret := self._open(addressed.workspace_id, held)) is not None]

    def _open(self, workspace_id: str, sealed: SealedCredential) -> Secret | None:
        """Opening costs more than verifying, so opened secrets are kept, each for its own workspace only."""
        place = (workspace_id, sealed.ciphertext)
        known = self._opened.get(place)
        if known is not None:
            return known
        try:
            secret = self._opener.open(sealed, workspace_id=workspace_id, purpose=Purpose.WEBHOOK_SIGNING_SECRET)
        except CredentialUnreadable:
            _LOG.error("the webhook signing secret of workspace %s cannot be opened", workspace_id)
            return None
        self._opened[place] = secret
        while len(self._opened) > SECRETS_KEPT_OPEN:
            self._opened.popitem(last=False)
        return secret
