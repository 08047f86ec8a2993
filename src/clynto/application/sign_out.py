"""End a browser session on the server, so that its cookie is worth nothing afterwards (guarantees K6)."""

from __future__ import annotations

from clynto.application.token_fingerprint import fingerprint
from clynto.domain.secret import Secret
from clynto.ports.people import SignInDirectory


class SignOut:
    """Needs no role: whoever holds a session may end it."""

    def __init__(self, *, directory: SignInDirectory) -> None:
        self._directory = directory

    def __call__(self, token: Secret) -> None:
        """End the session of ``token``, if there is one."""
        self._directory.end_session(fingerprint(token))
