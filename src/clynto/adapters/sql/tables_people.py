"""Tables of workspaces and of the people in them."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKeyConstraint, Index, Integer, LargeBinary, Table

from clynto.adapters.sql.column_types import AMOUNT, FLAG, WORD
from clynto.adapters.sql.metadata import METADATA, key, workspace_key

workspaces = Table(
    "workspaces",
    METADATA,
    workspace_key(),
    Column("name", WORD, nullable=False),
    Column("default_currency", WORD),
    Column("mrr_basis", WORD, nullable=False),
    Column("own_domains", WORD, nullable=False),
    Column("created_at", AMOUNT, nullable=False),
)

exchange_rates = Table(
    "exchange_rates",
    METADATA,
    workspace_key(),
    key("day"),
    key("from_currency"),
    key("to_currency"),
    Column("rate", WORD, nullable=False),
)

users = Table(
    "users",
    METADATA,
    workspace_key(),
    key("id"),
    Column("email", WORD, nullable=False),
    Column("role", WORD, nullable=False),
    Column("password_hash", WORD, nullable=False),
    Column("created_at", AMOUNT, nullable=False),
)
ONE_EMAIL = Index("uq_users_email", users.c.email, unique=True)
"""Over the whole installation: at sign-in the workspace is not known yet."""

sessions = Table(
    "sessions",
    METADATA,
    workspace_key(),
    key("token_hash"),
    Column("user_id", WORD, nullable=False),
    Column("created_at", AMOUNT, nullable=False),
    Column("expires_at", AMOUNT, nullable=False),
    ForeignKeyConstraint(["workspace_id", "user_id"], ["users.workspace_id", "users.id"], ondelete="CASCADE"),
)
Index("uq_sessions_token_hash", sessions.c.token_hash, unique=True)
Index("ix_sessions_user", sessions.c.workspace_id, sessions.c.user_id)

api_tokens = Table(
    "api_tokens",
    METADATA,
    workspace_key(),
    key("id"),
    Column("name", WORD, nullable=False),
    Column("role", WORD, nullable=False),
    Column("token_hash", WORD, nullable=False),
    Column("created_by", WORD, nullable=False),
    Column("created_at", AMOUNT, nullable=False),
    Column("last_used_at", AMOUNT),
)
Index("uq_api_tokens_token_hash", api_tokens.c.token_hash, unique=True)

audit_log = Table(
    "audit_log",
    METADATA,
    workspace_key(),
    key("id"),
    Column("at", AMOUNT, nullable=False),
    Column("actor", WORD, nullable=False),
    Column("action", WORD, nullable=False),
    Column("detail", WORD, nullable=False),
)
Index("ix_audit_log_at", audit_log.c.workspace_id, audit_log.c.at, audit_log.c.id)

failed_sign_ins = Table(
    "failed_sign_ins",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("tried_as", WORD, nullable=False),
    Column("at", AMOUNT, nullable=False),
)
"""Counted before any workspace is known, so without one."""
Index("ix_failed_sign_ins_tried_as", failed_sign_ins.c.tried_as, failed_sign_ins.c.at)
Index("ix_failed_sign_ins_at", failed_sign_ins.c.at)

connections = Table(
    "connections",
    METADATA,
    workspace_key(),
    Column("status", WORD, nullable=False),
    Column("mode", WORD),
    Column("stripe_account_id", WORD),
    Column("stripe_account_name", WORD),
    Column("key_last4", WORD),
    Column("full_secret_key", FLAG, nullable=False),
    Column("generation", AMOUNT, nullable=False),
    Column("connected_at", AMOUNT),
    Column("disconnected_at", AMOUNT),
    Column("last_sync_at", AMOUNT),
    Column("last_sync_began_at", AMOUNT),
    Column("events_readable", FLAG, nullable=False),
    Column("fault_code", WORD),
    Column("fault_message", WORD),
)

sealed_keys = Table(
    "sealed_keys",
    METADATA,
    workspace_key(),
    Column("ciphertext", LargeBinary, nullable=False),
    Column("key_version", AMOUNT, nullable=False),
)
"""Apart from the connection, so that saving a state can never bring back a key that was erased."""
