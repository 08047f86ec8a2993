"""Where the Stripe connection and its sealed key are kept."""

from __future__ import annotations

from typing import Protocol

from clynto.domain.connection import Connection
from clynto.ports.vault import SealedCredential


class ConnectionStore(Protocol):
    """The one Stripe connection of a workspace."""

    def get(self) -> Connection:
        """The connection; a fresh ``not_connected`` one if nothing is stored."""
        ...

    def save(self, connection: Connection) -> None:
        """Store the state (not the key)."""
        ...

    def note_events_readable(self, readable: bool) -> None:
        """Set whether the key may list events, and nothing else: somebody may disconnect at this moment. Nothing
        happens where nothing is stored."""
        ...

    def sealed_key(self) -> SealedCredential | None:
        """The sealed API key, None after a disconnect."""
        ...

    def put_sealed_key(self, sealed: SealedCredential) -> None:
        """Replace the sealed API key; the former one is gone."""
        ...

    def erase_key(self) -> None:
        """Destroy the sealed API key (guarantees J7)."""
        ...
