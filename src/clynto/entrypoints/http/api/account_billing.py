"""The tabs of one account: billing, where its MRR comes from, its history, and its health."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from marshmallow import Schema, fields, post_load, validate

from clynto.domain.moments import UnixMicros
from clynto.domain.roles import Role
from clynto.entrypoints.http.access import needs
from clynto.entrypoints.http.api.billing_view import (
    BillingSchema,
    ExplanationSchema,
    HistorySchema,
    billing_view,
    explanation_view,
    history_view,
)
from clynto.entrypoints.http.api.fields import micros_of
from clynto.entrypoints.http.api.health_view import HealthSchema
from clynto.entrypoints.http.api.resource import API_PREFIX, Resource
from clynto.entrypoints.http.current import actor, services

account_billing = Resource(
    "account_billing", url_prefix=f"{API_PREFIX}/accounts/<string:account_id>", description="The tabs of one account."
)

USUAL_MONTHS = 12
MOST_MONTHS = 36


class HistoryArguments(Schema):
    """How far back."""

    months = fields.Integer(
        load_default=USUAL_MONTHS,
        validate=validate.Range(1, MOST_MONTHS),
        metadata={"description": "Completed months; the point of the running month comes on top."},
    )


class MeasuredPillarSchema(Schema):
    """What another system measured."""

    score = fields.Integer(required=True, strict=True, metadata={"description": "0 to 100."})
    reason = fields.String(required=True)
    as_of = fields.AwareDateTime(
        format="iso", load_default=None, allow_none=True, metadata={"description": "Left out: now."}
    )

    @post_load
    def as_words(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """What the use case takes."""
        as_of = data["as_of"]
        data["as_of"] = None if as_of is None else UnixMicros(micros_of(as_of))
        return data


@account_billing.route("/billing")
class AccountBillingTab(MethodView):
    """The Billing tab."""

    @account_billing.answers(200, BillingSchema)
    @needs(Role.MEMBER)
    def get(self, account_id: str) -> dict[str, object]:
        """What the account pays: subscriptions, invoices, lifetime value."""
        return billing_view(services().accounts.show_account_billing(actor(), account_id))


@account_billing.route("/billing/mrr-explanation")
class MrrExplanation(MethodView):
    """Where the figure comes from."""

    @account_billing.answers(200, ExplanationSchema)
    @needs(Role.MEMBER)
    def get(self, account_id: str) -> dict[str, object]:
        """Every line of the account's MRR, and what was left out and why."""
        return explanation_view(services().accounts.explain_mrr(actor(), account_id))


@account_billing.route("/mrr-history")
class MrrHistory(MethodView):
    """Its past."""

    @account_billing.takes_query(HistoryArguments)
    @account_billing.answers(200, HistorySchema)
    @needs(Role.MEMBER)
    def get(self, wanted: dict[str, int], account_id: str) -> dict[str, object]:
        """MRR at the end of each month and now, and what made it change."""
        return history_view(services().accounts.read_mrr_history(actor(), account_id, months=wanted["months"]))


@account_billing.route("/health")
class AccountHealth(MethodView):
    """The Health tab."""

    @account_billing.answers(200, HealthSchema)
    @needs(Role.MEMBER)
    def get(self, account_id: str) -> object:
        """Score and pillars."""
        return services().accounts.show_health(actor(), account_id)


@account_billing.route("/pillars/<string:name>")
class AccountPillar(MethodView):
    """A pillar that another system measures."""

    @account_billing.takes_json(MeasuredPillarSchema)
    @account_billing.answers(200, HealthSchema)
    @needs(Role.ADMIN)
    def put(self, measured: dict[str, Any], account_id: str, name: str) -> object:
        """Set a pillar's score; revenue follows Stripe and cannot be set."""
        services().accounts.set_pillar(actor(), account_id, name, **measured)
        return services().accounts.show_health(actor(), account_id)
