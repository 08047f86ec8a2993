"""Tables of webhook endpoints and of the event inbox."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, Table, text

from clynto.adapters.sql.column_types import AMOUNT, FLAG, WORD
from clynto.adapters.sql.metadata import METADATA, key, workspace_key

webhook_endpoints = Table(
    "webhook_endpoints",
    METADATA,
    workspace_key(),
    Column("token", WORD, nullable=False),
    Column("created_at", AMOUNT, nullable=False),
    Column("current_ciphertext", LargeBinary),
    Column("current_key_version", AMOUNT),
    Column("secret_set_at", AMOUNT),
    Column("former_ciphertext", LargeBinary),
    Column("former_key_version", AMOUNT),
    Column("former_valid_until", AMOUNT),
    Column("refused_at", AMOUNT),
    Column("refusal", WORD),
    Column("clock_skew_seconds", AMOUNT),
)
Index("uq_webhook_endpoints_token", webhook_endpoints.c.token, unique=True)
"""Over the whole installation: a delivery names nothing but the token."""

event_inbox = Table(
    "event_inbox",
    METADATA,
    workspace_key(),
    key("event_id"),
    Column("created", AMOUNT, nullable=False),
    Column("received_at", AMOUNT, nullable=False),
    Column("due_at", AMOUNT, nullable=False),
    Column("state", WORD, nullable=False),
    Column("attempts", AMOUNT, nullable=False),
    Column("finished_at", AMOUNT),
    Column("event_use", WORD),
    Column("fault", WORD),
    Column("object_id", WORD),
    Column("customer_id", WORD),
    Column("envelope", WORD, nullable=False),
    Column("body", LargeBinary),
    Column("delivered", FLAG, nullable=False),
)
"""The primary key is the guard against a second delivery; it stays when the body goes. ``delivered`` False: read from
Stripe's list of events, which proves nothing about deliveries."""

IS_PENDING = text("state = 'pending'")
WAITS_FOR_OBJECT = text("state = 'pending' AND object_id IS NOT NULL")
WAITS_FOR_CUSTOMER = text("state = 'pending' AND customer_id IS NOT NULL")
IS_PARKED = text("state = 'parked'")
IS_FINISHED = text("state IN ('done', 'ignored')")
"""Written out, not bound, since a partial index serves only queries that repeat its condition."""

Index(
    "ix_event_inbox_pending",
    event_inbox.c.workspace_id,
    event_inbox.c.created,
    event_inbox.c.event_id,
    event_inbox.c.due_at,
    sqlite_where=IS_PENDING,
    postgresql_where=IS_PENDING,
)
Index(
    "ix_event_inbox_waiting",
    event_inbox.c.workspace_id,
    event_inbox.c.object_id,
    event_inbox.c.created,
    sqlite_where=WAITS_FOR_OBJECT,
    postgresql_where=WAITS_FOR_OBJECT,
)
Index(
    "ix_event_inbox_of_customers",
    event_inbox.c.workspace_id,
    event_inbox.c.customer_id,
    event_inbox.c.created,
    event_inbox.c.event_id,
    sqlite_where=WAITS_FOR_CUSTOMER,
    postgresql_where=WAITS_FOR_CUSTOMER,
)
Index(
    "ix_event_inbox_parked",
    event_inbox.c.workspace_id,
    event_inbox.c.created,
    event_inbox.c.event_id,
    sqlite_where=IS_PARKED,
    postgresql_where=IS_PARKED,
)
Index(
    "ix_event_inbox_finished",
    event_inbox.c.workspace_id,
    event_inbox.c.event_use,
    event_inbox.c.delivered,
    event_inbox.c.received_at,
    sqlite_where=IS_FINISHED,
    postgresql_where=IS_FINISHED,
)
"""Counts of the card. The partial indexes of what is over cost nothing while an event is taken in."""
Index("ix_event_inbox_prunable", event_inbox.c.received_at, sqlite_where=IS_FINISHED, postgresql_where=IS_FINISHED)
