"""Where signals and what is needed to tell them apart are kept (billing rules 5)."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from clynto.domain.moments import UnixMicros
from clynto.domain.signal_ledger import SignalLedger
from clynto.domain.signals import NonEvent, Signal, SignalType


class InboxStatus(enum.StrEnum):
    """What a person sees: dismissed is a person's choice, resolved is Stripe's news."""

    OPEN = "open"
    RESOLVED = "resolved"
    DISMISSED = "dismissed"


class SignalOrder(enum.StrEnum):
    """How the inbox is sorted."""

    NEWEST = "newest"
    SEVERITY = "severity"
    """Severity, then ARR of the account, then newest."""


@dataclass(frozen=True, slots=True)
class StoredSignal:
    """A signal with its own id, and the account its customer is matched to now (None: unmatched)."""

    id: str
    signal: Signal
    status: InboxStatus
    detected_at: UnixMicros
    dismissed_at: UnixMicros | None
    account_id: str | None
    account_name: str | None
    customer_name: str | None


@dataclass(frozen=True, slots=True)
class SignalsQuery:
    """Empty filters select everything. ``after`` is a cursor that a former page returned for the same query."""

    types: frozenset[SignalType] = frozenset()
    statuses: frozenset[InboxStatus] = frozenset()
    account_id: str | None = None
    subscription_id: str | None = None
    order: SignalOrder = SignalOrder.NEWEST
    limit: int = 50
    after: str | None = None


@dataclass(frozen=True, slots=True)
class SignalsPage:
    """``next_cursor`` None: this was the last page."""

    rows: tuple[StoredSignal, ...]
    next_cursor: str | None


class SignalStore(Protocol):
    """Signals of one workspace, unique by type and identity; one open ``payment_overdue`` and one open
    ``subscription_canceled`` per subscription, enforced by the database (billing rules 5.1)."""

    def put_many(self, signals: Iterable[tuple[str, Signal]], *, at: UnixMicros) -> None:
        """Insert or replace by type and identity. The id given is used for a new row only; a dismissal stays.

        What is over makes room for what is new, in whatever order both are given. Raises ``Conflict`` for a second
        open signal of a type and subscription that may have one.
        """
        ...

    def get(self, signal_id: str) -> StoredSignal | None:
        """One signal."""
        ...

    def page(self, query: SignalsQuery) -> SignalsPage:
        """One page. Raises ``InvalidInput`` for a foreign cursor."""
        ...

    def dismiss(self, signal_id: str, at: UnixMicros) -> None:
        """Put a signal aside."""
        ...

    def reopen(self, signal_id: str, at: UnixMicros) -> None:
        """Bring a dismissed signal back as Stripe's news has it: open or resolved."""
        ...

    def open_counts(self) -> Mapping[SignalType, int]:
        """How many signals are open and not dismissed, by type."""
        ...

    def open_cases(self) -> int:
        """How many cases the signals that are open and not dismissed make: those that stand together are one."""
        ...

    def open_cases_by_type(self) -> Mapping[SignalType, int]:
        """The same among the signals of each type alone."""
        ...

    def newest_change(self) -> UnixMicros | None:
        """When any signal last appeared, changed, was dismissed or reopened: a page knows whether to look again."""
        ...


class LedgerStore(Protocol):
    """The memory of the signal rules, one ledger per key (``ledger_key``)."""

    def lock(self) -> None:
        """Let no other unit of work of this workspace touch ledgers, or compute figures, until this one ends.

        Asked for once more it changes nothing.
        """
        ...

    def get_many(self, keys: Iterable[str]) -> Mapping[str, SignalLedger]:
        """Those that are stored."""
        ...

    def put_many(self, ledgers: Mapping[str, SignalLedger]) -> None:
        """Insert or replace."""
        ...

    def put_non_events(self, non_events: Iterable[NonEvent]) -> None:
        """Store explained non-events; the same one twice is one."""
        ...

    def non_events(self, subscription_ids: Sequence[str]) -> Sequence[NonEvent]:
        """Explained non-events of the subscriptions, newest first."""
        ...
