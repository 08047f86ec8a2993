"""Set up or renew the webhook endpoint of a workspace (guide, Step 2; guarantees A6)."""

from __future__ import annotations

import re
from dataclasses import replace

from clynto.application.actor import Actor
from clynto.application.audit import AuditTrail
from clynto.domain.errors import InvalidSigningSecret, NotConnected
from clynto.domain.moments import MICROS_PER_SECOND, UnixMicros
from clynto.domain.roles import Role
from clynto.domain.secret import Secret
from clynto.ports.clock import Clock
from clynto.ports.identifiers import Identifiers
from clynto.ports.unit_of_work import UnitOfWork, UnitsOfWork
from clynto.ports.vault import CredentialSealer, Purpose
from clynto.ports.webhooks import WebhookEndpoint

FORMER_SECRET_VALID_SECONDS = 24 * 60 * 60
"""As long as Stripe itself keeps signing with a secret that was rolled (stripe_facts 6.1)."""
_SIGNING_SECRET = re.compile(r"whsec_[A-Za-z0-9+/=_-]{16,200}")


def endpoint_of(uow: UnitOfWork, clock: Clock, identifiers: Identifiers) -> WebhookEndpoint:
    """The workspace's endpoint; made, with an unguessable address, when it is first needed."""
    endpoint = uow.webhook_endpoints.get()
    if endpoint is None:
        endpoint = WebhookEndpoint(token=identifiers.new_token(), created_at=clock.now())
        uow.webhook_endpoints.save(endpoint)
    return endpoint


class SaveSigningSecret:
    """The former secret stays valid for a day, so that nothing is lost while Stripe changes over."""

    def __init__(
        self,
        *,
        units: UnitsOfWork,
        clock: Clock,
        identifiers: Identifiers,
        sealer: CredentialSealer,
        audit: AuditTrail,
    ) -> None:
        self._units = units
        self._clock = clock
        self._identifiers = identifiers
        self._sealer = sealer
        self._audit = audit

    def __call__(self, actor: Actor, pasted: Secret) -> None:
        """Raises ``Forbidden``, ``NotConnected`` or ``InvalidSigningSecret``."""
        actor.must_be(Role.ADMIN)
        text = pasted.reveal().strip()
        if not _SIGNING_SECRET.fullmatch(text):
            raise InvalidSigningSecret
        sealed = self._sealer.seal(
            Secret(text), workspace_id=actor.workspace_id, purpose=Purpose.WEBHOOK_SIGNING_SECRET
        )
        with self._units.writing(actor.workspace_id) as uow:
            if not uow.connections.get().has_key:
                raise NotConnected
            now = self._clock.now()
            endpoint = endpoint_of(uow, self._clock, self._identifiers)
            changed = replace(
                endpoint,
                current=sealed,
                secret_set_at=now,
                former=endpoint.current,
                former_valid_until=UnixMicros(now + FORMER_SECRET_VALID_SECONDS * MICROS_PER_SECOND),
                refused_at=None,
                refusal=None,
                clock_skew_seconds=None,
            )
            uow.webhook_endpoints.save(changed)
            self._audit.note(uow, actor, "stripe.webhook_secret_saved", "Saved a webhook signing secret.")
            uow.commit()


class RenewWebhookAddress:
    """A new unguessable address; the former one is refused from then on, and both secrets are gone."""

    def __init__(self, *, units: UnitsOfWork, clock: Clock, identifiers: Identifiers, audit: AuditTrail) -> None:
        self._units = units
        self._clock = clock
        self._identifiers = identifiers
        self._audit = audit

    def __call__(self, actor: Actor) -> None:
        """Raises ``Forbidden``."""
        actor.must_be(Role.ADMIN)
        with self._units.writing(actor.workspace_id) as uow:
            fresh = WebhookEndpoint(token=self._identifiers.new_token(), created_at=self._clock.now())
            uow.webhook_endpoints.save(fresh)
            self._audit.note(uow, actor, "stripe.webhook_address_renewed", "Renewed the webhook address.")
            uow.commit()
