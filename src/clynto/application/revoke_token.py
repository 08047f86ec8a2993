"""Make an API token worthless."""

from __future__ import annotations

from clynto.application.actor import Actor
from clynto.application.audit import AuditTrail
from clynto.domain.errors import NotFound
from clynto.domain.roles import Role
from clynto.ports.unit_of_work import UnitsOfWork


class RevokeToken:
    """Admins and owners, up to their own rank."""

    def __init__(self, *, units: UnitsOfWork, audit: AuditTrail) -> None:
        self._units = units
        self._audit = audit

    def __call__(self, actor: Actor, token_id: str) -> None:
        """Raises ``Forbidden`` or ``NotFound``."""
        actor.must_be(Role.ADMIN)
        with self._units.writing(actor.workspace_id) as uow:
            token = uow.tokens.get(token_id)
            if token is None:
                raise NotFound
            actor.must_be(token.role)
            uow.tokens.remove(token_id)
            self._audit.note(uow, actor, "tokens.revoked", f"Revoked the API token “{token.name}”.")
            uow.commit()
