"""Many rows in one statement, in one order of locks, and never a younger picture replaced by an older one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Table, Text, and_, bindparam, cast, column, func, literal_column, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect

from clynto.adapters.sql.documents import pack
from clynto.adapters.sql.scope import Scope
from clynto.domain.moments import MICROS_PER_SECOND, UnixMicros
from clynto.domain.provenance import Provenance, Source


class Columns(Protocol):
    """Columns by name: of the row that is offered, or of the one that is held."""

    def __getitem__(self, name: str, /) -> ColumnElement[Any]:
        """The column of that name."""
        ...


Values = Mapping[str, Any]
Guard = Callable[[Columns, Columns], ColumnElement[bool]]
Setting = Callable[[Columns, Columns], Mapping[str, ColumnElement[Any]]]

CHUNK = 2_000
"""Rows of one statement: enough to forget the cost of a statement, few enough to keep memory flat."""

_SOURCES = (Source.API, Source.EVENT, Source.ANSWER)
_CODES = {source: code for code, source in enumerate(_SOURCES)}
_EVENT: ColumnElement[int] = literal_column(str(_CODES[Source.EVENT]))
_ANSWER: ColumnElement[int] = literal_column(str(_CODES[Source.ANSWER]))
_SECOND: ColumnElement[int] = literal_column(str(MICROS_PER_SECOND))


def provenance_values(provenance: Provenance) -> dict[str, int]:
    """Column values of a provenance."""
    return {"as_of": provenance.as_of, "source": _CODES[provenance.source]}


def provenance_of(row: Any) -> Provenance:
    """The provenance of a row."""
    return Provenance(UnixMicros(row.as_of), _SOURCES[row.source])


def younger(new: Columns, held: Columns) -> ColumnElement[bool]:
    """``domain.provenance.age_against`` said in SQL, so that no other transaction can slip in between."""
    both_read = and_(new["source"] != _EVENT, held["source"] != _EVENT)
    an_event = or_(new["source"] == _EVENT, held["source"] == _EVENT)
    answer = new["source"] == _ANSWER
    seconds, held_seconds = new["as_of"].op("/")(_SECOND), held["as_of"].op("/")(_SECOND)
    settled = and_(answer, seconds == held_seconds)
    return or_(
        and_(both_read, or_(new["as_of"] > held["as_of"], and_(answer, new["as_of"] == held["as_of"]))),
        and_(an_event, or_(seconds > held_seconds, settled)),
    )


def at_least_as_young(new: Columns, held: Columns) -> ColumnElement[bool]:
    """``younger``, or read in the very same microsecond."""
    same_read = and_(new["source"] != _EVENT, held["source"] != _EVENT, new["as_of"] == held["as_of"])
    return or_(younger(new, held), same_read)


def older_than(moment: Provenance, held: Columns) -> ColumnElement[bool]:
    """The held picture is older than ``moment``."""
    written = provenance_values(moment)
    return younger({name: bindparam(None, value, unique=True) for name, value in written.items()}, held)


def upsert(
    scope: Scope,
    table: Table,
    rows: Iterable[Values],
    *,
    where: Guard | None = None,
    setting: Setting | None = None,
    keeping: tuple[str, ...] = (),
) -> None:
    """Insert ``rows`` (without workspace, all with the same columns), or replace what they set in rows that are there.

    ``where(new, held)`` decides whether a held row is replaced, ``setting(new, held)`` overrides single columns,
    ``keeping`` names columns that are only set in new rows. The three belong to the table and never vary with data,
    since the statement is built once. Rows go in the order of their keys, so two transactions lock them in the same
    order (guarantees F4). Of rows with the same key the last one counts.
    """
    key_of = _key_of(table)
    distinct = {key_of(row): row for row in rows}
    if not distinct:
        return
    ordered = [distinct[row_key] for row_key in sorted(distinct)]
    dialect, names = scope.connection.dialect, tuple(ordered[0])
    statement, in_order = _compiled(dialect, table, names, where, setting, keeping)
    for start in range(0, len(ordered), CHUNK):
        chunk: Sequence[Values] = ordered[start : start + CHUNK]
        if dialect.name == "postgresql":
            scope.connection.exec_driver_sql(statement, {"workspace_id": scope.workspace_id, "rows": pack(chunk)})
        else:
            here = (scope.workspace_id,)
            scope.connection.exec_driver_sql(statement, [here + in_order(row) for row in chunk])


@lru_cache(maxsize=256)
def _key_of(table: Table) -> Callable[[Values], Any]:
    """What reads the key of a row, without the workspace, that rows are told apart and sorted by."""
    names = [column.name for column in table.primary_key if column.name != "workspace_id"]
    return itemgetter(*names) if names else lambda _: ()


@lru_cache(maxsize=256)
def _compiled(
    dialect: Dialect,
    table: Table,
    names: tuple[str, ...],
    where: Guard | None,
    setting: Setting | None,
    keeping: tuple[str, ...],
) -> tuple[str, Callable[[Values], tuple[Any, ...]]]:
    """The statement as the driver takes it, and how a row becomes its parameters behind the workspace.

    SQLite runs it once a row. PostgreSQL gets all rows as one JSON parameter, for a fraction of what one parameter
    a value costs its driver.
    """
    if dialect.name == "postgresql":
        insert: Any = postgresql.insert(table)
        typed = [column(name, table.c[name].type) for name in names]
        document = cast(bindparam("rows", type_=Text()), postgresql.JSON())
        fresh = func.json_to_recordset(document).table_valued(*typed, name="fresh").render_derived(with_types=True)
        workspace: ColumnElement[str] = bindparam("workspace_id", type_=Text())
        insert = insert.from_select(["workspace_id", *names], select(workspace, *(fresh.c[name] for name in names)))
    else:
        insert = sqlite.insert(table).values({name: bindparam(name) for name in ("workspace_id", *names)})
    new, held = insert.excluded, table.c
    changes: dict[str, ColumnElement[Any]] = {
        name: new[name] for name in names if name not in table.primary_key.columns and name not in keeping
    }
    if setting is not None:
        changes.update(setting(new, held))
    key = list(table.primary_key.columns)
    if changes:
        condition = None if where is None else where(new, held)
        insert = insert.on_conflict_do_update(index_elements=key, set_=changes, where=condition)
    else:
        insert = insert.on_conflict_do_nothing(index_elements=key)
    compiled = insert.compile(dialect=dialect)
    placed = list(compiled.positiontup or ("workspace_id", *names))
    if placed.pop(0) != "workspace_id":
        raise RuntimeError(f"workspace_id must be the first column of {table.name}")
    return str(compiled), itemgetter(*placed) if len(placed) > 1 else lambda row: (row[placed[0]],)
