"""Finding people and tokens in memory, before a workspace is known."""

from __future__ import annotations

from dataclasses import replace

from clynto.adapters.memory.database import MemoryDatabase
from clynto.domain.moments import MICROS_PER_SECOND, UnixMicros
from clynto.ports.people import ApiToken, Session, User

USE_IS_NOTED_EVERY = 60 * MICROS_PER_SECOND
TRIES_ARE_KEPT_FOR = 24 * 60 * 60 * MICROS_PER_SECOND


class MemorySignInDirectory:
    """See ``ports.people.SignInDirectory``."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    def user_by_email(self, email: str) -> User | None:
        """The user with this lower-case email."""
        everybody = (user for records in self._database.workspaces().values() for user in records.users.values())
        return next((user for user in everybody if user.email == email), None)

    def user_of_session(self, token_hash: str, *, at: UnixMicros) -> User | None:
        """The user behind a session that has not ended."""
        for records in self._database.workspaces().values():
            session = records.sessions.get(token_hash)
            if session is not None and at < session.expires_at:
                return records.users.get(session.user_id)
        return None

    def start_session(self, session: Session) -> None:
        """Store a session."""
        with self._database.change(session.workspace_id) as records:
            records.sessions[session.token_hash] = session

    def end_session(self, token_hash: str) -> None:
        """End it."""
        for workspace_id, held in self._database.workspaces().items():
            if token_hash in held.sessions:
                with self._database.change(workspace_id) as records:
                    records.sessions.pop(token_hash, None)

    def token_by_hash(self, token_hash: str, *, at: UnixMicros) -> ApiToken | None:
        """An API token; notes the use, at most once a minute."""
        everyone = (token for records in self._database.workspaces().values() for token in records.tokens.values())
        token = next((token for token in everyone if token.token_hash == token_hash), None)
        if token is None or (token.last_used_at is not None and at - token.last_used_at < USE_IS_NOTED_EVERY):
            return token
        with self._database.change(token.workspace_id) as records:
            if token.id not in records.tokens:
                return None
            used = replace(records.tokens[token.id], last_used_at=at)
            records.tokens[token.id] = used
        return used

    def failed_sign_ins(self, key: str, *, since: UnixMicros) -> int:
        """How many failed tries ``key`` has since then."""
        return sum(tried == key and at >= since for tried, at in self._database.failed_sign_ins)

    def note_failed_sign_in(self, key: str, *, at: UnixMicros) -> None:
        """Count a failed try; old ones are pruned."""
        with self._database.writing():
            kept = [(tried, then) for tried, then in self._database.failed_sign_ins if at - then <= TRIES_ARE_KEPT_FOR]
            self._database.failed_sign_ins = [*kept, (key, at)]
