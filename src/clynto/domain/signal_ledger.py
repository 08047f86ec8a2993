"""What must be remembered between two observations of a customer to tell what changed (billing rules 5.1).

One ledger per Stripe customer (``ledger_key``). It is a value: rules work on a ``LedgerDraft`` and hand back a new one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from clynto.domain.invoice import Invoice
from clynto.domain.moments import MICROS_PER_SECOND, UnixMicros
from clynto.domain.plain_documents import Document, from_document, to_document
from clynto.domain.provenance import Provenance, Source
from clynto.domain.signal_pictures import PlanItem, SubscriptionFacts, is_settled, settled_at
from clynto.domain.signals import NonEvent, Signal, SignalType

SETTLED_INVOICE_MEMORY_DAYS = 60
"""How long an invoice that is settled and never failed is remembered: twice as long as Stripe keeps events, so that
no late event can meet a forgotten invoice."""

_MEMORY = SETTLED_INVOICE_MEMORY_DAYS * 24 * 60 * 60 * MICROS_PER_SECOND


@dataclass(frozen=True, slots=True)
class Level:
    """List MRR that was in force from ``since`` on. ``mrr`` None: not counted, or not known."""

    since: UnixMicros
    currency: str
    mrr: Fraction | None
    plan: str
    items: tuple[PlanItem, ...]
    period_end: int | None = None


@dataclass(frozen=True, slots=True)
class Episode:
    """A stay in past_due, a requested cancellation or a cut: which signal tells of it, and while it ran."""

    identity: str
    began: UnixMicros
    ended: UnixMicros | None = None


@dataclass(frozen=True, slots=True)
class SubscriptionMemory:
    """The newest picture of a subscription and what led to it. ``levels`` reach back over the settling hour.

    ``ended_before_it_started``: canceled, and all that we had seen before was ``incomplete``.
    """

    facts: SubscriptionFacts
    as_of: UnixMicros
    source: Source
    levels: tuple[Level, ...] = ()
    stays: tuple[Episode, ...] = ()
    requests: tuple[Episode, ...] = ()
    cuts: tuple[Episode, ...] = ()
    ended_before_it_started: bool = False

    @property
    def seen(self) -> Provenance:
        """How old the newest picture is."""
        return Provenance(self.as_of, self.source)


@dataclass(frozen=True, slots=True)
class InvoiceMemory:
    """The newest picture of an invoice, without its lines."""

    invoice: Invoice
    as_of: UnixMicros
    source: Source

    @property
    def seen(self) -> Provenance:
        """How old the newest picture is."""
        return Provenance(self.as_of, self.source)


@dataclass(frozen=True, slots=True)
class SignalLedger:
    """Everything remembered of one customer, by id; ``signals`` by ``Signal.key``.

    ``forgotten_before``: settled invoices of before that moment may have been dropped by ``compact``, so an older
    picture of an unknown invoice opens nothing.
    """

    subscriptions: Mapping[str, SubscriptionMemory] = field(default_factory=dict)
    invoices: Mapping[str, InvoiceMemory] = field(default_factory=dict)
    signals: Mapping[str, Signal] = field(default_factory=dict)
    forgotten_before: UnixMicros | None = None

    @property
    def open_signals(self) -> tuple[Signal, ...]:
        """All that is still so, in a stable order."""
        return tuple(signal for _, signal in sorted(self.signals.items()) if signal.is_open)

    def to_document(self) -> Document:
        """Plain JSON-able values; nothing is lost."""
        return to_document(self)

    @classmethod
    def from_document(cls, document: Document) -> SignalLedger:
        """The ledger that ``document`` was made from."""
        return from_document(cls, document)


def ledger_key(*, customer_id: str | None, subscription_id: str | None, invoice_id: str | None = None) -> str:
    """Where the ledger of an object is kept: by customer, which Stripe may leave out of an invoice (stripe_facts 2.5).

    Raises ``ValueError`` if no id is given.
    """
    for kind, held in (("customer", customer_id), ("subscription", subscription_id), ("invoice", invoice_id)):
        if held is not None:
            return f"{kind}:{held}"
    raise ValueError("a ledger belongs to a customer, a subscription or an invoice")


def compact(ledger: SignalLedger, now: UnixMicros) -> SignalLedger:
    """Forget invoices that were settled long before ``now`` and never gave a signal."""
    horizon = UnixMicros(now - _MEMORY)
    told = {signal.invoice_id for signal in ledger.signals.values()}

    def is_needed(memory: InvoiceMemory) -> bool:
        invoice, at = memory.invoice, settled_at(memory.invoice)
        if invoice.id in told or not is_settled(invoice) or at is None:
            return True
        return at * MICROS_PER_SECOND >= horizon

    kept = {invoice_id: memory for invoice_id, memory in ledger.invoices.items() if is_needed(memory)}
    if len(kept) == len(ledger.invoices):
        return ledger
    return replace(ledger, invoices=kept, forgotten_before=horizon)


class LedgerDraft:
    """A ledger under work: the rules change it in place, ``finished`` gives the new value."""

    def __init__(self, ledger: SignalLedger) -> None:
        self._before = ledger
        self.subscriptions = dict(ledger.subscriptions)
        self.invoices = dict(ledger.invoices)
        self.signals = dict(ledger.signals)
        self.non_events: list[NonEvent] = []
        self.unsettled: list[str] = []

    @property
    def forgotten_before(self) -> UnixMicros | None:
        """See ``SignalLedger``."""
        return self._before.forgotten_before

    def put(self, signal: Signal) -> None:
        """Add a signal, or replace the one of the same key."""
        self.signals[signal.key] = signal

    def open_of(self, signal_type: SignalType, subscription_id: str) -> tuple[Signal, ...]:
        """Open signals of one type and subscription, oldest first."""
        found = [
            signal
            for signal in self.signals.values()
            if signal.is_open and signal.type is signal_type and signal.subscription_id == subscription_id
        ]
        return tuple(sorted(found, key=lambda signal: (signal.occurred_at, signal.identity)))

    def invoices_of(self, subscription_id: str) -> Iterator[InvoiceMemory]:
        """The invoices known of one subscription."""
        return (memory for memory in self.invoices.values() if memory.invoice.subscription_id == subscription_id)

    def finished(self) -> SignalLedger:
        """The ledger as it is now."""
        return SignalLedger(self.subscriptions, self.invoices, self.signals, self._before.forgotten_before)

    def changed_signals(self) -> tuple[Signal, ...]:
        """What differs from the ledger that the draft began with, in a stable order.

        Resolved ones come first, so that storing them one by one never leaves two open of one kind.
        """
        before = self._before.signals
        changed = [signal for key, signal in self.signals.items() if before.get(key) != signal]
        return tuple(sorted(changed, key=lambda signal: (signal.is_open, signal.key)))
