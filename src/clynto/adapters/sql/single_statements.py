"""One statement that is a transaction of its own, for the few places where every round trip counts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from clynto.adapters.sql.faults import translated
from clynto.adapters.sql.transactions import transaction


@contextmanager
def single_statement(engine: Engine, *, writing: bool) -> Iterator[Connection]:
    """A connection for exactly one statement, durable once the block ends.

    PostgreSQL commits a lone statement by itself, without the two round trips of BEGIN and COMMIT. SQLite has none
    to save, and needs its write lock at once.
    """
    if engine.dialect.name != "postgresql":
        with transaction(engine, writing=writing) as connection:
            yield connection
        return
    with translated(), engine.connect() as plain:
        yield plain.execution_options(isolation_level="AUTOCOMMIT")
