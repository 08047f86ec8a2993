"""Migrations: from nothing, to exactly the tables the code knows, by one process at a time."""

from __future__ import annotations

import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from clynto.adapters.sql.metadata import METADATA
from clynto.adapters.sql.schema import migrate, schema_is_current
from clynto.adapters.sql.tables import METADATA as ALL_TABLES

INSTALLATION_WIDE = {
    "uq_users_email",
    "uq_sessions_token_hash",
    "uq_api_tokens_token_hash",
    "uq_webhook_endpoints_token",
    "ix_event_inbox_prunable",
}
"""What must be unique, or found, before a workspace is known."""


def test_upgrades_from_nothing_and_a_second_time_does_nothing(empty_engine: Engine) -> None:
    assert not schema_is_current(empty_engine)
    migrate(empty_engine)
    assert schema_is_current(empty_engine)
    migrate(empty_engine)
    assert schema_is_current(empty_engine)


def test_the_migrated_schema_equals_the_tables_of_the_code(empty_engine: Engine) -> None:
    migrate(empty_engine)
    assert ALL_TABLES is METADATA
    with empty_engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, METADATA) == []
        found = inspect(connection)
        for table in METADATA.sorted_tables:
            indexes = {index["name"]: index for index in found.get_indexes(table.name)}
            assert {index.name for index in table.indexes} == set(indexes)
            for index in table.indexes:
                options = indexes[index.name].get("dialect_options", {})
                partial = any(name.endswith("_where") for name in options)
                assert partial == bool(index.dialect_kwargs), f"{index.name}: partial here, or only there"


@pytest.mark.postgres
def test_text_sorts_by_its_bytes_on_postgresql(postgres_engine: Engine) -> None:
    query = text(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        " AND data_type = 'text' AND table_name <> 'alembic_version' AND collation_name IS DISTINCT FROM 'C'"
    )
    with postgres_engine.connect() as connection:
        assert connection.execute(query).all() == []


def test_several_processes_may_migrate_at_once(empty_engine: Engine) -> None:
    faults: list[BaseException] = []

    def work() -> None:
        try:
            migrate(empty_engine)
        except Exception as fault:  # noqa: BLE001 - carried over to the test's own thread
            faults.append(fault)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert faults == []
    assert schema_is_current(empty_engine)


def test_every_key_begins_with_the_workspace() -> None:
    for table in METADATA.sorted_tables:
        if table.name == "failed_sign_ins":
            continue
        assert next(iter(table.primary_key)).name == "workspace_id", table.name
        for index in table.indexes:
            if index.name not in INSTALLATION_WIDE:
                assert next(iter(index.columns)).name == "workspace_id", index.name
