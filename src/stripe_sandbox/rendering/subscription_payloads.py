"""Payloads of subscriptions and their items."""

from __future__ import annotations

from stripe_sandbox.object_store import ObjectStore
from stripe_sandbox.records import Discount, Json, Subscription, SubscriptionItem
from stripe_sandbox.rendering.api_versions import Shape
from stripe_sandbox.rendering.catalog_payloads import discount_payload, plan_payload, price_payload

#: Nested lists show their first page only; the rest is behind the list's own address.
NESTED_PAGE = 10


def nested_list(data: list[Json], total: int, url: str) -> Json:
    """Wrap the first page of a nested list."""
    return {"object": "list", "data": data, "has_more": total > len(data), "url": url}


def item_payload(store: ObjectStore, item: SubscriptionItem, shape: Shape) -> Json:
    """Render one item with its price inside; metered items have no quantity at all."""
    price = store.prices[item.price]
    payload: Json = {
        "id": item.id,
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": item.created,
        "metadata": item.metadata,
        "plan": plan_payload(store, price, shape),
        "price": price_payload(store, price, shape),
        "subscription": item.subscription,
        "tax_rates": [],
    }
    if item.quantity is not None:
        payload["quantity"] = item.quantity
    if shape >= Shape.V2024_06:
        payload["discounts"] = [discount.id for discount in item.discounts]
    if shape >= Shape.BASIL:
        payload["current_period_start"] = item.period_start
        payload["current_period_end"] = item.period_end
    if shape >= Shape.ENDIVE:
        payload["current_trial"] = _item_trial(item)
    return payload


def _item_trial(item: SubscriptionItem) -> Json | None:
    if item.trial_end is None or item.trial_start is None:
        return None
    offer = f"trialoffer_{item.id.removeprefix('si_')}"
    return {"start_date": item.trial_start, "end_date": item.trial_end, "trial_offer": offer}


def subscription_payload(store: ObjectStore, subscription: Subscription, shape: Shape) -> Json:
    """Render a subscription in the given shape."""
    items = [item_payload(store, item, shape) for item in subscription.items[:NESTED_PAGE]]
    url = f"/v1/subscription_items?subscription={subscription.id}"
    payload: Json = {
        "id": subscription.id,
        "object": "subscription",
        "application": None,
        "application_fee_percent": None,
        "automatic_tax": _automatic_tax(shape),
        "billing_cycle_anchor": subscription.billing_cycle_anchor,
        "billing_thresholds": None,
        "cancel_at": subscription.cancel_at,
        "cancel_at_period_end": subscription.cancel_at_period_end,
        "canceled_at": subscription.canceled_at,
        "cancellation_details": _cancellation_details(subscription, shape),
        "collection_method": subscription.collection_method,
        "created": subscription.created,
        "currency": subscription.currency,
        "customer": subscription.customer,
        "days_until_due": subscription.days_until_due,
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": subscription.description,
        "ended_at": subscription.ended_at,
        "items": nested_list(items, len(subscription.items), url),
        "latest_invoice": subscription.latest_invoice,
        "livemode": store.account.livemode,
        "metadata": subscription.metadata,
        "next_pending_invoice_item_invoice": None,
        "on_behalf_of": None,
        "pause_collection": _pause(subscription),
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        "pending_invoice_item_interval": None,
        "pending_setup_intent": None,
        "pending_update": None,
        "schedule": None,
        "start_date": subscription.start_date,
        "status": subscription.status,
        "test_clock": subscription.test_clock,
        "transfer_data": None,
        "trial_end": subscription.trial_end,
        "trial_settings": _trial_settings(subscription, shape),
        "trial_start": subscription.trial_start,
    }
    if shape < Shape.BASIL:
        payload["current_period_start"] = subscription.period_start
        payload["current_period_end"] = subscription.period_end
        payload["discount"] = _single_discount(store, subscription.discounts, shape)
    else:
        payload["billing_mode"] = _billing_mode(subscription, shape)
    if shape >= Shape.V2024_06:
        payload["billing_cycle_anchor_config"] = None
        payload["discounts"] = [discount.id for discount in subscription.discounts]
        payload["invoice_settings"] = _invoice_settings(shape)
    if shape >= Shape.CLOVER:
        payload["customer_account"] = None
    if shape >= Shape.DAHLIA:
        payload["billing_schedules"] = []
        payload["managed_payments"] = None
    if shape >= Shape.ENDIVE and subscription.status == "paused" and subscription.paused_type:
        payload["status_details"] = {
            "paused": {
                "subscription": {"type": subscription.paused_type},
                "transitioned_at": subscription.paused_at,
                "type": "subscription",
            }
        }
    return payload


def _single_discount(store: ObjectStore, discounts: list[Discount], shape: Shape) -> Json | None:
    # The old field could hold one discount; Stripe shows the first of several there.
    return discount_payload(store, discounts[0], shape) if discounts else None


def _automatic_tax(shape: Shape) -> Json:
    payload: Json = {"enabled": False}
    if shape >= Shape.V2024_06:
        payload["liability"] = None
    if shape >= Shape.ACACIA:
        payload["disabled_reason"] = None
    return payload


def _cancellation_details(subscription: Subscription, shape: Shape) -> Json:
    payload: Json = {
        "comment": None,
        "feedback": subscription.cancellation_feedback,
        "reason": subscription.cancellation_reason,
    }
    if shape >= Shape.DAHLIA:
        payload["feedback_option"] = None
    return payload


def _pause(subscription: Subscription) -> Json | None:
    pause = subscription.pause_collection
    return None if pause is None else {"behavior": pause.behavior, "resumes_at": pause.resumes_at}


def _trial_settings(subscription: Subscription, shape: Shape) -> Json:
    behavior: Json = {"missing_payment_method": subscription.trial_without_method}
    if shape >= Shape.ENDIVE:
        behavior["billing_cycle_anchor"] = None
    return {"end_behavior": behavior}


def _billing_mode(subscription: Subscription, shape: Shape) -> Json:
    payload: Json = {"type": "flexible" if subscription.flexible else "classic"}
    if shape >= Shape.CLOVER:
        payload["flexible"] = {"proration_discounts": "included"} if subscription.flexible else None
    return payload


def _invoice_settings(shape: Shape) -> Json:
    payload: Json = {"account_tax_ids": None, "issuer": {"type": "self"}}
    if shape >= Shape.DAHLIA:
        payload.update(custom_fields=None, description=None, footer=None)
    return payload
