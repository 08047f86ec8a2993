"""Stripe's read endpoints that the sandbox answers: which permission each needs, and what each finds.

A list endpoint has `find_page`, a retrieve endpoint has `find_one`; both get the world and the id that stands in the
path. List rows are records, or (invoice, line) pairs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from stripe_sandbox import keys
from stripe_sandbox.api.list_pages import Page, cut_nested_page, cut_page
from stripe_sandbox.api.query_parameters import Parameters
from stripe_sandbox.api.stripe_errors import bad_request, missing
from stripe_sandbox.records import (
    ENDED_STATUSES,
    Customer,
    Event,
    Invoice,
    Price,
    Product,
    Record,
    Subscription,
)

if TYPE_CHECKING:
    from stripe_sandbox.world import World

FindPage = Callable[["World", Parameters, str], Page[Any]]
FindOne = Callable[["World", str], Record]

_STATUSES = frozenset(
    [
        "active",
        "all",
        "canceled",
        "ended",
        "incomplete",
        "incomplete_expired",
        "past_due",
        "paused",
        "trialing",
        "unpaid",
    ]
)
_INVOICE_STATUSES = frozenset(["draft", "open", "paid", "uncollectible", "void"])
_METHODS = frozenset({"charge_automatically", "send_invoice"})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint; `path` is a pattern whose only group is the id, if it has one."""

    name: str
    path: re.Pattern[str]
    permission: str
    parameters: frozenset[str] = frozenset()
    find_page: FindPage | None = None
    find_one: FindOne | None = None


def _products(world: World, query: Parameters, _: str) -> Page[Any]:
    active = query.boolean("active")
    ids = query.arrays.get("ids")
    if ids and ("starting_after" in query.values or "ending_before" in query.values):
        raise bad_request("You may not use ids with starting_after or ending_before.", param="ids")

    def fits(product: Product) -> bool:
        return (active is None or product.active == active) and (ids is None or product.id in ids)

    products = world.store.products
    return cut_page(products.listed, query, products.get, kind="product", fits=fits, created=query.range("created"))


def _prices(world: World, query: Parameters, _: str) -> Page[Any]:
    active = query.boolean("active")
    kind = query.choice("type", frozenset({"one_time", "recurring"}))
    product, currency = query.values.get("product"), query.values.get("currency")
    lookup_keys = query.arrays.get("lookup_keys")
    recurring = query.objects.get("recurring", {})

    def fits(price: Price) -> bool:
        return (
            (active is None or price.active == active)
            and (kind is None or (price.interval is None) == (kind == "one_time"))
            and product in (None, price.product)
            and currency in (None, price.currency)
            and (lookup_keys is None or price.lookup_key in lookup_keys)
            and recurring.get("interval") in (None, price.interval)
            and recurring.get("usage_type") in (None, "metered" if price.metered else "licensed")
        )

    prices = world.store.prices
    return cut_page(prices.listed, query, prices.get, kind="price", fits=fits, created=query.range("created"))


def _customers(world: World, query: Parameters, _: str) -> Page[Any]:
    email, clock = query.values.get("email"), query.values.get("test_clock")

    def fits(customer: Customer) -> bool:
        return customer.test_clock == clock and email in (None, customer.email)

    customers = world.store.customers
    return cut_page(customers.listed, query, customers.get, kind="customer", fits=fits, created=query.range("created"))


def _subscriptions(world: World, query: Parameters, _: str) -> Page[Any]:
    store = world.store
    status = query.choice("status", _STATUSES)
    method = query.choice("collection_method", _METHODS)
    customer, clock = query.values.get("customer"), query.values.get("test_clock")
    price = query.values.get("price", query.values.get("plan"))
    ends, starts = query.range("current_period_end"), query.range("current_period_start")

    def fits(subscription: Subscription) -> bool:
        return (
            _status_fits(subscription.status, status)
            and (subscription.test_clock == clock or (clock is None and customer is not None))
            and method in (None, subscription.collection_method)
            and (price is None or any(item.price == price for item in subscription.items))
            and (ends is None or ends.holds(subscription.period_end))
            and (starts is None or starts.holds(subscription.period_start))
        )

    everything = store.subscriptions
    listed = everything.listed if customer is None else store.subscriptions_of.get(customer, [])
    return cut_page(listed, query, everything.get, kind="subscription", fits=fits, created=query.range("created"))


def _status_fits(status: str, wanted: str | None) -> bool:
    if wanted is None:
        return status not in ENDED_STATUSES
    if wanted == "ended":
        return status in ENDED_STATUSES
    return wanted in ("all", status)


def _subscription_items(world: World, query: Parameters, _: str) -> Page[Any]:
    owner = query.values.get("subscription")
    if owner is None:
        raise bad_request("Missing required param: subscription.", param="subscription")
    subscription = world.store.subscriptions.get(owner)
    if subscription is None:
        raise missing("subscription", owner, param="subscription")
    return cut_nested_page(subscription.items, query, lambda item: item.id, "subscription_item")


