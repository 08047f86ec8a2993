"""Units of work over a ``MemoryDatabase``: real rollback, real isolation, one writer at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from clynto.adapters.memory.accounts import MemoryAccountStore
from clynto.adapters.memory.accounts_table import MemoryAccountsTable
from clynto.adapters.memory.billing_details import MemoryBillingDetails
from clynto.adapters.memory.billing_results import MemoryBillingStore, MemoryMatchStore
from clynto.adapters.memory.catalogue import MemoryCatalogueStore
from clynto.adapters.memory.connections import MemoryConnectionStore
from clynto.adapters.memory.customers import MemoryCustomerStore
from clynto.adapters.memory.database import MemoryDatabase, Transaction
from clynto.adapters.memory.health import MemoryHealthStore
from clynto.adapters.memory.invoices import MemoryInvoiceStore
from clynto.adapters.memory.mrr_records import MemoryMrrRecordStore
from clynto.adapters.memory.people import MemoryAuditLog, MemoryTokenStore, MemoryUserStore
from clynto.adapters.memory.question_data import MemoryQuestionData
from clynto.adapters.memory.question_history import MemoryQuestionHistory
from clynto.adapters.memory.question_names import MemoryQuestionNames
from clynto.adapters.memory.signals import MemoryLedgerStore, MemorySignalStore
from clynto.adapters.memory.subscriptions import MemorySubscriptionStore
from clynto.adapters.memory.sync_runs import MemorySyncRunStore
from clynto.adapters.memory.webhooks import MemoryEventInbox, MemoryWebhookEndpointStore
from clynto.adapters.memory.workspaces import MemoryWorkspaceStore


class MemoryUnitOfWork:
    """See ``ports.unit_of_work.UnitOfWork`` and ``ports.question_unit.QuestionUnit``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self.workspaces = MemoryWorkspaceStore(transaction)
        self.users = MemoryUserStore(transaction)
        self.tokens = MemoryTokenStore(transaction)
        self.audit_log = MemoryAuditLog(transaction)
        self.accounts = MemoryAccountStore(transaction)
        self.connections = MemoryConnectionStore(transaction)
        self.sync_runs = MemorySyncRunStore(transaction)
        self.catalogue = MemoryCatalogueStore(transaction)
        self.customers = MemoryCustomerStore(transaction)
        self.subscriptions = MemorySubscriptionStore(transaction)
        self.invoices = MemoryInvoiceStore(transaction)
        self.matches = MemoryMatchStore(transaction)
        self.billing = MemoryBillingStore(transaction)
        self.accounts_table = MemoryAccountsTable(transaction)
        self.billing_details = MemoryBillingDetails(transaction)
        self.webhook_endpoints = MemoryWebhookEndpointStore(transaction)
        self.event_inbox = MemoryEventInbox(transaction)
        self.signals = MemorySignalStore(transaction)
        self.ledgers = MemoryLedgerStore(transaction)
        self.health = MemoryHealthStore(transaction)
        self.mrr_records = MemoryMrrRecordStore(transaction)
        self.question_names = MemoryQuestionNames(transaction)
        self.question_data = MemoryQuestionData(transaction)
        self.question_history = MemoryQuestionHistory(transaction)

    @property
    def workspace_id(self) -> str:
        """The workspace all stores are bound to."""
        return self._transaction.workspace_id

    def commit(self) -> None:
        """Make it visible to everybody."""
        self._transaction.commit()


class MemoryUnitsOfWork:
    """See ``ports.unit_of_work.UnitsOfWork`` and ``ports.question_unit.QuestionUnits``.

    A second writer waits until the block of the first one ends.
    """

    def __init__(self, database: MemoryDatabase | None = None) -> None:
        self._database = database or MemoryDatabase()

    @contextmanager
    def writing(self, workspace_id: str, *, repeatable: bool = False) -> Iterator[MemoryUnitOfWork]:  # noqa: ARG002
        """A transaction that may write; begun inside another one of the same thread it raises ``RuntimeError``."""
        with self._database.writing():
            yield MemoryUnitOfWork(Transaction(self._database, workspace_id, read_only=False))

    @contextmanager
    def reading(self, workspace_id: str) -> Iterator[MemoryUnitOfWork]:
        """A consistent snapshot."""
        yield MemoryUnitOfWork(Transaction(self._database, workspace_id, read_only=True))
