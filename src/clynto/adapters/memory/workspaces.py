"""Workspaces in memory."""

from __future__ import annotations

from collections.abc import Sequence

from clynto.adapters.memory.database import MemoryDatabase, Records, Transaction
from clynto.adapters.memory.people import refuse_taken_email
from clynto.domain.errors import Conflict, NotFound
from clynto.domain.exchange_rates import ExchangeRate
from clynto.ports.people import AuditEntry, User
from clynto.ports.workspaces import Workspace


class MemoryWorkspaceStore:
    """See ``ports.workspaces.WorkspaceStore``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def get(self) -> Workspace:
        """The workspace. Raises ``NotFound``."""
        workspace = self._transaction.records.workspace
        if workspace is None:
            raise NotFound
        return workspace

    def save(self, workspace: Workspace) -> None:
        """Insert or replace it."""
        self._transaction.changing().workspace = workspace

    def exchange_rates(self) -> Sequence[ExchangeRate]:
        """All rates, oldest first."""
        return list(self._transaction.records.exchange_rates)

    def replace_exchange_rates(self, rates: Sequence[ExchangeRate]) -> None:
        """Set the whole table of rates."""
        by_key = {(rate.date, rate.from_currency, rate.to_currency): rate for rate in rates}
        self._transaction.changing().exchange_rates = tuple(by_key[key] for key in sorted(by_key))


class MemoryWorkspaceDirectory:
    """See ``ports.workspaces.WorkspaceDirectory``."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    def ids(self) -> Sequence[str]:
        """Every workspace, oldest first."""
        created = [(r.workspace.created_at, r.workspace.id) for r in self._stored() if r.workspace is not None]
        return [workspace_id for _, workspace_id in sorted(created)]

    def any_exists(self) -> bool:
        """Whether the first visit has been made."""
        return bool(self._stored())

    def holds_credentials(self) -> bool:
        """Whether any workspace has a sealed Stripe key or webhook secret."""
        return any(
            records.sealed_key is not None
            or (
                (endpoint := records.webhook_endpoint) is not None
                and (endpoint.current is not None or endpoint.former is not None)
            )
            for records in self._database.workspaces().values()
        )

    def create(self, workspace: Workspace, owner: User, entry: AuditEntry) -> None:
        """Store all three, or nothing."""
        with self._database.writing():
            self._create(workspace, owner, entry)

    def create_first(self, workspace: Workspace, owner: User, entry: AuditEntry) -> None:
        """As ``create``, but only once for an installation."""
        with self._database.writing():
            if self._stored():
                raise Conflict(reason="workspace_exists")
            self._create(workspace, owner, entry)

    def _create(self, workspace: Workspace, owner: User, entry: AuditEntry) -> None:
        refuse_taken_email(self._database.workspaces().values(), owner)
        changed = self._database.committed(workspace.id).copy()
        changed.workspace = workspace
        changed.users[owner.id] = owner
        changed.audit_log[entry.id] = entry
        self._database.publish(workspace.id, changed)

    def _stored(self) -> list[Records]:
        return [records for records in self._database.workspaces().values() if records.workspace is not None]
