"""All tables. New ones go into a module of their own meaning and are imported here."""

from __future__ import annotations

from clynto.adapters.sql import (
    tables_accounts,
    tables_billing,
    tables_health,
    tables_mrr_records,
    tables_orders,
    tables_people,
    tables_questions,
    tables_runs,
    tables_signals,
    tables_stripe_facts,
    tables_sums,
    tables_webhooks,
)
from clynto.adapters.sql.metadata import METADATA

__all__ = [
    "METADATA",
    "tables_accounts",
    "tables_billing",
    "tables_health",
    "tables_mrr_records",
    "tables_orders",
    "tables_people",
    "tables_questions",
    "tables_runs",
    "tables_signals",
    "tables_stripe_facts",
    "tables_sums",
    "tables_webhooks",
]
