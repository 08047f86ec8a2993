"""The table of kept sums: what would else be added up over every account each time somebody asks."""

from __future__ import annotations

from sqlalchemy import Column, Table

from clynto.adapters.sql.column_types import AMOUNT
from clynto.adapters.sql.metadata import METADATA, key, workspace_key

NUMBERS = ("entries", "bearing", "high", "low", "rest")

kept_sums = Table(
    "kept_sums",
    METADATA,
    workspace_key(),
    key("book"),
    key("period"),
    key("measure"),
    key("part"),
    key("currency"),
    Column("den", AMOUNT, primary_key=True, autoincrement=False),
    *(Column(name, AMOUNT, nullable=False) for name in NUMBERS),
    sqlite_with_rowid=False,
)
"""One row for all amounts of one currency and denominator (see ``exact_amounts``): how many there are, how many of them
are not zero, and their sum as wholes in two halves and as numerators. With the empty currency and denominator 0 a row
counts accounts: those that have amounts of the measure, and those of them that have one that is not zero."""
