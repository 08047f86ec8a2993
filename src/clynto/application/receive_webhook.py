"""Take a delivery in: verify, store, acknowledge (architecture, Data flow; guarantees 1, A).

Nothing else happens in the request. Whoever is refused learns nothing: unknown address, disconnected workspace,
missing secret and bad signature all end in the same ``WebhookRefused``, after the same work.
"""

from __future__ import annotations

import logging
from collections import OrderedDict

from clynto.domain.errors import CredentialUnreadable, QueueUnavailable, WebhookRefused
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
    WebhookAddresses,
)
from clynto.ports.work_queue import Job, JobKind, WorkQueue

SECRETS_KEPT_OPEN = 512
_LOG = logging.getLogger("clynto.webhooks")
_NOBODYS = Secret("whsec_of_nobody")
"""Stands in where there is no secret, so that a refusal costs the same time; it never makes anything genuine."""


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
        now = self._clock.now()
        addressed = self._addresses.find(token)
        secrets = self._secrets(addressed, now)
        verdict = self._reading.verify(
            body, signature_header, secrets or [_NOBODYS], at=seconds_of(self._signing_clock.now())
        )
        if addressed is None or not secrets:
            raise WebhookRefused
        if verdict.check is not SignatureCheck.GENUINE:
            self._addresses.note_refusal(
                addressed.workspace_id, now, reason=verdict.check.value, skew_seconds=verdict.skew_seconds
            )
            raise WebhookRefused
        envelope = self._reading.envelope(body)
        if envelope is None:
            return
        self._intake.store([ArrivedEvent(addressed.workspace_id, envelope, body, now)])
        self._hand_over(addressed.workspace_id)

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

    def _hand_over(self, workspace_id: str) -> None:
        try:
            self._queue.enqueue(Job(JobKind.DRAIN_EVENTS, workspace_id))
        except QueueUnavailable:
            # The event is safe in the database; the sweeper hands it over once the queue is back (guarantee 11).
            _LOG.warning("event of workspace %s is stored but could not be handed over yet", workspace_id)
