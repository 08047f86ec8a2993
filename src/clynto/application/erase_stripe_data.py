"""Remove everything that came from Stripe (guide, Disconnect: "If you want the data removed entirely")."""

from __future__ import annotations

from clynto.application.actor import Actor
from clynto.application.audit import AuditTrail
from clynto.domain.connection import Connection
from clynto.domain.errors import Conflict
from clynto.domain.roles import Role
from clynto.ports.unit_of_work import UnitsOfWork
from clynto.ports.webhooks import EventIntake


class EraseStripeData:
    """Only after a disconnect, so that nothing flows in again. Accounts and people stay."""

    def __init__(self, *, units: UnitsOfWork, intake: EventIntake, audit: AuditTrail) -> None:
        self._units = units
        self._intake = intake
        self._audit = audit

    def __call__(self, actor: Actor) -> int:
        """How many rows were removed. Raises ``Forbidden``, or ``Conflict`` while Stripe is connected."""
        actor.must_be(Role.OWNER)
        self._intake.bring_in(actor.workspace_id)
        with self._units.writing(actor.workspace_id) as uow:
            connection = uow.connections.get()
            if connection.has_key:
                raise Conflict(reason="still_connected")
            removed = uow.billing.erase_all()
            uow.connections.save(Connection(generation=connection.generation + 1))
            self._audit.note(uow, actor, "stripe.data_erased", f"Removed all Stripe data: {removed} rows.")
            uow.commit()
        return removed
