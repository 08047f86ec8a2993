"""A vault that keeps the secrets itself and hands out claim checks."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from clynto.domain.errors import CredentialUnreadable
from clynto.domain.secret import Secret
from clynto.ports.vault import Purpose, SealedCredential


@dataclass
class _Kept:
    newest: dict[Purpose, int] = field(default_factory=lambda: dict.fromkeys(Purpose, 1))
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    secrets: dict[tuple[bytes, int, str, Purpose], Secret] = field(default_factory=dict)


class MemoryVault:
    """Sealer and opener in one (see ``ports.vault``). "Sealed" means: bound to workspace, purpose and key version.

    The ciphertext is a number that only this vault can follow.
    """

    def __init__(self) -> None:
        self._kept = _Kept()
        self._opens = frozenset(Purpose)

    def seal(self, secret: Secret, *, workspace_id: str, purpose: Purpose) -> SealedCredential:
        """Keep the secret under a fresh number."""
        ciphertext = f"kept-in-memory-{next(self._kept.numbers):08d}".encode()
        sealed = SealedCredential(ciphertext, self._kept.newest[purpose])
        self._kept.secrets[sealed.ciphertext, sealed.key_version, workspace_id, purpose] = secret
        return sealed

    def open(self, sealed: SealedCredential, *, workspace_id: str, purpose: Purpose) -> Secret:
        """The credential. Raises ``CredentialUnreadable`` where anything differs from what it was sealed with."""
        secret = self._kept.secrets.get((sealed.ciphertext, sealed.key_version, workspace_id, purpose))
        if secret is None or purpose not in self._opens:
            raise CredentialUnreadable
        return secret

    def needs_resealing(self, sealed: SealedCredential, *, purpose: Purpose) -> bool:
        """Whether it was sealed to a key version older than the newest."""
        return sealed.key_version < self._kept.newest[purpose]

    def rotate(self) -> None:
        """Begin a new key version for every purpose; what was sealed before can still be opened."""
        for purpose in Purpose:
            self._kept.newest[purpose] += 1

    def opening_only(self, purposes: Iterable[Purpose]) -> MemoryVault:
        """The same vault in the hands of a process that opens only these purposes, as the web process does."""
        limited = MemoryVault()
        limited._kept, limited._opens = self._kept, frozenset(purposes)
        return limited
