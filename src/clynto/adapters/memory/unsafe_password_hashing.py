"""Password hashing that costs nothing, so that tests are fast."""

from __future__ import annotations

import hashlib
import hmac
import itertools

from clynto.domain.secret import Secret

_PREFIX = "unsafe-sha256"


class UnsafePasswordHashing:
    """See ``ports.password_hashing.PasswordHashing``. One round with a counted salt: it protects nothing."""

    def __init__(self) -> None:
        self._salts = itertools.count(1)

    def hash(self, password: Secret) -> str:
        """The encoded hash."""
        return _encoded(str(next(self._salts)), password)

    def verify(self, encoded: str | None, password: Secret) -> bool:
        """Whether ``password`` fits."""
        parts = (encoded or "").split("$")
        if encoded is None or len(parts) != 3 or parts[0] != _PREFIX:
            return False
        return hmac.compare_digest(encoded, _encoded(parts[1], password))


def _encoded(salt: str, password: Secret) -> str:
    digest = hashlib.sha256(f"{salt}${password.reveal()}".encode("utf-8", "surrogatepass")).hexdigest()
    return f"{_PREFIX}${salt}${digest}"
