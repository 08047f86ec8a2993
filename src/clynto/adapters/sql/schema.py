"""Bringing the schema of a database up to date, and telling whether it is.

Alembic is imported where it migrates only: every process asks whether the schema is current, and most never migrate.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from clynto.adapters.sql.transactions import transaction

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "payers_of_invoices"
"""The newest migration, which a new one replaces here."""
MIGRATIONS = Path(__file__).with_name("migrations")
"""Where Alembic finds the steps."""
_ONE_AT_A_TIME = 0x434C5A4E
"""Number of the advisory lock under which PostgreSQL is migrated; SQLite's write lock does the same."""


def migrate(engine: Engine) -> None:
    """Apply what is missing, all or nothing. Several processes may call it at once: one does it, the others wait."""
    from alembic import command  # noqa: PLC0415

    with transaction(engine, writing=True) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _ONE_AT_A_TIME})
            connection.execute(text("SET LOCAL statement_timeout = 0"))
        command.upgrade(_config(connection), "head")


def schema_is_current(engine: Engine) -> bool:
    """Whether nothing is missing."""
    with transaction(engine, writing=False) as connection:
        if not inspect(connection).has_table("alembic_version"):
            return False
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [HEAD]


def _config(connection: Connection) -> Config:
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
