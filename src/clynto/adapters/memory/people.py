"""Users, API tokens and the audit log in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from clynto.adapters.memory.database import Records, Transaction
from clynto.domain.errors import Conflict
from clynto.domain.roles import Role
from clynto.ports.people import ApiToken, AuditEntry, User


def refuse_taken_email(workspaces: Iterable[Records], user: User) -> None:
    """Raise ``Conflict`` if another user of any workspace has the email of ``user``."""
    for records in workspaces:
        if any(other.email == user.email and other.id != user.id for other in records.users.values()):
            raise Conflict(reason="email_taken")


class MemoryUserStore:
    """See ``ports.people.UserStore``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add(self, user: User) -> None:
        """Store a new user. Raises ``Conflict`` if the email is taken anywhere."""
        self._refuse_taken_email(user)
        self._transaction.changing().users[user.id] = user

    def get(self, user_id: str) -> User | None:
        """One user."""
        return self._transaction.records.users.get(user_id)

    def save(self, user: User) -> None:
        """Replace a user."""
        if user.id in self._transaction.records.users:
            self._refuse_taken_email(user)
            self._transaction.changing().users[user.id] = user

    def remove(self, user_id: str) -> None:
        """Delete a user and end all of their sessions."""
        self._transaction.changing().users.pop(user_id, None)
        self.end_sessions(user_id)

    def all(self) -> Sequence[User]:
        """Everybody, by email."""
        return sorted(self._transaction.records.users.values(), key=lambda user: user.email)

    def lock_owners(self) -> int:
        """How many owners there are; the one writer is the lock."""
        return sum(user.role is Role.OWNER for user in self._transaction.changing().users.values())

    def end_sessions(self, user_id: str) -> None:
        """End all sessions of a user."""
        records = self._transaction.changing()
        records.sessions = {key: held for key, held in records.sessions.items() if held.user_id != user_id}

    def _refuse_taken_email(self, user: User) -> None:
        others = self._transaction.database.workspaces()
        others[self._transaction.workspace_id] = self._transaction.records
        refuse_taken_email(others.values(), user)


class MemoryTokenStore:
    """See ``ports.people.TokenStore``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add(self, token: ApiToken) -> None:
        """Store a new token."""
        self._transaction.changing().tokens[token.id] = token

    def get(self, token_id: str) -> ApiToken | None:
        """One token."""
        return self._transaction.records.tokens.get(token_id)

    def remove(self, token_id: str) -> bool:
        """Revoke; False if there was none."""
        return self._transaction.changing().tokens.pop(token_id, None) is not None

    def all(self) -> Sequence[ApiToken]:
        """Newest first."""
        tokens = self._transaction.records.tokens.values()
        return sorted(tokens, key=lambda token: (token.created_at, token.id), reverse=True)


class MemoryAuditLog:
    """See ``ports.people.AuditLog``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def append(self, entry: AuditEntry) -> None:
        """Write an entry. Raises ``ValueError`` for an id that is there: the log is append only."""
        records = self._transaction.changing()
        if entry.id in records.audit_log:
            raise ValueError(f"{entry.id} is written already")
        records.audit_log[entry.id] = entry

    def newest(self, *, before: str | None, limit: int) -> Sequence[AuditEntry]:
        """Newest first, behind the entry id ``before``."""
        log = self._transaction.records.audit_log
        ordered = sorted(log.values(), key=lambda entry: (entry.at, entry.id), reverse=True)
        if before is not None:
            last = log.get(before)
            ordered = [] if last is None else [e for e in ordered if (e.at, e.id) < (last.at, last.id)]
        return ordered[:limit]
