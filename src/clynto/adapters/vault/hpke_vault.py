"""Sealing and opening with HPKE (RFC 9180): DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305.

Workspace, purpose and key version are HPKE's ``info``, so a ciphertext that is copied to another row, column or key
version does not open (guarantees J6). Base mode authenticates nobody: whoever can write the database can replace a
credential by one of their own, but can read none.

Keys are read from their files again when a file was replaced, so a rotation reaches running processes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from clynto.adapters.vault.key_files import (
    VaultKeysUnusable,
    fingerprint_of_file,
    read_private,
    read_public,
)
from clynto.domain.errors import CredentialUnreadable
from clynto.domain.secret import Secret
from clynto.ports.vault import Purpose, SealedCredential

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
_Keys = TypeVar("_Keys")


class _KeptFile(Generic[_Keys]):
    """The content of a key file, read again when the file was replaced."""

    def __init__(self, path: Path, read: Callable[[Path], _Keys]) -> None:
        self._path = path
        self._read = read
        self._lock = Lock()
        self._seen = fingerprint_of_file(path)
        self._keys = read(path)

    def keys(self) -> _Keys:
        """The present keys. Raises ``VaultKeysUnusable`` if the new file cannot be used."""
        with self._lock:
            seen = fingerprint_of_file(self._path)
            if seen != self._seen:
                self._keys = self._read(self._path)
                self._seen = seen
            return self._keys


class HpkeSealer:
    """Implements ``CredentialSealer`` with the public key file alone.

    Raises ``VaultKeysUnusable`` when it is made and the file cannot be used.
    """

    def __init__(self, public_file: Path) -> None:
        self._public = _KeptFile(public_file, read_public)

    def seal(self, secret: Secret, *, workspace_id: str, purpose: Purpose) -> SealedCredential:
        """Seal to the newest public key of ``purpose``."""
        keys = self._public.keys()
        version = keys.newest(purpose)
        ciphertext = _SUITE.encrypt(
            secret.reveal().encode("utf-8", "surrogatepass"),
            keys.by_purpose[purpose][version],
            info=_context(workspace_id, purpose, version),
        )
        return SealedCredential(ciphertext, version)


class HpkeOpener:
    """Implements ``CredentialOpener`` for the purposes whose private key files it is given.

    Raises ``VaultKeysUnusable`` when it is made and a file cannot be used.
    """

    def __init__(self, public_file: Path, private_files: Mapping[Purpose, Path]) -> None:
        self._public = _KeptFile(public_file, read_public)
        self._private = {
            purpose: _KeptFile(path, partial(read_private, purpose=purpose)) for purpose, path in private_files.items()
        }

    def open(self, sealed: SealedCredential, *, workspace_id: str, purpose: Purpose) -> Secret:
        """The credential. Raises ``CredentialUnreadable`` for a wrong workspace, purpose, key or damaged bytes."""
        kept = self._private.get(purpose)
        if kept is None:
            raise CredentialUnreadable(purpose=purpose.value)
        try:
            key = kept.keys().by_version.get(sealed.key_version)
        except VaultKeysUnusable:
            raise CredentialUnreadable(purpose=purpose.value) from None
        if key is None:
            raise CredentialUnreadable(purpose=purpose.value)
        try:
            plain = _SUITE.decrypt(sealed.ciphertext, key, info=_context(workspace_id, purpose, sealed.key_version))
            return Secret(plain.decode("utf-8", "surrogatepass"))
        except (InvalidTag, ValueError):
            raise CredentialUnreadable(purpose=purpose.value) from None

    def needs_resealing(self, sealed: SealedCredential, *, purpose: Purpose) -> bool:
        """Whether it was sealed to a key version older than the newest."""
        return sealed.key_version < self._public.keys().newest(purpose)


def _context(workspace_id: str, purpose: Purpose, version: int) -> bytes:
    """Each part with its length before it, so that no two contexts share their bytes."""
    parts = ("clynto vault 1", workspace_id, purpose.value, str(version))
    encoded = [part.encode("utf-8", "surrogatepass") for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)
