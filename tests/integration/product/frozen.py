"""Standing a worker still, as a machine does that is suspended, at a moment when it holds no lock of the database."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

_TRIES = 50
_LOOKS = 10
_LOOK_SECONDS = 0.1


@contextmanager
def frozen(group: int, database_url: str) -> Iterator[None]:
    """SIGSTOP for a process group, SIGCONT at the end, however it comes about.

    SQLite has one write lock, and nobody can take it from a process that stands still with it: every test after this
    one would wait in vain. PostgreSQL keeps the rows of such a transaction for a minute.
    """
    address = make_url(database_url)
    if address.get_backend_name() == "sqlite":
        engine = create_engine(address, poolclass=NullPool, connect_args={"timeout": _LOOKS * _LOOK_SECONDS})
    else:
        engine = create_engine(address.set(drivername="postgresql+psycopg"), poolclass=NullPool)
    try:
        for _ in range(_TRIES):
            os.killpg(group, signal.SIGSTOP)
            if _nobody_writes(engine):
                break
            os.killpg(group, signal.SIGCONT)
            time.sleep(_LOOK_SECONDS)
        else:
            raise AssertionError("the worker was always in a transaction")
        yield
    finally:
        os.killpg(group, signal.SIGCONT)
        engine.dispose()


def _nobody_writes(engine: Engine) -> bool:
    """Others may be in the middle of a short transaction, so there is more than one look."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            except OperationalError:
                return False
            connection.rollback()
            return True
        writers = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_xid IS NOT NULL"
        )
        for _ in range(_LOOKS):
            if connection.execute(writers).scalar_one() == 0:
                return True
            connection.rollback()
            time.sleep(_LOOK_SECONDS)
        return False
