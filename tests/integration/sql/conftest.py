"""Every test of this folder that asks for ``engine`` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from tests.integration.postgres_server import PostgresServer

from clynto.adapters.sql.arrivals import arrivals_of
from clynto.adapters.sql.engines import open_database
from clynto.adapters.sql.event_intake import SqlEventIntake
from clynto.adapters.sql.schema import migrate
from clynto.adapters.sql.sign_in_directory import SqlSignInDirectory
from clynto.adapters.sql.sync_run_stores import SqlStalledRuns
from clynto.adapters.sql.tables import METADATA
from clynto.adapters.sql.unit_of_work import SqlUnitsOfWork
from clynto.adapters.sql.webhook_stores import SqlWaitingEvents, SqlWebhookAddresses
from clynto.adapters.sql.workspace_stores import SqlWorkspaceDirectory

EMPTYING = [f"DELETE FROM {table.name}" for table in reversed(METADATA.sorted_tables)]
BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session")
def sqlite_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One migrated database for the run: an engine keeps its compiled statements, which a new one would lose."""
    engine = open_database(f"sqlite:///{tmp_path_factory.mktemp('sqlite') / 'clynto.db'}", pool_size=20)
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def postgres_engine(postgres_server: PostgresServer) -> Iterator[Engine]:
    """One migrated database for the run."""
    with postgres_server.database() as url:
        engine = open_database(url, pool_size=20)
        yield engine
        engine.dispose()


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> Engine:
    """An engine on a migrated database of either kind, without any row."""
    opened: Engine = request.getfixturevalue("sqlite_engine" if request.param == "sqlite" else "postgres_engine")
    return emptied(opened)


@pytest.fixture(params=BOTH)
def empty_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database without any table."""
    if request.param == "sqlite":
        engine = open_database(f"sqlite:///{tmp_path / 'empty.db'}")
        yield engine
        engine.dispose()
        return
    with request.getfixturevalue("postgres_server").database(migrated=False) as url:
        engine = open_database(url)
        yield engine
        engine.dispose()


def emptied(engine: Engine) -> Engine:
    """The same engine, its database without any row, and nothing that arrived beside it."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(";".join(EMPTYING))
        else:
            for statement in EMPTYING:
                connection.exec_driver_sql(statement)
    arrivals = arrivals_of(engine)
    if arrivals is not None:
        for workspace_id in arrivals.workspaces():
            arrivals.forget(workspace_id, 2**62)
    return engine


@pytest.fixture
def units(engine: Engine) -> SqlUnitsOfWork:
    """Units of work on a fresh database."""
    return SqlUnitsOfWork(engine)


@pytest.fixture
def sign_in_directory(engine: Engine) -> SqlSignInDirectory:
    """Over the same database as ``units``."""
    return SqlSignInDirectory(engine)


@pytest.fixture
def stalled_runs(engine: Engine) -> SqlStalledRuns:
    """Over the same database as ``units``."""
    return SqlStalledRuns(engine)


@pytest.fixture
def workspace_directory(engine: Engine) -> SqlWorkspaceDirectory:
    """Over the same database as ``units``."""
    return SqlWorkspaceDirectory(engine)


@pytest.fixture
def webhook_addresses(engine: Engine) -> SqlWebhookAddresses:
    """Over the same database as ``units``."""
    return SqlWebhookAddresses(engine)


@pytest.fixture
def event_intake(engine: Engine) -> SqlEventIntake:
    """Over the same database as ``units``."""
    return SqlEventIntake(engine)


@pytest.fixture
def waiting_events(engine: Engine) -> SqlWaitingEvents:
    """Over the same database as ``units``."""
    return SqlWaitingEvents(engine)
