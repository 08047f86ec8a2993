"""Change one's own password, having proven the current one."""

from __future__ import annotations

from dataclasses import replace

from clynto.application.actor import Actor
from clynto.application.attempt_limit import AttemptLimit
from clynto.application.audit import AuditTrail
from clynto.application.person_details import Findings
from clynto.domain.errors import NotFound
from clynto.domain.secret import Secret
from clynto.ports.clock import Clock
from clynto.ports.password_hashing import PasswordHashing
from clynto.ports.people import SignInDirectory, User
from clynto.ports.unit_of_work import UnitsOfWork

FAILURES_PER_PERSON = 9
"""Whoever finds a browser signed in may not guess the password there without end (guarantees K7)."""


class ChangeOwnPassword:
    """For everybody who signed in with a password; API tokens are no persons."""

    def __init__(
        self,
        *,
        directory: SignInDirectory,
        units: UnitsOfWork,
        hashing: PasswordHashing,
        clock: Clock,
        audit: AuditTrail,
    ) -> None:
        self._units = units
        self._hashing = hashing
        self._audit = audit
        self._limit = AttemptLimit(directory, clock)

    def __call__(self, actor: Actor, *, current: Secret, new: Secret) -> None:
        """Store the new password and end all sessions of the person, the one at hand included.

        Raises ``InvalidInput`` (``current_password``, ``new_password``), ``TooManyAttempts``, or ``NotFound`` for
        whoever is no person.
        """
        person = self._person(actor)
        limits = {f"own-password:{person.id}": FAILURES_PER_PERSON}
        self._limit.check(limits)
        findings = Findings()
        if not self._hashing.verify(person.password_hash, current):
            self._limit.note_failure(limits)
            findings.add("current_password", "This is not your current password.")
        findings.password("new_password", new, email=person.email)
        if new == current:
            findings.add("new_password", "Choose another password than the current one.")
        findings.raise_if_any()
        # Hashing takes long on purpose, so it is done before anything is locked.
        password_hash = self._hashing.hash(new)
        with self._units.writing(actor.workspace_id) as uow:
            held = uow.users.get(person.id)
            if held is None:
                raise NotFound
            uow.users.save(replace(held, password_hash=password_hash))
            uow.users.end_sessions(held.id)
            self._audit.note(uow, actor, "people.password_changed", "Changed their own password.")
            uow.commit()

    def _person(self, actor: Actor) -> User:
        if actor.user_id is None:
            raise NotFound
        with self._units.reading(actor.workspace_id) as uow:
            person = uow.users.get(actor.user_id)
        if person is None:
            raise NotFound
        return person
