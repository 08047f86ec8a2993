"""Billing tab, MRR explanation and MRR history in JSON."""

from __future__ import annotations

import datetime
from fractions import Fraction

from marshmallow import Schema, fields

from clynto.application.queries.explain_mrr import MrrExplained
from clynto.application.queries.mrr_history import HistoryShown, PointShown
from clynto.application.queries.show_account_billing import AccountBillingShown, EmptyReason, SubscriptionShown
from clynto.domain.account_billing import PaymentStatus
from clynto.domain.connection import Mode
from clynto.domain.exchange_rates import NO_RATES
from clynto.domain.exclusion_wording import describe_exclusion
from clynto.domain.money import MoneyBag
from clynto.domain.money_view import MoneyView, view_of
from clynto.domain.mrr_history import Confidence
from clynto.domain.recurring_revenue import RevenueLine
from clynto.domain.stripe_links import invoice_url, subscription_url
from clynto.entrypoints.http.api.fields import MicrosTime, SecondsTime, money
from clynto.ports.read_models import InvoiceRow
from clynto.ports.workspaces import MrrBasis

_ANY_DAY = datetime.date(2000, 1, 1)
"""An amount of one currency is shown as it is, whatever the day."""


class SubscriptionSchema(Schema):
    """A subscription; ``renewal_at`` null: it ended or is going to, see ``cancel_at``."""

    id = fields.String(required=True)
    status = fields.String(required=True)
    plan_name = fields.String(required=True)
    quantity = fields.Integer(required=True, allow_none=True)
    interval = fields.String(required=True, allow_none=True)
    renewal_at = SecondsTime(required=True, allow_none=True)
    cancel_at = SecondsTime(required=True, allow_none=True)
    created_at = SecondsTime(required=True, allow_none=True)
    mrr = money(required=True)
    counted = fields.Boolean(required=True, metadata={"description": "Its status counts as recurring revenue."})
    is_partial = fields.Boolean(required=True, data_key="partial", attribute="partial")
    stripe_url = fields.String(required=True)


class InvoiceSchema(Schema):
    """An invoice."""

    id = fields.String(required=True)
    number = fields.String(required=True, allow_none=True)
    status = fields.String(required=True)
    amount_due = money(required=True)
    amount_paid = money(required=True)
    amount_remaining = money(required=True)
    created_at = SecondsTime(required=True)
    due_at = SecondsTime(required=True, allow_none=True)
    paid_at = SecondsTime(required=True, allow_none=True)
    next_payment_attempt_at = SecondsTime(required=True, allow_none=True)
    attempt_count = fields.Integer(required=True)
    subscription_id = fields.String(required=True, allow_none=True)
    stripe_url = fields.String(required=True)


class BillingSchema(Schema):
    """The Billing tab."""

    matched = fields.Boolean(required=True)
    empty_reason = fields.Enum(EmptyReason, by_value=True, required=True, allow_none=True)
    mrr = money(required=True)
    arr = money(required=True)
    is_partial = fields.Boolean(required=True, data_key="partial", attribute="partial")
    payment_status = fields.Enum(PaymentStatus, by_value=True, required=True, allow_none=True)
    renewal_at = SecondsTime(required=True, allow_none=True)
    subscriptions = fields.List(fields.Nested(SubscriptionSchema), required=True)
    invoices = fields.List(
        fields.Nested(InvoiceSchema), required=True, metadata={"description": "The last 10, newest first."}
    )
    lifetime_value = money(required=True)
    lifetime_since = SecondsTime(required=True, allow_none=True)
    frozen = fields.Boolean(required=True, metadata={"description": "True after a disconnect."})
    as_of = MicrosTime(required=True, allow_none=True)


class LineSchema(Schema):
    """One counted item: ``period_amount`` times ``factor``, less discounts on the net basis, is ``result``."""

    subscription = fields.String(required=True)
    item = fields.String(required=True)
    price = fields.String(required=True)
    product = fields.String(required=True, allow_none=True)
    product_name = fields.String(required=True, allow_none=True)
    quantity = fields.Integer(required=True)
    interval = fields.String(required=True)
    interval_count = fields.Integer(required=True)
    factor = fields.String(required=True, metadata={"description": "Exact, per month.", "example": "1/12"})
    period_amount = money(required=True)
    discount = money(required=True)
    result = money(required=True)
    result_exact = fields.String(
        required=True,
        metadata={
            "description": "Minor units before rounding; these add up to `mrr` exactly.",
            "example": "14900/3",
        },
    )


class ExclusionSchema(Schema):
    """What brings nothing."""

    id = fields.String(required=True)
    code = fields.String(required=True)
    reason = fields.String(required=True)


