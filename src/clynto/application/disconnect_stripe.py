"""Sever the connection: key and webhook secrets are destroyed, the data stays and is frozen (guide, Disconnect)."""

from __future__ import annotations

from clynto.application.actor import Actor
from clynto.application.audit import AuditTrail
from clynto.application.connect_stripe import end_active_run
from clynto.domain.roles import Role
from clynto.ports.clock import Clock
from clynto.ports.unit_of_work import UnitsOfWork
from clynto.ports.webhooks import WebhookEndpoint


class DisconnectStripe:
    """Needs neither Stripe nor the queue, so it always works."""

    def __init__(self, *, units: UnitsOfWork, clock: Clock, audit: AuditTrail) -> None:
        self._units = units
        self._clock = clock
        self._audit = audit

    def __call__(self, actor: Actor) -> None:
        """Erase the key and the webhook secrets (guarantees J7) and end a running sync at its next page.

        Raises ``Forbidden`` or ``NotConnected``.
        """
        actor.must_be(Role.ADMIN)
        with self._units.writing(actor.workspace_id) as uow:
            uow.connections.save(uow.connections.get().disconnect(self._clock.now()))
            uow.connections.erase_key()
            endpoint = uow.webhook_endpoints.get()
            if endpoint is not None:
                uow.webhook_endpoints.save(WebhookEndpoint(endpoint.token, endpoint.created_at))
            end_active_run(uow, self._clock)
            sentence = "Disconnected Stripe; the stored key and webhook secrets were destroyed."
            self._audit.note(uow, actor, "stripe.disconnected", sentence)
            uow.commit()
