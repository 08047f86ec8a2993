"""The event inbox can be asked for the events of a customer.

Events that wait while this is applied have no customer noted and are worked off one by one, as before.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "customers_of_events"
down_revision = "objects_of_events"

_WHERE = sa.text("state = 'pending' AND customer_id IS NOT NULL")


def upgrade() -> None:
    """Apply."""
    word = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.add_column("event_inbox", sa.Column("customer_id", word))
    op.create_index(
        "ix_event_inbox_of_customers",
        "event_inbox",
        ["workspace_id", "customer_id", "created", "event_id"],
        sqlite_where=_WHERE,
        postgresql_where=_WHERE,
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_event_inbox_of_customers", "event_inbox")
    op.drop_column("event_inbox", "customer_id")
