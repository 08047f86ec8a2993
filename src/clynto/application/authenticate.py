"""Who acts: from a session or API token to an ``Actor``, looked up anew for every request (guarantees K5)."""

from __future__ import annotations

from dataclasses import dataclass

from clynto.application.actor import Actor
from clynto.application.token_fingerprint import fingerprint
from clynto.domain.errors import NotSignedIn
from clynto.domain.secret import Secret
from clynto.ports.clock import Clock
from clynto.ports.people import SignInDirectory

USER_ID_KIND = "usr"


@dataclass(frozen=True, slots=True)
class SessionCredential:
    """The token of a browser session."""

    token: Secret


@dataclass(frozen=True, slots=True)
class BearerCredential:
    """An API token."""

    token: Secret


class Authenticate:
    """Roles are read from the store each time, so a demotion holds from the next request."""

    def __init__(self, *, directory: SignInDirectory, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock

    def __call__(self, credential: SessionCredential | BearerCredential) -> Actor:
        """The actor behind ``credential``. Raises ``NotSignedIn``."""
        if isinstance(credential, BearerCredential):
            return self._by_token(credential.token)
        user = self._directory.user_of_session(fingerprint(credential.token), at=self._clock.now())
        if user is None:
            raise NotSignedIn
        return Actor(user.workspace_id, user.role, user.email, user.id)

    def _by_token(self, secret: Secret) -> Actor:
        token = self._directory.token_by_hash(fingerprint(secret), at=self._clock.now())
        if token is None:
            raise NotSignedIn
        # The person who answers for a token is whoever made it; tokens made with it are theirs as well, so that
        # all of them go when the person goes.
        maker = token.created_by if token.created_by.startswith(f"{USER_ID_KIND}_") else None
        return Actor(token.workspace_id, token.role, f"token: {token.name}", maker)
