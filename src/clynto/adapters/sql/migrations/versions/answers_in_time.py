"""For questions over all accounts: what is left to pay stands in the index of open invoices, customers without an
account are counted and summed over their own rows, and sums by plan and interval are kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "answers_in_time"
down_revision = "kept_sums"

_WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_OPEN = sa.text("status = 'open'")
_LEFT = {"sqlite": "json_extract(head, '$[2]')", "postgresql": "((head::json ->> 2)::bigint)"}
"""``amount_remaining`` inside ``head`` (see ``codec_invoices``)."""
_OPEN_INDEX = "ix_stripe_invoices_open"
_MONTH_INDEX = "ix_mrr_point_money_month"
_MONTH = ("month", "account_id", "currency")


def upgrade() -> None:
    """Apply."""
    _tell_what_is_left_to_pay()
    _tell_who_is_matched()
    _name_accounts_in_money()
    _index(
        "ix_subscription_billing_interval",
        "subscription_billing",
        ("interval", "account_id", "counted"),
        _worded("counted IS {true} AND account_id IS NOT NULL"),
    )
    op.drop_index(_MONTH_INDEX, "mrr_point_money")
    _index(_MONTH_INDEX, "mrr_point_money", (*_MONTH, "list_whole", "list_num", "list_den"))
    for measure in ("list", "net"):
        _keep_sums_of_subscriptions(measure)


def downgrade() -> None:
    """Take back."""
    op.execute("DELETE FROM kept_sums WHERE book = 'subscription'")
    op.drop_index(_MONTH_INDEX, "mrr_point_money")
    _index(_MONTH_INDEX, "mrr_point_money", (*_MONTH, "list_den", "list_whole", "list_num"))
    op.drop_index("ix_subscription_billing_interval", "subscription_billing")
    op.drop_index("ix_customer_money_unmatched", "customer_money")
    op.drop_column("customer_money", "account_id")
    op.drop_index("ix_stripe_customers_unmatched", "stripe_customers")
    op.drop_column("stripe_customers", "matched")
    op.drop_index(_OPEN_INDEX, "stripe_invoices")
    _index(_OPEN_INDEX, "stripe_invoices", ("status", "created", "id", "customer_id", "currency"), _OPEN)
    op.drop_column("stripe_invoices", "amount_remaining")


def _tell_what_is_left_to_pay() -> None:
    op.add_column("stripe_invoices", sa.Column("amount_remaining", sa.BigInteger(), nullable=False, server_default="0"))
    left = _LEFT[op.get_bind().dialect.name]
    # Of most invoices nothing is left, which the new column says already.
    op.execute(f"UPDATE stripe_invoices SET amount_remaining = {left} WHERE {left} <> 0")  # noqa: S608 - words of this module
    op.drop_index(_OPEN_INDEX, "stripe_invoices")
    columns = ("status", "customer_id", "currency", "amount_remaining", "created", "id")
    _index(_OPEN_INDEX, "stripe_invoices", columns, _OPEN)


def _tell_who_is_matched() -> None:
    op.add_column("stripe_customers", sa.Column("matched", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(
        _worded(
            "UPDATE stripe_customers SET matched = {true} WHERE EXISTS (SELECT 1 FROM matches m"
            " WHERE m.workspace_id = stripe_customers.workspace_id AND m.customer_id = stripe_customers.id"
            " AND m.account_id IS NOT NULL)"
        )
    )
    where = _worded("deleted IS {false} AND matched IS {false}")
    _index("ix_stripe_customers_unmatched", "stripe_customers", ("deleted", "matched", "id"), where)


def _name_accounts_in_money() -> None:
    op.add_column("customer_money", sa.Column("account_id", _WORD))
    op.execute(
        "UPDATE customer_money SET account_id = (SELECT c.account_id FROM customer_billing c"
        " WHERE c.workspace_id = customer_money.workspace_id AND c.customer_id = customer_money.customer_id)"
    )
    dens, amounts = ("list_den", "net_den"), ("list_whole", "list_num", "net_whole", "net_num")
    columns = ("account_id", "currency", *dens, *amounts)
    _index("ix_customer_money_unmatched", "customer_money", columns, sa.text("account_id IS NULL"))


def _keep_sums_of_subscriptions(measure: str) -> None:
    whole, num, den = f"{measure}_whole", f"{measure}_num", f"{measure}_den"
    # The wholes are summed in two halves, since a sum of them might not fit into 64 bits.
    op.execute(
        _worded(
            "INSERT INTO kept_sums (workspace_id, book, period, measure, part, currency, den, entries, bearing, high,"  # noqa: S608 - words of this module
            f" low, rest) SELECT workspace_id, 'subscription', coalesce(interval, ''), '{measure}', plan_name,"
            f" currency, {den}, count(*), sum(CASE WHEN {whole} <> 0 OR {num} <> 0 THEN 1 ELSE 0 END),"
            f" sum({whole} / 1000000000), sum({whole} % 1000000000), sum({num}) FROM subscription_billing"
            " WHERE counted IS {true} AND account_id IS NOT NULL"
            f" GROUP BY workspace_id, coalesce(interval, ''), plan_name, currency, {den}"
        ).text
    )


def _worded(text: str) -> sa.TextClause:
    """The text in the words of the database: SQLite writes truth values as numbers in the conditions of an index."""
    if op.get_bind().dialect.name == "sqlite":
        return sa.text(text.replace("{true}", "1").replace("{false}", "0"))
    return sa.text(text.replace("{true}", "true").replace("{false}", "false"))


def _index(name: str, table: str, columns: tuple[str, ...], where: sa.TextClause | None = None) -> None:
    op.create_index(name, table, ["workspace_id", *columns], sqlite_where=where, postgresql_where=where)
