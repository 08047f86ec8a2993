"""The expected figures agree with the hand-written MRR vectors, wherever the sandbox can hold such a subscription."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from stripe_sandbox import World
from stripe_sandbox.records import (
    Coupon,
    CurrencyAmounts,
    Discount,
    PauseCollection,
    Price,
    Subscription,
    SubscriptionItem,
    Tier,
)
from stripe_sandbox.truth import COUNTED, list_mrr, net_mrr

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "data" / "mrr_vectors.json").read_text(encoding="utf-8")
)["vectors"]

#: What these are about exists only in payloads, not in an account: an unread page, an id in place of an object, the
#: interval or the status of tomorrow.
ONLY_IN_PAYLOADS = frozenset({"M039", "M043", "M066", "M125"})


def decimal(row: dict[str, Any], name: str) -> Decimal | None:
    text = row.get(f"{name}_decimal")
    value = row.get(name) if text is None else text
    return None if value is None else Decimal(str(value))


def amounts(row: dict[str, Any]) -> CurrencyAmounts:
    tiers = tuple(
        Tier(
            tier["up_to"] if isinstance(tier["up_to"], int) else None,
            decimal(tier, "unit_amount"),
            decimal(tier, "flat_amount"),
        )
        for tier in row.get("tiers") or ()
    )
    return CurrencyAmounts(decimal(row, "unit_amount"), tiers)


def load_price(world: World, row: dict[str, Any]) -> str:
    recurring = row.get("recurring") or {}
    packages = row.get("transform_quantity") or {}
    options = {code: amounts(option) for code, option in (row.get("currency_options") or {}).items()}
    price = Price(
        id=world.new_id("price"),
        created=world.now,
        product=row.get("product") or "prod_a",
        currency=row["currency"],
        amounts={row["currency"]: amounts(row), **options},
        interval=recurring.get("interval"),
        interval_count=recurring.get("interval_count", 1),
        metered=recurring.get("usage_type") == "metered",
        tiers_mode=row.get("tiers_mode"),
        divide_by=packages.get("divide_by"),
        round_up=packages.get("round", "up") == "up",
    )
    world.store.prices.add(price)
    return price.id


def load_discount(world: World, row: dict[str, Any]) -> Discount:
    coupon = row.get("coupon") or row["source"]["coupon"]
    off = {code: option["amount_off"] for code, option in (coupon.get("currency_options") or {}).items()}
    if coupon.get("amount_off") is not None:
        off[coupon["currency"]] = coupon["amount_off"]
    percent = coupon.get("percent_off")
    world.store.coupons.add(
        Coupon(
            id=(identity := world.new_id("co")),
            created=world.now,
            name="x",
            duration=coupon["duration"],
            percent_off=None if percent is None else Decimal(str(percent)),
            amounts_off=off,
            products=tuple((coupon.get("applies_to") or {}).get("products", ())),
        )
    )
    return Discount(id=world.new_id("di"), coupon=identity, start=row.get("start") or 0, end=row.get("end"))


def load_subscription(world: World, row: dict[str, Any], customers: dict[str, Any]) -> Subscription:
    customer = world.stories.new_customer("x", None)
    owner = customers.get(row.get("customer") or "", {})
    if owner.get("discount"):
        customer.discount = load_discount(world, owner["discount"])
    discounts = row.get("discounts") or ([row["discount"]] if row.get("discount") else [])
    pause = row.get("pause_collection")
    subscription = Subscription(
        id=world.new_id("sub"),
        created=world.now,
        customer=customer.id,
        currency=row["currency"],
        status=row["status"],
        start_date=world.now,
        billing_cycle_anchor=world.now,
        items=[],
        discounts=[load_discount(world, discount) for discount in discounts],
        pause_collection=pause and PauseCollection(behavior=pause["behavior"], resumes_at=pause.get("resumes_at")),
    )
    for item in row["items"]["data"]:
        trial = item.get("current_trial") or {}
        subscription.items.append(
            SubscriptionItem(
                id=world.new_id("si"),
                created=world.now,
                subscription=subscription.id,
                price=load_price(world, item["price"]),
                quantity=item.get("quantity"),
                period_start=world.now,
                period_end=world.now,
                trial_end=trial.get("end_date"),
                discounts=[load_discount(world, discount) for discount in item.get("discounts") or ()],
            )
        )
    return subscription


@pytest.mark.parametrize(
    "vector", [v for v in VECTORS if v["id"] not in ONLY_IN_PAYLOADS], ids=lambda vector: vector["id"]
)
def test_the_figure_is_the_one_worked_out_by_hand(vector: dict[str, Any]) -> None:
    world = World(now=vector["as_of"])
    sums: dict[str, Fraction] = {}
    for row in vector["subscriptions"]:
        subscription = load_subscription(world, row, vector.get("customers", {}))
        if subscription.status not in COUNTED:
            continue
        figure = (
            list_mrr(world.store, subscription, world.now)[0]
            if vector["settings"]["mrr_basis"] == "list"
            else net_mrr(world.store, subscription, world.now)
        )
        code = subscription.currency.upper()
        sums[code] = sums.get(code, Fraction(0)) + figure
    expected = {code: Fraction(row["mrr_exact"]) for code, row in vector["expected"]["by_currency"].items()}
    assert sums == expected
