"""Where users, sessions, API tokens and the audit log are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from clynto.domain.moments import UnixMicros
from clynto.domain.roles import Role


@dataclass(frozen=True, slots=True)
class User:
    """``email`` is lower case and unique over the installation."""

    id: str
    workspace_id: str
    email: str
    role: Role
    password_hash: str
    created_at: UnixMicros


@dataclass(frozen=True, slots=True)
class Session:
    """A browser session; only the hash of its token is stored."""

    token_hash: str
    workspace_id: str
    user_id: str
    created_at: UnixMicros
    expires_at: UnixMicros


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token of one workspace; only its hash is stored."""

    id: str
    workspace_id: str
    name: str
    role: Role
    token_hash: str
    created_by: str
    created_at: UnixMicros
    last_used_at: UnixMicros | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what when. ``detail`` is a finished sentence without secrets."""

    id: str
    at: UnixMicros
    actor: str
    action: str
    detail: str


class UserStore(Protocol):
    """The people of one workspace."""

    def add(self, user: User) -> None:
        """Store a new user. Raises ``Conflict`` if the email is taken anywhere."""
        ...

    def get(self, user_id: str) -> User | None:
        """One user."""
        ...

    def save(self, user: User) -> None:
        """Replace a user."""
        ...

    def remove(self, user_id: str) -> None:
        """Delete a user and end all of their sessions."""
        ...

    def all(self) -> Sequence[User]:
        """Everybody, by email."""
        ...

    def lock_owners(self) -> int:
        """How many owners there are, held so that two owners cannot demote each other at once (guarantees K4)."""
        ...

    def end_sessions(self, user_id: str) -> None:
        """End all sessions of a user."""
        ...


class TokenStore(Protocol):
    """The API tokens of one workspace."""

    def add(self, token: ApiToken) -> None:
        """Store a new token."""
        ...

    def get(self, token_id: str) -> ApiToken | None:
        """One token."""
        ...

    def remove(self, token_id: str) -> bool:
        """Revoke; False if there was none."""
        ...

    def all(self) -> Sequence[ApiToken]:
        """Newest first by creation, then by id."""
        ...


class AuditLog(Protocol):
    """Append only."""

    def append(self, entry: AuditEntry) -> None:
        """Write an entry."""
        ...

    def newest(self, *, before: str | None, limit: int) -> Sequence[AuditEntry]:
        """Newest first (by ``at``, then by id), behind the entry id ``before``."""
        ...


class SignInDirectory(Protocol):
    """Finds people and tokens before a workspace is known; each method is one short transaction of its own."""

    def user_by_email(self, email: str) -> User | None:
        """The user with this lower-case email."""
        ...

    def user_of_session(self, token_hash: str, *, at: UnixMicros) -> User | None:
        """The user behind a session that has not ended; it has ended at ``expires_at`` itself."""
        ...

    def start_session(self, session: Session) -> None:
        """Store a session."""
        ...

    def end_session(self, token_hash: str) -> None:
        """End it on the server (guarantees K6)."""
        ...

    def token_by_hash(self, token_hash: str, *, at: UnixMicros) -> ApiToken | None:
        """An API token; notes the use unless the last one noted is less than 60 s ago."""
        ...

    def failed_sign_ins(self, key: str, *, since: UnixMicros) -> int:
        """How many failed tries ``key`` (an email or an address) has from ``since`` on."""
        ...

    def note_failed_sign_in(self, key: str, *, at: UnixMicros) -> None:
        """Count a failed try; those more than a day older are pruned, whatever their key."""
        ...
