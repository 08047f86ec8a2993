"""Passwords at rest."""

from typing import Protocol

from clynto.domain.secret import Secret


class PasswordHashing(Protocol):
    """Slow, salted hashing (argon2id)."""

    def hash(self, password: Secret) -> str:
        """The encoded hash to store."""
        ...

    def verify(self, encoded: str | None, password: Secret) -> bool:
        """Whether ``password`` fits. What is no encoded hash never fits.

        ``encoded`` None (no such user) costs as much time and is False.
        """
        ...
