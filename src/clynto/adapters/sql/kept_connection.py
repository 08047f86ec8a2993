"""A connection to PostgreSQL that is kept for deliveries, where every round trip counts (ADR 0023).

Each statement is a transaction of its own and stays prepared. Nobody asks beforehand whether the connection still
works: if it turns out to be cut, a new one is made and the statement done once more. So it is for statements that may
be done twice.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar, cast

import psycopg
from sqlalchemy import Engine, event

from clynto.adapters.sql.faults import translated

_Answer = TypeVar("_Answer")
_Row = tuple[Any, ...]


class KeptConnection:
    """Safe to call from many threads, which wait for each other, and across a fork."""

    def __init__(self, engine: Engine) -> None:
        # Weak, because it is kept for as long as the engine is.
        self._engine = weakref.ref(engine)
        self._guard = threading.Lock()
        self._held: psycopg.Connection[_Row] | None = None

    def rows(self, statement: str, parameters: Mapping[str, Any]) -> list[_Row]:
        """What a query finds. Raises ``ServiceUnavailable``."""
        return self._done(lambda connection: connection.execute(_text(statement), parameters, prepare=True).fetchall())

    def execute_many(self, statement: str, rows: Sequence[Sequence[Any]]) -> int:
        """Execute the statement for each row, all or none, in one round trip; durable once it returns. How many rows
        were changed. Raises ``ServiceUnavailable``."""
        if len(rows) == 1:
            return self._done(lambda connection: connection.execute(_text(statement), rows[0], prepare=True).rowcount)
        return self._done(lambda connection: _pipelined(connection, statement, rows))

    def close(self) -> None:
        """Whoever calls next gets a new one."""
        with self._guard:
            if self._held is not None:
                self._held.close()
            self._held = None

    def forget(self) -> None:
        """Another process holds it: it must neither be used nor closed here, nor may its lock be waited for."""
        self._guard = threading.Lock()
        if self._held is not None:
            _left_to_the_parent.append(self._held)
        self._held = None

    def _done(self, work: Callable[[psycopg.Connection[_Row]], _Answer]) -> _Answer:
        with self._guard, translated():
            connection = self._connection()
            try:
                return work(connection)
            except (psycopg.OperationalError, psycopg.InterfaceError):
                if not connection.closed:
                    # The statement's own trouble, such as a lock that others hold for too long.
                    raise
                self._held = None
            return work(self._connection())

    def _connection(self) -> psycopg.Connection[_Row]:
        if self._held is None or self._held.closed:
            engine = self._engine()
            assert engine is not None, "whoever calls holds the engine"
            pooled = engine.raw_connection()
            connection = cast("psycopg.Connection[_Row] | None", pooled.driver_connection)
            assert connection is not None, "it was made just now"
            pooled.detach()
            connection.autocommit = True
            self._held = connection
        return self._held


def _pipelined(connection: psycopg.Connection[_Row], statement: str, rows: Sequence[Sequence[Any]]) -> int:
    # What the driver sends in a pipeline is one transaction, committed by the server at its end.
    with connection.cursor() as cursor:
        cursor.executemany(_text(statement), rows)
        return cursor.rowcount


def _text(statement: str) -> bytes:
    return statement.encode()


_known: weakref.WeakKeyDictionary[Engine, KeptConnection] = weakref.WeakKeyDictionary()
_left_to_the_parent: list[psycopg.Connection[_Row]] = []


def kept_connection_of(engine: Engine) -> KeptConnection | None:
    """The one of this engine in this process, closed when the engine is disposed of; None for SQLite."""
    if engine.dialect.name != "postgresql":
        return None
    kept = _known.get(engine)
    if kept is None:
        kept = _known[engine] = KeptConnection(engine)
        event.listen(engine, "engine_disposed", partial(_close, kept))
    return kept


def _close(kept: KeptConnection, _engine: Engine) -> None:
    kept.close()


def _begin_anew() -> None:
    for kept in _known.values():
        kept.forget()


os.register_at_fork(after_in_child=_begin_anew)
