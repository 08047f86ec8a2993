"""The sync and everything behind it over the shipped in-memory adapters: real use cases, a Stripe of plain records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from clynto.adapters.memory.database import MemoryDatabase
from clynto.adapters.memory.sequential_identifiers import SequentialIdentifiers
from clynto.adapters.memory.settable_clock import SettableClock
from clynto.adapters.memory.stripe import MemoryStripe
from clynto.adapters.memory.sync_runs import MemoryStalledRuns
from clynto.adapters.memory.unit_of_work import MemoryUnitsOfWork
from clynto.adapters.memory.vault import MemoryVault
from clynto.adapters.memory.work_queue import MemoryWorkQueue
from clynto.adapters.system.domain_rules import BundledDomainRules
from clynto.application.actor import Actor
from clynto.application.audit import AuditTrail
from clynto.application.connect_stripe import ConnectStripe
from clynto.application.disconnect_stripe import DisconnectStripe
from clynto.application.match_customers import MatchCustomers
from clynto.application.queries.list_accounts import ListAccounts
from clynto.application.queries.show_integration import IntegrationCard, ShowIntegration
from clynto.application.raise_signals import RaiseSignals
from clynto.application.rebuild_history import RebuildHistory
from clynto.application.recompute_billing import RecomputeBilling
from clynto.application.request_sync import RequestSync
from clynto.application.run_sync import RunSync, SyncTools
from clynto.domain.account import Account
from clynto.domain.connection import Mode, StripeIdentity
from clynto.domain.errors import ClyntoError
from clynto.domain.moments import UnixMicros
from clynto.domain.roles import Role
from clynto.domain.secret import Secret
from clynto.domain.sync_run import StepName, SyncRun
from clynto.ports.read_models import AccountsQuery
from clynto.ports.stripe_reading import KeyReport
from clynto.ports.unit_of_work import UnitsOfWork
from clynto.ports.vault import CredentialOpener
from clynto.ports.workspaces import MrrBasis, Workspace

WORKSPACE = "wsp_1"
ADMIN = Actor(WORKSPACE, Role.ADMIN, "adam@rheinwerk.example")
MEMBER = Actor(WORKSPACE, Role.MEMBER, "mia@rheinwerk.example")
KEY = Secret("rk_test_51ReadsOnly000000000001")
RULES = BundledDomainRules()


def plainly(error: ClyntoError, step: StepName | None) -> str:
    """A sentence for the card."""
    return f"{error.code} in {step}"


@dataclass
class SyncProduct:
    """One workspace with a test-mode key that Stripe accepts."""

    clock: SettableClock = field(default_factory=SettableClock)
    database: MemoryDatabase = field(default_factory=MemoryDatabase)

    def __post_init__(self) -> None:
        self.units: UnitsOfWork = MemoryUnitsOfWork(self.database)
        self.identifiers = SequentialIdentifiers()
        self.queue = MemoryWorkQueue()
        self.vault = MemoryVault()
        self.stripe = MemoryStripe(self.clock, page_size=2)
        self.stalled = MemoryStalledRuns(self.database)
        audit = AuditTrail(self.clock, self.identifiers)
        self.recompute = RecomputeBilling(self.clock)
        self.signals = RaiseSignals(clock=self.clock, identifiers=self.identifiers)
        self.matching = MatchCustomers(rules=RULES, recompute=self.recompute, signals=self.signals)
        self.connect = ConnectStripe(
            units=self.units,
            clock=self.clock,
            identifiers=self.identifiers,
            key_check=self.stripe,
            readers=self.stripe,
            sealer=self.vault,
            queue=self.queue,
            audit=audit,
        )
        self.disconnect = DisconnectStripe(units=self.units, clock=self.clock, audit=audit)
        self.request_sync = RequestSync(
            units=self.units, clock=self.clock, identifiers=self.identifiers, queue=self.queue, audit=audit
        )
        self.run_sync = self.sync_opening_with(self.vault)
        self.show = ShowIntegration(units=self.units, clock=self.clock, queue=self.queue)
        self.accounts = ListAccounts(units=self.units, clock=self.clock)
        self.stripe.allow(KEY, report())
        with self.units.writing(WORKSPACE) as uow:
            uow.workspaces.save(Workspace(WORKSPACE, "Rheinwerk", None, MrrBasis.LIST, (), self.clock.now()))
            uow.commit()

    def sync_opening_with(self, opener: CredentialOpener) -> RunSync:
        """The sync of a worker that holds ``opener``."""
        return RunSync(
            SyncTools(
                units=self.units,
                clock=self.clock,
                readers=self.stripe,
                opener=opener,
                matching=self.matching,
                history=RebuildHistory(units=self.units, clock=self.clock),
                describe=plainly,
            )
        )

    def add_account(self, name: str, *domains: str) -> str:
        """An account, as an import would leave it."""
        account_id = f"acc_{name.lower()}"
        with self.units.writing(WORKSPACE) as uow:
            uow.accounts.put_many([Account(account_id, name, domains, None, UnixMicros(0))])
            uow.commit()
        return account_id

    def connected(self) -> str:
        """Connect; the id of the run that waits."""
        return self.connect(ADMIN, KEY)

    def sync(self, run_id: str, *, stopping: Callable[[], bool] = lambda: False) -> bool:
        """What a worker does with the job."""
        return self.run_sync(WORKSPACE, run_id, stopping=stopping)

    def synced(self) -> SyncRun:
        """Connect or re-sync, to the end."""
        with self.units.reading(WORKSPACE) as uow:
            has_key = uow.connections.get().has_key
        run_id = self.request_sync(ADMIN) if has_key else self.connected()
        self.clock.advance(seconds=1)
        self.sync(run_id)
        return self.run(run_id)

    def run(self, run_id: str) -> SyncRun:
        """The run as it is stored."""
        with self.units.reading(WORKSPACE) as uow:
            found = uow.sync_runs.get(run_id)
        assert found is not None
        return found

    def card(self) -> IntegrationCard:
        """The Stripe card."""
        return self.show(MEMBER)

    def figures(self) -> dict[str, tuple[str, str | None]]:
        """MRR and payment status by account name."""
        page = self.accounts(MEMBER, AccountsQuery(limit=200))
        return {
            shown.row.name: (shown.mrr.amount, shown.row.payment_status and shown.row.payment_status.value)
            for shown in page.rows
        }


def report(*, mode: Mode = Mode.TEST, account_id: str | None = "acct_1", full_secret_key: bool = False) -> KeyReport:
    """What Stripe says of a key that reads everything it should."""
    return KeyReport(StripeIdentity(mode, account_id), full_secret_key, events_readable=False)
