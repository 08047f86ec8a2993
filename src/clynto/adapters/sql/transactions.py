"""Transactions: how one begins, ends and reports trouble, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from sqlalchemy import Connection, Engine

from clynto.adapters.sql.engines import READING, REPEATABLE, WRITING
from clynto.adapters.sql.faults import translated
from clynto.adapters.sql.write_turns import line_of


@contextmanager
def opened(engine: Engine, *, writing: bool, repeatable: bool = False) -> Iterator[Connection]:
    """A connection with a transaction begun; whatever is not committed is rolled back at the end.

    Writing takes SQLite's write lock at once, because a transaction that read first cannot wait for it later
    (guarantees F1), and in turn with other writers (ADR 0037). Reading is one snapshot and cannot write.
    What is ``repeatable`` is committed without waiting for the disk (``ports.unit_of_work.UnitsOfWork.writing``).
    """
    how = READING if not writing else REPEATABLE if repeatable else WRITING
    in_line = writing and engine.dialect.name == "sqlite"
    with translated(), line_of(engine).turn() if in_line else nullcontext(), engine.connect() as plain:
        connection = plain.execution_options(**how[engine.dialect.name])
        connection.begin()
        if repeatable and not in_line:
            connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
        yield connection


@contextmanager
def transaction(engine: Engine, *, writing: bool) -> Iterator[Connection]:
    """``opened``, committed if the block ends well."""
    with opened(engine, writing=writing) as connection:
        yield connection
        connection.commit()
