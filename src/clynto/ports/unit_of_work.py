"""A transaction bound to one workspace (architecture decision 9)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

from clynto.domain.errors import ServiceUnavailable
from clynto.ports.accounts import AccountStore
from clynto.ports.billing_results import BillingStore, MatchStore
from clynto.ports.connections import ConnectionStore
from clynto.ports.health import HealthStore
from clynto.ports.mrr_records import MrrRecordStore
from clynto.ports.people import AuditLog, TokenStore, UserStore
from clynto.ports.read_models import AccountsTable, BillingDetails
from clynto.ports.signals import LedgerStore, SignalStore
from clynto.ports.stripe_facts import CatalogueStore, CustomerStore, InvoiceStore, SubscriptionStore
from clynto.ports.sync_runs import SyncRunStore
from clynto.ports.webhooks import EventInbox, WebhookEndpointStore
from clynto.ports.workspaces import WorkspaceStore


class UnitOfWork(Protocol):
    """All stores see one consistent transaction. Leaving the block without ``commit`` rolls everything back."""

    @property
    def workspace_id(self) -> str:
        """The workspace all stores are bound to."""
        ...

    @property
    def workspaces(self) -> WorkspaceStore: ...
    @property
    def users(self) -> UserStore: ...
    @property
    def tokens(self) -> TokenStore: ...
    @property
    def audit_log(self) -> AuditLog: ...
    @property
    def accounts(self) -> AccountStore: ...
    @property
    def connections(self) -> ConnectionStore: ...
    @property
    def sync_runs(self) -> SyncRunStore: ...
    @property
    def catalogue(self) -> CatalogueStore: ...
    @property
    def customers(self) -> CustomerStore: ...
    @property
    def subscriptions(self) -> SubscriptionStore: ...
    @property
    def invoices(self) -> InvoiceStore: ...
    @property
    def matches(self) -> MatchStore: ...
    @property
    def billing(self) -> BillingStore: ...
    @property
    def accounts_table(self) -> AccountsTable: ...
    @property
    def billing_details(self) -> BillingDetails: ...
    @property
    def webhook_endpoints(self) -> WebhookEndpointStore: ...
    @property
    def event_inbox(self) -> EventInbox: ...
    @property
    def signals(self) -> SignalStore: ...
    @property
    def ledgers(self) -> LedgerStore: ...
    @property
    def health(self) -> HealthStore: ...
    @property
    def mrr_records(self) -> MrrRecordStore: ...

    def commit(self) -> None:
        """Make it durable. The block may go on; what follows is a new transaction."""
        ...


class UnitsOfWork(Protocol):
    """Begins units of work."""

    def writing(self, workspace_id: str, *, repeatable: bool = False) -> AbstractContextManager[UnitOfWork]:
        """A transaction that may write; on SQLite it takes the write lock at once (``BEGIN IMMEDIATE``), so it
        never fails half way with "database is locked" (guarantees F1).

        ``repeatable`` work need not wait for the disk: if the whole machine loses power, the last of it may be undone,
        altogether, and is then done again because the note that it was done is gone as well. No process that dies
        undoes anything, and whatever is committed later is durable only together with it.
        """
        ...

    def reading(self, workspace_id: str) -> AbstractContextManager[UnitOfWork]:
        """A consistent snapshot; ``commit`` is refused with ``RuntimeError``."""
        ...


COLLISION = "collision"
"""``ServiceUnavailable(reason=COLLISION)``: two transactions met; nothing of this one was done."""

Outcome = TypeVar("Outcome")


def retrying(work: Callable[[], Outcome], *, tries: int = 5) -> Outcome:
    """Do ``work``, and do all of it again if its transaction collided with another one (guarantees F4).

    ``work`` opens and commits its own unit of work and has no other effect. After ``tries`` the error goes through.
    """
    for _ in range(tries - 1):
        try:
            return work()
        except ServiceUnavailable as fault:
            if fault.facts.get("reason") != COLLISION:
                raise
    return work()
