"""Making, rotating and retiring the vault's keys (guarantees J4, J5).

Rotation adds a version and changes nothing that is sealed. Re-sealing is a use case of its own (``needs_resealing``,
``open``, ``seal``) and may be interrupted anywhere, because all versions open until they are retired. A private key
is always on disk before its public half invites anybody to seal to it, and goes only after the public half has gone.
"""

from __future__ import annotations

import fcntl
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from clynto.adapters.vault.key_files import (
    PrivateKeys,
    PublicKeys,
    VaultKeysUnusable,
    make_folder,
    read_private,
    read_public,
    write_private,
    write_public,
)
from clynto.ports.vault import Purpose


@dataclass(frozen=True, slots=True)
class KeyCustody:
    """The complete set of key files, as the machine has them that makes and rotates keys."""

    public_file: Path
    stripe_key_file: Path
    webhook_key_file: Path

    def private_file(self, purpose: Purpose) -> Path:
        """Where the private keys of ``purpose`` lie."""
        return self.stripe_key_file if purpose is Purpose.STRIPE_API_KEY else self.webhook_key_file

    def initialise(self) -> bool:
        """Make version 1 of every key pair. False if a complete set is there already.

        Raises ``VaultKeysUnusable`` when only a part is there: a missing private file is never replaced by a new one,
        since every sealed credential would become unreadable without anybody noticing (guarantees J4).
        """
        with self._alone():
            if self.public_file.exists():
                self.check(*Purpose)
                return False
            made: dict[Purpose, PrivateKeys] = {}
            for purpose in Purpose:
                path = self.private_file(purpose)
                # A start that was interrupted before it wrote the public file has left private keys nobody used.
                made[purpose] = (
                    read_private(path, purpose)
                    if path.exists()
                    else PrivateKeys(purpose, {1: X25519PrivateKey.generate()})
                )
                write_private(path, made[purpose])
            write_public(self.public_file, PublicKeys({purpose: _public(keys) for purpose, keys in made.items()}))
            return True

    def check(self, *opened: Purpose) -> None:
        """Raise ``VaultKeysUnusable`` unless the public file is sound and every purpose in ``opened`` can be opened."""
        public = read_public(self.public_file)
        for purpose in opened:
            path = self.private_file(purpose)
            private = read_private(path, purpose)
            for version, key in public.by_purpose[purpose].items():
                held = private.by_version.get(version)
                if held is None or held.public_key() != key:
                    raise VaultKeysUnusable(
                        f"vault key file {path} does not fit {self.public_file}: "
                        f"version {version} of {purpose.value} is missing or differs"
                    )

    def rotate(self, purpose: Purpose) -> int:
        """Add a version and return its number. A rotation that was interrupted before it showed its public key is
        completed instead of adding yet another version."""
        with self._alone():
            public = read_public(self.public_file)
            private = read_private(self.private_file(purpose), purpose)
            newest = max(private.by_version)
            if newest <= public.newest(purpose):
                newest = public.newest(purpose) + 1
                private = PrivateKeys(purpose, {**private.by_version, newest: X25519PrivateKey.generate()})
                write_private(self.private_file(purpose), private)
            shown = {**public.by_purpose[purpose], newest: private.by_version[newest].public_key()}
            write_public(self.public_file, PublicKeys({**public.by_purpose, purpose: shown}))
            return newest

    def retire(self, purpose: Purpose, *, still_in_use: Collection[int]) -> tuple[int, ...]:
        """Destroy every version older than the newest that nothing is sealed to any more; which ones went.

        ``still_in_use`` are the versions that stored credentials name; they are kept.
        """
        with self._alone():
            public = read_public(self.public_file)
            private = read_private(self.private_file(purpose), purpose)
            kept = {public.newest(purpose), *still_in_use}
            gone = tuple(
                sorted(
                    version
                    for version in {*public.by_purpose[purpose], *private.by_version}
                    if version < public.newest(purpose) and version not in kept
                )
            )
            shown = {version: key for version, key in public.by_purpose[purpose].items() if version not in gone}
            held = {version: key for version, key in private.by_version.items() if version not in gone}
            write_public(self.public_file, PublicKeys({**public.by_purpose, purpose: shown}))
            write_private(self.private_file(purpose), PrivateKeys(purpose, held))
            return gone

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Two processes on their first start must not both make keys. Raises ``VaultKeysUnusable`` where the folder
        takes no file."""
        make_folder(self.public_file)
        try:
            lock = self.public_file.with_name(f".{self.public_file.name}.lock").open("a")
        except OSError as error:
            raise VaultKeysUnusable(f"vault key file {self.public_file} cannot be locked: {error.strerror}") from None
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _public(keys: PrivateKeys) -> dict[int, X25519PublicKey]:
    return {version: key.public_key() for version, key in keys.by_version.items()}
