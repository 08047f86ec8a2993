"""Bringing the schema of a database up to date, and telling whether it is."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from clynto.adapters.sql.transactions import transaction

MIGRATIONS = Path(__file__).with_name("migrations")
"""Where Alembic finds the steps."""
_ONE_AT_A_TIME = 0x434C5A4E
"""Number of the advisory lock under which PostgreSQL is migrated; SQLite's write lock does the same."""


def migrate(engine: Engine) -> None:
    """Apply what is missing, all or nothing. Several processes may call it at once: one does it, the others wait."""
    with transaction(engine, writing=True) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _ONE_AT_A_TIME})
            connection.execute(text("SET LOCAL statement_timeout = 0"))
        command.upgrade(_config(connection), "head")


def schema_is_current(engine: Engine) -> bool:
    """Whether nothing is missing."""
    with transaction(engine, writing=False) as connection:
        applied = MigrationContext.configure(connection).get_current_heads()
        return set(applied) == set(ScriptDirectory.from_config(_config(connection)).get_heads())


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
