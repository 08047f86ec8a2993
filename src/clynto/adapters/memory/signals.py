"""Churn signals and their ledgers in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from clynto.adapters.memory.cursors import decode, encode
from clynto.adapters.memory.database import HeldSignal, Transaction
from clynto.domain.errors import Conflict, InvalidInput
from clynto.domain.moments import UnixMicros
from clynto.domain.signal_cases import stand_together
from clynto.domain.signal_ledger import SignalLedger
from clynto.domain.signal_severity import Severity, severity_of
from clynto.domain.signals import NonEvent, Signal, SignalType
from clynto.ports.signals import InboxStatus, SignalOrder, SignalsPage, SignalsQuery, StoredSignal

ONE_OPEN_OF = (SignalType.PAYMENT_OVERDUE, SignalType.SUBSCRIPTION_CANCELED)
_RANK = {severity: rank for rank, severity in enumerate(Severity)}
_NOTHING = 2**63 - 1
"""Sorts accounts of unknown MRR, and customers without an account, behind all others."""


class MemorySignalStore:
    """See ``ports.signals.SignalStore``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def put_many(self, signals: Iterable[tuple[str, Signal]], *, at: UnixMicros) -> None:
        """Insert or replace by type and identity."""
        table = dict(self._transaction.changing().signals)
        for signal_id, signal in signals:
            held = table.get(signal.key)
            if held is None:
                table[signal.key] = HeldSignal(signal_id, signal, at, at)
            elif held.signal != signal:
                table[signal.key] = replace(held, signal=signal, changed_at=at)
        open_ones = Counter(
            (held.signal.type, held.signal.subscription_id)
            for held in table.values()
            if held.signal.is_open and held.signal.type in ONE_OPEN_OF and held.signal.subscription_id is not None
        )
        if any(count > 1 for count in open_ones.values()):
            raise Conflict(reason="signal_open_already")
        self._transaction.changing().signals = table

    def get(self, signal_id: str) -> StoredSignal | None:
        """One signal."""
        return next((self._stored(held) for held in self._held() if held.id == signal_id), None)

    def page(self, query: SignalsQuery) -> SignalsPage:
        """One page. Raises ``InvalidInput`` for a foreign cursor."""
        stored = [one for one in map(self._stored, self._held()) if _fits(one, query)]
        by_severity = query.order is SignalOrder.SEVERITY
        placed = [(self._place(one, by_severity=by_severity), one.id, one) for one in stored]
        # Of those in the same place the highest id comes first: a sort keeps the order in which equals come in.
        placed.sort(key=_by_id, reverse=True)
        placed.sort(key=_by_place)
        if query.after is not None:
            place, last_id = _decoded(query.after, _signature(query))
            placed = [(p, i, one) for p, i, one in placed if p > place or (p == place and i < last_id)]
        rows = placed[: query.limit]
        more = len(placed) > len(rows) > 0
        written = " ".join(map(str, rows[-1][0])) if rows else ""
        return SignalsPage(
            rows=tuple(one for _, _, one in rows),
            next_cursor=encode(_signature(query), (written, rows[-1][1])) if more else None,
        )

    def dismiss(self, signal_id: str, at: UnixMicros) -> None:
        """Put a signal aside."""
        self._set_dismissed(signal_id, at, at)

    def reopen(self, signal_id: str, at: UnixMicros) -> None:
        """Bring a dismissed signal back as Stripe's news has it: open or resolved."""
        self._set_dismissed(signal_id, None, at)

    def open_counts(self) -> Mapping[SignalType, int]:
        """How many signals are open and not dismissed, by type."""
        return dict(Counter(signal.type for signal in self._unanswered()))

    def open_cases(self) -> int:
        """How many cases the signals that are open and not dismissed make."""
        return len({stand_together(signal, by_time=False) for signal in self._unanswered()})

    def open_cases_by_type(self) -> Mapping[SignalType, int]:
        """The same among the signals of each type alone."""
        cases = {(signal.type, stand_together(signal, by_time=False)) for signal in self._unanswered()}
        return dict(Counter(kind for kind, _ in cases))

    def newest_change(self) -> UnixMicros | None:
        """When any signal last appeared, changed, was dismissed or reopened."""
        return max((held.changed_at for held in self._held()), default=None)

    def _set_dismissed(self, signal_id: str, dismissed_at: UnixMicros | None, at: UnixMicros) -> None:
        table = self._transaction.changing().signals
        for key, held in table.items():
            if held.id == signal_id:
                table[key] = replace(held, dismissed_at=dismissed_at, changed_at=max(held.changed_at, at))

    def _unanswered(self) -> Iterable[Signal]:
        return (held.signal for held in self._held() if held.signal.is_open and held.dismissed_at is None)

    def _held(self) -> Iterable[HeldSignal]:
        return self._transaction.records.signals.values()

    def _stored(self, held: HeldSignal) -> StoredSignal:
        records, customer_id = self._transaction.records, held.signal.customer_id or ""
        match, customer = records.matches.get(customer_id), records.customers.get(customer_id)
        account = None if match is None else records.accounts.get(match.account_id or "")
        status = InboxStatus(held.signal.state.value) if held.dismissed_at is None else InboxStatus.DISMISSED
        return StoredSignal(
            id=held.id,
            signal=held.signal,
            status=status,
            detected_at=held.detected_at,
            dismissed_at=held.dismissed_at,
            account_id=None if account is None else account.id,
            account_name=None if account is None else account.name,
            customer_name=None if customer is None else customer[0].name,
        )

    def _place(self, stored: StoredSignal, *, by_severity: bool) -> tuple[int, ...]:
        if not by_severity:
            return (-stored.signal.occurred_at,)
        computed = self._transaction.records.account_billing.get(stored.account_id or "")
        key = None if computed is None else computed[1]
        arr = _NOTHING if key is None else -key
        return _RANK[severity_of(stored.signal)], arr, -stored.signal.occurred_at


