"""For the largest invoices over all accounts, and for what was paid in a period: two amounts of each invoice, and the
moment of its payment, in indexes of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "invoices_by_amount"
down_revision = "further_orders"

_TABLE = "stripe_invoices"
_IN_HEAD = {"sqlite": "json_extract(head, '$[{}]')", "postgresql": "((head::json ->> {})::bigint)"}
_DUE, _PAID_AT = 1, 9
"""Places inside ``head`` (see ``codec_invoices``)."""
_PAID = sa.text("status = 'paid'")


def upgrade() -> None:
    """Apply."""
    op.add_column(_TABLE, sa.Column("amount_due", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column(_TABLE, sa.Column("paid_at", sa.BigInteger()))
    written = _IN_HEAD[op.get_bind().dialect.name]
    due, paid_at = written.format(_DUE), written.format(_PAID_AT)
    op.execute(f"UPDATE {_TABLE} SET amount_due = {due}, paid_at = {paid_at}")  # noqa: S608 - words of this module
    op.create_index(
        "ix_stripe_invoices_amount", _TABLE, ["workspace_id", "currency", "amount_due", "id", "status", "created"]
    )
    columns = ["workspace_id", "currency", "paid_at", "amount_paid"]
    op.create_index("ix_stripe_invoices_paid", _TABLE, columns, sqlite_where=_PAID, postgresql_where=_PAID)


def downgrade() -> None:
    """Take back."""
    for index in ("ix_stripe_invoices_paid", "ix_stripe_invoices_amount"):
        op.drop_index(index, _TABLE)
    op.drop_column(_TABLE, "paid_at")
    op.drop_column(_TABLE, "amount_due")
