"""Where Stripe sends its events, as a route: described here, and answered here where nothing stands in front.

A server puts ``WebhookIntake`` in front of Flask; it answers alike and much faster.
"""

from __future__ import annotations

from flask import request
from flask.views import MethodView
from marshmallow import Schema, fields

from clynto.application.queries.show_webhooks import WEBHOOK_PATH
from clynto.entrypoints.http.access import public
from clynto.entrypoints.http.api.document import ProblemSchema
from clynto.entrypoints.http.api.resource import Resource
from clynto.entrypoints.http.current import services
from clynto.entrypoints.http.problem_answers import PROBLEM_MEDIA_TYPE

webhooks = Resource("webhooks", url_prefix=WEBHOOK_PATH.rstrip("/"), description="For Stripe.")


class ReceivedSchema(Schema):
    """The event is durable."""

    received = fields.Boolean(required=True)


@webhooks.route("/<string:endpoint_token>")
class StripeEvents(MethodView):
    """Signed events."""

    @webhooks.answers(200, ReceivedSchema)
    @webhooks.also_answers(
        400, ProblemSchema, "Not genuinely signed, or nobody's address.", content_type=PROBLEM_MEDIA_TYPE
    )
    @webhooks.also_answers(413, ProblemSchema, "Over 1 MiB.", content_type=PROBLEM_MEDIA_TYPE)
    @public
    def post(self, endpoint_token: str) -> dict[str, bool]:
        """Take a signed event in."""
        signature = request.headers.get("Stripe-Signature")
        services().webhooks.receive_webhook(endpoint_token, request.get_data(), signature)
        return {"received": True}
