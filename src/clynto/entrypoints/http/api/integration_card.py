"""The Stripe card in JSON, with its progress bar and its webhook panel."""

from __future__ import annotations

from dataclasses import dataclass

from marshmallow import Schema, fields

from clynto.application.queries.show_integration import CardState, IntegrationCard
from clynto.application.queries.show_webhooks import WebhookPanel, WebhookState
from clynto.domain.connection import ConnectionFault, Mode
from clynto.domain.sync_run import RunState, StepName, StepState
from clynto.entrypoints.http.api.fields import MicrosTime
from clynto.entrypoints.http.current import actor, services
from clynto.entrypoints.http.webhook_wording import describe_refusal


class RecordsSyncedSchema(Schema):
    """Distinct objects held."""

    customers = fields.Integer(required=True)
    subscriptions = fields.Integer(required=True)
    invoices = fields.Integer(required=True)


class StepSchema(Schema):
    """One of the six steps."""

    name = fields.Enum(StepName, by_value=True, required=True)
    state = fields.Enum(StepState, by_value=True, required=True)
    records = fields.Integer(required=True)


class ProgressSchema(Schema):
    """The run that is under way."""

    run_id = fields.String(required=True, attribute="id")
    state = fields.Enum(RunState, by_value=True, required=True)
    percent = fields.Integer(required=True)
    last_activity_at = MicrosTime(
        required=True,
        allow_none=True,
        attribute="heartbeat_at",
        metadata={"description": "The worker's last sign of life; null: no worker holds the run."},
    )
    steps = fields.List(fields.Nested(StepSchema), required=True)


class FaultSchema(Schema):
    """What went wrong, as a stable word and as a sentence."""

    code = fields.String(required=True, metadata={"example": "invalid_api_key"})
    message = fields.String(required=True)


class RefusalSchema(Schema):
    """The newest refused delivery, while no genuine event came after it."""

    at = MicrosTime(required=True)
    reason = fields.String(required=True)
    clock_skew_seconds = fields.Integer(
        required=True, allow_none=True, metadata={"description": "How far the sender's clock lies behind ours."}
    )
    message = fields.Function(describe_refusal, required=True, metadata={"type": "string"})


class ParkedEventSchema(Schema):
    """An event that failed too often."""

    id = fields.String(required=True)
    type = fields.String(required=True)
    received_at = MicrosTime(required=True)
    attempts = fields.Integer(required=True)
    fault = fields.String(required=True, allow_none=True)


class WebhookPanelSchema(Schema):
    """How deliveries are doing."""

    url = fields.String(required=True, metadata={"description": "Paste it into Stripe as the endpoint's URL."})
    configured = fields.Boolean(required=True)
    state = fields.Enum(WebhookState, by_value=True, required=True)
    last_event_at = MicrosTime(required=True, allow_none=True)
    secret_set_at = MicrosTime(required=True, allow_none=True)
    former_valid_until = MicrosTime(
        required=True, allow_none=True, metadata={"description": "Until then the secret before this one holds too."}
    )
    refusal = fields.Nested(RefusalSchema, required=True, allow_none=True)
    pending = fields.Integer(required=True)
    parked = fields.Integer(required=True)
    parked_events = fields.List(fields.Nested(ParkedEventSchema), required=True)
    retry_possible = fields.Boolean(required=True)
    ignored_other_mode = fields.Integer(required=True)
    ignored_foreign_account = fields.Integer(required=True)
    recommended_types = fields.List(fields.String(), required=True)
    further_types = fields.List(fields.String(), required=True)
    events_readable = fields.Boolean(
        required=True, metadata={"description": "The key may list events, so gaps can be filled after an outage."}
    )
    silent_since = MicrosTime(
        required=True,
        allow_none=True,
        metadata={"description": "When a renewal fell due of which no event told; webhooks may have stopped."},
    )


class CardSchema(Schema):
    """The Stripe card."""

    state = fields.Enum(CardState, by_value=True, required=True, attribute="card.state")
    mode = fields.Enum(Mode, by_value=True, required=True, allow_none=True, attribute="card.connection.mode")
    stripe_account_id = fields.String(required=True, allow_none=True, attribute="card.connection.stripe_account_id")
    stripe_account_name = fields.String(required=True, allow_none=True, attribute="card.connection.stripe_account_name")
    key_last4 = fields.String(required=True, allow_none=True, attribute="card.connection.key_last4")
    full_secret_key = fields.Boolean(required=True, attribute="card.connection.full_secret_key")
    frozen = fields.Boolean(
        required=True, attribute="card.connection.frozen", metadata={"description": "True after a disconnect."}
    )
    records_synced = fields.Nested(RecordsSyncedSchema, required=True, attribute="card.records_synced")
    customers_matched = fields.Integer(required=True, attribute="card.customers_matched")
    connected_at = MicrosTime(required=True, allow_none=True, attribute="card.connection.connected_at")
    disconnected_at = MicrosTime(required=True, allow_none=True, attribute="card.connection.disconnected_at")
    last_sync_at = MicrosTime(required=True, allow_none=True, attribute="card.connection.last_sync_at")
    as_of = MicrosTime(
        required=True,
        allow_none=True,
        attribute="card.connection.last_sync_began_at",
        metadata={"description": "The last complete sync shows Stripe as it was at this time or later."},
    )
    progress = fields.Nested(ProgressSchema, required=True, allow_none=True, attribute="card.run")
    waiting_for_worker = fields.Boolean(
        required=True, attribute="card.waiting_for_worker", metadata={"description": "No worker is there to sync."}
    )
    error = fields.Nested(FaultSchema, required=True, allow_none=True)
    webhook = fields.Nested(WebhookPanelSchema, required=True)


@dataclass(frozen=True, slots=True)
class WholeCard:
    """The card and its webhook panel, ready for ``CardSchema``."""

    card: IntegrationCard
    webhook: WebhookPanel

    @property
    def error(self) -> ConnectionFault | None:
        """What is shown in red; while a new attempt runs, the fault of the former one is not news any more."""
        return self.card.connection.fault if self.card.state is CardState.ERROR else None


def whole_card() -> WholeCard:
    """The caller's card as of now."""
    return WholeCard(services().integration.show_integration(actor()), services().webhooks.show_webhooks(actor()))
