"""Finding people and tokens before a workspace is known: with ``SqlStalledRuns`` the only look across workspaces."""

from __future__ import annotations

from sqlalchemy import Engine, and_, delete, func, insert, select, update

from clynto.adapters.sql.documents import clean_text
from clynto.adapters.sql.people_stores import token_of, user_of
from clynto.adapters.sql.tables_people import api_tokens, failed_sign_ins, sessions, users
from clynto.adapters.sql.transactions import transaction
from clynto.domain.moments import MICROS_PER_SECOND, UnixMicros
from clynto.ports.people import ApiToken, Session, User

_A_MINUTE = 60 * MICROS_PER_SECOND
_REMEMBERED = 24 * 60 * _A_MINUTE
"""Failed tries older than a day are pruned; no limit looks back further."""


class SqlSignInDirectory:
    """See ``ports.people.SignInDirectory``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def user_by_email(self, email: str) -> User | None:
        """The user with this lower-case email."""
        with transaction(self._engine, writing=False) as connection:
            row = connection.execute(select(users).where(users.c.email == clean_text(email))).one_or_none()
        return None if row is None else user_of(row)

    def user_of_session(self, token_hash: str, *, at: UnixMicros) -> User | None:
        """The user behind a session that has not ended."""
        same_person = and_(users.c.workspace_id == sessions.c.workspace_id, users.c.id == sessions.c.user_id)
        query = (
            select(users)
            .join(sessions, same_person)
            .where(sessions.c.token_hash == clean_text(token_hash), sessions.c.expires_at > at)
        )
        with transaction(self._engine, writing=False) as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else user_of(row)

    def start_session(self, session: Session) -> None:
        """Store a session."""
        values = {
            "workspace_id": session.workspace_id,
            "token_hash": session.token_hash,
            "user_id": session.user_id,
            "created_at": session.created_at,
            "expires_at": session.expires_at,
        }
        over = and_(
            sessions.c.workspace_id == session.workspace_id,
            sessions.c.user_id == session.user_id,
            sessions.c.expires_at <= session.created_at,
        )
        with transaction(self._engine, writing=True) as connection:
            connection.execute(delete(sessions).where(over))
            connection.execute(insert(sessions).values(values))

    def end_session(self, token_hash: str) -> None:
        """End it on the server (guarantees K6)."""
        with transaction(self._engine, writing=True) as connection:
            connection.execute(delete(sessions).where(sessions.c.token_hash == clean_text(token_hash)))

    def token_by_hash(self, token_hash: str, *, at: UnixMicros) -> ApiToken | None:
        """An API token; notes the use (at most once a minute is written)."""
        query = select(api_tokens).where(api_tokens.c.token_hash == clean_text(token_hash))
        with transaction(self._engine, writing=False) as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        token = token_of(row)
        if token.last_used_at is not None and at - token.last_used_at < _A_MINUTE:
            return token
        with transaction(self._engine, writing=True) as connection:
            used = connection.execute(
                update(api_tokens)
                .where(api_tokens.c.workspace_id == token.workspace_id, api_tokens.c.id == token.id)
                .values(last_used_at=at)
                .returning(api_tokens)
            ).one_or_none()
        # Revoked between the two transactions: then it is no token any more.
        return None if used is None else token_of(used)

    def failed_sign_ins(self, key: str, *, since: UnixMicros) -> int:
        """How many failed tries ``key`` (an email or an address) has since then."""
        query = (
            select(func.count())
            .select_from(failed_sign_ins)
            .where(failed_sign_ins.c.tried_as == _bounded(key), failed_sign_ins.c.at >= since)
        )
        with transaction(self._engine, writing=False) as connection:
            return connection.scalar(query) or 0

    def note_failed_sign_in(self, key: str, *, at: UnixMicros) -> None:
        """Count a failed try; old ones are pruned."""
        with transaction(self._engine, writing=True) as connection:
            connection.execute(delete(failed_sign_ins).where(failed_sign_ins.c.at < at - _REMEMBERED))
            connection.execute(insert(failed_sign_ins).values(tried_as=_bounded(key), at=at))


def _bounded(key: str) -> str:
    """Whatever somebody types into the email field must fit into an index."""
    return clean_text(key)[:320]
