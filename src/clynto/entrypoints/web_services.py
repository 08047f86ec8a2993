"""Fills ``Services`` from the container: what a web process can do, and nothing it may not."""

from __future__ import annotations

from clynto.adapters.sql.schema import schema_is_current
from clynto.application.accounts_from_customers import AddAccountsFromCustomers
from clynto.application.add_user import AddUser
from clynto.application.answer_question import AnswerQuestion
from clynto.application.authenticate import Authenticate
from clynto.application.change_account import ChangeAccount
from clynto.application.change_own_password import ChangeOwnPassword
from clynto.application.change_user import ChangeUser
from clynto.application.change_workspace import ChangeWorkspace
from clynto.application.configure_webhooks import RenewWebhookAddress, SaveSigningSecret
from clynto.application.connect_stripe import ConnectStripe
from clynto.application.create_account import CreateAccount
from clynto.application.delete_account import DeleteAccount
from clynto.application.disconnect_stripe import DisconnectStripe
from clynto.application.dismiss_signal import DismissSignal
from clynto.application.erase_stripe_data import EraseStripeData
from clynto.application.force_match import DropMatch, ForceMatch
from clynto.application.founding import Founder
from clynto.application.import_accounts import ImportAccounts
from clynto.application.issue_token import IssueToken
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
from clynto.application.receive_together import ReceiveTogether
from clynto.application.receive_webhook import ReceiveWebhook
from clynto.application.remove_user import RemoveUser
from clynto.application.request_sync import RequestSync
from clynto.application.retry_parked_events import RetryParkedEvents
from clynto.application.revoke_token import RevokeToken
from clynto.application.set_pillar import SetPillar
from clynto.application.set_up_first_workspace import SetUpFirstWorkspace
from clynto.application.sign_in import SignIn
from clynto.application.sign_out import SignOut
from clynto.domain.secret import Secret
from clynto.entrypoints.container import Container
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


def services_of(container: Container, web: WebSettings, set_up_code: Secret) -> Services:
    """Everything the HTTP edge needs."""
    return Services(
        settings=web,
        identifiers=container.identifiers(),
        readiness=_readiness(container),
        access=_access(container, set_up_code),
        people=_people(container),
        workspace=_workspace(container),
        integration=_integration(container),
        webhooks=_webhooks(container, web),
        accounts=_accounts(container),
        inbox=_inbox(container),
        pages=_pages(container),
        larry=larry_of(container),
    )


def _readiness(container: Container) -> dict[str, ReadinessCheck]:
    engine, queue = container.database(), container.queue()

    def database() -> None:
        if not schema_is_current(engine):
            raise RuntimeError("the database is not up to date")

    return {"database": database, "redis": queue.ensure_available}


def _access(container: Container, set_up_code: Secret) -> AccessServices:
    units, clock, identifiers = container.units(), container.clock(), container.identifiers()
    directory, hashing = container.directory(), container.hashing()
    founder = Founder(hashing=hashing, clock=clock, identifiers=identifiers)
    return AccessServices(
        sign_in=SignIn(
            directory=directory,
            units=units,
            hashing=hashing,
            clock=clock,
            identifiers=identifiers,
            audit=container.audit(),
        ),
        sign_out=SignOut(directory=directory),
        authenticate=Authenticate(directory=directory, clock=clock),
        set_up_first_workspace=SetUpFirstWorkspace(
            workspaces=container.workspaces(), directory=directory, founder=founder, clock=clock, code=set_up_code
        ),
    )


def _people(container: Container) -> PeopleServices:
    units, clock, identifiers = container.units(), container.clock(), container.identifiers()
    hashing, audit = container.hashing(), container.audit()
    return PeopleServices(
        list_people=ListPeople(units=units),
        add_user=AddUser(units=units, hashing=hashing, clock=clock, identifiers=identifiers, audit=audit),
        change_user=ChangeUser(units=units, hashing=hashing, audit=audit),
        change_own_password=ChangeOwnPassword(
            directory=container.directory(), units=units, hashing=hashing, clock=clock, audit=audit
        ),
        remove_user=RemoveUser(units=units, audit=audit),
        list_tokens=ListTokens(units=units),
        issue_token=IssueToken(units=units, clock=clock, identifiers=identifiers, audit=audit),
        revoke_token=RevokeToken(units=units, audit=audit),
        read_audit_log=ReadAuditLog(units=units),
    )


def _workspace(container: Container) -> WorkspaceServices:
    units = container.units()
    return WorkspaceServices(
        read_workspace=ReadWorkspace(units=units),
        change_workspace=ChangeWorkspace(
            units=units, queue=container.queue(), audit=container.audit(), domain_rules=container.domain_rules()
        ),
    )


