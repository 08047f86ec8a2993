"""One account's line in the table, in JSON."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from clynto.domain.account_billing import PaymentStatus
from clynto.entrypoints.http.api.fields import MicrosTime, SecondsTime, money


class _First(fields.String):
    """The first of several words, null if there is none."""

    def _serialize(self, value: Any, *_: Any, **__: Any) -> str | None:
        return str(value[0]) if value else None


class AccountRowSchema(Schema):
    """An account with its billing."""

    id = fields.String(required=True, attribute="row.id")
    name = fields.String(required=True, attribute="row.name")
    domain = _First(required=True, allow_none=True, dump_only=True, attribute="row.domains")
    domains = fields.List(fields.String(), required=True, attribute="row.domains")
    external_id = fields.String(required=True, allow_none=True, attribute="row.external_id")
    mrr = money(required=True)
    arr = money(required=True)
    is_partial = fields.Boolean(
        required=True,
        data_key="partial",
        attribute="row.partial",
        metadata={"description": "An amount is unknown, so MRR is at least what is shown."},
    )
    payment_status = fields.Enum(
        PaymentStatus, by_value=True, required=True, allow_none=True, attribute="row.payment_status"
    )
    health_score = fields.Integer(required=True, allow_none=True, attribute="row.health_score")
    renewal_at = SecondsTime(required=True, allow_none=True, attribute="row.renewal_at")
    lifetime_value = money(required=True)
    customers = fields.Integer(
        required=True,
        attribute="row.customers",
        metadata={
            "description": "Stripe customers matched to it. With none, its amounts are empty and mean nothing known."
        },
    )
    live_subscriptions = fields.Integer(required=True, attribute="row.live_subscriptions")
    as_of = MicrosTime(
        required=True,
        allow_none=True,
        attribute="row.as_of",
        metadata={"description": "The age of the oldest fact the figures rest on."},
    )
