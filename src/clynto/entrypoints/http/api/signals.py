"""The inbox of churn signals."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from marshmallow import Schema, fields

from clynto.application.queries.read_inbox import SignalShown
from clynto.domain.roles import Role
from clynto.domain.signal_severity import Severity, severity_of
from clynto.domain.signals import SignalOutcome, SignalType
from clynto.entrypoints.http.access import needs
from clynto.entrypoints.http.api.fields import MicrosTime, SecondsTime, money
from clynto.entrypoints.http.api.filters import OneOrMore, search_text
from clynto.entrypoints.http.api.resource import API_PREFIX, Resource
from clynto.entrypoints.http.current import actor, services
from clynto.entrypoints.http.pagination import PageArguments, PageOf, PageSchema
from clynto.ports.signals import InboxStatus, SignalOrder, SignalsQuery

signals = Resource("signals", url_prefix=f"{API_PREFIX}/signals", description="Churn signals.")


class SignalsArguments(PageArguments):
    """Which signals, in which order."""

    type = OneOrMore(SignalType)
    status = OneOrMore(InboxStatus)
    account_id = search_text("Only signals of this account.")
    order = fields.Enum(SignalOrder, by_value=True, load_default=SignalOrder.NEWEST)


class SignalAccountSchema(Schema):
    """The account that the signal is about."""

    id = fields.String(required=True)
    name = fields.String(required=True, allow_none=True)


class SignalCustomerSchema(Schema):
    """The Stripe customer that the signal is about."""

    id = fields.String(required=True)
    name = fields.String(required=True, allow_none=True)


class SignalLinkSchema(Schema):
    """The very object in Stripe's dashboard."""

    kind = fields.String(required=True, metadata={"description": "`invoice` or `subscription`."})
    stripe_id = fields.String(required=True)
    url = fields.String(required=True)


class SignalSchema(Schema):
    """A churn signal; ``account`` null: its customer is not matched."""

    id = fields.String(required=True)
    type = fields.Enum(SignalType, by_value=True, required=True)
    status = fields.Enum(InboxStatus, by_value=True, required=True)
    severity = fields.Enum(Severity, by_value=True, required=True)
    account = fields.Nested(SignalAccountSchema, required=True, allow_none=True)
    customer = fields.Nested(SignalCustomerSchema, required=True, allow_none=True)
    amount = money(required=True)
    estimated = fields.Boolean(required=True, metadata={"description": "The amount stands in for one not known yet."})
    plan = fields.String(required=True, allow_none=True)
    occurred_at = SecondsTime(required=True)
    detected_at = MicrosTime(required=True)
    resolved_at = SecondsTime(required=True, allow_none=True)
    dismissed_at = MicrosTime(required=True, allow_none=True)
    outcome = fields.Enum(SignalOutcome, by_value=True, required=True, allow_none=True)
    explanation = fields.String(required=True)
    links = fields.List(fields.Nested(SignalLinkSchema), required=True)


class SignalsPageSchema(PageSchema):
    """One page of the inbox."""

    items = fields.List(fields.Nested(SignalSchema), required=True)


class SignalCountsSchema(Schema):
    """How many are open: signals, and the cases that they make."""

    open = fields.Integer(required=True)
    cases = fields.Integer(
        required=True,
        metadata={"description": "Cards of the inbox, most pressing first; signals that stand together are one."},
    )
    by_type = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    newest_change_at = MicrosTime(required=True, allow_none=True)


@signals.route("")
class Signals(MethodView):
    """The inbox."""

    @signals.takes_query(SignalsArguments)
    @signals.answers(200, SignalsPageSchema)
    @needs(Role.MEMBER)
    def get(self, wanted: dict[str, Any]) -> PageOf:
        """Signals, newest first unless another order is wanted."""
        page = services().inbox.read_inbox(actor(), _query(wanted))
        return PageOf(items=[_flat(shown) for shown in page.rows], next_cursor=page.next_cursor)


@signals.route("/counts")
class SignalCounts(MethodView):
    """Figures for the navigation."""

    @signals.answers(200, SignalCountsSchema)
    @needs(Role.MEMBER)
    def get(self) -> dict[str, object]:
        """How many signals are open, by type."""
        held = services().inbox.read_inbox.open_counts(actor())
        by_type = {kind.value: held.get(kind, 0) for kind in SignalType}
        newest = services().inbox.read_inbox.newest_change(actor())
        cases = services().inbox.read_inbox.open_cases(actor())
        return {"open": sum(by_type.values()), "cases": cases, "by_type": by_type, "newest_change_at": newest}


@signals.route("/<string:signal_id>")
class OneSignal(MethodView):
    """One of them."""

    @signals.answers(200, SignalSchema)
    @needs(Role.MEMBER)
    def get(self, signal_id: str) -> dict[str, object]:
        """One signal."""
        return _one(signal_id)


@signals.route("/<string:signal_id>/dismiss")
class Dismissal(MethodView):
    """Off the inbox."""

    @signals.answers(200, SignalSchema)
    @needs(Role.MEMBER)
    def post(self, signal_id: str) -> dict[str, object]:
        """Dismiss a signal. One that is dismissed already stays as it is."""
        services().inbox.dismiss_signal(actor(), [signal_id])
        return _one(signal_id)


@signals.route("/<string:signal_id>/reopen")
class Reopening(MethodView):
    """Back in the inbox."""

    @signals.answers(200, SignalSchema)
    @needs(Role.MEMBER)
    def post(self, signal_id: str) -> dict[str, object]:
        """Bring a dismissed signal back: open, or resolved where its cause is gone."""
        services().inbox.dismiss_signal.reopen(actor(), [signal_id])
        return _one(signal_id)


def _query(wanted: dict[str, Any]) -> SignalsQuery:
    return SignalsQuery(
        types=wanted["type"],
        statuses=wanted["status"],
        account_id=wanted["account_id"] or None,
        order=wanted["order"],
        limit=wanted["limit"],
        after=wanted["cursor"],
    )


def _one(signal_id: str) -> dict[str, object]:
    return _flat(services().inbox.read_inbox.one(actor(), signal_id))


def _flat(shown: SignalShown) -> dict[str, object]:
    stored, signal = shown.stored, shown.stored.signal
    account = None if stored.account_id is None else {"id": stored.account_id, "name": stored.account_name}
    customer = None if signal.customer_id is None else {"id": signal.customer_id, "name": stored.customer_name}
    return {
        "id": stored.id,
        "type": signal.type,
        "status": stored.status,
        "severity": severity_of(signal),
        "account": account,
        "customer": customer,
        "amount": shown.amount,
        "estimated": signal.estimated,
        "plan": signal.plan,
        "occurred_at": signal.occurred_at,
        "detected_at": stored.detected_at,
        "resolved_at": signal.resolved_at,
        "dismissed_at": stored.dismissed_at,
        "outcome": signal.outcome,
        "explanation": shown.explanation,
        "links": shown.links,
    }
