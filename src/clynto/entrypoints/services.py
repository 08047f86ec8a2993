"""What the HTTP edge needs, handed to it ready-made by the container: views know nothing else of the product.

Each group is one area of the product. A new area is a new frozen dataclass and one more field of ``Services``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

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
from clynto.application.receive_webhook import Receiving
from clynto.application.remove_user import RemoveUser
from clynto.application.request_sync import RequestSync
from clynto.application.retry_parked_events import RetryParkedEvents
from clynto.application.revoke_token import RevokeToken
from clynto.application.set_pillar import SetPillar
from clynto.application.set_up_first_workspace import SetUpFirstWorkspace
from clynto.application.sign_in import SignIn
from clynto.application.sign_out import SignOut
from clynto.domain.secret import Secret
from clynto.ports.identifiers import Identifiers

ReadinessCheck = Callable[[], None]
"""Returns when the part it asks answers, raises otherwise. It has a time limit of its own, so that a part that hangs
does not keep the process from stopping."""


@dataclass(frozen=True, slots=True)
class WebSettings:
    """``public_url`` is the address people and Stripe use. ``trusted_proxies`` counts the proxies in front
    whose forwarded headers are believed (guarantees K7). ``metrics_dir`` is where several web processes put their
    counts together; None: each process tells its own."""

    public_url: str
    secret_key: Secret
    trusted_proxies: int = 0
    metrics_dir: Path | None = None

    @property
    def is_https(self) -> bool:
        """Whether cookies may be kept to encrypted connections."""
        return self.public_url.lower().startswith("https://")


@dataclass(frozen=True, slots=True)
class AccessServices:
    """Getting in and out."""

    sign_in: SignIn
    sign_out: SignOut
    authenticate: Authenticate
    set_up_first_workspace: SetUpFirstWorkspace


@dataclass(frozen=True, slots=True)
class PeopleServices:
    """Who may do what, and who did."""

    list_people: ListPeople
    add_user: AddUser
    change_user: ChangeUser
    change_own_password: ChangeOwnPassword
    remove_user: RemoveUser
    list_tokens: ListTokens
    issue_token: IssueToken
    revoke_token: RevokeToken
    read_audit_log: ReadAuditLog


@dataclass(frozen=True, slots=True)
class WorkspaceServices:
    """The workspace's own settings."""

    read_workspace: ReadWorkspace
    change_workspace: ChangeWorkspace


@dataclass(frozen=True, slots=True)
class IntegrationServices:
    """The Stripe card and what can be done from it."""

    show_integration: ShowIntegration
    connect_stripe: ConnectStripe
    disconnect_stripe: DisconnectStripe
    erase_stripe_data: EraseStripeData
    request_sync: RequestSync
    read_sync_history: ReadSyncHistory
    list_customers: ListCustomers
    force_match: ForceMatch
    drop_match: DropMatch
    add_accounts: AddAccountsFromCustomers


@dataclass(frozen=True, slots=True)
class WebhookServices:
    """The webhook panel, and the address that Stripe sends to."""

    show_webhooks: ShowWebhooks
    save_signing_secret: SaveSigningSecret
    renew_webhook_address: RenewWebhookAddress
    retry_parked_events: RetryParkedEvents
    receive_webhook: Receiving


@dataclass(frozen=True, slots=True)
class AccountServices:
    """The accounts table and the tabs of one account."""

    list_accounts: ListAccounts
    export_accounts: ExportAccounts
    create_account: CreateAccount
    change_account: ChangeAccount
    delete_account: DeleteAccount
    import_accounts: ImportAccounts
    show_account_billing: ShowAccountBilling
    explain_mrr: ExplainMrr
    read_mrr_history: ReadMrrHistory
    show_health: ShowHealth
    set_pillar: SetPillar


@dataclass(frozen=True, slots=True)
class InboxServices:
    """Churn signals."""

    read_inbox: ReadInbox
    dismiss_signal: DismissSignal


@dataclass(frozen=True, slots=True)
class LarryServices:
    """Questions in plain words and typed queries."""

    answer_question: AnswerQuestion
    run_query: RunQuery
    read_questions: ReadQuestions


@dataclass(frozen=True, slots=True)
class PageServices:
    """What only pages ask for: their frame, and what stands beside the figures."""

    show_shell: ShowShell
    read_mrr_trends: ReadMrrTrends
    preview_basis: PreviewBasis
    suggest_accounts: SuggestAccounts
    read_signal_cases: ReadSignalCases


@dataclass(frozen=True, slots=True)
class Services:
    """Everything the HTTP edge needs. ``readiness`` names each part that has to answer before traffic comes."""

    settings: WebSettings
    identifiers: Identifiers
    readiness: Mapping[str, ReadinessCheck]
    access: AccessServices
    people: PeopleServices
    workspace: WorkspaceServices
    integration: IntegrationServices
    webhooks: WebhookServices
    accounts: AccountServices
    inbox: InboxServices
    pages: PageServices
    larry: LarryServices
