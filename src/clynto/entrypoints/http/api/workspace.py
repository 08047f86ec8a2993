"""Settings of the workspace."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from marshmallow import Schema, fields, post_load

from clynto.application.change_workspace import WorkspaceChanges
from clynto.application.queries.workspace import WorkspaceSettings
from clynto.application.workspace_details import RateText
from clynto.domain.roles import Role
from clynto.entrypoints.http.access import needs
from clynto.entrypoints.http.api.account_billing import HistoryArguments
from clynto.entrypoints.http.api.billing_view import HistorySchema, history_view
from clynto.entrypoints.http.api.fields import CURRENCY_CODE, NOT_EMPTY, ExactRate, MicrosTime
from clynto.entrypoints.http.api.resource import API_PREFIX, Resource
from clynto.entrypoints.http.current import actor, services
from clynto.ports.workspaces import MrrBasis

workspace = Resource("workspace", url_prefix=f"{API_PREFIX}/workspace", description="Settings of the workspace.")


class ExchangeRateSchema(Schema):
    """From ``date`` on, one major unit of ``from`` is ``rate`` major units of ``to``."""

    date = fields.Date(required=True)
    from_currency = fields.String(required=True, data_key="from")
    to_currency = fields.String(required=True, data_key="to")
    rate = ExactRate(required=True, metadata={"example": "1.0842"})


class WorkspaceSchema(Schema):
    """All settings."""

    id = fields.String(required=True, attribute="workspace.id")
    name = fields.String(required=True, attribute="workspace.name")
    default_currency = fields.String(required=True, allow_none=True, attribute="workspace.default_currency")
    mrr_basis = fields.Enum(MrrBasis, by_value=True, required=True, attribute="workspace.mrr_basis")
    own_domains = fields.List(fields.String(), required=True, attribute="workspace.own_domains")
    created_at = MicrosTime(required=True, attribute="workspace.created_at")
    exchange_rates = fields.List(fields.Nested(ExchangeRateSchema), required=True)


class ChangedWorkspaceSchema(WorkspaceSchema):
    """All settings, and whether figures follow."""

    recomputing = fields.Boolean(
        required=True, metadata={"description": "Figures depend on the change and are being computed anew."}
    )


class RateTextSchema(Schema):
    """A rate as typed; the rate is text, so that it stays exact."""

    date = fields.String(required=True, metadata={"format": "date"})
    from_currency = fields.String(required=True, data_key="from", metadata=CURRENCY_CODE)
    to_currency = fields.String(required=True, data_key="to", metadata=CURRENCY_CODE)
    rate = fields.String(required=True, metadata={"example": "1.0842"})

    @post_load
    def as_text(self, data: dict[str, str], **_: Any) -> RateText:
        """What the use case takes."""
        return RateText(**data)


class WorkspaceChangesSchema(Schema):
    """What is not named stays; ``exchange_rates`` and ``own_domains`` replace the whole list."""

    name = fields.String(metadata=NOT_EMPTY)
    default_currency = fields.String(allow_none=True, metadata={"description": "null: nothing is converted."})
    mrr_basis = fields.Enum(MrrBasis, by_value=True)
    own_domains = fields.List(fields.String())
    exchange_rates = fields.List(fields.Nested(RateTextSchema))

    @post_load
    def as_changes(self, data: dict[str, Any], **_: Any) -> WorkspaceChanges:
        """What the use case takes."""
        return WorkspaceChanges(**data)


@workspace.route("")
class WorkspaceView(MethodView):
    """The one workspace of the caller."""

    @workspace.answers(200, WorkspaceSchema)
    @needs(Role.MEMBER)
    def get(self) -> WorkspaceSettings:
        """The settings."""
        return services().workspace.read_workspace(actor())

    @workspace.takes_json(WorkspaceChangesSchema)
    @workspace.answers(200, ChangedWorkspaceSchema)
    @needs(Role.ADMIN)
    def patch(self, changes: WorkspaceChanges) -> dict[str, object]:
        """Change settings."""
        changed = services().workspace.change_workspace(actor(), changes)
        return {
            "workspace": changed.settings.workspace,
            "exchange_rates": changed.settings.exchange_rates,
            "recomputing": changed.recomputing,
        }


@workspace.route("/mrr-history")
class WorkspaceHistory(MethodView):
    """The past of all accounts together."""

    @workspace.takes_query(HistoryArguments)
    @workspace.answers(200, HistorySchema)
    @needs(Role.MEMBER)
    def get(self, wanted: dict[str, int]) -> dict[str, object]:
        """The sum of all accounts' MRR at the end of each month and now, and what made it change."""
        return history_view(services().accounts.read_mrr_history.workspace(actor(), months=wanted["months"]))
