"""Makes arriving events durable, and brings them into the inboxes of their workspaces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Engine

from clynto.adapters.sql.arrivals import ArrivedRow, arrivals_of
from clynto.adapters.sql.documents import clean_or_none, clean_text, pack
from clynto.adapters.sql.kept_connection import kept_connection_of
from clynto.adapters.sql.transactions import transaction
from clynto.ports.webhooks import ArrivedEvent

BROUGHT_IN_AT_ONCE = 1_000
_INTO = (
    "INSERT INTO event_inbox (workspace_id, event_id, created, received_at, object_id, customer_id, envelope, body, "
    "delivered, due_at, state, attempts)"
)
_ON_SQLITE = _INTO + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 'pending', 0) ON CONFLICT DO NOTHING"
_ON_POSTGRESQL = _INTO + " VALUES (%s, %s, %s, %s, %s, %s, %s, %b, %s, 0, 'pending', 0) ON CONFLICT DO NOTHING"
"""Due at once, whatever the clocks of two machines say. A lone conflict is possible: the one of the primary key."""


class SqlEventIntake:
    """See ``ports.webhooks.EventIntake``. On PostgreSQL one round trip over a connection that is kept for it; on SQLite
    a file of its own first (ADR 0039)."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._arrivals = arrivals_of(engine)
        self._kept = kept_connection_of(engine)

    def store(self, events: Sequence[ArrivedEvent]) -> int:
        """Return once all of them are durable; how many were new."""
        if not events:
            return 0
        rows = [_taken_in(event) for event in events]
        return self._insert(rows) if self._arrivals is None else self._arrivals.store(rows)

    def bring_in(self, workspace_id: str) -> int:
        """Put what has arrived into the inbox, durably, before it is forgotten where it lay."""
        brought, more = 0, self._arrivals is not None
        while more and self._arrivals is not None:
            rows, mark = self._arrivals.oldest(workspace_id, BROUGHT_IN_AT_ONCE)
            more = len(rows) == BROUGHT_IN_AT_ONCE
            if rows:
                brought += self._insert(rows)
                self._arrivals.forget(workspace_id, mark)
        return brought

    def _insert(self, taken_in: Iterable[ArrivedRow]) -> int:
        # In the order of their keys, so that two batches with the same events cannot wait for each other.
        rows = sorted(taken_in, key=_key_of_row)
        if self._kept is not None:
            return self._kept.execute_many(_ON_POSTGRESQL, rows)
        with transaction(self._engine, writing=True) as connection:
            return connection.exec_driver_sql(_ON_SQLITE, rows).rowcount


def _taken_in(event: ArrivedEvent) -> ArrivedRow:
    envelope = event.envelope
    rest = [
        envelope.type,
        envelope.livemode,
        envelope.account_id,
        envelope.api_version,
        envelope.object_kind,
        envelope.object_id,
        envelope.customer_id,
        envelope.subscription_id,
    ]
    return (
        event.workspace_id,
        clean_text(envelope.id),
        envelope.created,
        event.received_at,
        clean_or_none(envelope.object_id),
        clean_or_none(envelope.about_customer),
        pack(rest),
        event.body,
        event.delivered,
    )


def _key_of_row(row: ArrivedRow) -> tuple[str, str]:
    return row[0], row[1]
