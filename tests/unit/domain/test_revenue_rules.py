"""List revenue, sentence by sentence (billing rules 2.1 to 2.4, 2.6)."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.domain.billing_records import (
    DAY,
    at,
    every,
    item,
    list_amount,
    net_amount,
    percent_off,
    price,
    revenue,
    subscription,
    tier,
)

from clynto.domain.catalogue import PackageRule, Price, PriceAmounts, Recurrence
from clynto.domain.interval_factor import monthly_factor
from clynto.domain.recurring_revenue import Exclusion
from clynto.domain.subscription import CollectionPause, Subscription

METERED = Recurrence("month", 1, metered=True)
STEPS = (tier(5, 700), tier(10, 650), tier(None, 600))


@pytest.mark.parametrize(
    ("interval", "count", "factor"),
    [
        ("day", 1, Fraction(365, 12)),
        ("day", 7, Fraction(365, 84)),
        ("week", 1, Fraction(52, 12)),
        ("week", 4, Fraction(52, 48)),
        ("month", 3, Fraction(1, 3)),
        ("year", 2, Fraction(1, 24)),
        ("fortnight", 1, None),
        ("month", 0, None),
        ("", 1, None),
    ],
)
def test_factors(interval: str, count: int, factor: Fraction | None) -> None:
    assert monthly_factor(interval, count) == factor


@pytest.mark.parametrize(
    ("interval", "count", "unit", "seats", "monthly"),
    [
        ("day", 1, "100", 1, Fraction(36_500, 12)),
        ("day", 30, "3000", 1, Fraction(36_500, 12)),
        ("day", 90, "30000", 2, Fraction(60_000 * 365, 12 * 90)),
        ("day", 365, "120000", 1, Fraction(10_000)),
        ("week", 1, "1000", 1, Fraction(13_000, 3)),
        ("week", 2, "2500", 3, Fraction(16_250)),
        ("week", 4, "4000", 1, Fraction(13_000, 3)),
        ("week", 52, "12000", 1, Fraction(1_000)),
        ("month", 1, "9900", 1, Fraction(9_900)),
        ("month", 1, "9900", 25, Fraction(247_500)),
        ("month", 2, "9900", 1, Fraction(4_950)),
        ("month", 3, "10000", 1, Fraction(10_000, 3)),
        ("month", 6, "50000", 1, Fraction(25_000, 3)),
        ("month", 12, "120000", 1, Fraction(10_000)),
        ("month", 18, "100000", 1, Fraction(50_000, 9)),
        ("year", 1, "100000", 1, Fraction(25_000, 3)),
        ("year", 1, "9999", 12, Fraction(9_999)),
        ("year", 2, "240000", 1, Fraction(10_000)),
        ("year", 3, "100000", 7, Fraction(175_000, 9)),
        ("month", 1, "1/2", 10_000, Fraction(5_000)),
    ],
)
def test_twenty_prices(interval: str, count: int, unit: str, seats: int, monthly: Fraction) -> None:
    """H2: intervals and their counts against fractions worked out by hand, exact to the last of them."""
    assert list_amount(item(price(Fraction(unit), every(interval, count)), seats)) == monthly


@settings(deadline=None)
@given(st.integers(min_value=1, max_value=60), st.integers(min_value=0, max_value=10**6))
def test_twelve_months_are_a_year(years: int, unit: int) -> None:
    by_month, by_year = price(unit, every("month", 12 * years)), price(unit, every("year", years))
    assert list_amount(item(by_month)) == list_amount(item(by_year))


def test_an_amount_beyond_belief_is_unknown_and_not_counted() -> None:
    """Of ten thousand times the largest invoice nothing is believed; the figure without it is marked as partial."""
    most = price(10**16)
    result = revenue(subscription(item(most), item(price(10**16 + 1), item_id="si_2"), item(most, 2, item_id="si_3")))
    assert result.list_mrr.amounts == {"USD": 10**16}
    assert result.partial
    assert result.subscriptions[0].excluded == (
        Exclusion("si_2", "amount_too_large"),
        Exclusion("si_3", "amount_too_large"),
    )
    assert list_amount(item(price(12 * 10**16, every("year")))) == 10**16


def test_daily_revenue_is_a_year_of_days_over_twelve_months() -> None:
    assert 12 * list_amount(item(price(100, every("day")))) == 36_500


@pytest.mark.parametrize(
    "status", ["trialing", "incomplete", "incomplete_expired", "unpaid", "paused", "canceled", "?"]
)
def test_other_statuses_do_not_count(status: str) -> None:
    result = revenue(subscription(status=status))
    assert not result.list_mrr.amounts
    assert result.notes == (f"not_counted:{status} sub_1",)
    assert result.subscriptions[0].excluded == (Exclusion("sub_1", f"not_counted:{status}"),)
    assert not result.partial


def test_metered_beside_licensed_brings_nothing_and_is_reported() -> None:
    metered = item(price(2, METERED), None, item_id="si_2")
    result = revenue(subscription(item(), metered))
    assert result.list_mrr.amounts == {"USD": 10_000}
    assert result.notes == ("metered_not_counted si_2",)
    assert not result.partial


def test_a_one_time_price_brings_nothing_and_is_reported() -> None:
    result = revenue(subscription(item(price(recurrence=None))))
    assert result.list_mrr.amounts == {"USD": 0}
    assert result.notes == ("one_time_not_counted si_1",)


def test_a_deleted_item_is_ignored_without_a_word() -> None:
    result = revenue(subscription(item(), item(item_id="si_2", deleted=True)))
    assert result.list_mrr.amounts == {"USD": 10_000}
    assert result.notes == ()


@pytest.mark.parametrize(("offset", "amount"), [(1, 0), (0, 10_000), (-1, 10_000)])
def test_an_item_trial_ends_in_its_end_second(offset: int, amount: int) -> None:
    assert list_amount(item(trial_end=at(offset))) == amount


@pytest.mark.parametrize(
    ("quantity", "round_up", "packages"),
    [(25, True, 3), (25, False, 2), (20, True, 2), (20, False, 2), (9, False, 0), (1, True, 1), (0, True, 0)],
)
def test_packages(quantity: int, round_up: bool, packages: int) -> None:
    packed = price(2_000, package=PackageRule(10, round_up))
    assert list_amount(item(packed, quantity)) == 2_000 * packages


@pytest.mark.parametrize(("quantity", "amount"), [(1, 700), (5, 3500), (6, 4150), (10, 6750), (11, 7350), (0, 0)])
def test_graduated(quantity: int, amount: int) -> None:
    assert list_amount(item(price(None, tiers=STEPS, tiers_mode="graduated"), quantity)) == amount


@pytest.mark.parametrize(("quantity", "amount"), [(5, 3500), (6, 3900), (10, 6500), (11, 6600), (0, 0)])
def test_volume(quantity: int, amount: int) -> None:
    assert list_amount(item(price(None, tiers=STEPS, tiers_mode="volume"), quantity)) == amount


@pytest.mark.parametrize(
    ("mode", "quantity", "amount"),
    [("graduated", 0, 50), ("graduated", 5, 50), ("graduated", 6, 70), ("volume", 0, 50), ("volume", 6, 20)],
)
def test_flat_fees(mode: str, quantity: int, amount: int) -> None:
    tiers = (tier(5, None, 50), tier(None, None, 20))
    assert list_amount(item(price(None, tiers=tiers, tiers_mode=mode), quantity)) == amount


@pytest.mark.parametrize(
    ("of", "quantity", "code"),
    [
        (price(None, tiers_mode="volume"), 1, "tiers_not_expanded"),
        (price(None, tiers=(), tiers_mode="volume"), 1, "tiers_not_expanded"),
        (price(None, tiers=(tier(5, 1),), tiers_mode="volume"), 6, "quantity_above_last_tier"),
        (price(None, tiers=(tier(5, 1),), tiers_mode="graduated"), 6, "quantity_above_last_tier"),
        (price(None, tiers=STEPS, tiers_mode="spiral"), 1, "unknown_tiers_mode"),
        (price(None), 1, "no_unit_amount"),
        (price(100, every("fortnight")), 1, "unknown_interval"),
        (price(100, currency="EUR"), 1, "currency_option_missing"),
        (price(100), -1, "invalid_quantity"),
    ],
)
def test_an_unknown_amount_makes_the_figure_partial_and_the_rest_still_counts(
    of: Price, quantity: int, code: str
) -> None:
    result = revenue(subscription(item(of, quantity), item(item_id="si_2")))
    assert result.list_mrr.amounts == {"USD": 10_000}
    assert result.notes == (f"{code} si_1",)
    assert result.partial_currencies == {"USD"}
    assert result.subscriptions[0].excluded == (Exclusion("si_1", code),)


def test_an_item_without_a_price_is_unknown() -> None:
    without = subscription(item()).items[0]
    stripped = type(without)(id="si_1", price=None, quantity=1)
    assert revenue(subscription(stripped)).notes == ("no_price si_1",)


def test_quantity_on_the_last_bounded_tier_is_known() -> None:
    assert list_amount(item(price(None, tiers=(tier(5, 100),), tiers_mode="volume"), 5)) == 500


def test_the_currency_option_is_used_with_its_tiers() -> None:
    option = PriceAmounts(None, (tier(2, 10), tier(None, 5)))
    of = price(None, currency="EUR", tiers=STEPS, tiers_mode="graduated", options={"USD": option})
    assert list_amount(item(of, 3)) == 25


def test_a_currency_option_without_tiers_is_unknown() -> None:
    of = price(None, currency="EUR", tiers=STEPS, tiers_mode="volume", options={"USD": PriceAmounts(None, None)})
    assert revenue(subscription(item(of))).notes == ("tiers_not_expanded si_1",)


def test_the_price_list_completes_tiers_and_currency_options() -> None:
    embedded = price(None, tiers_mode="volume")
    listed = price(None, tiers=STEPS, tiers_mode="volume")
    assert list_amount(item(embedded, 6), listed={"price_a": listed}) == 3_900
    listed = price(999, currency="EUR", options={"USD": PriceAmounts(Fraction(150), None)})
    assert list_amount(item(price(999, currency="EUR"), 2), listed={"price_a": listed}) == 300


def test_cut_item_list_scheduled_end_and_pause_are_noted_in_this_order() -> None:
    pause = CollectionPause("void", None)
    result = revenue(subscription(items_complete=False, cancel_at=at(DAY), pause=pause))
    assert result.notes == ("items_truncated sub_1", "scheduled_cancel sub_1", "collection_paused sub_1")
    assert result.partial


def test_a_tax_inclusive_price_counts_as_written() -> None:
    result = revenue(subscription(item(price(12_000, tax_inclusive=True))))
    assert result.list_mrr.amounts == {"USD": 12_000}
    assert result.notes == ("tax_inclusive si_1",)


@pytest.mark.parametrize(
    ("behavior", "resumes", "net"),
    [
        ("void", None, 0),
        ("void", 1, 0),
        ("void", 0, 10_000),
        ("mark_uncollectible", DAY, 0),
        ("mark_uncollectible", -1, 10_000),
        ("keep_as_draft", DAY, 10_000),
    ],
)
def test_a_pause_that_gives_the_period_away_is_zero_on_the_net_basis_only(
    behavior: str, resumes: int | None, net: int
) -> None:
    paused = subscription(pause=CollectionPause(behavior, None if resumes is None else at(resumes)))
    assert net_amount(paused) == net
    assert revenue(paused).list_mrr.amounts == {"USD": 10_000}


subscriptions = st.builds(
    lambda number, unit, quantity, interval, count, currency, status, percent: subscription(
        item(
            price(unit, every(interval, count), currency=currency),
            quantity,
            *([percent_off(percent)] if percent is not None else []),
            item_id=f"si_{number}",
        ),
        subscription_id=f"sub_{number}",
        currency=currency,
        status=status,
    ),
    st.integers(min_value=1, max_value=99),
    st.integers(min_value=0, max_value=10**7),
    st.integers(min_value=0, max_value=500),
    st.sampled_from(["day", "week", "month", "year"]),
    st.integers(min_value=1, max_value=12),
    st.sampled_from(["USD", "EUR", "JPY"]),
    st.sampled_from(["active", "past_due", "canceled"]),
    st.none() | st.integers(min_value=0, max_value=100),
)


@settings(deadline=None)
@given(st.lists(subscriptions, max_size=6), st.lists(subscriptions, max_size=6))
def test_revenue_of_a_union_is_the_sum(one: list[Subscription], two: list[Subscription]) -> None:
    both, first, second = revenue(*one, *two), revenue(*one), revenue(*two)
    assert both.list_mrr == first.list_mrr + second.list_mrr
    assert both.net_mrr == first.net_mrr + second.net_mrr


@settings(deadline=None)
@given(st.lists(subscriptions, max_size=6), st.randoms(use_true_random=False))
def test_order_plays_no_part_and_net_lies_between_zero_and_list(
    held: list[Subscription], chance: random.Random
) -> None:
    shuffled = sorted(held, key=lambda _: chance.random())
    first, second = revenue(*held), revenue(*shuffled)
    assert (first.list_mrr, first.net_mrr) == (second.list_mrr, second.net_mrr)
    assert sorted(first.notes) == sorted(second.notes)
    for currency, amount in first.list_mrr:
        assert amount >= first.net_mrr.amounts[currency] >= 0


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=10**6), st.integers(min_value=0, max_value=10**4))
def test_twice_the_seats_are_twice_the_revenue(unit: int, quantity: int) -> None:
    assert list_amount(item(price(unit), 2 * quantity)) == 2 * list_amount(item(price(unit), quantity))


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=60))
def test_a_single_open_tier_is_a_plain_price(quantity: int) -> None:
    flat = list_amount(item(price(700), quantity))
    for mode in ("graduated", "volume"):
        assert list_amount(item(price(None, tiers=(tier(None, 700),), tiers_mode=mode), quantity)) == flat