def _invoices(world: World, query: Parameters, _: str) -> Page[Any]:
    store = world.store
    status = query.choice("status", _INVOICE_STATUSES)
    method = query.choice("collection_method", _METHODS)
    customer, subscription = query.values.get("customer"), query.values.get("subscription")
    due = query.range("due_date")
    every_clock = customer is not None or subscription is not None

    def fits(invoice: Invoice) -> bool:
        return (
            status in (None, invoice.status)
            and (every_clock or invoice.test_clock is None)
            and method in (None, invoice.collection_method)
            and customer in (None, invoice.customer)
            and (due is None or due.holds(invoice.due_date))
        )

    listed: Sequence[Invoice]
    if subscription is not None:
        listed = store.invoices_of_subscription.get(subscription, [])
    elif customer is not None:
        listed = store.invoices_of_customer.get(customer, [])
    else:
        listed = store.invoices.listed
    find = store.invoices.get
    return cut_page(listed, query, find, kind="invoice", fits=fits, created=query.range("created"))


def _events(world: World, query: Parameters, _: str) -> Page[Any]:
    types = query.arrays.get("types", [])
    if len(types) > 20:
        raise bad_request("You may specify at most 20 types.", param="types")
    if types and "type" in query.values:
        raise bad_request("You may only specify one of these parameters: type, types.", param="types")
    patterns = types or ([query.values["type"]] if "type" in query.values else [])
    delivered = query.boolean("delivery_success")

    def fits(event: Event) -> bool:
        return (not patterns or any(fnmatchcase(event.type, pattern) for pattern in patterns)) and (
            delivered is None or (not event.undelivered) == delivered
        )

    events = world.store.events
    return cut_page(events.listed, query, events.get, kind="event", fits=fits, created=query.range("created"))


def _lines(world: World, query: Parameters, invoice_id: str) -> Page[Any]:
    invoice = world.store.invoices.get(invoice_id)
    if invoice is None:
        raise missing("invoice", invoice_id)
    page = cut_nested_page(invoice.lines, query, lambda line: line.id, "line_item")
    return Page([(invoice, line) for line in page.records], page.has_more)


def _coupons(world: World, query: Parameters, _: str) -> Page[Any]:
    coupons = world.store.coupons
    return cut_page(coupons.listed, query, coupons.get, kind="coupon", created=query.range("created"))


def _one(collection: str, kind: str) -> FindOne:
    def find(world: World, object_id: str) -> Record:
        record: Record | None = getattr(world.store, collection).get(object_id)
        if record is None:
            raise missing(kind, object_id)
        return record

    return find


def _item(world: World, item_id: str) -> Record:
    item = world.store.items.get(item_id)
    if item is None:
        raise missing("subscription_item", item_id)
    return item


def _list(name: str, permission: str, find: FindPage, parameters: str) -> Endpoint:
    pattern = re.compile(f"/v1/{name}")
    return Endpoint(f"list {name}", pattern, permission, frozenset(parameters.split()), find_page=find)


def _retrieve(name: str, permission: str, find: FindOne) -> Endpoint:
    return Endpoint(f"retrieve {name}", re.compile(f"/v1/{name}/([^/]+)"), permission, find_one=find)


ACCOUNT = Endpoint("retrieve account", re.compile("/v1/account"), keys.ACCOUNT_READ)

ENDPOINTS: tuple[Endpoint, ...] = (
    ACCOUNT,
    _list("products", keys.PRODUCT_READ, _products, "active created ids shippable type url"),
    _list("prices", keys.PRICE_READ, _prices, "active created currency lookup_keys product recurring type"),
    _list("customers", keys.CUSTOMER_READ, _customers, "created email test_clock"),
    _list(
        "subscriptions",
        keys.SUBSCRIPTION_READ,
        _subscriptions,
        "automatic_tax collection_method created current_period_end current_period_start customer "
        "customer_account plan price status test_clock",
    ),
    _list("subscription_items", keys.SUBSCRIPTION_READ, _subscription_items, "subscription"),
    _list(
        "invoices",
        keys.INVOICE_READ,
        _invoices,
        "collection_method created customer customer_account due_date status subscription",
    ),
    _list("events", keys.EVENT_READ, _events, "created delivery_success type types"),
    _list("coupons", keys.COUPON_READ, _coupons, "created"),
    Endpoint("list lines", re.compile("/v1/invoices/([^/]+)/lines"), keys.INVOICE_READ, find_page=_lines),
    _retrieve("products", keys.PRODUCT_READ, _one("products", "product")),
    _retrieve("prices", keys.PRICE_READ, _one("prices", "price")),
    _retrieve("customers", keys.CUSTOMER_READ, _one("customers", "customer")),
    _retrieve("subscriptions", keys.SUBSCRIPTION_READ, _one("subscriptions", "subscription")),
    _retrieve("subscription_items", keys.SUBSCRIPTION_READ, _item),
    _retrieve("invoices", keys.INVOICE_READ, _one("invoices", "invoice")),
    _retrieve("events", keys.EVENT_READ, _one("events", "event")),
    _retrieve("coupons", keys.COUPON_READ, _one("coupons", "coupon")),
)


def endpoint_for(path: str) -> tuple[Endpoint, str] | None:
    """Return the endpoint of a path with the id in it ("" if there is none)."""
    for endpoint in ENDPOINTS:
        match = endpoint.path.fullmatch(path)
        if match is not None:
            return endpoint, match[1] if endpoint.path.groups else ""
    return None
