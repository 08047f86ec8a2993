"""Webhook endpoints, the event inbox, and the looks across workspaces that deliveries and the sweeper need."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain, islice
from types import SimpleNamespace
from typing import Any

from sqlalchemy import ColumnElement, Engine, Row, TextClause, and_, bindparam, case, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import psycopg

from clynto.adapters.sql.arrivals import arrivals_of
from clynto.adapters.sql.column_types import is_any_of
from clynto.adapters.sql.documents import clean_or_none, clean_text, unpack
from clynto.adapters.sql.kept_connection import kept_connection_of
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.single_statements import single_statement
from clynto.adapters.sql.tables_people import connections
from clynto.adapters.sql.tables_webhooks import (
    IS_FINISHED,
    IS_PARKED,
    IS_PENDING,
    WAITS_FOR_CUSTOMER,
    event_inbox,
    webhook_endpoints,
)
from clynto.adapters.sql.transactions import transaction
from clynto.domain.connection import Connection, ConnectionStatus
from clynto.domain.moments import MICROS_PER_SECOND, UnixMicros, UnixTime
from clynto.domain.webhook_event import EventEnvelope, EventUse
from clynto.ports.vault import SealedCredential
from clynto.ports.webhooks import (
    AddressedEndpoint,
    EventState,
    InboxCounts,
    InboxEvent,
    WebhookEndpoint,
    first_of,
)

LONGEST_TOKEN = 200
REFUSAL_IS_NOTED_EVERY = 5 * MICROS_PER_SECOND
_WITH_KEY = sorted(status.value for status in ConnectionStatus if Connection(status=status).has_key)

_INBOX = event_inbox
_NEWEST_DELIVERY = func.max(case((_INBOX.c.delivered, _INBOX.c.received_at)))


class SqlWebhookEndpointStore:
    """See ``ports.webhooks.WebhookEndpointStore``."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def get(self) -> WebhookEndpoint | None:
        """The endpoint, None before one was made."""
        query = select(webhook_endpoints).where(self._scope.here(webhook_endpoints))
        row = self._scope.connection.execute(query).one_or_none()
        return None if row is None else _endpoint_of(row)

    def save(self, endpoint: WebhookEndpoint) -> None:
        """Insert or replace it; a former token stops to exist."""
        # Not through ``upsert``: sealed secrets are bytes, which no JSON parameter holds.
        table, connection = webhook_endpoints, self._scope.connection
        values = _endpoint_values(endpoint)
        if connection.execute(update(table).where(self._scope.here(table)).values(values)).rowcount == 0:
            connection.execute(table.insert().values(workspace_id=self._scope.workspace_id, **values))