def _integration(container: Container) -> IntegrationServices:
    units, clock, identifiers = container.units(), container.clock(), container.identifiers()
    queue, audit, recompute = container.queue(), container.audit(), container.recompute()
    return IntegrationServices(
        show_integration=ShowIntegration(units=units, clock=clock, queue=queue),
        connect_stripe=ConnectStripe(
            units=units,
            clock=clock,
            identifiers=identifiers,
            key_check=container.key_check(),
            readers=container.readers(),
            sealer=container.sealer(),
            queue=queue,
            audit=audit,
        ),
        disconnect_stripe=DisconnectStripe(units=units, clock=clock, audit=audit),
        erase_stripe_data=EraseStripeData(units=units, intake=container.event_intake(), audit=audit),
        request_sync=RequestSync(units=units, clock=clock, identifiers=identifiers, queue=queue, audit=audit),
        read_sync_history=ReadSyncHistory(units=units),
        list_customers=ListCustomers(units=units, clock=clock),
        force_match=ForceMatch(units=units, recompute=recompute, audit=audit),
        drop_match=DropMatch(units=units, recompute=recompute, audit=audit),
        add_accounts=AddAccountsFromCustomers(
            units=units,
            clock=clock,
            identifiers=identifiers,
            rules=container.domain_rules(),
            matching=container.matching(),
            queue=queue,
            audit=audit,
        ),
    )


def _webhooks(container: Container, web: WebSettings) -> WebhookServices:
    units, clock, identifiers = container.units(), container.clock(), container.identifiers()
    audit = container.audit()
    return WebhookServices(
        show_webhooks=ShowWebhooks(units=units, clock=clock, identifiers=identifiers, public_url=web.public_url),
        save_signing_secret=SaveSigningSecret(
            units=units, clock=clock, identifiers=identifiers, sealer=container.sealer(), audit=audit
        ),
        renew_webhook_address=RenewWebhookAddress(units=units, clock=clock, identifiers=identifiers, audit=audit),
        retry_parked_events=RetryParkedEvents(units=units, clock=clock, queue=container.queue(), audit=audit),
        receive_webhook=ReceiveTogether(
            ReceiveWebhook(
                addresses=container.webhook_addresses(),
                opener=container.webhook_opener(),
                reading=container.event_reading(),
                intake=container.event_intake(),
                queue=container.queue(),
                clock=clock,
                signing_clock=container.machine_clock(),
            )
        ),
    )


def _accounts(container: Container) -> AccountServices:
    units, clock, identifiers = container.units(), container.clock(), container.identifiers()
    queue, audit, rules = container.queue(), container.audit(), container.domain_rules()
    recompute = container.recompute()
    listing = ListAccounts(units=units, clock=clock)
    return AccountServices(
        list_accounts=listing,
        export_accounts=ExportAccounts(listing),
        create_account=CreateAccount(
            units=units, clock=clock, identifiers=identifiers, rules=rules, queue=queue, audit=audit
        ),
        change_account=ChangeAccount(units=units, rules=rules, queue=queue, audit=audit),
        delete_account=DeleteAccount(units=units, queue=queue, audit=audit),
        import_accounts=ImportAccounts(
            units=units, clock=clock, identifiers=identifiers, rules=rules, queue=queue, audit=audit
        ),
        show_account_billing=ShowAccountBilling(units=units, clock=clock),
        explain_mrr=ExplainMrr(units=units, recompute=recompute),
        read_mrr_history=ReadMrrHistory(units=units, recompute=recompute),
        show_health=ShowHealth(units=units),
        set_pillar=SetPillar(units=units, clock=clock, recompute=recompute, audit=audit),
    )


def _inbox(container: Container) -> InboxServices:
    units = container.units()
    return InboxServices(
        read_inbox=ReadInbox(units=units),
        dismiss_signal=DismissSignal(units=units, clock=container.clock(), audit=container.audit()),
    )


def _pages(container: Container) -> PageServices:
    units, clock = container.units(), container.clock()
    return PageServices(
        show_shell=ShowShell(units=units, clock=clock),
        read_mrr_trends=ReadMrrTrends(units=units, clock=clock),
        preview_basis=PreviewBasis(units=units, clock=clock),
        suggest_accounts=SuggestAccounts(units=units),
        read_signal_cases=ReadSignalCases(units=units, clock=clock),
    )


def larry_of(container: Container) -> LarryServices:
    """Questions and typed queries, for the web as for assistants."""
    units, clock = container.units(), container.clock()
    run_query = RunQuery(units=units, clock=clock, near_words=container.near_words())
    return LarryServices(
        answer_question=AnswerQuestion(
            units=units,
            run_query=run_query,
            clock=clock,
            identifiers=container.identifiers(),
            near_words=container.near_words(),
            planner=container.planner(),
        ),
        run_query=run_query,
        read_questions=ReadQuestions(units=units),
    )
