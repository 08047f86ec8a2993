"""What every store works within: one connection and one workspace."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table

from clynto.adapters.sql.pending_sums import PendingSums


@dataclass(frozen=True, slots=True)
class Scope:
    """The transaction and the workspace that all stores of a unit of work share."""

    connection: Connection
    workspace_id: str
    sums: PendingSums = field(default_factory=PendingSums)

    def here(self, table: Table) -> ColumnElement[bool]:
        """Rows of this workspace only; part of every query (guarantees K1)."""
        return table.c.workspace_id == self.workspace_id

    def one(self, table: Table, **keys: Any) -> ColumnElement[bool]:
        """The row with these keys in this workspace."""
        condition = self.here(table)
        for name, value in keys.items():
            condition = condition & (table.c[name] == value)
        return condition
