"""One entrance to all payloads, with a cache of finished JSON for list pages."""

from __future__ import annotations

from stripe_sandbox.object_store import ObjectStore
from stripe_sandbox.records import (
    Coupon,
    Customer,
    Event,
    Invoice,
    Json,
    Price,
    Product,
    Record,
    Subscription,
    SubscriptionItem,
)
from stripe_sandbox.rendering.api_versions import Shape
from stripe_sandbox.rendering.catalog_payloads import coupon_payload, price_payload, product_payload
from stripe_sandbox.rendering.customer_payloads import customer_payload
from stripe_sandbox.rendering.event_payloads import event_payload
from stripe_sandbox.rendering.invoice_payloads import invoice_payload
from stripe_sandbox.rendering.json_text import to_json
from stripe_sandbox.rendering.subscription_payloads import item_payload, subscription_payload


def payload_of(store: ObjectStore, record: Record, shape: Shape) -> Json:
    """Render any listable object, nothing expanded."""
    match record:
        case Invoice():
            return invoice_payload(store, record, shape)
        case Subscription():
            return subscription_payload(store, record, shape)
        case Customer():
            return customer_payload(store, record, shape)
        case Price():
            return price_payload(store, record, shape)
        case Product():
            return product_payload(store, record, shape)
        case SubscriptionItem():
            return item_payload(store, record, shape)
        case Coupon():
            return coupon_payload(store, record)
        case Event():
            return event_payload(store, record)
    raise TypeError(f"no payload for {type(record).__name__}")


class PayloadCache:
    """Finished JSON per object and shape, valid while neither the object nor the catalogue changed."""

    def __init__(self, store: ObjectStore, max_bytes: int = 192 * 1024 * 1024) -> None:
        self._store = store
        self._max_bytes = max_bytes
        self._bytes = 0
        self._entries: dict[tuple[str, Shape], tuple[int, int, bytes]] = {}

    def json_of(self, record: Record, shape: Shape) -> bytes:
        """Return the object's JSON in that shape."""
        if isinstance(record, Event | SubscriptionItem):  # both change without a new revision of their own
            return to_json(payload_of(self._store, record, shape))
        key = (record.id, shape)
        entry = self._entries.get(key)
        catalog = self._store.catalog_revision
        if entry is not None and entry[0] == record.revision and entry[1] == catalog:
            return entry[2]
        body = to_json(payload_of(self._store, record, shape))
        self._bytes += len(body)
        if self._bytes > self._max_bytes:
            self._entries.clear()
            self._bytes = len(body)
        self._entries[key] = (record.revision, catalog, body)
        return body
