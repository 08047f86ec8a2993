"""Churn signals, the ledgers of the signal rules, and explained non-events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    Select,
    and_,
    bindparam,
    case,
    cast,
    exc,
    func,
    or_,
    select,
    tuple_,
    update,
)

from clynto.adapters.sql.bulk_writing import Columns, upsert
from clynto.adapters.sql.column_types import is_any_of
from clynto.adapters.sql.cursors import cursor_after, fingerprint
from clynto.adapters.sql.documents import clean_or_none, clean_text, pack, unpack
from clynto.adapters.sql.faults import breaks_unique
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.signal_places import SeverityPlace, newest_place_of, severity_place_of
from clynto.adapters.sql.tables_accounts import MISSING, account_ranking, accounts
from clynto.adapters.sql.tables_billing import matches
from clynto.adapters.sql.tables_signals import IS_UNANSWERED, ONE_OPEN_OF, non_events, signal_ledgers, signals
from clynto.adapters.sql.tables_stripe_facts import stripe_customers
from clynto.domain.errors import Conflict
from clynto.domain.moments import UnixMicros, UnixTime
from clynto.domain.signal_cases import stand_together
from clynto.domain.signal_ledger import SignalLedger
from clynto.domain.signal_severity import Severity, severity_of
from clynto.domain.signals import NonEvent, NonEventCode, Signal, SignalState, SignalType
from clynto.ports.signals import InboxStatus, SignalOrder, SignalsPage, SignalsQuery, StoredSignal

_TABLE = signals
_RANK = {severity: rank for rank, severity in enumerate(Severity)}
_ARR = func.coalesce(account_ranking.c.mrr_down, MISSING)
_LEDGERS = 0x434C4C47
"""Number space of the advisory locks under which ledgers are touched; the workspace is the second number."""


class SqlSignalStore:
    """See ``ports.signals.SignalStore``."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def put_many(self, signals: Iterable[tuple[str, Signal]], *, at: UnixMicros) -> None:
        """Insert or replace by type and identity. The id given is used for a new row only; a dismissal stays."""
        distinct = {(signal.type, signal.identity): (signal_id, signal) for signal_id, signal in signals}
        resolved = [pair for pair in distinct.values() if not pair[1].is_open]
        still_open = [pair for pair in distinct.values() if pair[1].is_open]
        try:
            # What is over makes room before the new one comes, in whatever order both were given.
            for pairs in (resolved, still_open):
                rows = [_values(signal_id, signal, at) for signal_id, signal in pairs]
                upsert(self._scope, _TABLE, rows, where=_differs, keeping=("id", "detected_at"))
        except exc.IntegrityError as fault:
            columns = f"{_TABLE.name}.workspace_id, {_TABLE.name}.subscription_id"
            if any(breaks_unique(fault, f"uq_signals_one_open_{kind}", columns) for kind in ONE_OPEN_OF):
                raise Conflict(reason="signal_open_already") from fault
            raise

    def get(self, signal_id: str) -> StoredSignal | None:
        """One signal."""
        query = _shown(self._scope).where(_TABLE.c.id == clean_text(signal_id))
        row = self._scope.connection.execute(query).one_or_none()
        return None if row is None else _stored(row)

    def page(self, query: SignalsQuery) -> SignalsPage:
        """One page. Raises ``InvalidInput`` for a foreign cursor."""
        made_for = fingerprint(
            query.order, sorted(query.types), sorted(query.statuses), query.account_id, query.subscription_id
        )
        selected = _shown(self._scope).where(*_filters(query)).limit(query.limit + 1)
        by_severity = query.order is SignalOrder.SEVERITY
        selected = _by_severity(selected, query, made_for) if by_severity else _newest(selected, query, made_for)
        found = self._scope.connection.execute(selected).all()
        shown = found[: query.limit]
        cursor = None
        if len(found) > query.limit and shown:
            last = shown[-1]
            place = SeverityPlace(last.severity_rank, last.arr, last.occurred_at).text if by_severity else None
            cursor = cursor_after((last.occurred_at if place is None else place, last.id), made_for)
        return SignalsPage(rows=tuple(_stored(row) for row in shown), next_cursor=cursor)

    def dismiss(self, signal_id: str, at: UnixMicros) -> None:
        """Put a signal aside."""
        self._set_dismissed(signal_id, at, at)

    def reopen(self, signal_id: str, at: UnixMicros) -> None:
        """Bring a dismissed signal back as Stripe's news has it: open or resolved."""
        self._set_dismissed(signal_id, None, at)

    def open_counts(self) -> Mapping[SignalType, int]:
        """How many signals are open and not dismissed, by type."""
        query = select(_TABLE.c.type, func.count()).where(self._scope.here(_TABLE), IS_UNANSWERED)
        found = self._scope.connection.execute(query.group_by(_TABLE.c.type))
        return {SignalType(kind): count for kind, count in found}

    def open_cases(self) -> int:
        """How many cases the signals that are open and not dismissed make."""
        cases = select(_TABLE.c.stands_with).where(self._scope.here(_TABLE), IS_UNANSWERED).distinct()
        return self._scope.connection.scalar(select(func.count()).select_from(cases.subquery())) or 0

    def open_cases_by_type(self) -> Mapping[SignalType, int]:
        """The same among the signals of each type alone."""
        query = select(_TABLE.c.type, func.count(_TABLE.c.stands_with.distinct()))
        found = self._scope.connection.execute(
            query.where(self._scope.here(_TABLE), IS_UNANSWERED).group_by(_TABLE.c.type)
        )
        return {SignalType(kind): count for kind, count in found}

    def newest_change(self) -> UnixMicros | None:
        """When any signal last appeared, changed, was dismissed or reopened."""
        newest = select(func.max(_TABLE.c.changed_at)).where(self._scope.here(_TABLE))
        changed_at = self._scope.connection.scalar(newest)
        return None if changed_at is None else UnixMicros(changed_at)

    def _set_dismissed(self, signal_id: str, dismissed_at: UnixMicros | None, at: UnixMicros) -> None:
        this = self._scope.one(_TABLE, id=clean_text(signal_id))
        changed_at = case((_TABLE.c.changed_at < at, at), else_=_TABLE.c.changed_at)
        changing = update(_TABLE).where(this).values(dismissed_at=dismissed_at, changed_at=changed_at)
        self._scope.connection.execute(changing)


