"""The committed records of every workspace, and the one lock that writers share."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from typing import Any

from clynto.domain.account import Account
from clynto.domain.account_billing import AccountBilling, CustomerBilling
from clynto.domain.catalogue import Price, Product
from clynto.domain.connection import Connection
from clynto.domain.customer import StripeCustomer
from clynto.domain.discount_readings import DiscountReading
from clynto.domain.exchange_rates import ExchangeRate
from clynto.domain.health import Pillar
from clynto.domain.invoice import Invoice
from clynto.domain.matching import MatchDecision
from clynto.domain.moments import UnixMicros, UnixTime
from clynto.domain.month_ends import Month
from clynto.domain.mrr_history import MrrPoint, MrrSnapshot
from clynto.domain.provenance import Provenance
from clynto.domain.signal_ledger import SignalLedger
from clynto.domain.signals import NonEvent, NonEventCode, Signal
from clynto.domain.subscription import Subscription
from clynto.domain.sync_run import SyncRun
from clynto.domain.webhook_event import EventUse
from clynto.ports.billing_results import AccountPlaces
from clynto.ports.health import MeasuredPillar, ScorePoint
from clynto.ports.people import ApiToken, AuditEntry, Session, User
from clynto.ports.question_history import KeptQuestion
from clynto.ports.stripe_reading import Listing, Span
from clynto.ports.vault import SealedCredential
from clynto.ports.webhooks import EventState, InboxEvent, WebhookEndpoint
from clynto.ports.workspaces import Workspace


@dataclass(frozen=True, slots=True)
class HeldEvent:
    """An event of the inbox; ``use`` is known once it is finished."""

    event: InboxEvent
    state: EventState
    due_at: UnixMicros
    use: EventUse | None = None
    finished_at: UnixMicros | None = None
    delivered: bool = True


@dataclass(frozen=True, slots=True)
class HeldSignal:
    """A signal with what was noted about it."""

    id: str
    signal: Signal
    detected_at: UnixMicros
    changed_at: UnixMicros
    dismissed_at: UnixMicros | None = None


@dataclass
class Records:
    """All records of one workspace. Once committed, an instance is never changed again, only replaced."""

    workspace: Workspace | None = None
    exchange_rates: tuple[ExchangeRate, ...] = ()
    users: dict[str, User] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    tokens: dict[str, ApiToken] = field(default_factory=dict)
    audit_log: dict[str, AuditEntry] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    connection: Connection = field(default_factory=Connection)
    sealed_key: SealedCredential | None = None
    runs: dict[str, SyncRun] = field(default_factory=dict)
    checkpoints: dict[tuple[str, Listing], tuple[Span, ...]] = field(default_factory=dict)
    products: dict[str, tuple[Product, Provenance]] = field(default_factory=dict)
    prices: dict[str, tuple[Price, Provenance]] = field(default_factory=dict)
    customers: dict[str, tuple[StripeCustomer, Provenance]] = field(default_factory=dict)
    subscriptions: dict[str, tuple[Subscription, Provenance]] = field(default_factory=dict)
    discount_readings: dict[str, tuple[DiscountReading, Provenance]] = field(default_factory=dict)
    invoices: dict[str, tuple[Invoice, Provenance]] = field(default_factory=dict)
    matches: dict[str, MatchDecision] = field(default_factory=dict)
    customer_billing: dict[str, tuple[CustomerBilling, str | None]] = field(default_factory=dict)
    account_billing: dict[str, tuple[AccountBilling, int | None]] = field(default_factory=dict)
    account_places: dict[str, AccountPlaces] = field(default_factory=dict)
    webhook_endpoint: WebhookEndpoint | None = None
    inbox: dict[str, HeldEvent] = field(default_factory=dict)
    signals: dict[str, HeldSignal] = field(default_factory=dict)
    ledgers: dict[str, SignalLedger] = field(default_factory=dict)
    non_events: dict[tuple[str, UnixTime, NonEventCode], NonEvent] = field(default_factory=dict)
    pillars: dict[tuple[str, Pillar], MeasuredPillar] = field(default_factory=dict)
    health_scores: dict[str, int | None] = field(default_factory=dict)
    score_points: dict[tuple[str, UnixMicros], ScorePoint] = field(default_factory=dict)
    snapshots: dict[tuple[str, dt.date], MrrSnapshot] = field(default_factory=dict)
    points: dict[tuple[str, Month], MrrPoint] = field(default_factory=dict)
    questions: dict[str, KeptQuestion] = field(default_factory=dict)

    def copy(self) -> Records:
        """A copy whose tables can be changed without touching this one; the rows themselves are frozen."""
        tables: dict[str, Any] = {
            entry.name: dict(table) for entry in fields(self) if isinstance(table := getattr(self, entry.name), dict)
        }
        return replace(self, **tables)


class MemoryDatabase:
    """What all in-memory adapters of one installation share."""

    def __init__(self) -> None:
        self.failed_sign_ins: list[tuple[str, UnixMicros]] = []
        self._committed: dict[str, Records] = {}
        self._writing = threading.Lock()
        self._writer: int | None = None

    def committed(self, workspace_id: str) -> Records:
        """What everybody sees of a workspace."""
        return self._committed.get(workspace_id, Records())

    def workspaces(self) -> dict[str, Records]:
        """What everybody sees, by workspace id."""
        return dict(self._committed)

    def publish(self, workspace_id: str, records: Records) -> None:
        """Replace what everybody sees. Only within ``writing``."""
        self._committed[workspace_id] = records

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One writer at a time, as with SQLite. Raises ``RuntimeError`` instead of waiting for oneself for ever."""
        if self._writer == threading.get_ident():
            raise RuntimeError("this thread is writing already: a second writing unit inside it would never begin")
        with self._writing:
            self._writer = threading.get_ident()
            try:
                yield
            finally:
                self._writer = None

    @contextmanager
    def change(self, workspace_id: str) -> Iterator[Records]:
        """A short transaction of its own: what the block changes is committed at its end."""
        with self.writing():
            changed = self.committed(workspace_id).copy()
            yield changed
            self.publish(workspace_id, changed)


class Transaction:
    """One unit's view of a workspace: the committed records, or a private copy from the first change on."""

    def __init__(self, database: MemoryDatabase, workspace_id: str, *, read_only: bool) -> None:
        self.workspace_id = workspace_id
        self.database = database
        self._read_only = read_only
        self._records = database.committed(workspace_id)
        self._changed = False

    @property
    def records(self) -> Records:
        """For reading."""
        return self._records

    def changing(self) -> Records:
        """For writing. Raises ``RuntimeError`` in a reading unit."""
        if self._read_only:
            raise RuntimeError("a reading unit of work does not write")
        if not self._changed:
            self._records, self._changed = self._records.copy(), True
        return self._records

    def commit(self) -> None:
        """Publish. Raises ``RuntimeError`` in a reading unit."""
        if self._read_only:
            raise RuntimeError("a reading unit of work does not commit")
        if self._changed:
            self.database.publish(self.workspace_id, self._records)
            self._changed = False
