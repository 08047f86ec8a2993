"""The whole product behind the HTTP edge, in memory: real use cases, real rules, no fakes but the shipped ones."""

from __future__ import annotations

from dataclasses import dataclass, field

from clynto.adapters.memory.database import MemoryDatabase, Records
from clynto.adapters.memory.sequential_identifiers import SequentialIdentifiers
from clynto.adapters.memory.settable_clock import SettableClock
from clynto.adapters.memory.sign_in_directory import MemorySignInDirectory
from clynto.adapters.memory.stripe import MemoryStripe
from clynto.adapters.memory.unit_of_work import MemoryUnitsOfWork
from clynto.adapters.memory.unsafe_password_hashing import UnsafePasswordHashing
from clynto.adapters.memory.vault import MemoryVault
from clynto.adapters.memory.webhooks import MemoryEventIntake, MemoryWebhookAddresses
from clynto.adapters.memory.work_queue import MemoryWorkQueue
from clynto.adapters.memory.workspaces import MemoryWorkspaceDirectory
from clynto.adapters.stripe_api.event_reading import StripeEventReading
from clynto.adapters.system.domain_rules import BundledDomainRules
from clynto.adapters.text_matching.near_words import RapidfuzzNearWords
from clynto.application.accounts_from_customers import AddAccountsFromCustomers
from clynto.application.actor import Actor
from clynto.application.add_user import AddUser
from clynto.application.answer_question import AnswerQuestion
from clynto.application.audit import AuditTrail
from clynto.application.authenticate import Authenticate, SessionCredential
from clynto.application.change_account import ChangeAccount
from clynto.application.change_own_password import ChangeOwnPassword
from clynto.application.change_user import ChangeUser
from clynto.application.change_workspace import ChangeWorkspace
from clynto.application.configure_webhooks import RenewWebhookAddress, SaveSigningSecret
from clynto.application.connect_stripe import ConnectStripe
from clynto.application.create_account import CreateAccount
from clynto.application.create_workspace import CreateWorkspace
from clynto.application.delete_account import DeleteAccount
from clynto.application.disconnect_stripe import DisconnectStripe
from clynto.application.dismiss_signal import DismissSignal
from clynto.application.erase_stripe_data import EraseStripeData
from clynto.application.force_match import DropMatch, ForceMatch
from clynto.application.founding import Founder, FoundingRequest
from clynto.application.import_accounts import ImportAccounts
from clynto.application.issue_token import IssueToken
from clynto.application.match_customers import MatchCustomers, RematchWorkspace
from clynto.application.queries.audit import ReadAuditLog
from clynto.application.queries.explain_mrr import ExplainMrr
from clynto.application.queries.export_accounts import ExportAccounts
from clynto.application.queries.list_accounts import ListAccounts
from clynto.application.queries.list_customers import ListCustomers
from clynto.application.queries.mrr_change import ReadMrrTrends
from clynto.application.queries.mrr_history import ReadMrrHistory
from clynto.application.queries.people import ListPeople
from clynto.application.queries.preview_basis import PreviewBasis
from clynto.application.queries.read_inbox import ReadInbox
from clynto.application.queries.read_questions import ReadQuestions
from clynto.application.queries.run_query import RunQuery
from clynto.application.queries.show_account_billing import ShowAccountBilling
from clynto.application.queries.show_health import ShowHealth
from clynto.application.queries.show_integration import ShowIntegration
from clynto.application.queries.show_shell import ShowShell
from clynto.application.queries.show_webhooks import ShowWebhooks
from clynto.application.queries.signal_cases import ReadSignalCases
from clynto.application.queries.suggest_accounts import SuggestAccounts
from clynto.application.queries.sync_history import ReadSyncHistory
from clynto.application.queries.tokens import ListTokens
from clynto.application.queries.workspace import ReadWorkspace
from clynto.application.raise_signals import RaiseSignals
from clynto.application.receive_webhook import ReceiveWebhook
from clynto.application.recompute_billing import RecomputeBilling
from clynto.application.remove_user import RemoveUser
from clynto.application.request_sync import RequestSync
from clynto.application.retry_parked_events import RetryParkedEvents
from clynto.application.revoke_token import RevokeToken
from clynto.application.set_pillar import SetPillar
from clynto.application.set_up_first_workspace import SetUpFirstWorkspace
from clynto.application.sign_in import SignIn
from clynto.application.sign_out import SignOut
from clynto.domain.roles import Role
from clynto.domain.secret import Secret
from clynto.entrypoints.services import (
    AccessServices,
    AccountServices,
    InboxServices,
    IntegrationServices,
    LarryServices,
    PageServices,
    PeopleServices,
    ReadinessCheck,
    Services,
    WebhookServices,
    WebSettings,
    WorkspaceServices,
)
from clynto.ports.vault import Purpose
from clynto.ports.work_queue import Job

