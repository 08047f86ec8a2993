"""Ids whose picture is older than a moment, handed out without holding them all or a cursor open."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement, Table, select

from clynto.adapters.sql.bulk_writing import older_than
from clynto.adapters.sql.scope import Scope
from clynto.domain.provenance import Provenance

_PAGE = 1_000


def unseen_ids(scope: Scope, table: Table, among: ColumnElement[bool], moment: Provenance) -> Iterator[str]:
    """Ids of rows ``among`` whose picture is older than ``moment``, ascending. The caller may write in between."""
    query = select(table.c.id).where(scope.here(table), among, older_than(moment, table.c)).order_by(table.c.id)
    behind = query
    while True:
        page = list(scope.connection.scalars(behind.limit(_PAGE)))
        yield from page
        if len(page) < _PAGE:
            return
        behind = query.where(table.c.id > page[-1])
