"""Opening a database: SQLite with a write-ahead log, or PostgreSQL."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry, Pool

from clynto.adapters.sql.rested_connections import ask_the_rested

HIDE_PARAMETERS = True
"""A fault names its statement and not the values, which are customers' data: its text goes to logs (guarantees J8)."""
BUSY_MILLISECONDS = 10_000
CONNECT_SECONDS = 5
STATEMENT_MILLISECONDS = 30_000
FROZEN_MILLISECONDS = 60_000
"""After so long in silence PostgreSQL ends a transaction: a frozen worker must not keep its locks (guarantees E2)."""
WORK_MEGABYTES = 16
"""What PostgreSQL may sort or hash in memory in one step. With its own 4 MB it writes the accounts of a large workspace
to disk in the middle of a comparison."""
PAGES_IN_THE_LOG = 4_000
"""How long SQLite's write-ahead log grows (16 MB) before it is brought into the file. To store a page of a list touches
200 pages of the database, mostly the same ones again: with SQLite's own 1,000 they are written twice each time, and the
disk is waited for after every fifth page of the list."""
_BEGIN = "clynto_begin"
_READS_ONLY = "clynto_reads_only"
_SYNCHRONOUS = "clynto_synchronous"
_LEFT_TO_THE_PARENT: list[Pool] = []

WRITING: Mapping[str, Mapping[str, Any]] = {
    "sqlite": {_BEGIN: "BEGIN IMMEDIATE"},
    "postgresql": {"isolation_level": "READ COMMITTED"},
}
REPEATABLE: Mapping[str, Mapping[str, Any]] = {
    **WRITING,
    # With a write-ahead log a commit then waits for no disk, and a power cut undoes whole transactions, newest first.
    "sqlite": {**WRITING["sqlite"], _SYNCHRONOUS: "NORMAL"},
}
READING: Mapping[str, Mapping[str, Any]] = {
    "sqlite": {_BEGIN: "BEGIN DEFERRED"},
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}


class DatabaseUnusable(Exception):
    """The database cannot be worked with; the message is one line for the operator (guarantees F2)."""


@contextmanager
def database_faults_told() -> Iterator[None]:
    """Turn the driver's faults into ``DatabaseUnusable``, for start-up and commands: one line, no statement."""
    try:
        yield
    except SQLAlchemyError as fault:
        reason = str(getattr(fault, "orig", None) or fault).strip().splitlines()[0]
        raise DatabaseUnusable(f"the database cannot be used: {reason}") from None


def open_database(url: str, *, pool_size: int = 5) -> Engine:
    """An engine for ``sqlite:////path/to/file.db`` or ``postgresql://...``.

    Nothing is connected yet. Raises ``DatabaseUnusable`` for an address of another kind; the first connection raises
    it if SQLite cannot keep a write-ahead log there. A process that forks gets a pool of its own (guarantees F6).
    """
    address = make_url(url)
    backend = address.get_backend_name()
    if backend == "sqlite":
        if not address.database or address.database == ":memory:":
            raise DatabaseUnusable("SQLite needs a file: several processes share the database.")
        engine = create_engine(
            address,
            pool_size=pool_size,
            hide_parameters=HIDE_PARAMETERS,
            # Every transaction is ended by the unit of work that began it; the pool need not do it again.
            pool_reset_on_return=None,
            connect_args={"timeout": BUSY_MILLISECONDS / 1000},
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    elif backend in ("postgresql", "postgres"):
        engine = create_engine(
            address.set(drivername="postgresql+psycopg"),
            pool_size=pool_size,
            hide_parameters=HIDE_PARAMETERS,
            connect_args={
                "connect_timeout": CONNECT_SECONDS,
                "options": f"-c statement_timeout={STATEMENT_MILLISECONDS}"
                f" -c idle_in_transaction_session_timeout={FROZEN_MILLISECONDS} -c work_mem={WORK_MEGABYTES}MB"
                " -c timezone=UTC",
            },
        )
        ask_the_rested(engine)
    else:
        raise DatabaseUnusable(f"{backend} is not supported: use sqlite or postgresql.")
    _forget_after_fork(engine)
    return engine


def _prepare_sqlite(connection: Any, _entry: ConnectionPoolEntry) -> None:
    # The driver must not begin transactions by itself: it would begin deferred ones, too late and without the lock.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
    mode = cursor.execute("PRAGMA journal_mode").fetchone()[0]
    if mode != "wal":
        mode = cursor.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        cursor.close()
        raise DatabaseUnusable(
            f"SQLite cannot keep a write-ahead log here (journal mode is {mode}): put the file on a local disk."
        )
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute(f"PRAGMA wal_autocheckpoint = {PAGES_IN_THE_LOG}")
    cursor.execute("PRAGMA temp_store = MEMORY")
    cursor.execute("PRAGMA cache_size = -32768")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    begin = connection.get_execution_options().get(_BEGIN, "BEGIN IMMEDIATE")
    # Set before it begins, because a connection that may only read is refused the write lock. The pool may hand out
    # one with the other setting, which stands in its notes.
    reads_only = begin == READING["sqlite"][_BEGIN]
    if connection.info.get(_READS_ONLY) is not reads_only:
        connection.exec_driver_sql(f"PRAGMA query_only = {int(reads_only)}")
        connection.info[_READS_ONLY] = reads_only
    synchronous = connection.get_execution_options().get(_SYNCHRONOUS, "FULL")
    if connection.info.get(_SYNCHRONOUS) != synchronous:
        connection.exec_driver_sql(f"PRAGMA synchronous = {synchronous}")
        connection.info[_SYNCHRONOUS] = synchronous
    connection.exec_driver_sql(begin)


def _forget_after_fork(engine: Engine) -> None:
    held = weakref.ref(engine)

    def forget() -> None:
        inherited = held()
        if inherited is not None:
            # Kept, so that nobody collects it: closing a connection of the other process here could end it there.
            _LEFT_TO_THE_PARENT.append(inherited.pool)
            inherited.dispose(close=False)

    os.register_at_fork(after_in_child=forget)
