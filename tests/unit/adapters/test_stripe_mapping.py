"""Payloads of every API version give the same records, and no payload gives anything but a record or one exception."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.adapters.stripe_payloads import (
    COUPON,
    MONEY,
    NEW_INVOICE,
    NEW_LINES,
    NEW_SUBSCRIPTION,
    OLD_INVOICE,
    OLD_LINES,
    OLD_SUBSCRIPTION,
    PLAN,
    PRICE,
    Payload,
)

from clynto.adapters.stripe_api.map_catalogue import map_price, map_product
from clynto.adapters.stripe_api.map_customer import map_customer
from clynto.adapters.stripe_api.map_discount import map_discount_reading
from clynto.adapters.stripe_api.map_invoice import map_invoice, map_invoice_line
from clynto.adapters.stripe_api.map_subscription import map_subscription
from clynto.adapters.stripe_api.payload_reading import UnusablePayload
from clynto.domain.catalogue import PackageRule, Recurrence, Tier
from clynto.domain.discount_readings import with_readable_discounts
from clynto.domain.moments import UnixTime


def test_a_plan_is_a_price() -> None:
    assert map_price(PLAN) == map_price(PRICE)


def test_old_and_new_subscriptions_are_equal_records() -> None:
    old, new = map_subscription(OLD_SUBSCRIPTION), map_subscription(NEW_SUBSCRIPTION)
    assert old == new
    assert new.current_period_end == 20
    assert new.discounts[0].coupon is not None
    assert new.discounts[0].coupon.percent_off == Fraction("33.3")


def test_old_and_new_invoices_are_equal_records() -> None:
    old, new = map_invoice(OLD_INVOICE), map_invoice(NEW_INVOICE)
    assert old == new
    assert [(line.subscription_line, line.proration) for line in new.lines] == [
        (True, False),
        (True, True),
        (False, False),
    ]
    assert new.lines[0].recurrence == Recurrence("month", 3, metered=False)
    assert (new.lines[0].discount_total, new.lines[0].price_per_unit) == (100, True)


def test_a_new_line_knows_the_price_by_id_only() -> None:
    line = copy.deepcopy(NEW_LINES[0])
    line["pricing"]["price_details"]["price"] = "price_a"  # type: ignore[index]
    mapped = map_invoice_line(line, invoice_currency="USD", invoice_created=UnixTime(50))
    assert (mapped.price_id, mapped.product_id) == ("price_a", "prod_a")
    assert mapped.unit_amount == 1000
    assert (mapped.recurrence, mapped.price_per_unit) == (None, None)


def test_between_versions_the_old_discount_puts_its_coupon_behind_the_id() -> None:
    payload = {**NEW_SUBSCRIPTION, "discounts": ["di_1"], "discount": OLD_SUBSCRIPTION["discount"]}
    assert map_subscription(payload).discounts == map_subscription(NEW_SUBSCRIPTION).discounts


def test_ids_only_are_completed_by_a_reading() -> None:
    bare = copy.deepcopy(NEW_SUBSCRIPTION)
    bare["discounts"] = ["di_1"]
    bare["items"]["data"][0]["discounts"] = [{"id": "di_2", "source": {"type": "coupon", "coupon": "co_2"}, "start": 3}]
    full = copy.deepcopy(NEW_SUBSCRIPTION)
    full["items"]["data"][0]["discounts"] = [{"id": "di_2", "coupon": {**COUPON, "id": "co_2"}, "start": 3}]
    mapped = map_subscription(bare)
    assert mapped.discounts[0].coupon is None
    assert (mapped.items[0].discounts[0].coupon, mapped.items[0].discounts[0].start) == (None, 3)
    assert with_readable_discounts(mapped, map_discount_reading(full)) == map_subscription(full)


def test_a_deleted_discount_is_none() -> None:
    payload = {**NEW_SUBSCRIPTION, "discounts": [{"id": "di_1", "object": "discount", "deleted": True}]}
    assert map_subscription(payload).discounts == ()


def test_the_oldest_discount_is_named_by_its_coupon() -> None:
    payload = {**OLD_SUBSCRIPTION, "discount": {"object": "discount", "coupon": COUPON, "start": 1, "end": None}}
    assert map_subscription(payload).discounts[0].id == "co_1"


@pytest.mark.parametrize(
    "coupon",
    [
        {**COUPON, "percent_off": 101},
        {**COUPON, "percent_off": None},
        {**COUPON, "percent_off": None, "amount_off": 5},
        {**COUPON, "percent_off": None, "amount_off": -5, "currency": "usd"},
        {**COUPON, "duration": None},
        "co_1",
    ],
)
def test_a_coupon_without_a_usable_amount_is_unreadable(coupon: object) -> None:
    payload = {**NEW_SUBSCRIPTION, "discounts": [{"id": "di_1", "coupon": coupon}]}
    discounts = map_subscription(payload).discounts
    assert [(discount.id, discount.coupon) for discount in discounts] == [("di_1", None)]


def test_an_amount_off_with_its_options_and_products() -> None:
    coupon = {
        "id": "co_1",
        "duration": "repeating",
        "amount_off": 500,
        "currency": "usd",
        "currency_options": {"eur": {"amount_off": 400}},
        "applies_to": {"products": ["prod_a"]},
    }
    mapped = map_subscription({**NEW_SUBSCRIPTION, "discounts": [{"id": "di_1", "coupon": coupon}]}).discounts[0].coupon
    assert mapped is not None
    assert (mapped.percent_off, mapped.amount_off, mapped.currency) == (None, 500, "USD")
    assert (mapped.amount_off_options, mapped.applies_to_products) == ({"EUR": 400}, frozenset({"prod_a"}))


def test_price_kinds() -> None:
    tiers = [
        {"up_to": None, "unit_amount": 350, "flat_amount_decimal": "0.25"},
        {"up_to": 5, "unit_amount_decimal": "0.5"},
    ]
    options = {"eur": {"unit_amount": None, "unit_amount_decimal": "12.5"}}
    price = map_price(
        {**PRICE, "billing_scheme": "tiered", "tiers_mode": "volume", "tiers": tiers, "currency_options": options}
    )
    assert price.tiered
    assert price.amounts.tiers == (Tier(5, Fraction(1, 2), None), Tier(None, Fraction(350), Fraction(1, 4)))
    assert price.currency_options is not None
    assert price.currency_options["EUR"].unit_amount == Fraction("12.5")
    assert map_price({**PRICE, "tiers": [{"up_to": "inf", "unit_amount": 1}]}).amounts.tiers == (
        Tier(None, Fraction(1), None),
    )
    assert map_price(PRICE).amounts.tiers is None
    packed = map_price({**PRICE, "transform_quantity": {"divide_by": 10, "round": "down"}})
    assert packed.package == PackageRule(10, round_up=False)
    odd = map_price({**PRICE, "transform_quantity": {"divide_by": 0, "round": "up"}})
    assert (odd.package, odd.amounts.unit_amount) == (None, None)
    legacy = map_price({**PLAN, "transform_usage": {"divide_by": 10, "round": "up"}})
    assert legacy.package == PackageRule(10, round_up=True)
    assert map_price({**PRICE, "type": "one_time", "recurring": None}).recurrence is None
    assert map_price({**PRICE, "unit_amount_decimal": "0.000000000001"}).amounts.unit_amount == Fraction(1, 10**12)


def test_tombstones() -> None:
    gone = map_product({"id": "prod_a", "object": "product", "deleted": True})
    assert (gone.deleted, gone.active, gone.name) == (True, False, "prod_a")
    assert map_customer({"id": "cus_1", "object": "customer", "deleted": True}).deleted


def test_a_customer_of_the_newest_shape() -> None:
    customer = map_customer(
        {"id": "cus_1", "name": None, "business_name": " Acme ", "email": "A@b.example", "currency": "eur"}
    )
    assert (customer.name, customer.email, customer.currency, customer.discount) == ("Acme", "A@b.example", "EUR", None)


def test_an_invoice_without_customer_and_with_its_newest_details() -> None:
    invoice = map_invoice(
        {
            **MONEY,
            "customer": None,
            "customer_account": "acct_1",
            "status_details": {"uncollectible": {"reason": "subscription_paused"}},
        }
    )
    assert (invoice.customer_id, invoice.uncollectible_reason) == (None, "subscription_paused")
    assert not invoice.lines_complete


def test_a_retry_that_is_absent_is_not_a_retry_that_is_null() -> None:
    assert map_invoice(MONEY).retry_known
    assert not map_invoice({key: value for key, value in MONEY.items() if key != "next_payment_attempt"}).retry_known


def test_a_customer_is_read_in_every_form() -> None:
    """G11: by id, expanded, as a tombstone, or null beside a v2 Account; an invoice's and a subscription's alike."""
    forms: list[tuple[object, str | None]] = [
        ("cus_1", "cus_1"),
        ({"id": "cus_1", "object": "customer", "email": "a@b.example"}, "cus_1"),
        ({"id": "cus_1", "object": "customer", "deleted": True}, "cus_1"),
        (None, None),
    ]
    for form, expected in forms:
        told = {"customer": form, "customer_account": "acct_1"}
        assert map_subscription({**NEW_SUBSCRIPTION, **told}).customer_id == expected
        assert map_invoice({**NEW_INVOICE, **told}).customer_id == expected


def test_what_is_missing_on_an_invoice() -> None:
    bare = map_invoice(
        {"id": "in_1", "created": 5, "amount_due": 7, "lines": {"data": [OLD_LINES[0]], "has_more": True}}
    )
    assert (bare.currency, bare.amount_remaining, bare.status, bare.lines_complete) == ("USD", 7, "", False)


def test_money_paid_outside_stripe_counts_as_paid_in_every_version() -> None:
    """G1: versions before 2025-03-31.basil leave it out of the amount paid (stripe_facts 2.5)."""
    old = {**MONEY, "status": "paid", "amount_paid": 400, "amount_remaining": 1500, "paid_out_of_band": True}
    new = {**MONEY, "status": "paid", "amount_paid": 1900, "amount_remaining": 0}
    assert map_invoice(old) == map_invoice(new)
    assert map_invoice({**MONEY, "paid_out_of_band": False}) == map_invoice(MONEY)


def test_what_an_old_body_has_no_place_for_is_marked() -> None:
    """G1: it is not the same as being told that there is none."""
    old, new = map_subscription(OLD_SUBSCRIPTION), map_subscription(NEW_SUBSCRIPTION)
    assert (old.discounts_told, old.items[0].discounts_told, old.items[0].trial_told) == (False, False, False)
    assert (new.discounts_told, new.items[0].discounts_told, new.items[0].trial_told) == (True, True, True)


def test_a_unit_amount_in_another_currency_is_not_taken() -> None:
    line = {**OLD_LINES[0], "currency": "eur"}
    assert map_invoice({**MONEY, "currency": "eur", "lines": {"data": [line]}}).lines[0].unit_amount is None


def test_item_trial_pause_and_reasons() -> None:
    payload = copy.deepcopy(NEW_SUBSCRIPTION)
    payload["items"]["data"][0] |= {"current_trial": {"start_date": 1, "end_date": 9}, "deleted": True}
    payload |= {
        "pause_collection": {"behavior": "void", "resumes_at": 4},
        "status_details": {"paused": {"subscription": {"type": "pause_requested"}}},
        "cancellation_details": {"reason": "payment_failed"},
    }
    mapped = map_subscription(payload)
    assert mapped.collection_pause is not None
    assert (mapped.collection_pause.behavior, mapped.collection_pause.resumes_at) == ("void", 4)
    assert (mapped.items[0].trial_end, mapped.items[0].deleted) == (9, True)
    assert (mapped.pause_reason, mapped.cancellation_reason) == ("pause_requested", "payment_failed")


def test_text_is_fit_to_be_stored() -> None:
    assert map_product({"id": "prod_a", "name": " a\x00b\ud800c "}).name == "ab\ufffdc"
    long = map_product({"id": "prod_a", "name": "x" * 501}).name
    assert (len(long), long[-1]) == (500, "\u2026")
    assert map_product({"id": "prod_a", "name": "x" * 500}).name == "x" * 500
    assert map_product({"id": "prod_a", "name": "\x00"}).name == "prod_a"


@pytest.mark.parametrize(
    ("mapping", "payload", "kind", "object_id"),
    [
        (map_invoice, None, "invoice", None),
        (map_invoice, [], "invoice", None),
        (map_invoice, {}, "invoice", None),
        (map_invoice, {"id": 7}, "invoice", None),
        (map_invoice, {"id": ""}, "invoice", None),
        (map_invoice, {"id": "in_1"}, "invoice", "in_1"),
        (map_invoice, {**MONEY, "amount_due": "5"}, "invoice", "in_1"),
        (map_invoice, {**MONEY, "amount_due": True}, "invoice", "in_1"),
        (map_invoice, {**MONEY, "amount_due": 2**63}, "invoice", "in_1"),
        (map_invoice, {**MONEY, "lines": {"data": ["il_1"]}}, "invoice", "in_1"),
        (map_subscription, {"id": "sub_1"}, "subscription", "sub_1"),
        (map_subscription, {**NEW_SUBSCRIPTION, "items": {"data": [{"id": None}]}}, "subscription", "sub_1"),
        (map_subscription, {**NEW_SUBSCRIPTION, "customer": 5}, "subscription", "sub_1"),
        (map_price, {**PRICE, "unit_amount_decimal": "1e9"}, "price", "price_a"),
        (map_price, {**PRICE, "unit_amount_decimal": "nan"}, "price", "price_a"),
        (map_price, {**PRICE, "unit_amount_decimal": float("nan")}, "price", "price_a"),
        (map_price, {**PRICE, "unit_amount_decimal": "9" * 100}, "price", "price_a"),
        (map_price, {**PRICE, "tiers": [5]}, "price", "price_a"),
    ],
)
def test_unusable(mapping: Callable[[object], object], payload: object, kind: str, object_id: str | None) -> None:
    with pytest.raises(UnusablePayload) as caught:
        mapping(payload)
    assert (caught.value.kind, caught.value.object_id) == (kind, object_id)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(alphabet=st.characters(), max_size=5)
    | st.sampled_from(["sub_1", "usd", "inf", "1.5", "\ud800", "\x00", "²"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "data", "coupon", "price"]), inner)
    ),
    max_leaves=6,
)
MAPPINGS: list[tuple[Callable[[object], object], Payload]] = [
    (map_price, {**PRICE, "tiers": [{"up_to": 5, "unit_amount": 4}], "currency_options": {"eur": {"unit_amount": 4}}}),
    (map_price, {**PLAN, "transform_usage": {"divide_by": 2, "round": "up"}}),
    (map_product, {"id": "prod_a", "name": "Pro", "active": True}),
    (map_customer, {"id": "cus_1", "email": "a@b.example", "discount": OLD_SUBSCRIPTION["discount"]}),
    (map_subscription, OLD_SUBSCRIPTION),
    (map_subscription, NEW_SUBSCRIPTION),
    (map_discount_reading, NEW_SUBSCRIPTION),
    (map_invoice, OLD_INVOICE),
    (map_invoice, NEW_INVOICE),
]


def _places(payload: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    entries = payload.items() if isinstance(payload, dict) else enumerate(payload) if isinstance(payload, list) else ()
    found = [path] if path else []
    for key, value in entries:
        found += _places(value, (*path, key))
    return found


@settings(deadline=None)
@given(st.data())
def test_odd_input_ends_in_a_record_or_in_the_one_exception(data: st.DataObject) -> None:
    mapping, sound = data.draw(st.sampled_from(MAPPINGS))
    payload = copy.deepcopy(sound)
    for _ in range(data.draw(st.integers(min_value=1, max_value=3))):
        path = data.draw(st.sampled_from(_places(payload)))
        holder: Any = payload
        for key in path[:-1]:
            holder = holder[key]
        if isinstance(holder, dict) and data.draw(st.booleans()):
            del holder[path[-1]]
        else:
            holder[path[-1]] = data.draw(JSON)
        if not payload:
            break
    with contextlib.suppress(UnusablePayload):
        mapping(payload)


@settings(deadline=None)
@given(st.sampled_from([mapping for mapping, _ in MAPPINGS]), JSON)
def test_any_json_at_all(mapping: Callable[[object], object], payload: object) -> None:
    with contextlib.suppress(UnusablePayload):
        mapping(payload)
