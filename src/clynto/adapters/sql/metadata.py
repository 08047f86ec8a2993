"""The one collection of tables, and how constraints are named."""

from __future__ import annotations

from sqlalchemy import Column, MetaData

from clynto.adapters.sql.column_types import WORD

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)


def workspace_key() -> Column[str]:
    """The first column of every primary key: nothing is found without its workspace (architecture decision 9)."""
    return Column("workspace_id", WORD, primary_key=True)


def key(name: str) -> Column[str]:
    """A further column of the primary key."""
    return Column(name, WORD, primary_key=True)