class ExplanationSchema(Schema):
    """Where an account's MRR comes from."""

    mrr = money(required=True)
    basis = fields.Enum(MrrBasis, by_value=True, required=True)
    is_partial = fields.Boolean(required=True, data_key="partial", attribute="partial")
    lines = fields.List(fields.Nested(LineSchema), required=True)
    excluded = fields.List(fields.Nested(ExclusionSchema), required=True)
    notes = fields.List(fields.String(), required=True)


class PointSchema(Schema):
    """MRR at the end of a month, or now where ``live``."""

    month = fields.String(required=True, metadata={"example": "2026-10"})
    mrr = money(required=True)
    basis = fields.Enum(Confidence, by_value=True, required=True)
    notes = fields.List(fields.String(), required=True)
    live = fields.Boolean(required=True)


class MovementSchema(Schema):
    """One kind of change up to the point of ``month``."""

    month = fields.String(required=True)
    type = fields.String(required=True)
    amount = money(required=True)


class HistorySchema(Schema):
    """Oldest first; the last point is the present one."""

    points = fields.List(fields.Nested(PointSchema), required=True)
    movements = fields.List(fields.Nested(MovementSchema), required=True)


def billing_view(shown: AccountBillingShown) -> dict[str, object]:
    """Ready for ``BillingSchema``."""
    account, row = shown.account, shown.account.row
    return {
        "matched": shown.matched,
        "empty_reason": shown.empty_reason,
        "mrr": account.mrr,
        "arr": account.arr,
        "partial": row.partial,
        "payment_status": row.payment_status,
        "renewal_at": row.renewal_at,
        "subscriptions": [_subscription(held, shown.mode) for held in shown.subscriptions],
        "invoices": [_invoice(invoice, shown.mode) for invoice in shown.invoices],
        "lifetime_value": account.lifetime_value,
        "lifetime_since": row.oldest_invoice_at,
        "frozen": shown.frozen,
        "as_of": row.as_of,
    }


def explanation_view(explained: MrrExplained) -> dict[str, object]:
    """Ready for ``ExplanationSchema``."""
    return {
        "mrr": explained.mrr,
        "basis": explained.basis,
        "partial": explained.partial,
        "lines": [_line(line, explained) for line in explained.lines],
        "excluded": [
            {"id": left.object_id, "code": left.reason, "reason": describe_exclusion(left.reason)}
            for left in explained.excluded
        ],
        "notes": explained.notes,
    }


def history_view(history: HistoryShown) -> dict[str, object]:
    """Ready for ``HistorySchema``."""
    return {"points": [_point(point) for point in history.points], "movements": history.movements}


def in_own_currency(amount: Fraction | int, currency: str) -> MoneyView:
    """Minor units of one currency, never converted: a bill, not a total."""
    return view_of(MoneyBag.of(currency, amount), None, NO_RATES, _ANY_DAY)


def _subscription(shown: SubscriptionShown, mode: Mode | None) -> dict[str, object]:
    row = shown.row
    return {
        "id": row.id,
        "status": row.status,
        "plan_name": row.plan_name,
        "quantity": row.quantity,
        "interval": row.interval,
        "renewal_at": row.renewal_at,
        "cancel_at": row.cancel_at,
        "created_at": row.created,
        "mrr": shown.mrr,
        "counted": row.counted,
        "partial": row.partial,
        "stripe_url": subscription_url(row.id, mode),
    }


def _invoice(row: InvoiceRow, mode: Mode | None) -> dict[str, object]:
    return {
        "id": row.id,
        "number": row.number,
        "status": row.status,
        "amount_due": in_own_currency(row.amount_due, row.currency),
        "amount_paid": in_own_currency(row.amount_paid, row.currency),
        "amount_remaining": in_own_currency(row.amount_remaining, row.currency),
        "created_at": row.created_at,
        "due_at": row.due_date,
        "paid_at": row.paid_at,
        "next_payment_attempt_at": row.next_payment_attempt,
        "attempt_count": row.attempt_count,
        "subscription_id": row.subscription_id,
        "stripe_url": invoice_url(row.id, mode),
    }


def _line(line: RevenueLine, explained: MrrExplained) -> dict[str, object]:
    result = line.net_mrr if explained.basis is MrrBasis.NET else line.list_mrr
    return {
        "subscription": line.subscription_id,
        "item": line.item_id,
        "price": line.price_id,
        "product": line.product_id,
        "product_name": explained.product_names.get(line.product_id or ""),
        "quantity": line.quantity,
        "interval": line.interval,
        "interval_count": line.interval_count,
        "factor": str(line.factor),
        "period_amount": in_own_currency(line.period_amount, line.currency),
        "discount": in_own_currency(line.list_mrr - result, line.currency),
        "result": in_own_currency(result, line.currency),
        "result_exact": str(result),
    }


def _point(point: PointShown) -> dict[str, object]:
    return {
        "month": str(point.month),
        "mrr": point.mrr,
        "basis": point.confidence,
        "notes": point.notes,
        "live": point.is_live,
    }
