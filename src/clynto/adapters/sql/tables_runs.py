"""Tables of sync runs and their checkpoints."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, text

from clynto.adapters.sql.column_types import AMOUNT, WORD
from clynto.adapters.sql.metadata import METADATA, key, workspace_key

sync_runs = Table(
    "sync_runs",
    METADATA,
    workspace_key(),
    key("id"),
    Column("state", WORD, nullable=False),
    Column("requested_by", WORD, nullable=False),
    Column("requested_at", AMOUNT, nullable=False),
    Column("attempt", AMOUNT, nullable=False),
    Column("started_at", AMOUNT),
    Column("finished_at", AMOUNT),
    Column("heartbeat_at", AMOUNT),
    Column("window_end", AMOUNT),
    Column("customers_matched", AMOUNT),
    Column("fault", WORD),
    Column("skipped", WORD, nullable=False),
    Column("drift", WORD, nullable=False),
    Column("steps", WORD, nullable=False),
)
IS_ACTIVE = text("state IN ('queued', 'running')")
Index(
    "uq_sync_runs_one_active",
    sync_runs.c.workspace_id,
    unique=True,
    sqlite_where=IS_ACTIVE,
    postgresql_where=IS_ACTIVE,
)
"""At most one active run a workspace, whoever asks (guarantees E3)."""
Index("ix_sync_runs_requested_at", sync_runs.c.workspace_id, sync_runs.c.requested_at, sync_runs.c.id)

sync_checkpoints = Table(
    "sync_checkpoints",
    METADATA,
    workspace_key(),
    key("run_id"),
    key("listing"),
    Column("remaining", WORD, nullable=False),
)
