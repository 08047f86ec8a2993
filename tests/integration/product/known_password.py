"""The password of everybody in the tests, hashed once: argon2id is meant to be slow, which need not be paid each time.
The hash is a real one, so that everybody can sign in to the running product."""

from __future__ import annotations

from functools import cache

from clynto.adapters.system.argon2_passwords import Argon2Passwords
from clynto.domain.secret import Secret


class HashedOnce:
    """See ``ports.password_hashing.PasswordHashing``: argon2id at the product's cost, paid once for each password."""

    def hash(self, password: Secret) -> str:
        """The encoded hash."""
        return _hash_of(password.reveal())

    def verify(self, encoded: str | None, password: Secret) -> bool:
        """Whether ``password`` fits."""
        return _argon2().verify(encoded, password)


@cache
def _argon2() -> Argon2Passwords:
    return Argon2Passwords()


@cache
def _hash_of(password: str) -> str:
    return _argon2().hash(Secret(password))
