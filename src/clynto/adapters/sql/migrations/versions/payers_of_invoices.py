"""For who paid in a period: the index of payments knows whose customer paid."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "payers_of_invoices"
down_revision = "cases_of_signals"

_INDEX, _TABLE = "ix_stripe_invoices_paid", "stripe_invoices"
_COLUMNS = ("workspace_id", "currency", "paid_at", "amount_paid")
_PAID = sa.text("status = 'paid'")


def upgrade() -> None:
    """Apply."""
    _put(*_COLUMNS, "customer_id")


def downgrade() -> None:
    """Take back."""
    _put(*_COLUMNS)


def _put(*columns: str) -> None:
    op.drop_index(_INDEX, _TABLE)
    op.create_index(_INDEX, _TABLE, list(columns), sqlite_where=_PAID, postgresql_where=_PAID)
