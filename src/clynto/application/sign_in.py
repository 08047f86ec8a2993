"""Prove who you are with email and password, and get a session."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from clynto.application.actor import Actor
from clynto.application.attempt_limit import AttemptLimit, network_of
from clynto.application.audit import AuditTrail
from clynto.application.person_details import is_email, normalised_email
from clynto.application.token_fingerprint import fingerprint
from clynto.domain.errors import SignInRefused
from clynto.domain.moments import MICROS_PER_SECOND, UnixMicros
from clynto.domain.secret import Secret
from clynto.ports.clock import Clock
from clynto.ports.identifiers import Identifiers
from clynto.ports.password_hashing import PasswordHashing
from clynto.ports.people import Session, SignInDirectory, User
from clynto.ports.unit_of_work import UnitsOfWork

FAILURES_PER_ACCOUNT_AND_PLACE = 9
"""The tenth try in a quarter of an hour is refused unseen (guarantees K7)."""

FAILURES_PER_PLACE = 50
"""Over all accounts: room for an office behind one address, none for trying a list of accounts."""

SESSION_SECONDS = 14 * 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class StartedSession:
    """``token`` goes into the browser's cookie and is stored nowhere else."""

    token: Secret
    actor: Actor
    expires_at: UnixMicros


class SignIn:
    """The limit counts account and place together, so whoever guesses elsewhere does not lock the owner out."""

    def __init__(
        self,
        *,
        directory: SignInDirectory,
        units: UnitsOfWork,
        hashing: PasswordHashing,
        clock: Clock,
        identifiers: Identifiers,
        audit: AuditTrail,
    ) -> None:
        self._directory = directory
        self._units = units
        self._hashing = hashing
        self._clock = clock
        self._identifiers = identifiers
        self._audit = audit
        self._limit = AttemptLimit(directory, clock)

    def __call__(self, *, email: str, password: Secret, address: str) -> StartedSession:
        """A new session. ``address`` is the true one of the caller, never one a caller can choose.

        Raises ``TooManyAttempts`` or ``SignInRefused``; an unknown email costs as much time as a wrong password.
        """
        wanted = normalised_email(email)
        limits = _limits(wanted, network_of(address))
        self._limit.check(limits)
        # Whatever cannot be an address is nobody's, and need not be a text that a database can take.
        user = self._directory.user_by_email(wanted) if is_email(wanted) else None
        fits = self._hashing.verify(user.password_hash if user else None, password)
        if user is None or not fits:
            self._limit.note_failure(limits)
            raise SignInRefused
        return self._start(user)

    def _start(self, user: User) -> StartedSession:
        token = Secret(self._identifiers.new_token())
        now = self._clock.now()
        expires_at = UnixMicros(now + SESSION_SECONDS * MICROS_PER_SECOND)
        self._directory.start_session(Session(fingerprint(token), user.workspace_id, user.id, now, expires_at))
        actor = Actor(user.workspace_id, user.role, user.email, user.id)
        with self._units.writing(user.workspace_id) as uow:
            self._audit.note(uow, actor, "people.signed_in", "Signed in.")
            uow.commit()
        return StartedSession(token, actor, expires_at)


def _limits(email: str, network: str) -> dict[str, int]:
    # Hashed, because what was typed may be of any length, and may be a password in the wrong field.
    account = hashlib.sha256(f"{email} {network}".encode("utf-8", "surrogatepass")).hexdigest()
    return {f"account-and-place:{account}": FAILURES_PER_ACCOUNT_AND_PLACE, f"place:{network}": FAILURES_PER_PLACE}
