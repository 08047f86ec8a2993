"""The event inbox can be asked for the events of an object.

Events that wait while this is applied have no object noted; the worst that follows is a question to Stripe too many.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "objects_of_events"
down_revision = "initial"

_WHERE = sa.text("state = 'pending' AND object_id IS NOT NULL")


def upgrade() -> None:
    """Apply."""
    word = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.add_column("event_inbox", sa.Column("object_id", word))
    op.create_index(
        "ix_event_inbox_waiting",
        "event_inbox",
        ["workspace_id", "object_id", "created"],
        sqlite_where=_WHERE,
        postgresql_where=_WHERE,
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_event_inbox_waiting", "event_inbox")
    op.drop_column("event_inbox", "object_id")