OWNER, ADMIN, MEMBER = "olga@rheinwerk.example", "adam@rheinwerk.example", "mia@rheinwerk.example"
EMAIL_OF = {Role.OWNER: OWNER, Role.ADMIN: ADMIN, Role.MEMBER: MEMBER}
PASSWORD = Secret("correct horse battery staple")
SET_UP_CODE = Secret("K7QF-M2XD-9WRT-4BHV")
ADDRESS = "192.0.2.200"

PUBLIC_URL = "http://localhost"

DOMAIN_RULES = BundledDomainRules()


class QueueAfterCommit(MemoryWorkQueue):
    """Refuses work that is handed over in the middle of a change: a quick worker would not see it (guarantees E6)."""

    def __init__(self, database: MemoryDatabase) -> None:
        super().__init__()
        self._database = database

    def enqueue(self, job: Job) -> None:
        """Raises ``RuntimeError`` inside a writing transaction of the same thread."""
        with self._database.writing():
            super().enqueue(job)


@dataclass
class Product:
    """What tests need of it, and what the edge gets of it."""

    clock: SettableClock
    database: MemoryDatabase
    units: MemoryUnitsOfWork
    workspaces: MemoryWorkspaceDirectory
    queue: MemoryWorkQueue
    identifiers: SequentialIdentifiers
    create_workspace: CreateWorkspace
    access: AccessServices
    people: PeopleServices
    workspace: WorkspaceServices
    audit: AuditTrail
    stripe: MemoryStripe
    vault: MemoryVault = field(default_factory=MemoryVault)
    workspace_id: str = ""
    readiness: dict[str, ReadinessCheck] = field(default_factory=dict)

    def services(self, *, public_url: str = PUBLIC_URL, trusted_proxies: int = 0) -> Services:
        """For ``create_app``."""
        settings = WebSettings(public_url, Secret("a signing key for tests only, long enough"), trusted_proxies)
        return Services(
            settings=settings,
            identifiers=self.identifiers,
            readiness=self.readiness,
            access=self.access,
            people=self.people,
            workspace=self.workspace,
            integration=self._integration(),
            webhooks=self._webhooks(public_url),
            accounts=self._accounts(),
            inbox=InboxServices(
                read_inbox=ReadInbox(units=self.units),
                dismiss_signal=DismissSignal(units=self.units, clock=self.clock, audit=self.audit),
            ),
            pages=PageServices(
                show_shell=ShowShell(units=self.units, clock=self.clock),
                read_mrr_trends=ReadMrrTrends(units=self.units, clock=self.clock),
                preview_basis=PreviewBasis(units=self.units, clock=self.clock),
                suggest_accounts=SuggestAccounts(units=self.units),
                read_signal_cases=ReadSignalCases(units=self.units, clock=self.clock),
            ),
            larry=self.larry,
        )

    @property
    def larry(self) -> LarryServices:
        """Questions and typed queries."""
        units, clock, near = self.units, self.clock, RapidfuzzNearWords()
        run_query = RunQuery(units=units, clock=clock, near_words=near)
        return LarryServices(
            answer_question=AnswerQuestion(
                units=units, run_query=run_query, clock=clock, identifiers=self.identifiers, near_words=near
            ),
            run_query=run_query,
            read_questions=ReadQuestions(units=units),
        )

    @property
    def recompute(self) -> RecomputeBilling:
        """What every change of facts ends in."""
        return RecomputeBilling(self.clock)

    def rematch(self) -> None:
        """What a worker does after accounts or facts changed: match, compute, raise signals."""
        RematchWorkspace(units=self.units, matching=self.matching())(self.workspace_id)

    def matching(self) -> MatchCustomers:
        """Which customers belong to which accounts."""
        raising = RaiseSignals(clock=self.clock, identifiers=self.identifiers)
        return MatchCustomers(rules=DOMAIN_RULES, recompute=self.recompute, signals=raising)

    def _integration(self) -> IntegrationServices:
        units, clock, audit = self.units, self.clock, self.audit
        identifiers, queue = self.identifiers, self.queue
        return IntegrationServices(
            show_integration=ShowIntegration(units=units, clock=clock, queue=queue),
            connect_stripe=ConnectStripe(
                units=units,
                clock=clock,
                identifiers=identifiers,
                key_check=self.stripe,
                readers=self.stripe,
                sealer=self.vault,
                queue=queue,
                audit=audit,
            ),
            disconnect_stripe=DisconnectStripe(units=units, clock=clock, audit=audit),
            erase_stripe_data=EraseStripeData(units=units, intake=MemoryEventIntake(self.database), audit=audit),
            request_sync=RequestSync(units=units, clock=clock, identifiers=identifiers, queue=queue, audit=audit),
            read_sync_history=ReadSyncHistory(units=units),
            list_customers=ListCustomers(units=units, clock=clock),
            force_match=ForceMatch(units=units, recompute=self.recompute, audit=audit),
            drop_match=DropMatch(units=units, recompute=self.recompute, audit=audit),
            add_accounts=AddAccountsFromCustomers(
                units=units,
                clock=clock,
                identifiers=identifiers,
                rules=DOMAIN_RULES,
                matching=self.matching(),
                queue=queue,
                audit=audit,
            ),
        )

    def _webhooks(self, public_url: str) -> WebhookServices:
        units, clock, identifiers, audit = self.units, self.clock, self.identifiers, self.audit
        return WebhookServices(
            show_webhooks=ShowWebhooks(units=units, clock=clock, identifiers=identifiers, public_url=public_url),
            save_signing_secret=SaveSigningSecret(
                units=units, clock=clock, identifiers=identifiers, sealer=self.vault, audit=audit
            ),
            renew_webhook_address=RenewWebhookAddress(units=units, clock=clock, identifiers=identifiers, audit=audit),
            retry_parked_events=RetryParkedEvents(units=units, clock=clock, queue=self.queue, audit=audit),
            receive_webhook=ReceiveWebhook(
                addresses=MemoryWebhookAddresses(self.database),
                opener=self.vault.opening_only([Purpose.WEBHOOK_SIGNING_SECRET]),
                reading=StripeEventReading(),
                intake=MemoryEventIntake(self.database),
                queue=self.queue,
                clock=clock,
                signing_clock=clock,
            ),
        )

    def _accounts(self) -> AccountServices:
        units, clock, identifiers = self.units, self.clock, self.identifiers
        queue, audit = self.queue, self.audit
        listing = ListAccounts(units=units, clock=clock)
        return AccountServices(
            list_accounts=listing,
            export_accounts=ExportAccounts(listing),
            create_account=CreateAccount(
                units=units, clock=clock, identifiers=identifiers, rules=DOMAIN_RULES, queue=queue, audit=audit
            ),
            change_account=ChangeAccount(units=units, rules=DOMAIN_RULES, queue=queue, audit=audit),
            delete_account=DeleteAccount(units=units, queue=queue, audit=audit),
            import_accounts=ImportAccounts(
                units=units, clock=clock, identifiers=identifiers, rules=DOMAIN_RULES, queue=queue, audit=audit
            ),
            show_account_billing=ShowAccountBilling(units=units, clock=clock),
            explain_mrr=ExplainMrr(units=units, recompute=self.recompute),
            read_mrr_history=ReadMrrHistory(units=units, recompute=self.recompute),
            show_health=ShowHealth(units=units),
            set_pillar=SetPillar(units=units, clock=clock, recompute=self.recompute, audit=audit),
        )

    def session_of(self, email: str) -> Secret:
        """The token of a fresh session."""
        return self.access.sign_in(email=email, password=PASSWORD, address=ADDRESS).token

    def actor(self, email: str) -> Actor:
        """Somebody, as signed in."""
        return self.access.authenticate(SessionCredential(self.session_of(email)))

    def actor_of(self, role: Role) -> Actor:
        """The one with that role."""
        return self.actor(EMAIL_OF[role])

    def token_of(self, role: Role) -> Secret:
        """A fresh API token of that role, made by the person with that role or, for members, by the admin."""
        maker = self.actor_of(role if role.covers(Role.ADMIN) else Role.ADMIN)
        return self.people.issue_token(maker, name=f"{role.value} script", role=role).token

    def user_id(self, email: str) -> str:
        """The id of somebody in the workspace."""
        with self.units.reading(self.workspace_id) as uow:
            return next(user.id for user in uow.users.all() if user.email == email)

    def stranger(self) -> Actor:
        """The owner of another workspace."""
        self.create_workspace(FoundingRequest("Elsewhere", "eve@elsewhere.example", PASSWORD))
        return self.actor("eve@elsewhere.example")

    def workspace_name(self) -> str:
        """What the workspace is called now."""
        with self.units.reading(self.workspace_id) as uow:
            return uow.workspaces.get().name

    def everything(self) -> tuple[object, ...]:
        """All that a change could touch, to compare before with after."""
        records: Records = self.database.committed(self.workspace_id)
        return (
            records.workspace,
            records.connection,
            dict(records.accounts),
            dict(records.matches),
            records.exchange_rates,
            dict(records.users),
            set(records.tokens),
            dict(records.audit_log),
            tuple(self.jobs()),
        )

    def jobs(self) -> list[Job]:
        """What waits for a worker."""
        return list(self.queue.waiting)

    def break_queue(self) -> None:
        """From now on nothing can be handed over."""
        self.queue.available = False


