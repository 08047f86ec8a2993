"""The Stripe connection in memory."""

from __future__ import annotations

from dataclasses import replace

from clynto.adapters.memory.database import Transaction
from clynto.domain.connection import Connection
from clynto.ports.vault import SealedCredential


class MemoryConnectionStore:
    """See ``ports.connections.ConnectionStore``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def get(self) -> Connection:
        """The connection; a fresh one if nothing is stored."""
        return self._transaction.records.connection

    def save(self, connection: Connection) -> None:
        """Store the state (not the key)."""
        self._transaction.changing().connection = connection

    def note_events_readable(self, readable: bool) -> None:
        """Set whether the key may list events."""
        records = self._transaction.changing()
        if records.connection != Connection():
            records.connection = replace(records.connection, events_readable=readable)

    def sealed_key(self) -> SealedCredential | None:
        """The sealed API key."""
        return self._transaction.records.sealed_key

    def put_sealed_key(self, sealed: SealedCredential) -> None:
        """Replace the sealed API key."""
        self._transaction.changing().sealed_key = sealed

    def erase_key(self) -> None:
        """Destroy the sealed API key."""
        self._transaction.changing().sealed_key = None
