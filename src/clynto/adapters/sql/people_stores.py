"""Users, API tokens and the audit log of one workspace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, insert, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from clynto.adapters.sql.documents import clean_text
from clynto.adapters.sql.faults import breaks_unique
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables_people import ONE_EMAIL, api_tokens, audit_log, sessions, users
from clynto.domain.errors import Conflict
from clynto.domain.moments import UnixMicros
from clynto.domain.roles import Role
from clynto.ports.people import ApiToken, AuditEntry, User


class SqlUserStore:
    """See ``ports.people.UserStore``."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def add(self, user: User) -> None:
        """Store a new user. Raises ``Conflict`` if the email is taken anywhere."""
        dialect = postgresql if self._scope.connection.dialect.name == "postgresql" else sqlite
        values = {"workspace_id": self._scope.workspace_id, "id": user.id, **_user_values(user)}
        # Only the uniqueness of the email is forgiven; anything else that is wrong still raises (guarantees F5).
        statement = dialect.insert(users).values(values).on_conflict_do_nothing(index_elements=[users.c.email])
        if self._scope.connection.execute(statement.returning(users.c.id)).first() is None:
            raise Conflict(reason="email_taken")

    def get(self, user_id: str) -> User | None:
        """One user."""
        row = self._scope.connection.execute(select(users).where(self._scope.one(users, id=user_id))).one_or_none()
        return None if row is None else user_of(row)

    def save(self, user: User) -> None:
        """Replace a user. Raises ``Conflict`` if the email is taken anywhere."""
        statement = update(users).where(self._scope.one(users, id=user.id)).values(_user_values(user))
        try:
            with self._scope.connection.begin_nested():
                self._scope.connection.execute(statement)
        except IntegrityError as fault:
            if breaks_unique(fault, str(ONE_EMAIL.name), "users.email"):
                raise Conflict(reason="email_taken") from fault
            raise

    def remove(self, user_id: str) -> None:
        """Delete a user and end all of their sessions."""
        self.end_sessions(user_id)
        self._scope.connection.execute(delete(users).where(self._scope.one(users, id=user_id)))

    def all(self) -> Sequence[User]:
        """Everybody, by email."""
        query = select(users).where(self._scope.here(users)).order_by(users.c.email)
        return [user_of(row) for row in self._scope.connection.execute(query)]

    def lock_owners(self) -> int:
        """How many owners there are, held so that two owners cannot demote each other at once (guarantees K4)."""
        query = (
            select(users.c.id)
            .where(self._scope.one(users, role=Role.OWNER.value))
            .order_by(users.c.id)
            .with_for_update()
        )
        return len(self._scope.connection.execute(query).all())

    def end_sessions(self, user_id: str) -> None:
        """End all sessions of a user."""
        self._scope.connection.execute(delete(sessions).where(self._scope.one(sessions, user_id=user_id)))


class SqlTokenStore:
    """See ``ports.people.TokenStore``."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def add(self, token: ApiToken) -> None:
        """Store a new token."""
        values = {
            "workspace_id": self._scope.workspace_id,
            "id": token.id,
            "name": clean_text(token.name),
            "role": token.role.value,
            "token_hash": token.token_hash,
            "created_by": token.created_by,
            "created_at": token.created_at,
            "last_used_at": token.last_used_at,
        }
        self._scope.connection.execute(insert(api_tokens).values(values))

    def get(self, token_id: str) -> ApiToken | None:
        """One token."""
        query = select(api_tokens).where(self._scope.one(api_tokens, id=token_id))
        row = self._scope.connection.execute(query).one_or_none()
        return None if row is None else token_of(row)

    def remove(self, token_id: str) -> bool:
        """Revoke; False if there was none."""
        statement = delete(api_tokens).where(self._scope.one(api_tokens, id=token_id))
        return self._scope.connection.execute(statement).rowcount > 0

    def all(self) -> Sequence[ApiToken]:
        """Newest first."""
        query = (
            select(api_tokens)
            .where(self._scope.here(api_tokens))
            .order_by(api_tokens.c.created_at.desc(), api_tokens.c.id.desc())
        )
        return [token_of(row) for row in self._scope.connection.execute(query)]


class SqlAuditLog:
    """See ``ports.people.AuditLog``."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def append(self, entry: AuditEntry) -> None:
        """Write an entry."""
        values = {
            "workspace_id": self._scope.workspace_id,
            "id": entry.id,
            "at": entry.at,
            "actor": clean_text(entry.actor),
            "action": entry.action,
            "detail": clean_text(entry.detail),
        }
        self._scope.connection.execute(insert(audit_log).values(values))

    def newest(self, *, before: str | None, limit: int) -> Sequence[AuditEntry]:
        """Newest first, behind the entry id ``before``."""
        query = select(audit_log).where(self._scope.here(audit_log))
        if before is not None:
            place = select(audit_log.c.at).where(self._scope.one(audit_log, id=before))
            at = self._scope.connection.scalar(place)
            if at is None:
                return []
            query = query.where(tuple_(audit_log.c.at, audit_log.c.id) < tuple_(at, before))
        query = query.order_by(audit_log.c.at.desc(), audit_log.c.id.desc()).limit(limit)
        return [
            AuditEntry(row.id, UnixMicros(row.at), row.actor, row.action, row.detail)
            for row in self._scope.connection.execute(query)
        ]


def user_of(row: Row[Any]) -> User:
    """The user of a row."""
    return User(row.id, row.workspace_id, row.email, Role(row.role), row.password_hash, UnixMicros(row.created_at))


def token_of(row: Row[Any]) -> ApiToken:
    """The token of a row."""
    return ApiToken(
        id=row.id,
        workspace_id=row.workspace_id,
        name=row.name,
        role=Role(row.role),
        token_hash=row.token_hash,
        created_by=row.created_by,
        created_at=UnixMicros(row.created_at),
        last_used_at=None if row.last_used_at is None else UnixMicros(row.last_used_at),
    )


def _user_values(user: User) -> dict[str, Any]:
    return {
        "email": clean_text(user.email),
        "role": user.role.value,
        "password_hash": user.password_hash,
        "created_at": user.created_at,
    }
