"""Databases that are filled once for all tests of a module, which only read them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, Table, select
from tests.integration.postgres_server import PostgresServer

from clynto.adapters.sql.engines import open_database
from clynto.adapters.sql.schema import migrate
from clynto.adapters.sql.tables import METADATA
from clynto.adapters.sql.unit_of_work import SqlUnitsOfWork

Fill = Callable[[SqlUnitsOfWork], None]
_Rows = dict[Table, list[dict[str, Any]]]


class FilledDatabases:
    """One database of each kind for each way of filling it. To write a portfolio takes about a second, and to put its
    rows back a tenth: too long for hundreds of tests that ask one question each."""

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        self._request = request
        self._folder = folder
        self._ending = ExitStack()
        self._filled: dict[tuple[str, Fill], tuple[Engine, _Rows]] = {}

    def engine(self, kind: str, fill: Fill) -> Engine:
        """An engine on the database, which nobody may write to."""
        if (kind, fill) not in self._filled:
            engine = self._open(kind)
            fill(SqlUnitsOfWork(engine))
            self._filled[kind, fill] = engine, _all_rows(engine)
        return self._filled[kind, fill][0]

    def close(self) -> None:
        """Every row has to be what it was: what one test writes the next one would read."""
        with self._ending:
            for engine, rows in self._filled.values():
                assert _all_rows(engine) == rows

    def _open(self, kind: str) -> Engine:
        if kind == "sqlite":
            engine = open_database(f"sqlite:///{self._folder / f'filled-{len(self._filled)}.db'}")
            migrate(engine)
        else:
            server: PostgresServer = self._request.getfixturevalue("postgres_server")
            engine = open_database(self._ending.enter_context(server.database()))
        self._ending.callback(engine.dispose)
        return engine


def _all_rows(engine: Engine) -> _Rows:
    with engine.connect() as connection:
        return {
            table: [dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()]
            for table in METADATA.sorted_tables
        }