def empty_product(code: Secret = SET_UP_CODE) -> Product:
    """Before the first visit."""
    database, hashing = MemoryDatabase(), UnsafePasswordHashing()
    queue = QueueAfterCommit(database)
    clock, identifiers = SettableClock(), SequentialIdentifiers()
    units, directory = MemoryUnitsOfWork(database), MemorySignInDirectory(database)
    workspaces, audit = MemoryWorkspaceDirectory(database), AuditTrail(clock, identifiers)
    founder = Founder(hashing=hashing, clock=clock, identifiers=identifiers)
    access = AccessServices(
        sign_in=SignIn(
            directory=directory,
            units=units,
            hashing=hashing,
            clock=clock,
            identifiers=identifiers,
            audit=audit,
        ),
        sign_out=SignOut(directory=directory),
        authenticate=Authenticate(directory=directory, clock=clock),
        set_up_first_workspace=SetUpFirstWorkspace(
            workspaces=workspaces, directory=directory, founder=founder, clock=clock, code=code
        ),
    )
    people = PeopleServices(
        list_people=ListPeople(units=units),
        add_user=AddUser(units=units, hashing=hashing, clock=clock, identifiers=identifiers, audit=audit),
        change_user=ChangeUser(units=units, hashing=hashing, audit=audit),
        change_own_password=ChangeOwnPassword(
            directory=directory, units=units, hashing=hashing, clock=clock, audit=audit
        ),
        remove_user=RemoveUser(units=units, audit=audit),
        list_tokens=ListTokens(units=units),
        issue_token=IssueToken(units=units, clock=clock, identifiers=identifiers, audit=audit),
        revoke_token=RevokeToken(units=units, audit=audit),
        read_audit_log=ReadAuditLog(units=units),
    )
    workspace = WorkspaceServices(
        read_workspace=ReadWorkspace(units=units),
        change_workspace=ChangeWorkspace(units=units, queue=queue, audit=audit, domain_rules=DOMAIN_RULES),
    )
    create_workspace = CreateWorkspace(workspaces=workspaces, founder=founder)
    return Product(
        clock=clock,
        database=database,
        units=units,
        workspaces=workspaces,
        queue=queue,
        identifiers=identifiers,
        create_workspace=create_workspace,
        access=access,
        people=people,
        workspace=workspace,
        audit=audit,
        stripe=MemoryStripe(clock),
    )


def furnished_product() -> Product:
    """A workspace with one person of each role."""
    product = empty_product()
    product.workspace_id = product.create_workspace(FoundingRequest("Rheinwerk", OWNER, PASSWORD))
    owner = product.actor(OWNER)
    for role in (Role.ADMIN, Role.MEMBER):
        product.people.add_user(owner, email=EMAIL_OF[role], role=role, password=PASSWORD)
    return product
