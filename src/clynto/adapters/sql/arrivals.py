"""The file in which deliveries become durable where the database is SQLite (ADR 0039).

SQLite has one writer, and a drain or a page of a sync holds the write lock for as long as it computes: a delivery that
had to be written to the same file would be acknowledged when that is over. So it is written to a file of its own, a
plain log that nobody else writes to for longer than a moment. Whoever drains a workspace's inbox brings its arrivals
in first. An event may lie in both files, if the power goes in between: it is brought in again, and nothing happens.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from clynto.adapters.sql.engines import BUSY_MILLISECONDS, DatabaseUnusable
from clynto.adapters.sql.write_turns import line_at
from clynto.domain.errors import ServiceUnavailable

MERGED_AFTER = 500
"""So many arrivals are forgotten before the log beside the file is merged into it, by who brings events in."""
LARGEST_LOG_PAGES = 8_000
"""At 32 MB of log whoever stores has to merge it, while deliveries wait: nobody has brought anything in for long."""
_TABLE = """
CREATE TABLE IF NOT EXISTS arrived (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    created INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    object_id TEXT,
    customer_id TEXT,
    envelope TEXT NOT NULL,
    body BLOB NOT NULL,
    delivered INTEGER NOT NULL,
    UNIQUE (workspace_id, event_id)
)
"""
_COLUMNS = "workspace_id, event_id, created, received_at, object_id, customer_id, envelope, body, delivered"
_STORE = (
    f"INSERT INTO main.arrived ({_COLUMNS}) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 WHERE NOT EXISTS "  # noqa: S608 - constants
    "(SELECT 1 FROM product.event_inbox AS held WHERE held.workspace_id = ?1 AND held.event_id = ?2) "
    "ON CONFLICT (workspace_id, event_id) DO NOTHING"
)
_OLDEST = f"SELECT seq, {_COLUMNS} FROM arrived WHERE workspace_id = ? ORDER BY seq LIMIT ?"  # noqa: S608 - constants
_WAITING = "SELECT event_id, CASE WHEN delivered THEN received_at END FROM main.arrived WHERE workspace_id = ?"

ArrivedRow = tuple[str, str, int, int, "str | None", "str | None", str, bytes, bool]
"""The columns of the inbox that an arriving event fills."""


class Arrivals:
    """The arrivals of one database. Safe to call from many threads and processes."""

    def __init__(self, database: str) -> None:
        self._database = database
        self._path = f"{database}-arrivals"
        self._line = line_at(self._path)
        self._guard = threading.Lock()
        self._opened: sqlite3.Connection | None = None
        self._forgotten = 0

    def store(self, rows: Sequence[ArrivedRow]) -> int:
        """Return once they are on disk; how many are neither here nor in the inbox already."""
        with self._writing("FULL") as connection:
            return connection.executemany(_STORE, rows).rowcount

    def oldest(self, workspace_id: str, limit: int) -> tuple[Sequence[ArrivedRow], int]:
        """The first ``limit`` arrivals of a workspace, and the mark up to which they may be forgotten."""
        with self._reading() as connection:
            found = connection.execute(_OLDEST, (workspace_id, limit)).fetchall() if connection is not None else []
        return [row[1:] for row in found], found[-1][0] if found else 0

    def forget(self, workspace_id: str, mark: int) -> None:
        """They are safe elsewhere. Need not be on disk: what comes back is brought in again."""
        with self._writing("NORMAL") as connection:
            cleared = "DELETE FROM main.arrived WHERE workspace_id = ? AND seq <= ?"
            self._forgotten += connection.execute(cleared, (workspace_id, mark)).rowcount
        if self._forgotten >= MERGED_AFTER:
            self._forgotten = 0
            with self._reading() as merging:
                if merging is not None:
                    # Out of turn: those who store go on meanwhile.
                    merging.execute("PRAGMA main.wal_checkpoint(PASSIVE)")

    def waiting(self, workspace_id: str) -> Mapping[str, int | None]:
        """Ids of events that may not be in the inbox yet, with when each was received if it was delivered.

        Asked before anything is read from the inbox: what is brought in between the two is then in both, and whoever
        counts leaves it out once. The other way round it would be in neither.
        """
        with self._reading() as connection:
            return dict(connection.execute(_WAITING, (workspace_id,)).fetchall()) if connection is not None else {}

    def workspaces(self) -> Sequence[str]:
        """Whose events have arrived."""
        with self._reading() as connection:
            if connection is None:
                return []
            return [row[0] for row in connection.execute("SELECT DISTINCT workspace_id FROM main.arrived")]

    @contextmanager
    def _writing(self, synchronous: str) -> Iterator[sqlite3.Connection]:
        with self._guard, _translated(), self._line.turn():
            connection = self._connection()
            connection.execute(f"PRAGMA main.synchronous = {synchronous}")
            # Deferred: it would take the write lock of both files at once, and only one of them is written to.
            connection.execute("BEGIN")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """None while nothing has ever arrived."""
        with self._guard, _translated():
            yield self._connection() if self._opened is not None or Path(self._path).exists() else None

    def _connection(self) -> sqlite3.Connection:
        if self._opened is None:
            connection = sqlite3.connect(
                self._path, timeout=BUSY_MILLISECONDS / 1000, isolation_level=None, check_same_thread=False
            )
            if connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
                connection.close()
                raise DatabaseUnusable("SQLite cannot keep a write-ahead log here: put the file on a local disk.")
            connection.execute(_TABLE)
            connection.execute(f"PRAGMA wal_autocheckpoint = {LARGEST_LOG_PAGES}")
            connection.execute("ATTACH ? AS product", (self._database,))
            self._opened = connection
        return self._opened


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as fault:
        wrong_sql = getattr(fault, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
        if wrong_sql or isinstance(fault, sqlite3.IntegrityError | sqlite3.ProgrammingError):
            # Our mistake, as in ``faults``.
            raise
        raise ServiceUnavailable(reason="database_unavailable") from fault


_known: dict[str, Arrivals] = {}
# A connection must not be used across a fork, nor closed by the child: it is kept and left alone.
_left_to_the_parent: list[Arrivals] = []


def arrivals_of(engine: Engine) -> Arrivals | None:
    """The arrivals beside the database of ``engine``, one object for the whole process; None for PostgreSQL, where
    rows are locked one by one and deliveries go straight into the inbox."""
    if engine.dialect.name != "sqlite":
        return None
    database = str(engine.url.database)
    return _known.get(database) or _known.setdefault(database, Arrivals(database))


def _begin_anew() -> None:
    _left_to_the_parent.extend(_known.values())
    _known.clear()


os.register_at_fork(after_in_child=_begin_anew)
