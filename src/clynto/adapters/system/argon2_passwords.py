"""``PasswordHashing`` with argon2id."""

from __future__ import annotations

import secrets
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from clynto.domain.secret import Secret


class Argon2Passwords:
    """Parameters default to RFC 9106's second recommendation (64 MiB, 3 passes, 4 lanes); memory is in KiB.

    The cost is stored in each hash, so raising it later leaves old hashes valid.
    """

    def __init__(self, *, passes: int = 3, memory_kib: int = 65_536, lanes: int = 4) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=lanes)

    @cached_property
    def _nobody(self) -> str:
        """Nobody knows its password; it makes an unknown user cost as much as a known one (guarantees K7)."""
        return self._hasher.hash(secrets.token_bytes(32))

    def hash(self, password: Secret) -> str:
        """The encoded hash to store."""
        return self._hasher.hash(_bytes(password))

    def verify(self, encoded: str | None, password: Secret) -> bool:
        """Whether ``password`` fits. ``encoded`` None (no such user) costs as much time and is False."""
        # Asked for in any case: made at the first sign-in of a process, whoever that is, it tells of nobody.
        nobody = self._nobody
        try:
            self._hasher.verify(nobody if encoded is None else encoded, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False
        return encoded is not None


def _bytes(password: Secret) -> bytes:
    return password.reveal().encode("utf-8", "surrogatepass")
