"""What many tests of a contract begin with: written by the stores once, and put back row by row after that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, Table, insert, select
from tests.integration.sql.conftest import emptied

from clynto.adapters.sql.tables import METADATA

_Rows = dict[Table, list[dict[str, Any]]]
_KEPT: dict[tuple[str, str], _Rows] = {}


def filled_once(engine: Engine, name: str, fill: Callable[[], None]) -> None:
    """Leave in the database what ``fill`` stores, all other rows gone. Writing a portfolio through the stores takes
    about a second; its rows are the same each time."""
    kept = _KEPT.get((engine.dialect.name, name))
    if kept is None:
        emptied(engine)
        fill()
        _KEPT[engine.dialect.name, name] = _all_rows(engine)
        return
    emptied(engine)
    with engine.begin() as connection:
        for table, rows in kept.items():
            connection.execute(insert(table), rows)


def _all_rows(engine: Engine) -> _Rows:
    with engine.connect() as connection:
        found = {
            table: [dict(row) for row in connection.execute(select(table)).mappings()]
            for table in METADATA.sorted_tables
        }
    return {table: rows for table, rows in found.items() if rows}
