"""Give a person access to the workspace."""

from __future__ import annotations

from clynto.application.actor import Actor
from clynto.application.audit import AuditTrail
from clynto.application.authenticate import USER_ID_KIND
from clynto.application.person_details import Findings
from clynto.application.queries.people import Person
from clynto.domain.roles import Role
from clynto.domain.secret import Secret
from clynto.ports.clock import Clock
from clynto.ports.identifiers import Identifiers
from clynto.ports.password_hashing import PasswordHashing
from clynto.ports.people import User
from clynto.ports.unit_of_work import UnitsOfWork


class AddUser:
    """Owners only."""

    def __init__(
        self,
        *,
        units: UnitsOfWork,
        hashing: PasswordHashing,
        clock: Clock,
        identifiers: Identifiers,
        audit: AuditTrail,
    ) -> None:
        self._units = units
        self._hashing = hashing
        self._clock = clock
        self._identifiers = identifiers
        self._audit = audit

    def __call__(self, actor: Actor, *, email: str, role: Role, password: Secret) -> Person:
        """The new person. Raises ``Forbidden``, ``InvalidInput``, or ``Conflict`` if the email is taken."""
        actor.must_be(Role.OWNER)
        actor.must_be(role)
        findings = Findings()
        address = findings.email("email", email)
        findings.password("password", password, email=address)
        findings.raise_if_any()
        user = User(
            id=self._identifiers.new_id(USER_ID_KIND),
            workspace_id=actor.workspace_id,
            email=address,
            role=role,
            password_hash=self._hashing.hash(password),
            created_at=self._clock.now(),
        )
        with self._units.writing(actor.workspace_id) as uow:
            uow.users.add(user)
            self._audit.note(uow, actor, "people.added", f"Added {address} as {role.value}.")
            uow.commit()
        return Person.of(user)
