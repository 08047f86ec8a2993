"""For questions over all accounts: sums are kept, and filled from the rows that are there; subscriptions name their
account; and indexes hold all that comparisons with the past, sums by plan and ranked accounts need."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "kept_sums"
down_revision = "customers_of_events"

_WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_AMOUNT = sa.BigInteger()
_COLUMNS = "workspace_id, book, period, measure, part, currency, den, entries, bearing, high, low, rest"
_ALL_ACCOUNTS = (
    "SELECT m.*, CAST(r.status_rank AS TEXT) AS part, '' AS period FROM account_money m JOIN account_ranking r"
    " ON r.workspace_id = m.workspace_id AND r.account_id = m.account_id"
)
_BOOKS = (
    ("now", _ALL_ACCOUNTS, ("list", "net", "lifetime")),
    ("month", "SELECT m.*, '' AS part, m.month AS period FROM mrr_point_money m", ("list", "net")),
    ("day", "SELECT m.*, '' AS part, m.day AS period FROM mrr_snapshot_money m", ("list", "net")),
)
_LIST, _NET = (tuple(f"{name}_{piece}" for piece in ("whole", "num", "den")) for name in ("list", "net"))
_PAST = ("list_den", "list_whole", "list_num")
_MONEY = (*_LIST, *_NET, *(f"lifetime_{piece}" for piece in ("whole", "num", "den")))
_SUMMED = ("currency", "list_den", "net_den", "list_whole", "list_num", "net_whole", "net_num")
_WIDER = {
    "ix_subscription_billing_plan": (
        "subscription_billing",
        *("plan_name", "account_id", "interval", "currency", "counted", *_LIST, *_NET),
    ),
    "ix_mrr_point_money_month": ("mrr_point_money", "month", "account_id", "currency", *_PAST),
}
_NARROWER = {
    "ix_subscription_billing_plan": (
        "subscription_billing",
        *("plan_name", "interval", "currency", "counted", "customer_id", *_LIST, *_NET),
    ),
    "ix_mrr_point_money_month": ("mrr_point_money", "month", "account_id"),
}
_HEADERS = (("month", "mrr_points"), ("day", "mrr_snapshots"))


def upgrade() -> None:
    """Apply."""
    words = ("workspace_id", "book", "period", "measure", "part", "currency")
    numbers = ("den", "entries", "bearing", "high", "low", "rest")
    op.create_table(
        "kept_sums",
        *(sa.Column(name, _WORD, nullable=False) for name in words),
        *(sa.Column(name, _AMOUNT, nullable=False) for name in numbers),
        sa.PrimaryKeyConstraint(*words, "den", name="pk_kept_sums"),
        sqlite_with_rowid=False,
    )
    for book, money, measures in _BOOKS:
        for measure in measures:
            _fill(book, money, measure)
    for book, headers in _HEADERS:
        op.execute(
            f"INSERT INTO kept_sums ({_COLUMNS}) SELECT workspace_id, '{book}', {book}, 'headers', '', '', 0,"  # noqa: S608 - names of this module
            f" count(*), 0, 0, 0, 0 FROM {headers} GROUP BY workspace_id, {book}"
        )

    _name_accounts_in_subscriptions()
    _index(_WIDER)
    op.drop_index("ix_account_money_sums", "account_money")
    op.create_index("ix_account_money_accounts", "account_money", ["workspace_id", "account_id", "currency", *_MONEY])
    for table, flag in (("stripe_customers", "deleted"), ("stripe_subscriptions", "ended")):
        op.create_index(
            f"ix_{table}_{flag}",
            table,
            ["workspace_id", "id"],
            sqlite_where=sa.text(f"{flag} IS 1"),
            postgresql_where=sa.text(f"{flag} IS true"),
        )


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_stripe_subscriptions_ended", "stripe_subscriptions")
    op.drop_index("ix_stripe_customers_deleted", "stripe_customers")
    op.drop_index("ix_account_money_accounts", "account_money")
    op.create_index("ix_account_money_sums", "account_money", ["workspace_id", *_SUMMED])
    _index(_NARROWER)
    op.drop_column("subscription_billing", "account_id")
    op.drop_table("kept_sums")


def _name_accounts_in_subscriptions() -> None:
    op.add_column("subscription_billing", sa.Column("account_id", _WORD))
    op.execute(
        "UPDATE subscription_billing SET account_id = (SELECT c.account_id FROM customer_billing c"
        " WHERE c.workspace_id = subscription_billing.workspace_id"
        " AND c.customer_id = subscription_billing.customer_id)"
    )


def _index(columns: dict[str, tuple[str, ...]]) -> None:
    for name, (table, *indexed) in columns.items():
        op.drop_index(name, table)
        op.create_index(name, table, ["workspace_id", *indexed])


def _fill(book: str, money: str, measure: str) -> None:
    """The sums by currency and denominator, and beside them the counts of accounts."""
    whole, num, den = f"{measure}_whole", f"{measure}_num", f"{measure}_den"
    some = f"CASE WHEN {whole} <> 0 OR {num} <> 0 THEN 1 ELSE 0 END"
    # The wholes are summed in two halves, since a sum of them might not fit into 64 bits.
    op.execute(
        f"INSERT INTO kept_sums ({_COLUMNS}) SELECT workspace_id, '{book}', period, '{measure}', part, currency, {den},"  # noqa: S608 - names of this module
        f" count(*), sum({some}), sum({whole} / 1000000000), sum({whole} % 1000000000), sum({num})"
        f" FROM ({money}) held WHERE {den} IS NOT NULL GROUP BY workspace_id, period, part, currency, {den}"
    )
    op.execute(
        f"INSERT INTO kept_sums ({_COLUMNS}) SELECT workspace_id, '{book}', period, '{measure}', part, '', 0,"  # noqa: S608 - names of this module
        f" count(*), sum(bears), 0, 0, 0 FROM (SELECT workspace_id, period, part, account_id, max({some}) AS bears"
        f" FROM ({money}) held WHERE {den} IS NOT NULL GROUP BY workspace_id, period, part, account_id) each_one"
        " GROUP BY workspace_id, period, part"
    )
