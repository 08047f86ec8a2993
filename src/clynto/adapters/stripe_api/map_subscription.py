"""Subscriptions of every shape to domain records (stripe_facts 1.2, 2.4)."""

from __future__ import annotations

from clynto.adapters.stripe_api.map_catalogue import embedded_price
from clynto.adapters.stripe_api.map_discount import SUBSCRIPTION, read_discounts
from clynto.adapters.stripe_api.payload_reading import (
    FaultsOf,
    JsonObject,
    currency,
    flag,
    integer,
    is_deleted,
    json_object,
    moment,
    nested_page,
    object_with_id,
    reference,
    word,
    wrong,
)
from clynto.domain.moments import UnixTime
from clynto.domain.subscription import CollectionPause, Subscription, SubscriptionItem


def map_subscription(payload: object) -> Subscription:
    """A subscription with its items. Raises ``UnusablePayload``."""
    subscription, subscription_id = object_with_id(payload, SUBSCRIPTION)
    with FaultsOf(SUBSCRIPTION, subscription_id):
        return _read(subscription, subscription_id)


def _read(subscription: JsonObject, subscription_id: str) -> Subscription:
    status = word(subscription, "status")
    if status is None:
        raise wrong("status", "there")
    # Before 2025-03-31.basil the period is on the subscription, since then on each item.
    period = (moment(subscription, "current_period_start"), moment(subscription, "current_period_end"))
    entries, complete = nested_page(subscription, "items")
    items = tuple(_item(entry, *period) for entry in entries)
    pause = json_object(subscription, "pause_collection")
    cancellation = json_object(subscription, "cancellation_details")
    return Subscription(
        id=subscription_id,
        customer_id=reference(subscription, "customer"),
        status=status,
        currency=currency(subscription) or _currency_of(items),
        created=moment(subscription, "created"),
        start_date=moment(subscription, "start_date"),
        items=items,
        items_complete=complete,
        discounts=read_discounts(subscription),
        cancel_at_period_end=flag(subscription, "cancel_at_period_end"),
        cancel_at=moment(subscription, "cancel_at"),
        canceled_at=moment(subscription, "canceled_at"),
        ended_at=moment(subscription, "ended_at"),
        cancellation_reason=None if cancellation is None else word(cancellation, "reason"),
        trial_end=moment(subscription, "trial_end"),
        collection_method=word(subscription, "collection_method"),
        collection_pause=None
        if pause is None
        else CollectionPause(behavior=word(pause, "behavior") or "", resumes_at=moment(pause, "resumes_at")),
        pause_reason=_pause_reason(subscription),
        latest_invoice_id=reference(subscription, "latest_invoice"),
        discounts_told="discounts" in subscription,
    )


def _item(entry: JsonObject, period_start: UnixTime | None, period_end: UnixTime | None) -> SubscriptionItem:
    item_id = word(entry, "id")
    if item_id is None:
        raise wrong("items.data.id", "an id")
    trial = json_object(entry, "current_trial")
    own_start, own_end = moment(entry, "current_period_start"), moment(entry, "current_period_end")
    return SubscriptionItem(
        id=item_id,
        price=embedded_price(entry),
        quantity=integer(entry, "quantity"),
        discounts=read_discounts(entry),
        trial_end=None if trial is None else moment(trial, "end_date"),
        period_start=period_start if own_start is None else own_start,
        period_end=period_end if own_end is None else own_end,
        deleted=is_deleted(entry),
        discounts_told="discounts" in entry,
        trial_told="current_trial" in entry,
    )


def _currency_of(items: tuple[SubscriptionItem, ...]) -> str:
    """Stored events of old versions have no currency on the subscription; all its prices share one."""
    return next((item.price.currency for item in items if item.price is not None and item.price.currency), "")


def _pause_reason(subscription: JsonObject) -> str | None:
    details = json_object(subscription, "status_details")
    paused = None if details is None else json_object(details, "paused")
    cause = None if paused is None else json_object(paused, "subscription")
    return None if cause is None else word(cause, "type")