class SqlWebhookAddresses:
    """See ``ports.webhooks.WebhookAddresses``: looks across workspaces, since a delivery names only a token."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kept = kept_connection_of(engine)

    def find(self, token: str) -> AddressedEndpoint | None:
        """None for an unknown token."""
        if len(token) > LONGEST_TOKEN or token != clean_text(token):
            return None
        row = self._behind(token)
        if row is None:
            return None
        return AddressedEndpoint(row.workspace_id, _endpoint_of(row), connected=row.status in _WITH_KEY)

    def _behind(self, token: str) -> Any:
        if self._kept is not None:
            found = self._kept.rows(_BEHIND_TOKEN_ON_POSTGRESQL, {"token": token})
            return SimpleNamespace(**dict(zip(_FOUND_BEHIND, found[0], strict=True))) if found else None
        with transaction(self._engine, writing=False) as connection:
            return connection.execute(_BEHIND_TOKEN, {"token": token}).one_or_none()

    def note_refusal(self, workspace_id: str, at: UnixMicros, *, reason: str, skew_seconds: int | None) -> None:
        """Remember a badly signed delivery for the card; at most one write in five seconds for a workspace."""
        # Looked at first, because on SQLite even an update of nothing would take the one write lock: whoever knows
        # an address must not be able to hold up everybody else's deliveries.
        worth_noting = and_(webhook_endpoints.c.workspace_id == workspace_id, _long_ago(at))
        with single_statement(self._engine, writing=False) as connection:
            if connection.scalar(select(webhook_endpoints.c.token).where(worth_noting)) is None:
                return
        values = {"refused_at": at, "refusal": clean_text(reason), "clock_skew_seconds": skew_seconds}
        with single_statement(self._engine, writing=True) as connection:
            connection.execute(update(webhook_endpoints).where(worth_noting).values(values))


class SqlEventInbox:
    """See ``ports.webhooks.EventInbox``."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def due(self, *, at: UnixMicros, limit: int) -> Sequence[InboxEvent]:
        """Pending events whose time has come, oldest first; of too many, those of the longest waiting customers."""
        oldest = self._due(IS_PENDING, at=at, limit=limit)
        customers = {row.customer_id for row in oldest[: first_of(limit)]} - {None}
        if len(oldest) == limit and customers:
            theirs = self._due(WAITS_FOR_CUSTOMER, is_any_of(_INBOX.c.customer_id, customers), at=at, limit=limit)
            others = (row for row in oldest if row.customer_id not in customers)
            oldest = sorted(islice(chain(theirs, others), limit), key=lambda row: (row.created, row.event_id))
        return [_event_of(row, bytes(row.body)) for row in oldest]

    def _due(self, *those: ColumnElement[bool] | TextClause, at: UnixMicros, limit: int) -> list[Row[Any]]:
        query = (
            select(_INBOX)
            .where(self._scope.here(_INBOX), *those, _INBOX.c.due_at <= at)
            .order_by(_INBOX.c.created, _INBOX.c.event_id)
            .limit(limit)
        )
        return list(self._scope.connection.execute(query))

    def newest_waiting(self, object_ids: Collection[str]) -> Mapping[str, UnixTime]:
        """When the newest pending event of each of these objects was created, due or not."""
        query = (
            select(_INBOX.c.object_id, func.max(_INBOX.c.created))
            .where(self._scope.here(_INBOX), IS_PENDING, is_any_of(_INBOX.c.object_id, object_ids))
            .group_by(_INBOX.c.object_id)
        )
        return {object_id: UnixTime(created) for object_id, created in self._scope.connection.execute(query)}

    def finish(self, outcomes: Mapping[str, tuple[EventState, EventUse]], *, at: UnixMicros) -> int:
        """Mark pending events as done or ignored and drop their bodies; how many were still pending."""
        groups: dict[tuple[EventState, EventUse], list[str]] = {}
        for event_id, outcome in outcomes.items():
            groups.setdefault(outcome, []).append(event_id)
        finished = 0
        for (state, use), event_ids in sorted(groups.items()):
            how = {"state": state.value, "event_use": use.value, "finished_at": at}
            finished += self._change(event_ids, {**how, "body": None, "fault": None})
        return finished

    def postpone(self, event_ids: Iterable[str], *, until: UnixMicros, fault: str) -> None:
        """Count a failed try and try again later."""
        values = {"attempts": _INBOX.c.attempts + 1, "due_at": until, "fault": clean_text(fault)}
        self._change(event_ids, values)

    def park(self, event_ids: Iterable[str], *, fault: str) -> None:
        """Count a failed try and stop trying."""
        values = {"attempts": _INBOX.c.attempts + 1, "state": EventState.PARKED.value, "fault": clean_text(fault)}
        self._change(event_ids, values)

    def parked(self, *, limit: int) -> Sequence[InboxEvent]:
        """Parked events, newest first, without bodies."""
        query = (
            select(*(column for column in _INBOX.c if column.name != "body"))
            .where(self._scope.here(_INBOX), IS_PARKED)
            .order_by(_INBOX.c.created.desc(), _INBOX.c.event_id.desc())
            .limit(limit)
        )
        return [_event_of(row, b"") for row in self._scope.connection.execute(query)]

    def unpark(self, *, at: UnixMicros) -> int:
        """Let every parked event be tried again; how many."""
        values = {"state": EventState.PENDING.value, "due_at": at, "attempts": 0, "fault": None}
        statement = update(_INBOX).where(self._scope.here(_INBOX), IS_PARKED).values(values)
        return self._scope.connection.execute(statement).rowcount

    def counts(self) -> InboxCounts:
        """Figures for the card."""
        beside = arrivals_of(self._scope.connection.engine)
        arrived = {} if beside is None else dict(beside.waiting(self._scope.workspace_id))
        pending, newest_pending = self._counted(IS_PENDING)
        parked, newest_parked = self._counted(IS_PARKED)
        for event_id in self._held(arrived):
            del arrived[event_id]
        by_use: dict[EventUse, int] = {}
        arrivals = [*arrived.values(), newest_pending, newest_parked]
        query = (
            select(_INBOX.c.event_use, func.count(), _NEWEST_DELIVERY)
            .where(self._scope.here(_INBOX), IS_FINISHED)
            .group_by(_INBOX.c.event_use)
        )
        for use, count, newest in self._scope.connection.execute(query):
            by_use[EventUse(use)] = count
            arrivals.append(newest)
        known = [UnixMicros(arrival) for arrival in arrivals if arrival is not None]
        return InboxCounts(
            pending=pending + len(arrived), parked=parked, last_event_at=max(known, default=None), by_use=by_use
        )

    def _held(self, event_ids: Collection[str]) -> Sequence[str]:
        if not event_ids:
            return ()
        query = select(_INBOX.c.event_id).where(self._scope.here(_INBOX), is_any_of(_INBOX.c.event_id, event_ids))
        return self._scope.connection.scalars(query).all()

    def _counted(self, state: Any) -> tuple[int, int | None]:
        query = select(func.count(), _NEWEST_DELIVERY).where(self._scope.here(_INBOX), state)
        count, newest = self._scope.connection.execute(query).one()
        return count, newest

    def _change(self, event_ids: Iterable[str], values: Mapping[str, Any]) -> int:
        those = and_(self._scope.here(_INBOX), is_any_of(_INBOX.c.event_id, event_ids), IS_PENDING)
        return self._scope.connection.execute(update(_INBOX).where(those).values(values)).rowcount