class MemoryLedgerStore:
    """See ``ports.signals.LedgerStore``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def lock(self) -> None:
        """The one writer is the lock."""
        self._transaction.changing()

    def get_many(self, keys: Iterable[str]) -> Mapping[str, SignalLedger]:
        """Those that are stored."""
        ledgers = self._transaction.records.ledgers
        return {key: ledgers[key] for key in keys if key in ledgers}

    def put_many(self, ledgers: Mapping[str, SignalLedger]) -> None:
        """Insert or replace."""
        self._transaction.changing().ledgers.update(ledgers)

    def put_non_events(self, non_events: Iterable[NonEvent]) -> None:
        """Store explained non-events; the same one twice is one."""
        table = self._transaction.changing().non_events
        table.update({(one.subscription_id, one.at, one.code): one for one in non_events})

    def non_events(self, subscription_ids: Sequence[str]) -> Sequence[NonEvent]:
        """Explained non-events of the subscriptions, newest first."""
        wanted = set(subscription_ids)
        found = [one for one in self._transaction.records.non_events.values() if one.subscription_id in wanted]
        return sorted(found, key=lambda one: (-one.at, one.subscription_id, one.code))


Placed = tuple[tuple[int, ...], str, StoredSignal]


def _fits(stored: StoredSignal, query: SignalsQuery) -> bool:
    return (
        (not query.types or stored.signal.type in query.types)
        and (not query.statuses or stored.status in query.statuses)
        and (query.account_id is None or stored.account_id == query.account_id)
        and (query.subscription_id is None or stored.signal.subscription_id == query.subscription_id)
    )


def _signature(query: SignalsQuery) -> list[str]:
    wanted = [*sorted(query.types), "", *sorted(query.statuses), "", str(query.account_id), str(query.subscription_id)]
    return [query.order.value, *wanted]


def _decoded(cursor: str, signature: list[str]) -> tuple[tuple[int, ...], str]:
    written, last_id = decode(cursor, signature, str)
    try:
        return tuple(int(part) for part in str(written).split(" ")), last_id
    except ValueError:
        raise InvalidInput({"cursor": "does not belong to this list"}) from None


def _by_id(placed: Placed) -> str:
    return placed[1]


def _by_place(placed: Placed) -> tuple[int, ...]:
    return placed[0]
