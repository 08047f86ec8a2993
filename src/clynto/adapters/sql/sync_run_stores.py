"""Sync runs with their lease, fence and checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Engine, Row, and_, bindparam, func, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect

from clynto.adapters.sql.bulk_writing import upsert
from clynto.adapters.sql.documents import clean_text, pack, unpack
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables_runs import IS_ACTIVE, sync_checkpoints, sync_runs
from clynto.adapters.sql.transactions import transaction
from clynto.domain.errors import RunSuperseded, SyncAlreadyRunning
from clynto.domain.moments import UnixMicros, UnixTime
from clynto.domain.sync_run import RunFault, RunState, Step, StepName, StepState, SyncRun
from clynto.domain.time_span import Span
from clynto.ports.stripe_reading import Listing

_SAVED = tuple(column.name for column in sync_runs.c if not column.primary_key)
_SAVE = (
    update(sync_runs)
    .where(
        sync_runs.c.workspace_id == bindparam("held_workspace"),
        sync_runs.c.id == bindparam("held_id"),
        sync_runs.c.attempt == bindparam("held_attempt"),
        IS_ACTIVE,
    )
    .values({name: bindparam(name) for name in _SAVED})
)


class SqlSyncRunStore:
    """See ``ports.sync_runs.SyncRunStore``."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def add(self, run: SyncRun) -> None:
        """Store a new run. Raises ``SyncAlreadyRunning`` if another one is active."""
        dialect = postgresql if self._scope.connection.dialect.name == "postgresql" else sqlite
        insert = dialect.insert(sync_runs).values(
            workspace_id=self._scope.workspace_id, id=clean_text(run.id), **_run_values(run)
        )
        # Only "one active run" is forgiven, and only by the database itself; the rest still raises (guarantees F5).
        statement = insert.on_conflict_do_nothing(index_elements=[sync_runs.c.workspace_id], index_where=IS_ACTIVE)
        if self._scope.connection.execute(statement.returning(sync_runs.c.id)).first() is None:
            raise SyncAlreadyRunning

    def get(self, run_id: str) -> SyncRun | None:
        """One run."""
        query = select(sync_runs).where(self._scope.one(sync_runs, id=clean_text(run_id)))
        row = self._scope.connection.execute(query).one_or_none()
        return None if row is None else _run_of(row)

    def active(self) -> SyncRun | None:
        """The queued or running one, if any."""
        query = select(sync_runs).where(self._scope.here(sync_runs), IS_ACTIVE)
        row = self._scope.connection.execute(query).one_or_none()
        return None if row is None else _run_of(row)

    def save(self, run: SyncRun, *, holding: int) -> None:
        """Store ``run`` if its stored attempt is still ``holding`` and it is still active; the row stays locked
        until the transaction ends, so nothing written beside it can slip past the fence. Raises ``RunSuperseded``."""
        row = {"held_workspace": self._scope.workspace_id, "held_id": clean_text(run.id), "held_attempt": holding}
        statement, in_order = _save_for(self._scope.connection.dialect)
        if self._scope.connection.exec_driver_sql(statement, in_order({**row, **_run_values(run)})).rowcount == 0:
            raise RunSuperseded

    def history(self, *, before: str | None, limit: int) -> Sequence[SyncRun]:
        """Newest first, behind the run id ``before``."""
        table = sync_runs
        query = select(table).where(self._scope.here(table))
        if before is not None:
            before = clean_text(before)
            at = self._scope.connection.scalar(select(table.c.requested_at).where(self._scope.one(table, id=before)))
            if at is None:
                return []
            query = query.where(tuple_(table.c.requested_at, table.c.id) < tuple_(at, before))
        query = query.order_by(table.c.requested_at.desc(), table.c.id.desc()).limit(limit)
        return [_run_of(row) for row in self._scope.connection.execute(query)]

    def remaining(self, run_id: str, listing: Listing) -> tuple[Span, ...] | None:
        """The checkpoint: spans not yet read; None if the list was never begun."""
        table = sync_checkpoints
        here = self._scope.one(table, run_id=clean_text(run_id), listing=listing.value)
        held = self._scope.connection.scalar(select(table.c.remaining).where(here))
        if held is None:
            return None
        return tuple(Span(UnixTime(since), UnixTime(until)) for since, until in unpack(held))

    def put_remaining(self, run_id: str, listing: Listing, remaining: Sequence[Span]) -> None:
        """Replace the checkpoint of a list."""
        spans = pack([[span.since, span.until] for span in remaining])
        row = {"run_id": clean_text(run_id), "listing": listing.value, "remaining": spans}
        upsert(self._scope, sync_checkpoints, [row])


class SqlStalledRuns:
    """See ``ports.sync_runs.StalledRuns``: looks across workspaces, and is named for it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def across_workspaces(self, *, silent_since: UnixMicros) -> Sequence[tuple[str, SyncRun]]:
        """(workspace id, run) of every active run without a sign of life since ``silent_since``."""
        table = sync_runs
        was_released = and_(table.c.state == RunState.RUNNING.value, table.c.heartbeat_at.is_(None))
        last_sign = func.coalesce(table.c.heartbeat_at, table.c.requested_at)
        is_silent = or_(was_released, last_sign < silent_since)
        query = select(table).where(IS_ACTIVE, is_silent).order_by(table.c.workspace_id)
        with transaction(self._engine, writing=False) as connection:
            return [(row.workspace_id, _run_of(row)) for row in connection.execute(query)]


@lru_cache(maxsize=8)
def _save_for(dialect: Dialect) -> tuple[str, Callable[[dict[str, Any]], Any]]:
    """The statement that saves a run as the driver takes it, and how values become its parameters. Made once, because
    it runs with every page of a sync."""
    compiled = _SAVE.compile(dialect=dialect)
    return str(compiled), itemgetter(*compiled.positiontup) if compiled.positiontup else lambda values: values


def _run_values(run: SyncRun) -> dict[str, Any]:
    fault = run.fault
    packed_fault = None
    if fault is not None:
        packed_fault = pack([fault.code, fault.message, fault.step and fault.step.value, fault.request_id])
    return {
        "state": run.state.value,
        "requested_by": clean_text(run.requested_by),
        "requested_at": run.requested_at,
        "attempt": run.attempt,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "heartbeat_at": run.heartbeat_at,
        "window_end": run.window_end,
        "customers_matched": run.customers_matched,
        "fault": packed_fault,
        "skipped": pack(list(run.skipped)),
        "drift": pack(list(run.drift)),
        "steps": pack([[s.name.value, s.state.value, s.records, s.done_permille] for s in run.steps]),
    }


def _run_of(row: Row[Any]) -> SyncRun:
    return SyncRun(
        id=row.id,
        state=RunState(row.state),
        requested_by=row.requested_by,
        requested_at=UnixMicros(row.requested_at),
        steps=tuple(Step(StepName(s[0]), StepState(s[1]), s[2], s[3]) for s in unpack(row.steps)),
        attempt=row.attempt,
        started_at=row.started_at,
        finished_at=row.finished_at,
        heartbeat_at=row.heartbeat_at,
        window_end=row.window_end,
        fault=None if row.fault is None else _fault_of(unpack(row.fault)),
        customers_matched=row.customers_matched,
        skipped=tuple(unpack(row.skipped)),
        drift=tuple(unpack(row.drift)),
    )


def _fault_of(packed: list[Any]) -> RunFault:
    code, message, step, request_id = packed
    return RunFault(code, message, None if step is None else StepName(step), request_id)