class SqlWaitingEvents:
    """See ``ports.webhooks.WaitingEvents``: looks across workspaces, and is named for it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def workspaces_with_due_events(self, *, at: UnixMicros) -> Sequence[str]:
        """Ids of workspaces with pending events whose time has come."""
        query = select(_INBOX.c.workspace_id).where(IS_PENDING, _INBOX.c.due_at <= at).distinct()
        arrivals = arrivals_of(self._engine)
        arrived = () if arrivals is None else arrivals.workspaces()
        with transaction(self._engine, writing=False) as connection:
            return sorted({*arrived, *connection.scalars(query)})

    def prune(self, *, received_before: UnixMicros) -> int:
        """Delete rows of finished events that are older than Stripe could ever send again; how many."""
        with transaction(self._engine, writing=True) as connection:
            old = delete(_INBOX).where(IS_FINISHED, _INBOX.c.received_at < received_before)
            return connection.execute(old).rowcount


_BEHIND_TOKEN = (
    select(webhook_endpoints, connections.c.status)
    .select_from(webhook_endpoints)
    .outerjoin(connections, connections.c.workspace_id == webhook_endpoints.c.workspace_id)
    .where(webhook_endpoints.c.token == bindparam("token"))
)
_BEHIND_TOKEN_ON_POSTGRESQL = str(_BEHIND_TOKEN.compile(dialect=psycopg.dialect()))  # type: ignore[no-untyped-call]
_FOUND_BEHIND = tuple(column.name for column in _BEHIND_TOKEN.selected_columns)


def _long_ago(at: UnixMicros) -> ColumnElement[bool]:
    """The last refusal is not of the last seconds; one of the future is of a clock that was put right since."""
    noted = webhook_endpoints.c.refused_at
    return or_(noted.is_(None), noted <= at - REFUSAL_IS_NOTED_EVERY, noted > at)


def _endpoint_values(endpoint: WebhookEndpoint) -> dict[str, Any]:
    current, former = endpoint.current, endpoint.former
    return {
        "token": endpoint.token,
        "created_at": endpoint.created_at,
        "current_ciphertext": None if current is None else current.ciphertext,
        "current_key_version": None if current is None else current.key_version,
        "secret_set_at": endpoint.secret_set_at,
        "former_ciphertext": None if former is None else former.ciphertext,
        "former_key_version": None if former is None else former.key_version,
        "former_valid_until": endpoint.former_valid_until,
        "refused_at": endpoint.refused_at,
        "refusal": clean_or_none(endpoint.refusal),
        "clock_skew_seconds": endpoint.clock_skew_seconds,
    }


def _endpoint_of(row: Row[Any]) -> WebhookEndpoint:
    return WebhookEndpoint(
        token=row.token,
        created_at=UnixMicros(row.created_at),
        current=_sealed(row.current_ciphertext, row.current_key_version),
        secret_set_at=row.secret_set_at,
        former=_sealed(row.former_ciphertext, row.former_key_version),
        former_valid_until=row.former_valid_until,
        refused_at=row.refused_at,
        refusal=row.refusal,
        clock_skew_seconds=row.clock_skew_seconds,
    )


def _sealed(ciphertext: bytes | None, key_version: int | None) -> SealedCredential | None:
    return None if ciphertext is None or key_version is None else SealedCredential(bytes(ciphertext), key_version)


def _event_of(row: Row[Any], body: bytes) -> InboxEvent:
    event_type, livemode, account_id, api_version, kind, object_id, customer_id, subscription_id = unpack(row.envelope)
    envelope = EventEnvelope(
        id=row.event_id,
        type=event_type,
        created=UnixTime(row.created),
        livemode=livemode,
        account_id=account_id,
        api_version=api_version,
        object_kind=kind,
        object_id=object_id,
        customer_id=customer_id,
        subscription_id=subscription_id,
    )
    return InboxEvent(envelope, body, UnixMicros(row.received_at), row.attempts, row.fault)
