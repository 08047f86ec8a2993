"""For questions about trials and past due subscriptions: the few that there are, by their status."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "rare_statuses"
down_revision = "answers_in_time"

_INDEX, _TABLE = "ix_stripe_subscriptions_rare", "stripe_subscriptions"
_RARE = sa.text("status IN ('trialing', 'past_due')")


def upgrade() -> None:
    """Apply."""
    columns = ["workspace_id", "status", "id"]
    op.create_index(_INDEX, _TABLE, columns, sqlite_where=_RARE, postgresql_where=_RARE)


def downgrade() -> None:
    """Take back."""
    op.drop_index(_INDEX, _TABLE)
