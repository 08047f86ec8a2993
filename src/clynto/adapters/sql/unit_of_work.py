"""Units of work on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from clynto.adapters.sql.account_store import SqlAccountStore
from clynto.adapters.sql.accounts_table import SqlAccountsTable
from clynto.adapters.sql.billing_details import SqlBillingDetails
from clynto.adapters.sql.billing_store import SqlBillingStore
from clynto.adapters.sql.catalogue_store import SqlCatalogueStore
from clynto.adapters.sql.connection_store import SqlConnectionStore
from clynto.adapters.sql.customer_store import SqlCustomerStore
from clynto.adapters.sql.health_store import SqlHealthStore
from clynto.adapters.sql.invoice_store import SqlInvoiceStore
from clynto.adapters.sql.kept_sums import settle
from clynto.adapters.sql.match_store import SqlMatchStore
from clynto.adapters.sql.mrr_record_store import SqlMrrRecordStore
from clynto.adapters.sql.people_stores import SqlAuditLog, SqlTokenStore, SqlUserStore
from clynto.adapters.sql.question_data import SqlQuestionData
from clynto.adapters.sql.question_history import SqlQuestionHistory
from clynto.adapters.sql.question_holding import MOST_HELD
from clynto.adapters.sql.question_names import SqlQuestionNames
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.signal_stores import SqlLedgerStore, SqlSignalStore
from clynto.adapters.sql.subscription_store import SqlSubscriptionStore
from clynto.adapters.sql.sync_run_stores import SqlSyncRunStore
from clynto.adapters.sql.transactions import opened
from clynto.adapters.sql.webhook_stores import SqlEventInbox, SqlWebhookEndpointStore
from clynto.adapters.sql.workspace_stores import SqlWorkspaceStore


class SqlUnitOfWork:
    """See ``ports.unit_of_work.UnitOfWork`` and ``ports.question_unit.QuestionUnit``."""

    def __init__(self, connection: Connection, workspace_id: str, *, writes: bool, most_held: int = MOST_HELD) -> None:
        scope = Scope(connection, workspace_id)
        self._scope = scope
        self._connection = connection
        self._writes = writes
        self.workspace_id = workspace_id
        self.workspaces = SqlWorkspaceStore(scope)
        self.users = SqlUserStore(scope)
        self.tokens = SqlTokenStore(scope)
        self.audit_log = SqlAuditLog(scope)
        self.accounts = SqlAccountStore(scope)
        self.connections = SqlConnectionStore(scope)
        self.sync_runs = SqlSyncRunStore(scope)
        self.catalogue = SqlCatalogueStore(scope)
        self.customers = SqlCustomerStore(scope)
        self.subscriptions = SqlSubscriptionStore(scope)
        self.invoices = SqlInvoiceStore(scope)
        self.matches = SqlMatchStore(scope)
        self.billing = SqlBillingStore(scope)
        self.accounts_table = SqlAccountsTable(scope)
        self.billing_details = SqlBillingDetails(scope)
        self.webhook_endpoints = SqlWebhookEndpointStore(scope)
        self.event_inbox = SqlEventInbox(scope)
        self.signals = SqlSignalStore(scope)
        self.ledgers = SqlLedgerStore(scope)
        self.health = SqlHealthStore(scope)
        self.mrr_records = SqlMrrRecordStore(scope)
        self.question_names = SqlQuestionNames(scope)
        self.question_data = SqlQuestionData(scope, most_held=most_held)
        self.question_history = SqlQuestionHistory(scope)

    def commit(self) -> None:
        """Make it durable. What follows is a new transaction, begun by the next statement and not before, so that no
        lock is held while the block does something else."""
        if not self._writes:
            raise RuntimeError("a unit of work for reading has nothing to commit")
        settle(self._scope)
        self._connection.commit()


class SqlUnitsOfWork:
    """See ``ports.unit_of_work.UnitsOfWork`` and ``ports.question_unit.QuestionUnits``. ``most_held``: see
    ``SqlQuestionData``."""

    def __init__(self, engine: Engine, *, most_held: int = MOST_HELD) -> None:
        self._engine = engine
        self._most_held = most_held

    @contextmanager
    def writing(self, workspace_id: str, *, repeatable: bool = False) -> Iterator[SqlUnitOfWork]:
        """A transaction that may write; on SQLite it takes the write lock at once (``BEGIN IMMEDIATE``)."""
        with opened(self._engine, writing=True, repeatable=repeatable) as connection:
            yield SqlUnitOfWork(connection, workspace_id, writes=True, most_held=self._most_held)

    @contextmanager
    def reading(self, workspace_id: str) -> Iterator[SqlUnitOfWork]:
        """A consistent snapshot; ``commit`` is refused with ``RuntimeError``."""
        with opened(self._engine, writing=False) as connection:
            yield SqlUnitOfWork(connection, workspace_id, writes=False, most_held=self._most_held)
