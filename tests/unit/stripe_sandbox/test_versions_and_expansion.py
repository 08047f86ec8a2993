"""What a request sees depends on its API version, and on what it asks to expand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests

from stripe_sandbox import World, keys

Ask = Callable[..., requests.Response]
OLD, BASIL, CLOVER, ENDIVE = (
    "2022-11-15",
    "2025-08-27.basil",
    "2026-02-25.clover",
    "2026-10-28.endive",
)


def test_a_subscription_in_old_and_new_shape(ask: Ask, portfolio: World) -> None:
    subscription = next(s for s in portfolio.store.subscriptions if s.discounts and s.status == "active")
    path = f"/v1/subscriptions/{subscription.id}"
    old = ask(path, version=OLD).json()
    assert old["current_period_end"] == subscription.period_end
    assert old["discount"]["coupon"]["id"] == subscription.discounts[0].coupon
    assert "current_period_end" not in old["items"]["data"][0]
    new = ask(path, version=ENDIVE).json()
    assert "current_period_end" not in new
    assert "discount" not in new
    assert new["items"]["data"][0]["current_period_end"] == subscription.period_end
    assert new["discounts"] == [d.id for d in subscription.discounts]


def test_an_invoice_in_old_and_new_shape(ask: Ask, portfolio: World) -> None:
    invoice = next(i for i in portfolio.store.invoices if i.subscription and i.status == "paid" and i.charge)
    old = ask(f"/v1/invoices/{invoice.id}", version=OLD).json()
    assert (old["subscription"], old["paid"]) == (invoice.subscription, True)
    assert old["lines"]["data"][0]["price"]["id"] == invoice.lines[0].price
    new = ask(f"/v1/invoices/{invoice.id}", version=BASIL).json()
    assert "subscription" not in new
    assert new["parent"]["subscription_details"]["subscription"] == invoice.subscription
    line = new["lines"]["data"][0]
    assert line["pricing"]["price_details"]["price"] == invoice.lines[0].price
    assert line["parent"]["type"] == "subscription_item_details"


def test_money_paid_outside_stripe_counts_from_basil_on(ask: Ask, portfolio: World) -> None:
    invoice = next(i for i in portfolio.store.invoices if i.paid_off_stripe)
    old = ask(f"/v1/invoices/{invoice.id}", version="2025-02-24.acacia").json()
    new = ask(f"/v1/invoices/{invoice.id}", version=BASIL).json()
    assert (old["amount_paid"], old["paid_out_of_band"]) == (0, True)
    assert new["amount_paid"] == invoice.amount_due


def test_without_a_version_the_accounts_own_is_used(ask: Ask, portfolio: World) -> None:
    invoice = portfolio.store.invoices.listed[-1]
    assert "parent" in ask(f"/v1/invoices/{invoice.id}").json()
    answer = ask(f"/v1/invoices/{invoice.id}", version="tomorrow")
    assert answer.status_code == 400


def test_the_version_used_is_named_in_the_answer(ask: Ask) -> None:
    answer = ask("/v1/products", version=BASIL)
    assert answer.headers["Stripe-Version"] == BASIL
    assert answer.headers["Request-Id"].startswith("req_")


def test_a_discount_holds_its_coupon_up_to_basil_and_only_names_it_after(ask: Ask) -> None:
    params = {"status": "active", "limit": 100, "expand[]": "data.discounts"}
    for version, inline in ((BASIL, True), (CLOVER, False)):
        rows = ask("/v1/subscriptions", key=keys.RESTRICTED_TEST_KEY, version=version, **params).json()["data"]
        discounts = [discount for row in rows for discount in row["discounts"]]
        assert discounts
        assert all(("coupon" in d) == inline and ("source" in d) != inline for d in discounts)


def test_expanding_a_coupon_needs_the_right_to_read_coupons(ask: Ask) -> None:
    params = {"status": "active", "limit": 100, "expand[]": "data.discounts.source.coupon"}
    refused = ask("/v1/subscriptions", key=keys.RESTRICTED_TEST_KEY, version=ENDIVE, **params)
    assert refused.status_code == 403
    assert "'rak_coupon_read'" in refused.json()["error"]["message"]
    key = keys.RESTRICTED_WITH_COUPONS_KEY
    rows = ask("/v1/subscriptions", key=key, version=ENDIVE, **params).json()["data"]
    coupons = [discount["source"]["coupon"] for row in rows for discount in row["discounts"]]
    assert coupons
    assert all(coupon["object"] == "coupon" for coupon in coupons)


def test_item_discounts_expand_within_four_levels(ask: Ask) -> None:
    params = {"limit": 100, "expand[]": ["data.discounts", "data.items.data.discounts"]}
    rows = ask("/v1/subscriptions", version=BASIL, **params).json()["data"]
    found = [d for row in rows for item in row["items"]["data"] for d in item["discounts"]]
    assert found
    assert all("coupon" in discount for discount in found)


@pytest.mark.parametrize("path", ["data.items.data.price.product", "data.items.data.price.tiers"])
def test_a_fifth_level_is_refused(ask: Ask, path: str) -> None:
    answer = ask("/v1/subscriptions", **{"expand[]": path})
    assert answer.status_code == 400
    assert "You cannot expand more than 4 levels" in answer.json()["error"]["message"]


def test_tiers_of_an_item_can_be_had_on_retrieve(ask: Ask, portfolio: World) -> None:
    store = portfolio.store
    tiered = next(s for s in store.subscriptions if store.prices[s.items[0].price].tiers_mode)
    answer = ask(f"/v1/subscriptions/{tiered.id}", **{"expand[]": "items.data.price.tiers"}).json()
    assert answer["items"]["data"][0]["price"]["tiers"][-1]["up_to"] is None


def test_tiers_and_currency_options_are_only_there_when_asked_for(ask: Ask) -> None:
    plain = ask("/v1/prices", limit=100).json()["data"]
    assert all("tiers" not in price and "currency_options" not in price for price in plain)
    expand = {"expand[]": ["data.tiers", "data.currency_options"]}
    full = ask("/v1/prices", limit=100, **expand).json()["data"]
    several = next(price for price in full if price["lookup_key"] == "team_monthly")
    assert {c: o["unit_amount"] for c, o in several["currency_options"].items()} == {
        "usd": 1200,
        "eur": 1100,
        "gbp": 950,
    }


def test_other_expansions(ask: Ask, portfolio: World) -> None:
    rows = ask("/v1/subscriptions", **{"expand[]": ["data.customer", "data.latest_invoice"]}).json()["data"]
    assert all(row["customer"]["object"] == "customer" for row in rows)
    assert all(row["latest_invoice"]["object"] == "invoice" for row in rows if row["latest_invoice"])
    coupons = ask("/v1/coupons", limit=100, **{"expand[]": "data.applies_to"}).json()["data"]
    limited = next(coupon for coupon in coupons if coupon["id"] == "SUPPORTONLY")
    assert len(limited["applies_to"]["products"]) == 1
    paid = next(i for i in portfolio.store.invoices if i.charge)
    answer = ask(f"/v1/invoices/{paid.id}", version=BASIL, **{"expand[]": "payments"}).json()
    assert answer["payments"]["data"][0]["amount_paid"] == paid.amount_paid


@pytest.mark.parametrize("path", ["data.status", "data.nothing", "status"])
def test_what_cannot_be_expanded_is_refused(ask: Ask, path: str) -> None:
    assert ask("/v1/subscriptions", **{"expand[]": path}).status_code == 400


def test_total_count_is_gone_since_basil(ask: Ask) -> None:
    answer = ask("/v1/customers", version=BASIL, **{"expand[]": "total_count"})
    assert answer.json()["error"]["code"] == "property_forbidden"


@pytest.mark.parametrize("name", ["nul \0 inside", "half a pair \ud800", "😀" * 3000, "\u202eright to left"])
def test_odd_names_travel_unchanged(ask_own: Ask, world: World, name: str) -> None:
    customer = world.stories.new_customer(name, "a@a.example")
    assert ask_own(f"/v1/customers/{customer.id}").json()["name"] == name
    assert ask_own("/v1/customers").json()["data"][0]["name"] == name
    assert ask_own("/v1/events").json()["data"][0]["data"]["object"]["name"] == name


def test_metered_items_have_no_quantity(ask: Ask, portfolio: World) -> None:
    store = portfolio.store
    metered = next(s for s in store.subscriptions if store.prices[s.items[0].price].metered)
    item = ask(f"/v1/subscriptions/{metered.id}").json()["items"]["data"][0]
    assert "quantity" not in item
    assert item["price"]["recurring"]["usage_type"] == "metered"
