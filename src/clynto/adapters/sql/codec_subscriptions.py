"""Subscriptions with their items as compact arrays."""

from __future__ import annotations

from typing import Any

from clynto.adapters.sql.codec_catalogue import pack_price, unpack_price
from clynto.adapters.sql.codec_discounts import pack_discounts, unpack_discounts
from clynto.domain.subscription import CollectionPause, Subscription, SubscriptionItem


def pack_subscription(subscription: Subscription) -> list[Any]:
    """A subscription with items, prices and discounts."""
    pause = subscription.collection_pause
    return [
        subscription.id,
        subscription.customer_id,
        subscription.status,
        subscription.currency,
        subscription.created,
        subscription.start_date,
        [_pack_item(item) for item in subscription.items],
        subscription.items_complete,
        pack_discounts(subscription.discounts),
        subscription.cancel_at_period_end,
        subscription.cancel_at,
        subscription.canceled_at,
        subscription.ended_at,
        subscription.cancellation_reason,
        subscription.trial_end,
        subscription.collection_method,
        None if pause is None else [pause.behavior, pause.resumes_at],
        subscription.pause_reason,
        subscription.latest_invoice_id,
    ]


def unpack_subscription(packed: list[Any]) -> Subscription:
    """What ``pack_subscription`` was given."""
    pause = packed[16]
    return Subscription(
        id=packed[0],
        customer_id=packed[1],
        status=packed[2],
        currency=packed[3],
        created=packed[4],
        start_date=packed[5],
        items=tuple(_unpack_item(item) for item in packed[6]),
        items_complete=packed[7],
        discounts=unpack_discounts(packed[8]),
        cancel_at_period_end=packed[9],
        cancel_at=packed[10],
        canceled_at=packed[11],
        ended_at=packed[12],
        cancellation_reason=packed[13],
        trial_end=packed[14],
        collection_method=packed[15],
        collection_pause=None if pause is None else CollectionPause(pause[0], pause[1]),
        pause_reason=packed[17],
        latest_invoice_id=packed[18],
    )


def _pack_item(item: SubscriptionItem) -> list[Any]:
    return [
        item.id,
        None if item.price is None else pack_price(item.price),
        item.quantity,
        pack_discounts(item.discounts),
        item.trial_end,
        item.period_start,
        item.period_end,
        item.deleted,
    ]


def _unpack_item(packed: list[Any]) -> SubscriptionItem:
    return SubscriptionItem(
        id=packed[0],
        price=None if packed[1] is None else unpack_price(packed[1]),
        quantity=packed[2],
        discounts=unpack_discounts(packed[3]),
        trial_end=packed[4],
        period_start=packed[5],
        period_end=packed[6],
        deleted=packed[7],
    )
