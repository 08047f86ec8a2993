"""What Alembic runs: the steps, on the connection (and in the transaction) that ``schema.migrate`` hands over."""

from __future__ import annotations

from alembic import context

from clynto.adapters.sql.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=False,
    render_as_batch=True,
)
context.run_migrations()
