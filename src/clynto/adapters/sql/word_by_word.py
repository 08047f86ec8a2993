"""Rows of a few owners out of a table that holds those of many, looked up owner by owner."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, Text, bindparam, func, true

from clynto.adapters.sql.column_types import WordList, is_any_of
from clynto.adapters.sql.scope import Scope


def of_each(
    scope: Scope, rows: Select[Any], column: ColumnElement[Any], words: Iterable[str]
) -> tuple[FromClause, FromClause]:
    """``rows`` whose ``column`` is one of the words, and what has their columns.

    PostgreSQL is told to take the words one after the other. Left to choose, it reads the whole table for two hundred
    of them: during a first sync since it has no statistics yet and expects a row or two, afterwards because it counts
    on a slow disk. ``rows`` must number or add up what it selects, or PostgreSQL would undo this again.
    """
    if scope.connection.dialect.name != "postgresql":
        found = rows.where(is_any_of(column, words)).subquery()
        return found, found
    listed = bindparam(None, sorted(set(words)), type_=WordList(), unique=True)
    wanted = func.unnest(listed, type_=Text()).table_valued("word").render_derived(name="wanted")
    each = rows.where(column == wanted.c.word).lateral("each")
    return wanted.join(each, true()), each
