"""Take a person's access away."""

from __future__ import annotations

from clynto.application.actor import Actor
from clynto.application.audit import AuditTrail
from clynto.application.ranks import keep_an_owner, locked_person, revoke_tokens_made_by
from clynto.domain.roles import Role
from clynto.ports.unit_of_work import UnitsOfWork


class RemoveUser:
    """Owners only. Sessions and API tokens of the person go as well."""

    def __init__(self, *, units: UnitsOfWork, audit: AuditTrail) -> None:
        self._units = units
        self._audit = audit

    def __call__(self, actor: Actor, user_id: str) -> None:
        """Raises ``Forbidden``, ``NotFound`` or ``LastOwner``."""
        actor.must_be(Role.OWNER)
        with self._units.writing(actor.workspace_id) as uow:
            person, owners = locked_person(uow, actor, user_id)
            keep_an_owner(person, owners, None)
            revoked = revoke_tokens_made_by(uow, user_id, still_allowed=None)
            uow.users.remove(user_id)
            detail = f"Removed {person.email}; {revoked} API tokens revoked."
            self._audit.note(uow, actor, "people.removed", detail)
            uow.commit()
