"""Replaces ids by objects, and adds the keys that Stripe shows only when asked (`expand[]`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from stripe_sandbox.api.access import demand
from stripe_sandbox.api.stripe_errors import StripeError, bad_request
from stripe_sandbox.keys import (
    COUPON_READ,
    CUSTOMER_READ,
    INVOICE_READ,
    PRICE_READ,
    PRODUCT_READ,
    SUBSCRIPTION_READ,
    ApiKey,
)
from stripe_sandbox.records import Json
from stripe_sandbox.rendering.api_versions import Shape
from stripe_sandbox.rendering.catalog_payloads import (
    currency_option_payloads,
    discount_payload,
    tier_payloads,
)
from stripe_sandbox.rendering.invoice_payloads import payments_payload
from stripe_sandbox.rendering.payloads import payload_of
from stripe_sandbox.rendering.subscription_payloads import NESTED_PAGE, nested_list

if TYPE_CHECKING:
    from stripe_sandbox.world import World


class Expander:
    """Expands one answer for one key in one shape."""

    def __init__(self, world: World, key: ApiKey, shape: Shape) -> None:
        self._world = world
        self._key = key
        self._shape = shape
        self._render: dict[str, Callable[[str], Json]] = {
            "customer": self._reader("customers", CUSTOMER_READ),
            "coupon": self._reader("coupons", COUPON_READ),
            "subscription": self._reader("subscriptions", SUBSCRIPTION_READ),
            "latest_invoice": self._reader("invoices", INVOICE_READ),
            "invoice": self._reader("invoices", INVOICE_READ),
            "product": self._reader("products", PRODUCT_READ),
            "price": self._reader("prices", PRICE_READ),
            "default_price": self._reader("prices", PRICE_READ),
            "discount": self._discount,
            "discounts": self._discount,
        }

    def _reader(self, collection: str, permission: str) -> Callable[[str], Json]:
        def read(object_id: str) -> Json:
            demand(self._world, self._key, permission)
            store = self._world.store
            return payload_of(store, getattr(store, collection)[object_id], self._shape)

        return read

    def _discount(self, discount_id: str) -> Json:
        store = self._world.store
        return discount_payload(store, store.discounts[discount_id], self._shape)

    def expand(self, payload: Json, path: list[str]) -> None:
        """Expand one path inside the payload, in place."""
        self._expand(payload, path, ".".join(path))

    def _expand(self, payload: Json, path: list[str], whole: str) -> None:
        name, rest = path[0], path[1:]
        if name not in payload and not self._include(payload, name):
            raise bad_request(f"This property cannot be expanded ({whole}).", param="expand")
        value = payload[name]
        if isinstance(value, str):
            value = payload[name] = self._object(name, value, whole)
        elif isinstance(value, list) and value and isinstance(value[0], str):
            value = payload[name] = [self._object(name, one, whole) for one in value]
        elif isinstance(value, bool | int):
            raise bad_request(f"This property cannot be expanded ({whole}).", param="expand")
        if not rest:
            return
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, dict) and not child.get("deleted"):
                self._expand(child, rest, whole)

    def _object(self, name: str, object_id: str, whole: str) -> Json:
        render = self._render.get(name)
        if render is None:
            raise bad_request(f"This property cannot be expanded ({whole}).", param="expand")
        return render(object_id)

    def _include(self, payload: Json, name: str) -> bool:
        """Add a key that is left out unless expanded; say whether there is such a key."""
        store = self._world.store
        kind = payload.get("object")
        if name == "total_count" and kind == "list":
            if self._shape >= Shape.BASIL:
                raise StripeError(400, "total_count can no longer be expanded.", code="property_forbidden")
            return "total_count" in payload
        if kind == "price" and name in ("tiers", "currency_options"):
            price = store.prices[payload["id"]]
            if name == "tiers":
                payload["tiers"] = tier_payloads(price.amounts[price.currency])
            else:
                payload["currency_options"] = currency_option_payloads(price, with_tiers=True)
            return True
        if kind == "coupon" and name in ("applies_to", "currency_options"):
            coupon = store.coupons[payload["id"]]
            if name == "currency_options":
                payload[name] = {c: {"amount_off": amount} for c, amount in coupon.amounts_off.items()}
            else:
                payload[name] = {"products": list(coupon.products)} if coupon.products else None
            return True
        if kind == "invoice" and name == "payments" and self._shape >= Shape.BASIL:
            payload["payments"] = payments_payload(store, store.invoices[payload["id"]], self._shape)
            return True
        if kind == "customer" and name == "subscriptions":
            payload["subscriptions"] = self._subscriptions(payload["id"])
            return True
        return False

    def _subscriptions(self, customer_id: str) -> Json:
        demand(self._world, self._key, SUBSCRIPTION_READ)
        store = self._world.store
        running = [s for s in store.subscriptions_of.get(customer_id, []) if s.ended_at is None]
        data = [payload_of(store, one, self._shape) for one in running[::-1][:NESTED_PAGE]]
        return nested_list(data, len(running), f"/v1/customers/{customer_id}/subscriptions")
