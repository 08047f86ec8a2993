"""What each list of a sync asks of Stripe, and how its objects become records (stripe_facts 3; guarantees D1 to D3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from clynto.adapters.stripe_api.api_versions import NEWEST, WITH_INLINE_COUPONS
from clynto.adapters.stripe_api.careful_reads import JsonObject
from clynto.adapters.stripe_api.map_catalogue import map_price, map_product
from clynto.adapters.stripe_api.map_customer import map_customer
from clynto.adapters.stripe_api.map_discount import map_discount_reading
from clynto.adapters.stripe_api.map_invoice import map_invoice
from clynto.adapters.stripe_api.map_subscription import map_subscription
from clynto.domain.discount_readings import DiscountReading
from clynto.ports.stripe_reading import Listing, StripeRecord

NestedKey = str


@dataclass(frozen=True, slots=True)
class ListPlan:
    """``endpoint``: the name of the rate limit. ``resource``: the permission, in the product's words. ``kind``: the
    ``object`` of each entry. ``nested``: the key of a list inside each entry that has to be drained."""

    endpoint: str
    resource: str
    kind: str
    version: str
    record_of: Callable[[JsonObject], StripeRecord | None]
    parameters: tuple[tuple[str, str], ...] = ()
    nested: NestedKey | None = None

    @property
    def path(self) -> str:
        """The list's address below Stripe's base."""
        return f"/v1/{self.endpoint}"


def discount_reading_of(subscription: JsonObject) -> DiscountReading | None:
    """The readable discounts of a subscription, or None if it has none at all. Raises ``UnusablePayload``."""
    reading = map_discount_reading(subscription)
    return reading if reading.discounts or reading.item_discounts else None


def coupon_details(discounts: str) -> tuple[tuple[str, str], ...]:
    """Parameters for what a coupon holds back unless asked: which products it is for, and its further currencies.

    Discounts of items lie too deep in a list for it: Stripe expands four levels (stripe_facts, trap 14).
    """
    return tuple(("expand[]", f"{discounts}.coupon.{detail}") for detail in ("applies_to", "currency_options"))


LIST_PLANS = {
    # Archived products and prices too: running subscriptions sit on them (stripe_facts, trap 7).
    Listing.PRODUCTS: ListPlan("products", "products", "product", NEWEST, map_product),
    Listing.PRICES: ListPlan(
        "prices",
        "prices",
        "price",
        NEWEST,
        map_price,
        (("expand[]", "data.tiers"), ("expand[]", "data.currency_options")),
    ),
    # A customer's own coupon is an object of its own in every version but readable without the Coupons permission only
    # where discounts carry it whole.
    Listing.CUSTOMERS: ListPlan(
        "customers",
        "customers",
        "customer",
        WITH_INLINE_COUPONS,
        map_customer,
        coupon_details("data.discount"),
    ),
    # Without a status, everything that is not over is listed.
    Listing.LIVE_SUBSCRIPTIONS: ListPlan(
        "subscriptions", "subscriptions", "subscription", NEWEST, map_subscription, nested="items"
    ),
    Listing.ENDED_SUBSCRIPTIONS: ListPlan(
        "subscriptions",
        "subscriptions",
        "subscription",
        NEWEST,
        map_subscription,
        (("status", "ended"),),
        nested="items",
    ),
    Listing.RUNNING_DISCOUNTS: ListPlan(
        "subscriptions",
        "subscriptions",
        "subscription",
        WITH_INLINE_COUPONS,
        discount_reading_of,
        (
            ("expand[]", "data.discounts"),
            ("expand[]", "data.items.data.discounts"),
            *coupon_details("data.discounts"),
        ),
        nested="items",
    ),
    Listing.OPEN_INVOICES: ListPlan(
        "invoices", "invoices", "invoice", NEWEST, map_invoice, (("status", "open"),), nested="lines"
    ),
    Listing.INVOICES: ListPlan("invoices", "invoices", "invoice", NEWEST, map_invoice, nested="lines"),
}
"""How each list is read."""
