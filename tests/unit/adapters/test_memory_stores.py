"""The in-memory units of work keep every contract of a store."""

from __future__ import annotations

import pytest
from tests.contracts.accounts_contract import AccountStoreContract
from tests.contracts.accounts_table_contract import AccountsTableContract
from tests.contracts.accounts_totals_contract import AccountsTotalsContract
from tests.contracts.billing_contract import BillingStoreContract
from tests.contracts.billing_details_contract import (
    CustomersOfBillingDetailsContract,
    InvoicesOfBillingDetailsContract,
    SubscriptionsOfBillingDetailsContract,
)
from tests.contracts.catalogue_contract import CatalogueStoreContract
from tests.contracts.connections_contract import ConnectionStoreContract
from tests.contracts.customers_contract import CustomerStoreContract
from tests.contracts.event_inbox_contract import EventInboxContract
from tests.contracts.event_intake_contract import EventIntakeContract
from tests.contracts.health_contract import HealthStoreContract
from tests.contracts.invoices_contract import InvoiceStoreContract
from tests.contracts.ledgers_contract import LedgerStoreContract
from tests.contracts.matches_contract import MatchStoreContract
from tests.contracts.mrr_records_contract import MrrRecordStoreContract
from tests.contracts.people_contract import AuditLogContract, TokenStoreContract, UserStoreContract
from tests.contracts.samples import HERE, an_account, committed
from tests.contracts.sign_in_directory_contract import SignInDirectoryContract
from tests.contracts.signals_contract import SignalStoreContract
from tests.contracts.subscriptions_contract import SubscriptionStoreContract
from tests.contracts.sync_runs_contract import StalledRunsContract, SyncRunStoreContract
from tests.contracts.unit_of_work_contract import UnitOfWorkContract
from tests.contracts.waiting_events_contract import WaitingEventsContract
from tests.contracts.webhook_addresses_contract import WebhookAddressesContract
from tests.contracts.webhook_endpoints_contract import WebhookEndpointStoreContract
from tests.contracts.workspace_directory_contract import WorkspaceDirectoryContract
from tests.contracts.workspaces_contract import WorkspaceStoreContract

from clynto.adapters.memory.database import MemoryDatabase
from clynto.adapters.memory.sign_in_directory import MemorySignInDirectory
from clynto.adapters.memory.sync_runs import MemoryStalledRuns
from clynto.adapters.memory.unit_of_work import MemoryUnitsOfWork
from clynto.adapters.memory.webhooks import MemoryEventIntake, MemoryWaitingEvents, MemoryWebhookAddresses
from clynto.adapters.memory.workspaces import MemoryWorkspaceDirectory
from clynto.ports.people import SignInDirectory
from clynto.ports.sync_runs import StalledRuns
from clynto.ports.unit_of_work import UnitsOfWork
from clynto.ports.webhooks import EventIntake, WaitingEvents, WebhookAddresses
from clynto.ports.workspaces import WorkspaceDirectory


@pytest.fixture
def database() -> MemoryDatabase:
    return MemoryDatabase()


@pytest.fixture
def units(database: MemoryDatabase) -> UnitsOfWork:
    return MemoryUnitsOfWork(database)


@pytest.fixture
def sign_in_directory(database: MemoryDatabase) -> SignInDirectory:
    return MemorySignInDirectory(database)


@pytest.fixture
def stalled_runs(database: MemoryDatabase) -> StalledRuns:
    return MemoryStalledRuns(database)


@pytest.fixture
def webhook_addresses(database: MemoryDatabase) -> WebhookAddresses:
    return MemoryWebhookAddresses(database)


@pytest.fixture
def event_intake(database: MemoryDatabase) -> EventIntake:
    return MemoryEventIntake(database)


@pytest.fixture
def waiting_events(database: MemoryDatabase) -> WaitingEvents:
    return MemoryWaitingEvents(database)


@pytest.fixture
def workspace_directory(database: MemoryDatabase) -> WorkspaceDirectory:
    return MemoryWorkspaceDirectory(database)


class TestAccounts(AccountStoreContract): ...


class TestAccountsTable(AccountsTableContract): ...


class TestAccountsTotals(AccountsTotalsContract): ...


class TestAuditLog(AuditLogContract): ...


class TestBilling(BillingStoreContract): ...


class TestCatalogue(CatalogueStoreContract): ...


class TestConnections(ConnectionStoreContract): ...


class TestCustomers(CustomerStoreContract): ...


class TestCustomersOfBillingDetails(CustomersOfBillingDetailsContract): ...


class TestEventInbox(EventInboxContract): ...


class TestEventIntake(EventIntakeContract): ...


class TestHealth(HealthStoreContract): ...


class TestInvoices(InvoiceStoreContract): ...


class TestInvoicesOfBillingDetails(InvoicesOfBillingDetailsContract): ...


class TestLedgers(LedgerStoreContract): ...


class TestMatches(MatchStoreContract): ...


class TestMrrRecords(MrrRecordStoreContract): ...


class TestSignals(SignalStoreContract): ...


class TestSignInDirectory(SignInDirectoryContract): ...


class TestStalledRuns(StalledRunsContract): ...


class TestSubscriptions(SubscriptionStoreContract): ...


class TestSubscriptionsOfBillingDetails(SubscriptionsOfBillingDetailsContract): ...


class TestSyncRuns(SyncRunStoreContract): ...


class TestTokens(TokenStoreContract): ...


class TestUnitsOfWork(UnitOfWorkContract): ...


class TestUsers(UserStoreContract): ...


class TestWaitingEvents(WaitingEventsContract): ...


class TestWebhookAddresses(WebhookAddressesContract): ...


class TestWebhookEndpoints(WebhookEndpointStoreContract): ...


class TestWorkspaceDirectory(WorkspaceDirectoryContract): ...


class TestWorkspaces(WorkspaceStoreContract): ...


def test_a_writing_unit_inside_another_fails_at_once(units: UnitsOfWork) -> None:
    with units.writing(HERE), pytest.raises(RuntimeError), units.writing(HERE):
        pass
    with committed(units) as unit:
        unit.accounts.put_many([an_account()])


def test_a_reading_unit_does_not_write(units: UnitsOfWork) -> None:
    with units.reading(HERE) as unit, pytest.raises(RuntimeError):
        unit.accounts.put_many([an_account()])
    with units.reading(HERE) as unit:
        assert unit.accounts.count() == 0
