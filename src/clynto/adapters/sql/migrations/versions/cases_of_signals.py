"""For the figure beside Inbox on every page: what each signal stands together with, in indexes of open ones."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "cases_of_signals"
down_revision = "invoices_by_amount"

_WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_BY_TYPE, _CASES, _TABLE = "ix_signals_unanswered", "ix_signals_cases", "signals"
_UNANSWERED = sa.text("state = 'open' AND dismissed_at IS NULL")
_CASE = {"sqlite": "json_extract(document, '$.case_key')", "postgresql": "(document::json ->> 'case_key')"}


def upgrade() -> None:
    """Apply."""
    op.add_column(_TABLE, sa.Column("stands_with", _WORD, nullable=False, server_default=sa.text("''")))
    case = _CASE[op.get_bind().dialect.name]
    op.execute(
        f"UPDATE {_TABLE} SET stands_with = CASE WHEN subscription_id IS NULL THEN {case} ELSE"  # noqa: S608 - words of this module
        f" CASE WHEN substr({case}, 1, 5) = 'debt ' THEN 'debts' ELSE type END || ' of ' || subscription_id END"
    )
    op.drop_index(_BY_TYPE, _TABLE)
    _index(_BY_TYPE, "type", "stands_with")
    _index(_CASES, "stands_with")


def downgrade() -> None:
    """Take back."""
    op.drop_index(_CASES, _TABLE)
    op.drop_index(_BY_TYPE, _TABLE)
    _index(_BY_TYPE, "type")
    op.drop_column(_TABLE, "stands_with")


def _index(name: str, *columns: str) -> None:
    columns = ("workspace_id", *columns)
    op.create_index(name, _TABLE, [*columns], sqlite_where=_UNANSWERED, postgresql_where=_UNANSWERED)
