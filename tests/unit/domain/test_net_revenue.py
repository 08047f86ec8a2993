"""Net revenue: which discounts count, and in which order (billing rules 2.5)."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.domain.billing_records import (
    NOW,
    amount_off,
    at,
    every,
    item,
    net_amount,
    percent_off,
    price,
    revenue,
    subscription,
)

from clynto.domain.catalogue import Recurrence
from clynto.domain.discount import Coupon, Discount
from clynto.domain.discounted_revenue import AppliedDiscount, DiscountLevel
from clynto.domain.subscription import SubscriptionItem


def test_items_come_before_the_subscription_and_arrays_keep_their_order() -> None:
    of = item(price(10_000), 1, amount_off(1_000, "di_1"), percent_off(50, "di_2"))
    assert net_amount(subscription(of, discounts=(percent_off(10, "di_3"), amount_off(50, "di_4")))) == 4_000


def test_an_amount_is_taken_from_the_items_in_proportion() -> None:
    held = subscription(item(price(3_000)), item(price(1_000), item_id="si_2"), discounts=(amount_off(400),))
    lines = revenue(held).subscriptions[0].lines
    assert [line.net_mrr for line in lines] == [2_700, 900]
    assert lines[0].discounts == (AppliedDiscount("di_1", "co_di_1", DiscountLevel.SUBSCRIPTION, Fraction(300)),)


def test_all_of_an_amount_comes_from_the_licensed_items() -> None:
    metered = item(price(5, Recurrence("day", 1, metered=True)), None, item_id="si_2")
    assert net_amount(subscription(item(), metered, discounts=(amount_off(1_000),))) == 9_000


def test_an_item_amount_is_taken_once_per_period_of_that_item() -> None:
    yearly = item(price(120_000, every("year")), 1, amount_off(12_000))
    assert net_amount(subscription(yearly)) == 9_000


def test_a_limited_amount_takes_the_factor_of_its_own_items_without_a_flag() -> None:
    yearly = item(price(120_000, every("year"), product="prod_y"), item_id="si_2")
    held = subscription(item(), yearly, discounts=(amount_off(12_000, products=frozenset({"prod_y"})),))
    result = revenue(held)
    assert result.net_mrr.amounts == {"USD": 10_000 + 9_000}
    assert result.net_notes == ()


def test_a_discount_limited_to_foreign_products_takes_nothing() -> None:
    assert net_amount(subscription(discounts=(amount_off(500, products=frozenset({"prod_z"})),))) == 10_000


def test_mixed_intervals_take_the_shortest_period_and_say_so_once() -> None:
    yearly = item(price(120_000, every("year")), item_id="si_2")
    held = subscription(item(), yearly, discounts=(amount_off(500, "di_1"), amount_off(500, "di_2")))
    assert revenue(held).net_notes == ("mixed_interval_amount_off sub_1",)
    assert net_amount(held) == 19_000


def test_when_a_discount_runs() -> None:
    def with_one(discount: Discount) -> Fraction:
        return net_amount(subscription(discounts=(discount,)))

    assert with_one(percent_off(50, start=NOW)) == 5_000
    assert with_one(percent_off(50, start=at(1))) == 10_000
    assert with_one(percent_off(50, end=at(1))) == 5_000
    assert with_one(percent_off(50, end=NOW)) == 10_000
    assert with_one(percent_off(50, duration="repeating", end=at(1))) == 5_000
    assert with_one(percent_off(50, duration="once")) == 10_000
    assert with_one(percent_off(50, duration="lunar")) == 10_000


def test_the_customers_discount_counts_only_if_the_subscription_has_none_at_all() -> None:
    own_ended = percent_off(50, end=NOW)
    assert net_amount(subscription(), percent_off(10)) == 9_000
    assert net_amount(subscription(discounts=(own_ended,)), percent_off(10)) == 10_000
    assert net_amount(subscription(discounts=(Discount("di_9", None, None, None),)), percent_off(10)) == 10_000
    assert net_amount(subscription(item(price(), 1, percent_off(50, "di_i"))), percent_off(10, "di_c")) == 4_500


def test_the_customers_discount_is_named_as_such() -> None:
    result = revenue(subscription(), customer_discounts={"cus_1": percent_off(10)})
    assert result.subscriptions[0].lines[0].discounts[0].level is DiscountLevel.CUSTOMER


def test_unreadable_discounts_name_their_holder_and_change_nothing() -> None:
    unreadable = Discount("di_9", None, None, None)
    held = subscription(item(price(), 1, unreadable), discounts=(unreadable, Discount("di_8", None, None, None)))
    result = revenue(held)
    assert result.net_mrr.amounts == {"USD": 10_000}
    assert result.net_notes == ("discount_not_expanded si_1", "discount_not_expanded sub_1")
    assert result.notes == ()
    assert not result.partial


def test_an_amount_needs_the_subscriptions_currency_or_an_option() -> None:
    foreign = amount_off(500, currency="EUR")
    assert revenue(subscription(discounts=(foreign,))).net_notes == ("amount_off_currency_mismatch di_1",)
    assert net_amount(subscription(discounts=(amount_off(500, currency="EUR", options={"USD": 700}),))) == 9_300


def test_more_than_everything_stops_at_zero() -> None:
    """H5: neither a discount of a hundred percent nor an amount above the price makes revenue negative."""
    of = item(price(1_000), 1, amount_off(5_000, "di_1"))
    held = subscription(of, item(price(600), item_id="si_2"), discounts=(amount_off(9_999, "di_2"), amount_off(1)))
    assert net_amount(held) == 0


readable = st.builds(
    lambda number, percent, amount, limit: Discount(
        f"di_{number}",
        Coupon(
            f"co_{number}",
            "forever",
            Fraction(percent) / 10 if amount is None else None,
            amount,
            "USD",
            {},
            frozenset({"prod_a"}) if limit else None,
        ),
        None,
        None,
    ),
    st.integers(min_value=1, max_value=9),
    st.integers(min_value=0, max_value=1000),
    st.none() | st.integers(min_value=0, max_value=5_000),
    st.booleans(),
)
items = st.builds(
    lambda number, unit, interval, product, discounts: item(
        price(unit, every(interval), product=product), 1, *discounts, item_id=f"si_{number}"
    ),
    st.integers(min_value=1, max_value=9),
    st.integers(min_value=0, max_value=10_000),
    st.sampled_from(["day", "week", "month", "year"]),
    st.sampled_from(["prod_a", "prod_b"]),
    st.lists(readable, max_size=2),
)


@settings(deadline=None)
@given(st.lists(items, min_size=1, max_size=4), st.lists(readable, max_size=3))
def test_net_never_leaves_its_bounds_and_is_explained_to_the_last_fraction(
    held: list[SubscriptionItem], shared: list[Discount]
) -> None:
    result = revenue(subscription(*held, discounts=tuple(shared))).subscriptions[0]
    assert 0 <= result.net_mrr <= result.list_mrr
    for line in result.lines:
        assert 0 <= line.net_mrr <= line.list_mrr
        assert line.list_mrr - sum(discount.taken for discount in line.discounts) == line.net_mrr
    assert sum(line.net_mrr for line in result.lines) == result.net_mrr


@settings(deadline=None)
@given(st.lists(items, min_size=2, max_size=4, unique_by=lambda held: held.id), st.lists(readable, max_size=2))
def test_the_order_of_items_plays_no_part(held: list[SubscriptionItem], shared: list[Discount]) -> None:
    forward = revenue(subscription(*held, discounts=tuple(shared)))
    backward = revenue(subscription(*held[::-1], discounts=tuple(shared)))
    assert (forward.list_mrr, forward.net_mrr) == (backward.list_mrr, backward.net_mrr)
