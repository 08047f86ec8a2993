"""The Stripe connection of a workspace and its sealed key."""

from __future__ import annotations

from sqlalchemy import delete, insert, select, update

from clynto.adapters.sql.bulk_writing import upsert
from clynto.adapters.sql.documents import clean_or_none
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables_people import connections, sealed_keys
from clynto.domain.connection import Connection, ConnectionFault, ConnectionStatus, Mode
from clynto.ports.vault import SealedCredential


class SqlConnectionStore:
    """See ``ports.connections.ConnectionStore``."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def get(self) -> Connection:
        """The connection; a fresh ``not_connected`` one if nothing is stored."""
        row = self._scope.connection.execute(select(connections).where(self._scope.here(connections))).one_or_none()
        if row is None:
            return Connection()
        return Connection(
            status=ConnectionStatus(row.status),
            mode=None if row.mode is None else Mode(row.mode),
            stripe_account_id=row.stripe_account_id,
            stripe_account_name=row.stripe_account_name,
            key_last4=row.key_last4,
            full_secret_key=row.full_secret_key,
            generation=row.generation,
            connected_at=row.connected_at,
            disconnected_at=row.disconnected_at,
            last_sync_at=row.last_sync_at,
            last_sync_began_at=row.last_sync_began_at,
            events_readable=row.events_readable,
            fault=None if row.fault_code is None else ConnectionFault(row.fault_code, row.fault_message),
        )

    def save(self, connection: Connection) -> None:
        """Store the state (not the key)."""
        fault = connection.fault
        values = {
            "status": connection.status.value,
            "mode": None if connection.mode is None else connection.mode.value,
            "stripe_account_id": connection.stripe_account_id,
            "stripe_account_name": clean_or_none(connection.stripe_account_name),
            "key_last4": clean_or_none(connection.key_last4),
            "full_secret_key": connection.full_secret_key,
            "generation": connection.generation,
            "connected_at": connection.connected_at,
            "disconnected_at": connection.disconnected_at,
            "last_sync_at": connection.last_sync_at,
            "last_sync_began_at": connection.last_sync_began_at,
            "events_readable": connection.events_readable,
            "fault_code": None if fault is None else fault.code,
            "fault_message": None if fault is None else clean_or_none(fault.message),
        }
        upsert(self._scope, connections, [values])

    def note_events_readable(self, readable: bool) -> None:
        """Set whether the key may list events, and nothing else."""
        here = self._scope.here(connections)
        self._scope.connection.execute(update(connections).where(here).values(events_readable=readable))

    def sealed_key(self) -> SealedCredential | None:
        """The sealed API key, None after a disconnect."""
        row = self._scope.connection.execute(select(sealed_keys).where(self._scope.here(sealed_keys))).one_or_none()
        return None if row is None else SealedCredential(bytes(row.ciphertext), row.key_version)

    def put_sealed_key(self, sealed: SealedCredential) -> None:
        """Replace the sealed API key; the former one is gone."""
        self.erase_key()
        values = {"ciphertext": sealed.ciphertext, "key_version": sealed.key_version}
        self._scope.connection.execute(insert(sealed_keys).values(workspace_id=self._scope.workspace_id, **values))

    def erase_key(self) -> None:
        """Destroy the sealed API key (guarantees J7)."""
        self._scope.connection.execute(delete(sealed_keys).where(self._scope.here(sealed_keys)))