class SqlLedgerStore:
    """See ``ports.signals.LedgerStore``."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        # SQLite's write lock keeps everybody else out already.
        self._locked = scope.connection.dialect.name != "postgresql"

    def lock(self) -> None:
        """Let no other unit of work of this workspace touch ledgers, or compute figures, until this one ends."""
        if not self._locked:
            self._locked = True
            self._scope.connection.execute(_LOCK, {"workspace_id": self._scope.workspace_id})

    def get_many(self, keys: Iterable[str]) -> Mapping[str, SignalLedger]:
        """Those that are stored."""
        table = signal_ledgers
        query = select(table.c.ledger_key, table.c.document)
        found = query.where(self._scope.here(table), is_any_of(table.c.ledger_key, keys))
        rows = self._scope.connection.execute(found)
        return {key: SignalLedger.from_document(unpack(document)) for key, document in rows}

    def put_many(self, ledgers: Mapping[str, SignalLedger]) -> None:
        """Insert or replace."""
        rows = [
            {"ledger_key": clean_text(key), "document": pack(ledger.to_document())} for key, ledger in ledgers.items()
        ]
        upsert(self._scope, signal_ledgers, rows)

    def put_non_events(self, non_events: Iterable[NonEvent]) -> None:
        """Store explained non-events; the same one twice is one."""
        upsert(self._scope, _NON_EVENTS, [_non_event_values(non_event) for non_event in non_events])

    def non_events(self, subscription_ids: Sequence[str]) -> Sequence[NonEvent]:
        """Explained non-events of the subscriptions, newest first."""
        table = _NON_EVENTS
        query = (
            select(table)
            .where(self._scope.here(table), is_any_of(table.c.subscription_id, subscription_ids))
            .order_by(table.c.at.desc(), table.c.subscription_id, table.c.code)
        )
        return [
            NonEvent(NonEventCode(row.code), row.subscription_id, row.customer_id, UnixTime(row.at), row.plan)
            for row in self._scope.connection.execute(query)
        ]


_NON_EVENTS = non_events
_LOCK = select(func.pg_advisory_xact_lock(_LEDGERS, func.hashtext(bindparam("workspace_id"))))


def _values(signal_id: str, signal: Signal, at: UnixMicros) -> dict[str, Any]:
    return {
        "type": signal.type.value,
        "identity": clean_text(signal.identity),
        "id": clean_text(signal_id),
        "customer_id": clean_or_none(signal.customer_id),
        "subscription_id": clean_or_none(signal.subscription_id),
        "stands_with": clean_text(stand_together(signal, by_time=False)),
        "state": signal.state.value,
        "severity_rank": _RANK[severity_of(signal)],
        "occurred_at": signal.occurred_at,
        "detected_at": at,
        "changed_at": at,
        "document": pack(signal.to_document()),
    }


def _differs(new: Columns, held: Columns) -> ColumnElement[bool]:
    """The same news again is no change."""
    return new["document"] != held["document"]


def _shown(scope: Scope) -> Select[Any]:
    """Signals with the account that their customer belongs to now."""
    matched = and_(matches.c.workspace_id == _TABLE.c.workspace_id, matches.c.customer_id == _TABLE.c.customer_id)
    owner = and_(accounts.c.workspace_id == matches.c.workspace_id, accounts.c.id == matches.c.account_id)
    ranked = and_(
        account_ranking.c.workspace_id == accounts.c.workspace_id, account_ranking.c.account_id == accounts.c.id
    )
    debtor = and_(
        stripe_customers.c.workspace_id == _TABLE.c.workspace_id, stripe_customers.c.id == _TABLE.c.customer_id
    )
    joined = _TABLE.outerjoin(matches, matched).outerjoin(accounts, owner)
    return (
        select(
            _TABLE,
            accounts.c.id.label("account_id"),
            accounts.c.name.label("account_name"),
            stripe_customers.c.name.label("customer_name"),
            _ARR.label("arr"),
        )
        .select_from(joined.outerjoin(account_ranking, ranked).outerjoin(stripe_customers, debtor))
        .where(scope.here(_TABLE))
    )


def _filters(query: SignalsQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if query.types:
        conditions.append(_TABLE.c.type.in_(sorted(kind.value for kind in query.types)))
    if query.statuses:
        conditions.append(or_(*(_has_status(status) for status in sorted(query.statuses))))
    if query.account_id is not None:
        conditions.append(accounts.c.id == clean_text(query.account_id))
    if query.subscription_id is not None:
        conditions.append(_TABLE.c.subscription_id == clean_text(query.subscription_id))
    return conditions


def _has_status(status: InboxStatus) -> ColumnElement[bool]:
    if status is InboxStatus.DISMISSED:
        return _TABLE.c.dismissed_at.is_not(None)
    return and_(_TABLE.c.dismissed_at.is_(None), _TABLE.c.state == SignalState(status.value).value)


def _newest(selected: Select[Any], query: SignalsQuery, made_for: str) -> Select[Any]:
    if query.after is not None:
        occurred_at, last_id = newest_place_of(query.after, made_for)
        selected = selected.where(tuple_(_TABLE.c.occurred_at, _TABLE.c.id) < tuple_(occurred_at, last_id))
    return selected.order_by(_TABLE.c.occurred_at.desc(), _TABLE.c.id.desc())


def _by_severity(selected: Select[Any], query: SignalsQuery, made_for: str) -> Select[Any]:
    keys = (_TABLE.c.severity_rank, _ARR, -_TABLE.c.occurred_at)
    if query.after is not None:
        place, last_id = severity_place_of(query.after, made_for)
        last = [cast(value, BigInteger) for value in (place.rank, place.arr, -place.occurred_at)]
        same = and_(tuple_(*keys) == tuple_(*last), _TABLE.c.id < last_id)
        selected = selected.where(or_(tuple_(*keys) > tuple_(*last), same))
    return selected.order_by(*keys, _TABLE.c.id.desc())


def _stored(row: Row[Any]) -> StoredSignal:
    status = InboxStatus(row.state) if row.dismissed_at is None else InboxStatus.DISMISSED
    return StoredSignal(
        id=row.id,
        signal=Signal.from_document(unpack(row.document)),
        status=status,
        detected_at=UnixMicros(row.detected_at),
        dismissed_at=row.dismissed_at,
        account_id=row.account_id,
        account_name=row.account_name,
        customer_name=row.customer_name,
    )


def _non_event_values(non_event: NonEvent) -> dict[str, Any]:
    return {
        "subscription_id": clean_text(non_event.subscription_id),
        "at": non_event.at,
        "code": non_event.code.value,
        "customer_id": clean_or_none(non_event.customer_id),
        "plan": clean_text(non_event.plan),
    }
