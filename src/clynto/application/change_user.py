"""Change a person's role or password."""

from __future__ import annotations

from dataclasses import replace

from clynto.application.actor import Actor
from clynto.application.audit import AuditTrail
from clynto.application.person_details import Findings
from clynto.application.queries.people import Person
from clynto.application.ranks import keep_an_owner, locked_person, revoke_tokens_made_by
from clynto.domain.errors import NotFound
from clynto.domain.roles import Role
from clynto.domain.secret import Secret
from clynto.ports.password_hashing import PasswordHashing
from clynto.ports.people import User
from clynto.ports.unit_of_work import UnitOfWork, UnitsOfWork


class ChangeUser:
    """Owners only."""

    def __init__(self, *, units: UnitsOfWork, hashing: PasswordHashing, audit: AuditTrail) -> None:
        self._units = units
        self._hashing = hashing
        self._audit = audit

    def __call__(
        self, actor: Actor, user_id: str, *, role: Role | None = None, password: Secret | None = None
    ) -> Person:
        """The person afterwards; what is None stays. A new password ends the person's sessions.

        Raises ``Forbidden``, ``NotFound``, ``InvalidInput`` or ``LastOwner``.
        """
        actor.must_be(Role.OWNER)
        if role is not None:
            actor.must_be(role)
        # Hashing takes long on purpose, so it is done before the owners are locked.
        password_hash = None if password is None else self._hash(actor, user_id, password)
        with self._units.writing(actor.workspace_id) as uow:
            person, owners = locked_person(uow, actor, user_id)
            if role is not None and role is not person.role:
                person = self._change_role(uow, actor, person, role, owners)
            if password_hash is not None:
                person = self._change_password(uow, actor, person, password_hash)
            uow.commit()
        return Person.of(person)

    def _hash(self, actor: Actor, user_id: str, password: Secret) -> str:
        with self._units.reading(actor.workspace_id) as uow:
            person = uow.users.get(user_id)
        if person is None:
            raise NotFound
        findings = Findings()
        findings.password("password", password, email=person.email)
        findings.raise_if_any()
        return self._hashing.hash(password)

    def _change_role(self, uow: UnitOfWork, actor: Actor, person: User, role: Role, owners: int) -> User:
        keep_an_owner(person, owners, role)
        changed = replace(person, role=role)
        uow.users.save(changed)
        revoked = revoke_tokens_made_by(uow, person.id, still_allowed=role)
        detail = f"Changed {person.email} from {person.role.value} to {role.value}; {revoked} API tokens revoked."
        self._audit.note(uow, actor, "people.role_changed", detail)
        return changed

    def _change_password(self, uow: UnitOfWork, actor: Actor, person: User, password_hash: str) -> User:
        changed = replace(person, password_hash=password_hash)
        uow.users.save(changed)
        uow.users.end_sessions(person.id)
        self._audit.note(uow, actor, "people.password_changed", f"Set a new password for {person.email}.")
        return changed
