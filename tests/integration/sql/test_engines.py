"""Opening databases: what is refused, what is set, and what a forked process gets."""

from __future__ import annotations

import os
import signal
import sqlite3
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, delete, select, text
from sqlalchemy.exc import InternalError, OperationalError
from tests.contracts.samples import HERE
from tests.integration.postgres_server import PostgresServer
from tests.integration.tls_front import tls_in_front_of

from clynto.adapters.sql.engines import DatabaseUnusable, open_database
from clynto.adapters.sql.tables_accounts import accounts
from clynto.adapters.sql.transactions import opened, transaction
from clynto.adapters.sql.unit_of_work import SqlUnitsOfWork
from clynto.domain.errors import ServiceUnavailable


def test_sqlite_keeps_what_it_has_acknowledged(sqlite_engine: Engine) -> None:
    with transaction(sqlite_engine, writing=True) as connection:
        held = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "wal_autocheckpoint")
        }
    assert held == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 10_000,
        "wal_autocheckpoint": 4_000,
    }


def test_only_what_is_done_again_does_not_wait_for_the_disk(engine: Engine) -> None:
    """A power cut may undo a page of a sync; it may not undo an event that was acknowledged, or what somebody did."""
    on_sqlite = engine.dialect.name == "sqlite"
    ask, strict, relaxed = ("PRAGMA synchronous", 2, 1) if on_sqlite else ("SHOW synchronous_commit", "on", "off")
    # One connection for all of it, so that nothing of a relaxed transaction may stick to it.
    lone = open_database(engine.url.render_as_string(hide_password=False), pool_size=1)
    with transaction(lone, writing=True) as connection:
        if not on_sqlite:
            connection.exec_driver_sql("SET synchronous_commit = on")
        assert connection.exec_driver_sql(ask).scalar() == strict
    with opened(lone, writing=True, repeatable=True) as connection:
        assert connection.exec_driver_sql(ask).scalar() == relaxed
        connection.commit()
    with transaction(lone, writing=True) as connection:
        assert connection.exec_driver_sql(ask).scalar() == strict
    lone.dispose()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://localhost/clynto"])
def test_refuses_what_it_cannot_work_with(url: str) -> None:
    with pytest.raises(DatabaseUnusable):
        open_database(url)


def test_says_in_one_line_that_the_log_is_not_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """F2: on a file system without shared memory the database is refused before anything is written."""

    class WithoutLog(sqlite3.Connection):
        """A file system on which SQLite cannot keep a write-ahead log stays with the rollback journal."""

        def cursor(self, *args: Any, **kwargs: Any) -> Any:
            return super().cursor(Refusing)

    class Refusing(sqlite3.Cursor):
        """Asks the journal mode instead of changing it."""

        def execute(self, sql: str, *args: Any) -> Any:
            return super().execute("PRAGMA journal_mode" if "journal_mode = WAL" in sql else sql, *args)

    engine = open_database(f"sqlite:///{tmp_path / 'clynto.db'}")
    real = sqlite3.connect
    monkeypatch.setattr(
        engine.dialect.loaded_dbapi, "connect", lambda *args, **kwargs: real(*args, factory=WithoutLog, **kwargs)
    )
    with pytest.raises(DatabaseUnusable, match="write-ahead log") as refused, engine.connect():
        pass
    assert "\n" not in str(refused.value)


def test_an_unreachable_database_is_told_as_such(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'no such folder' / 'clynto.db'}")
    with pytest.raises(ServiceUnavailable), SqlUnitsOfWork(engine).reading(HERE):
        pass


def test_wrong_sql_is_not_called_an_unreachable_database(engine: Engine) -> None:
    with pytest.raises(Exception, match="no_such_table") as fault, transaction(engine, writing=False) as connection:
        connection.execute(text("SELECT * FROM no_such_table"))
    assert not isinstance(fault.value, ServiceUnavailable)


def test_a_fault_does_not_repeat_the_values_of_its_statement(engine: Engine) -> None:
    """J1, J8: what a fault says is logged; among the values are customers' addresses and bodies of events."""
    canary = f"canary{os.getpid()}@acme.example"
    with pytest.raises(Exception, match="no_such_table") as fault, transaction(engine, writing=False) as connection:
        connection.execute(text("SELECT * FROM no_such_table WHERE email = :email"), {"email": canary})
    assert canary not in "".join(traceback.format_exception(fault.value))


def test_a_reading_transaction_cannot_write(engine: Engine) -> None:
    refused = (InternalError, OperationalError, ServiceUnavailable)
    with pytest.raises(refused), transaction(engine, writing=False) as connection:
        connection.execute(delete(accounts))
    with transaction(engine, writing=True) as connection:
        connection.execute(delete(accounts))


def test_results_of_parent_and_child_are_never_crossed(engine: Engine) -> None:
    """F6: see ``assert_never_crossed``."""
    assert_never_crossed(engine)


@pytest.mark.postgres
def test_encrypted_results_of_parent_and_child_are_never_crossed(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    """F6 over TLS, where a byte of another process breaks the whole connection."""
    with (
        postgres_server.database(migrated=False) as url,
        tls_in_front_of(url, tmp_path) as (front, encrypted),
        engine_of(encrypted) as engine,
    ):
        assert_never_crossed(engine)
        assert front.opened == len(CHILDREN) + 1
        assert (front.refused, front.faults) == (0, [])


@contextmanager
def engine_of(url: str) -> Iterator[Engine]:
    """An engine for one test."""
    engine = open_database(url)
    yield engine
    engine.dispose()


CHILDREN = range(1, 5)


def assert_never_crossed(engine: Engine) -> None:
    """Forked with a warm pool, four children ask two hundred times each while the parent does; each gets its own
    answers, and the parent's connections are still good afterwards."""

    def ask(who: int) -> bool:
        for number in range(200):
            wanted = who * 1_000 + number
            with transaction(engine, writing=False) as connection:
                if connection.scalar(text("SELECT :wanted + 0"), {"wanted": wanted}) != wanted:
                    return False
        return True

    assert ask(0)
    children = []
    for who in CHILDREN:
        child = os.fork()
        if child == 0:
            status = 1
            signal.alarm(60)  # one that was given another's answer may wait for its own for ever
            try:
                status = 0 if ask(who) else 1
            finally:
                os._exit(status)
        children.append(child)
    assert ask(5)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * len(CHILDREN)
    assert ask(6)


def test_a_forked_process_gets_connections_of_its_own(engine: Engine) -> None:
    """F6: a pool is never shared across a fork."""
    with transaction(engine, writing=False) as connection:
        connection.execute(select(accounts.c.id)).all()
    pool = engine.pool
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, b"own" if engine.pool is not pool else b"inherited")
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 20) == b"own"
    assert engine.pool is pool
