"""The first schema: workspaces, people, accounts, facts from Stripe, computed billing and sync runs.

What comes after the first sync has a module of its own beside this one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from clynto.adapters.sql.migrations.tables_of_news import create_tables_of_news
from clynto.adapters.sql.migrations.tables_of_questions import create_tables_of_questions
from clynto.adapters.sql.migrations.tables_of_ranking import create_tables_of_ranking

revision = "initial"
down_revision = None

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
AMOUNT = sa.BigInteger()
FLAG = sa.Boolean()


def _amount(name: str) -> list[sa.Column[int]]:
    """An exact amount: the whole part and the fraction beside it."""
    return [sa.Column(f"{name}_{part}", AMOUNT) for part in ("whole", "num", "den")]


def _provenance() -> list[sa.Column[int]]:
    """How old a fact is and who told it."""
    return [sa.Column("as_of", AMOUNT, nullable=False), sa.Column("source", sa.SmallInteger(), nullable=False)]


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "account_billing",
        sa.Column("workspace_id", WORD, nullable=False),
        sa.Column("account_id", WORD, nullable=False),
        sa.Column("partial", FLAG, nullable=False),
        sa.Column("payment_status", WORD),
        sa.Column("renewal_at", AMOUNT),
        sa.Column("oldest_invoice_at", AMOUNT),
        sa.Column("live_subscriptions", AMOUNT, nullable=False),
        sa.Column("customers", AMOUNT, nullable=False),
        sa.Column("as_of", AMOUNT),
        sa.Column("computed_at", AMOUNT, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "account_id", name="pk_account_billing"),
    )
    op.create_table(
        "account_money",
        sa.Column("workspace_id", WORD, nullable=False),
        sa.Column("account_id", WORD, nullable=False),
        sa.Column("currency", WORD, nullable=False),
        *_amount("list"),
        *_amount("net"),
        *_amount("lifetime"),
        sa.PrimaryKeyConstraint("workspace_id", "account_id", "currency", name="pk_account_money"),
    )
    op.create_table(
        "accounts",
        sa.Column("workspace_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("name", WORD, nullable=False),
        sa.Column("domains", WORD, nullable=False),
        sa.Column("external_id", WORD),
        sa.Column("created_at", AMOUNT, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_accounts"),
    )
    op.create_index("ix_accounts_external_id", "accounts", ["workspace_id", "external_id"])
    op.create_table(
        "api_tokens",
        sa.Column("workspace_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("name", WORD, nullable=False),
        sa.Column("role", WORD, nullable=False),
        sa.Column("token_hash", WORD, nullable=False),
        sa.Column("created_by", WORD, nullable=False),
        sa.Column("created_at", AMOUNT, nullable=False),
        sa.Column("last_used_at", AMOUNT),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_api_tokens"),
    )
    op.create_index("uq_api_tokens_token_hash", "api_tokens", ["token_hash"], unique=True)
    op.create_table(
        "audit_log",
        sa.Column("workspace_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("at", AMOUNT, nullable=False),
        sa.Column("actor", WORD, nullable=False),
        sa.Column("action", WORD, nullable=False),
        sa.Column("detail", WORD, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_audit_log"),
    )
    op.create_index("ix_audit_log_at", "audit_log", ["workspace_id", "at", "id"])
    op.create_table(
        "connections",
        sa.Column("workspace_id", WORD, nullable=False),
        sa.Column("status", WORD, nullable=False),
        sa.Column("mode", WORD),
        sa.Column("stripe_account_id", WORD),
        sa.Column("stripe_account_name", WORD),
        sa.Column("key_last4", WORD),
        sa.Column("full_secret_key", FLAG, nullable=False),
        sa.Column("generation", AMOUNT, nullable=False),
        sa.Column("connected_at", AMOUNT),
        sa.Column("disconnected_at", AMOUNT),
        sa.Column("last_sync_at", AMOUNT),
        sa.Column("last_sync_began_at", AMOUNT),
        sa.Column("events_readable", FLAG, nullable=False),
        sa.Column("fault_code", WORD),
        sa.Column("fault_message", WORD),
        sa.PrimaryKeyConstraint("workspace_id", name="pk_connections"),
    )
    op.create_table(
        "customer_billing",
        sa.Column("workspace_id", WORD, nullable=False),
        sa.Column("customer_id", WORD, nullable=False),
        sa.Column("account_id", WORD),
        sa.Column("partial", FLAG, nullable=False),
        sa.Column("payment_status", WORD),
        sa.Column("renewal_at", AMOUNT),
        sa.Column("oldest_invoice_at", AMOUNT),
        sa.Column("live_subscriptions", AMOUNT, nullable=False),
        sa.Column("as_of", AMOUNT, nullable=False),
        sa.Column("computed_at", AMOUNT, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "customer_id", name="pk_customer_billing"),
    )
    op.create_index("ix_customer_billing_account", "customer_billing", ["workspace_id", "account_id"])
    op.create_table(
        "customer_money",
        sa.Column("workspace_id", WORD, nullable=False),
        sa.Column("customer_id", WORD, nullable=False),
        sa.Column("currency", WORD, nullable=False),
        *_amount("list"),
        *_amount("net"),
        *_amount("lifetime"),
        sa.PrimaryKeyConstraint("workspace_id", "customer_id", "currency", name="pk_customer_money"),
    )
    op.create_table(
        "exchange_rates",
        sa.Column("workspace_id", WORD, nullable=False),
        sa.Column("day", WORD, nullable=False),
        sa.Column("from_currency", WORD, nullable=False),
        sa.Column("to_currency", WORD, nullable=False),
        sa.Column("rate", WORD, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "day", "from_currency", "to_currency", name="pk_exchange_rates"),
    )
    op.create_table(
        "failed_sign_ins",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tried_as", WORD, nullable=False),
        sa.Column("at", AMOUNT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_failed_sign_ins"),
    )
    op.create_index("ix_failed_sign_ins_at", "failed_sign_ins", ["at"])
    op.create_index("ix_failed_sign_ins_tried_as", "failed_sign_ins", ["tried_as", "at"])
    op.create_table(
        "matches",
        sa.Column("workspace_id", WORD, nullable=False),
        sa.Column("customer_id", WORD, nullable=False),
        sa.Column("account_id", WORD),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("reason", WORD, nullable=False),
        sa.Column("matched_domain", WORD),
        sa.Column("candidates", WORD, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "customer_id", name="pk_matches"),
    )
    op.create_index("ix_matches_account", "matches", ["workspace_id", "account_id", "customer_id"])
    op.create_table(
        "sealed_keys",
        sa.Column("workspace_id", WORD, nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("key_version", AMOUNT, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", name="pk_sealed_keys"),
    )
    op.create_table(
        "stripe_customers",
        sa.Column("workspace_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("name", WORD),
        sa.Column("email", WORD),
        sa.Column("created", AMOUNT),
        sa.Column("currency", WORD),
        sa.Column("discount", WORD),
        sa.Column("deleted", FLAG, nullable=False),
        sa.Column("search_text", WORD, nullable=False),
        sa.Column("mrr_rank", AMOUNT, server_default="0", nullable=False),
        *_provenance(),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_stripe_customers"),
    )
    op.create_index("ix_stripe_customers_mrr", "stripe_customers", ["workspace_id", "mrr_rank", "id"])
    op.create_table(
        "stripe_discount_readings",
        sa.Column("workspace_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("document", WORD, nullable=False),
        *_provenance(),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_stripe_discount_readings"),
    )
    op.create_table(
        "stripe_invoices",
        sa.Column("workspace_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("customer_id", WORD),
        sa.Column("subscription_id", WORD),
        sa.Column("status", WORD, nullable=False),
        sa.Column("currency", WORD, nullable=False),
        sa.Column("amount_paid", AMOUNT, nullable=False),
        sa.Column("post_payment_credit", AMOUNT, nullable=False),
        sa.Column("created", AMOUNT, nullable=False),
        sa.Column("last_failed_at", AMOUNT),
        *_provenance(),
        sa.Column("head", WORD, nullable=False),
        sa.Column("lines", WORD, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_stripe_invoices"),
    )
    op.create_index("ix_stripe_invoices_customer", "stripe_invoices", ["workspace_id", "customer_id", "created", "id"])
    op.create_index(
        "ix_stripe_invoices_unsettled",
        "stripe_invoices",
        ["workspace_id", "id"],
        sqlite_where=sa.text("status IN ('draft', 'open')"),
        postgresql_where=sa.text("status IN ('draft', 'open')"),
    )
    op.create_table(
        "stripe_prices",
        sa.Column("workspace_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("document", WORD, nullable=False),
        *_provenance(),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_stripe_prices"),
    )
    op.create_table(
        "stripe_products",
        sa.Column("workspace_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("name", WORD, nullable=False),
        sa.Column("active", FLAG, nullable=False),
        sa.Column("deleted", FLAG, nullable=False),
        *_provenance(),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_stripe_products"),
    )
    op.create_table(
        "stripe_subscriptions",
        sa.Column("workspace_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("customer_id", WORD),
        sa.Column("status", WORD, nullable=False),
        sa.Column("ended", FLAG, nullable=False),
        sa.Column("document", WORD, nullable=False),
        *_provenance(),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_stripe_subscriptions"),
    )
    op.create_index("ix_stripe_subscriptions_customer", "stripe_subscriptions", ["workspace_id", "customer_id"])
    op.create_table(
        "subscription_billing",
        sa.Column("workspace_id", WORD, nullable=False),
        sa.Column("subscription_id", WORD, nullable=False),
        sa.Column("customer_id", WORD, nullable=False),
        sa.Column("currency", WORD, nullable=False),
        sa.Column("counted", FLAG, nullable=False),
        *_amount("list"),
        *_amount("net"),
        sa.Column("partial", FLAG, nullable=False),
        sa.Column("plan_name", WORD, nullable=False),
        sa.Column("quantity", AMOUNT),
        sa.Column("interval", WORD),
        sa.Column("product_ids", WORD, nullable=False),
        sa.Column("notes", WORD, nullable=False),
        sa.Column("net_notes", WORD, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "subscription_id", name="pk_subscription_billing"),
    )
    op.create_index("ix_subscription_billing_customer", "subscription_billing", ["workspace_id", "customer_id"])
    op.create_table(
        "sync_checkpoints",
        sa.Column("workspace_id", WORD, nullable=False),
        sa.Column("run_id", WORD, nullable=False),
        sa.Column("listing", WORD, nullable=False),
        sa.Column("remaining", WORD, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "run_id", "listing", name="pk_sync_checkpoints"),
    )
    op.create_table(
        "sync_runs",
        sa.Column("workspace_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("requested_by", WORD, nullable=False),
        sa.Column("requested_at", AMOUNT, nullable=False),
        sa.Column("attempt", AMOUNT, nullable=False),
        sa.Column("started_at", AMOUNT),
        sa.Column("finished_at", AMOUNT),
        sa.Column("heartbeat_at", AMOUNT),
        sa.Column("window_end", AMOUNT),
        sa.Column("customers_matched", AMOUNT),
        sa.Column("fault", WORD),
        sa.Column("skipped", WORD, nullable=False),
        sa.Column("drift", WORD, nullable=False),
        sa.Column("steps", WORD, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_sync_runs"),
    )
    op.create_index("ix_sync_runs_requested_at", "sync_runs", ["workspace_id", "requested_at", "id"])
    op.create_index(
        "uq_sync_runs_one_active",
        "sync_runs",
        ["workspace_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('queued', 'running')"),
        postgresql_where=sa.text("state IN ('queued', 'running')"),
    )
    op.create_table(
        "users",
        sa.Column("workspace_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("email", WORD, nullable=False),
        sa.Column("role", WORD, nullable=False),
        sa.Column("password_hash", WORD, nullable=False),
        sa.Column("created_at", AMOUNT, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_users"),
    )
    op.create_index("uq_users_email", "users", ["email"], unique=True)
    op.create_table(
        "workspaces",
        sa.Column("workspace_id", WORD, nullable=False),
        sa.Column("name", WORD, nullable=False),
        sa.Column("default_currency", WORD),
        sa.Column("mrr_basis", WORD, nullable=False),
        sa.Column("own_domains", WORD, nullable=False),
        sa.Column("created_at", AMOUNT, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", name="pk_workspaces"),
    )
    op.create_table(
        "account_domains",
        sa.Column("workspace_id", WORD, nullable=False),
        sa.Column("domain", WORD, nullable=False),
        sa.Column("account_id", WORD, nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "account_id"],
            ["accounts.workspace_id", "accounts.id"],
            name="fk_account_domains_accounts",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "domain", "account_id", name="pk_account_domains"),
    )
    op.create_index("ix_account_domains_account", "account_domains", ["workspace_id", "account_id"])
    create_tables_of_ranking()
    op.create_table(
        "sessions",
        sa.Column("workspace_id", WORD, nullable=False),
        sa.Column("token_hash", WORD, nullable=False),
        sa.Column("user_id", WORD, nullable=False),
        sa.Column("created_at", AMOUNT, nullable=False),
        sa.Column("expires_at", AMOUNT, nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "user_id"],
            ["users.workspace_id", "users.id"],
            name="fk_sessions_users",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "token_hash", name="pk_sessions"),
    )
    op.create_index("ix_sessions_user", "sessions", ["workspace_id", "user_id"])
    op.create_index("uq_sessions_token_hash", "sessions", ["token_hash"], unique=True)
    create_tables_of_news()
    create_tables_of_questions()


def downgrade() -> None:
    """Take back: before this step there was nothing."""
    held = sa.MetaData()
    held.reflect(op.get_bind())
    held.drop_all(op.get_bind(), [table for table in held.sorted_tables if table.name != "alembic_version"])
