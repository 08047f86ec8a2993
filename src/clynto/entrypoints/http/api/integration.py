"""The Stripe card: connect, disconnect, sync, webhooks."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from marshmallow import Schema, fields

from clynto.domain.roles import Role
from clynto.domain.sync_run import RunState, StepName, SyncRun
from clynto.entrypoints.http.access import needs
from clynto.entrypoints.http.api.fields import MicrosTime, SecretText
from clynto.entrypoints.http.api.integration_card import CardSchema, FaultSchema, StepSchema, WholeCard, whole_card
from clynto.entrypoints.http.api.resource import API_PREFIX, Resource
from clynto.entrypoints.http.current import actor, services
from clynto.entrypoints.http.pagination import PageArguments, PageOf, PageSchema, page_of, position_of

integration = Resource(
    "integration", url_prefix=f"{API_PREFIX}/integrations/stripe", description="The connection to Stripe."
)


class PastedKeySchema(Schema):
    """A Stripe API key, best a restricted one."""

    api_key = SecretText(required=True, metadata={"description": "Starts with rk_ or sk_. Never answered again."})


class PastedSecretSchema(Schema):
    """What Stripe shows once when an endpoint is created."""

    signing_secret = SecretText(required=True, metadata={"description": "Starts with whsec_. Never answered again."})


class BegunRunSchema(Schema):
    """The run that was begun."""

    run_id = fields.String(required=True)


class RunFaultSchema(FaultSchema):
    """Why a run failed."""

    step = fields.Enum(StepName, by_value=True, required=True, allow_none=True)
    request_id = fields.String(
        required=True, allow_none=True, metadata={"description": "Stripe's own id of the failed request."}
    )


class RunSchema(Schema):
    """One sync."""

    id = fields.String(required=True)
    state = fields.Enum(RunState, by_value=True, required=True)
    percent = fields.Integer(required=True)
    steps = fields.List(fields.Nested(StepSchema), required=True)
    error = fields.Nested(RunFaultSchema, required=True, allow_none=True, attribute="fault")
    requested_by = fields.String(required=True)
    requested_at = MicrosTime(required=True)
    started_at = MicrosTime(required=True, allow_none=True)
    finished_at = MicrosTime(required=True, allow_none=True)
    customers_matched = fields.Integer(required=True, allow_none=True)
    skipped = fields.List(
        fields.String(), required=True, metadata={"description": "Objects of Stripe that could not be used, and why."}
    )
    drift = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "What webhooks had left us believing against what Stripe says, and the likely cause."},
    )


class RunsPageSchema(PageSchema):
    """Runs, newest first."""

    items = fields.List(fields.Nested(RunSchema), required=True)


class RetriedSchema(Schema):
    """How many events wait again."""

    retried = fields.Integer(required=True)


class ErasedSchema(Schema):
    """How many rows were removed."""

    removed = fields.Integer(required=True)


@integration.route("")
class Card(MethodView):
    """The card."""

    @integration.answers(200, CardSchema)
    @needs(Role.MEMBER)
    def get(self) -> WholeCard:
        """The Stripe card."""
        return whole_card()


@integration.route("/connection")
class StripeConnection(MethodView):
    """The key."""

    @integration.takes_json(PastedKeySchema)
    @integration.answers(202, CardSchema)
    @needs(Role.ADMIN)
    def post(self, pasted: dict[str, Any]) -> WholeCard:
        """Connect, or reconnect with a new key; begins a sync."""
        services().integration.connect_stripe(actor(), pasted["api_key"])
        return whole_card()

    @integration.answers(200, CardSchema)
    @needs(Role.ADMIN)
    def delete(self) -> WholeCard:
        """Disconnect: the key is destroyed, the data stays and is frozen."""
        services().integration.disconnect_stripe(actor())
        return whole_card()


@integration.route("/syncs")
class Syncs(MethodView):
    """Sync runs."""

    @integration.takes_query(PageArguments)
    @integration.answers(200, RunsPageSchema)
    @needs(Role.MEMBER)
    def get(self, page: dict[str, Any]) -> PageOf:
        """The sync history, newest first."""
        limit, before = page["limit"], position_of(page["cursor"])
        runs = services().integration.read_sync_history(actor(), limit=limit + 1, before=before)
        shown = runs[:limit]
        return page_of(shown, shown[-1].id if len(runs) > limit else None)

    @integration.answers(202, BegunRunSchema)
    @needs(Role.ADMIN)
    def post(self) -> dict[str, str]:
        """Ask for a fresh pull of everything."""
        return {"run_id": services().integration.request_sync(actor())}


@integration.route("/syncs/<string:run_id>")
class OneSync(MethodView):
    """One of them."""

    @integration.answers(200, RunSchema)
    @needs(Role.MEMBER)
    def get(self, run_id: str) -> SyncRun:
        """One sync run."""
        return services().integration.read_sync_history.one(actor(), run_id)


@integration.route("/webhook-secret")
class WebhookSecret(MethodView):
    """The secret that proves deliveries."""

    @integration.takes_json(PastedSecretSchema)
    @integration.answers(200, CardSchema)
    @needs(Role.ADMIN)
    def put(self, pasted: dict[str, Any]) -> WholeCard:
        """Save the signing secret; the former one stays valid for 24 hours."""
        services().webhooks.save_signing_secret(actor(), pasted["signing_secret"])
        return whole_card()


@integration.route("/webhook-address")
class WebhookAddress(MethodView):
    """The unguessable address."""

    @integration.answers(200, CardSchema)
    @needs(Role.ADMIN)
    def post(self) -> WholeCard:
        """Renew the webhook address; the former one and both secrets end at once."""
        services().webhooks.renew_webhook_address(actor())
        return whole_card()


@integration.route("/parked-events/retry")
class ParkedEvents(MethodView):
    """Events that failed too often."""

    @integration.answers(202, RetriedSchema)
    @needs(Role.ADMIN)
    def post(self) -> dict[str, int]:
        """Try parked events again."""
        return {"retried": services().webhooks.retry_parked_events(actor())}


@integration.route("/data")
class StripeData(MethodView):
    """Everything that came from Stripe."""

    @integration.answers(200, ErasedSchema)
    @needs(Role.OWNER)
    def delete(self) -> dict[str, int]:
        """Remove all Stripe data; only after a disconnect."""
        return {"removed": services().integration.erase_stripe_data(actor())}
