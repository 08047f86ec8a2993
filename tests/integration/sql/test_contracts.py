"""Every port's suite, bound to SQLite and to PostgreSQL."""

from __future__ import annotations

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


class TestAccounts(AccountStoreContract):
    """``SqlAccountStore``."""


class TestAccountsTable(AccountsTableContract):
    """``SqlAccountsTable``."""


class TestAccountsTotals(AccountsTotalsContract):
    """``SqlAccountsTable``."""


class TestBilling(BillingStoreContract):
    """``SqlBillingStore``."""


class TestCustomersOfBillingDetails(CustomersOfBillingDetailsContract):
    """``SqlBillingDetails``."""


class TestSubscriptionsOfBillingDetails(SubscriptionsOfBillingDetailsContract):
    """``SqlBillingDetails``."""


class TestInvoicesOfBillingDetails(InvoicesOfBillingDetailsContract):
    """``SqlBillingDetails``."""


class TestCatalogue(CatalogueStoreContract):
    """``SqlCatalogueStore``."""


class TestConnections(ConnectionStoreContract):
    """``SqlConnectionStore``."""


class TestCustomers(CustomerStoreContract):
    """``SqlCustomerStore``."""


class TestInvoices(InvoiceStoreContract):
    """``SqlInvoiceStore``."""


class TestMatches(MatchStoreContract):
    """``SqlMatchStore``."""


class TestUsers(UserStoreContract):
    """``SqlUserStore``."""


class TestTokens(TokenStoreContract):
    """``SqlTokenStore``."""


class TestAuditLog(AuditLogContract):
    """``SqlAuditLog``."""


class TestSignInDirectory(SignInDirectoryContract):
    """``SqlSignInDirectory``."""


class TestSubscriptions(SubscriptionStoreContract):
    """``SqlSubscriptionStore``."""


class TestSyncRuns(SyncRunStoreContract):
    """``SqlSyncRunStore``."""


class TestStalledRuns(StalledRunsContract):
    """``SqlStalledRuns``."""


class TestUnitsOfWork(UnitOfWorkContract):
    """``SqlUnitsOfWork``."""


class TestWorkspaceDirectory(WorkspaceDirectoryContract):
    """``SqlWorkspaceDirectory``."""


class TestWorkspaces(WorkspaceStoreContract):
    """``SqlWorkspaceStore``."""


class TestWebhookEndpoints(WebhookEndpointStoreContract):
    """``SqlWebhookEndpointStore``."""


class TestWebhookAddresses(WebhookAddressesContract):
    """``SqlWebhookAddresses``."""


class TestEventInbox(EventInboxContract):
    """``SqlEventInbox``."""


class TestEventIntake(EventIntakeContract):
    """``SqlEventIntake``."""


class TestWaitingEvents(WaitingEventsContract):
    """``SqlWaitingEvents``."""


class TestSignals(SignalStoreContract):
    """``SqlSignalStore``."""


class TestLedgers(LedgerStoreContract):
    """``SqlLedgerStore``."""


class TestHealth(HealthStoreContract):
    """``SqlHealthStore``."""


class TestMrrRecords(MrrRecordStoreContract):
    """``SqlMrrRecordStore``."""
