"""Workspaces, their settings and their exchange rates."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from fractions import Fraction

from sqlalchemy import Connection, Engine, delete, exists, func, or_, select

from clynto.adapters.sql.bulk_writing import upsert
from clynto.adapters.sql.documents import clean_text, pack, unpack
from clynto.adapters.sql.people_stores import SqlAuditLog, SqlUserStore
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables_people import exchange_rates, sealed_keys, workspaces
from clynto.adapters.sql.tables_webhooks import webhook_endpoints
from clynto.adapters.sql.transactions import transaction
from clynto.domain.errors import Conflict, NotFound
from clynto.domain.exchange_rates import ExchangeRate
from clynto.domain.moments import UnixMicros
from clynto.ports.people import AuditEntry, User
from clynto.ports.workspaces import MrrBasis, Workspace

_FIRST_VISIT = 0x434C594E
"""Number of the advisory lock under which the first workspace is made."""


class SqlWorkspaceStore:
    """See ``ports.workspaces.WorkspaceStore``."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def get(self) -> Workspace:
        """The workspace. Raises ``NotFound``."""
        row = self._scope.connection.execute(select(workspaces).where(self._scope.here(workspaces))).one_or_none()
        if row is None:
            raise NotFound
        return Workspace(
            id=row.workspace_id,
            name=row.name,
            default_currency=row.default_currency,
            mrr_basis=MrrBasis(row.mrr_basis),
            own_domains=tuple(unpack(row.own_domains)),
            created_at=UnixMicros(row.created_at),
        )

    def save(self, workspace: Workspace) -> None:
        """Insert or replace it."""
        if workspace.id != self._scope.workspace_id:
            raise ValueError("a unit of work saves its own workspace only")
        values = {
            "name": clean_text(workspace.name),
            "default_currency": workspace.default_currency,
            "mrr_basis": workspace.mrr_basis.value,
            "own_domains": pack(list(workspace.own_domains)),
            "created_at": workspace.created_at,
        }
        upsert(self._scope, workspaces, [values])

    def exchange_rates(self) -> Sequence[ExchangeRate]:
        """All rates, oldest first."""
        table = exchange_rates
        query = (
            select(table)
            .where(self._scope.here(table))
            .order_by(table.c.day, table.c.from_currency, table.c.to_currency)
        )
        return [
            ExchangeRate(datetime.date.fromisoformat(row.day), row.from_currency, row.to_currency, Fraction(row.rate))
            for row in self._scope.connection.execute(query)
        ]

    def replace_exchange_rates(self, rates: Sequence[ExchangeRate]) -> None:
        """Set the whole table of rates."""
        self._scope.connection.execute(delete(exchange_rates).where(self._scope.here(exchange_rates)))
        rows = [
            {
                "day": rate.date.isoformat(),
                "from_currency": rate.from_currency,
                "to_currency": rate.to_currency,
                "rate": f"{rate.rate.numerator}/{rate.rate.denominator}",
            }
            for rate in rates
        ]
        upsert(self._scope, exchange_rates, rows)


class SqlWorkspaceDirectory:
    """See ``ports.workspaces.WorkspaceDirectory``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def ids(self) -> Sequence[str]:
        """Every workspace, oldest first."""
        query = select(workspaces.c.workspace_id).order_by(workspaces.c.created_at, workspaces.c.workspace_id)
        with transaction(self._engine, writing=False) as connection:
            return list(connection.scalars(query))

    def any_exists(self) -> bool:
        """Whether the first visit has been made."""
        with transaction(self._engine, writing=False) as connection:
            return _any_exists(connection)

    def holds_credentials(self) -> bool:
        """Whether any workspace has a sealed Stripe key or webhook secret."""
        secrets = or_(
            webhook_endpoints.c.current_ciphertext.is_not(None), webhook_endpoints.c.former_ciphertext.is_not(None)
        )
        held = or_(exists().select_from(sealed_keys), exists().select_from(webhook_endpoints).where(secrets))
        with transaction(self._engine, writing=False) as connection:
            return bool(connection.scalar(select(held)))

    def create(self, workspace: Workspace, owner: User, entry: AuditEntry) -> None:
        """Store a workspace with its first owner and the trace of it, all or nothing. Raises ``Conflict`` if the
        owner's email is taken anywhere."""
        with transaction(self._engine, writing=True) as connection:
            _create(connection, workspace, owner, entry)

    def create_first(self, workspace: Workspace, owner: User, entry: AuditEntry) -> None:
        """As ``create``, but raises ``Conflict`` if there is any workspace; of several calls at once exactly one
        wins."""
        with transaction(self._engine, writing=True) as connection:
            if connection.dialect.name == "postgresql":
                # There is no row yet that could be locked. SQLite's write lock is held already.
                connection.execute(select(func.pg_advisory_xact_lock(_FIRST_VISIT)))
            if _any_exists(connection):
                raise Conflict(reason="workspace_exists")
            _create(connection, workspace, owner, entry)


def _any_exists(connection: Connection) -> bool:
    return connection.scalar(select(workspaces.c.workspace_id).limit(1)) is not None


def _create(connection: Connection, workspace: Workspace, owner: User, entry: AuditEntry) -> None:
    scope = Scope(connection, workspace.id)
    if connection.scalar(select(workspaces.c.workspace_id).where(scope.here(workspaces))) is not None:
        raise Conflict(reason="workspace_exists")
    SqlWorkspaceStore(scope).save(workspace)
    SqlUserStore(scope).add(owner)
    SqlAuditLog(scope).append(entry)
