"""Exact money: digits, rounding, bags, conversion and how it is shown (billing rules 2.7)."""

from __future__ import annotations

import datetime
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clynto.domain.exchange_rates import NO_RATES, ExchangeRate, ExchangeRates
from clynto.domain.money import MoneyBag, decimal_text, half_up, major_text, minor_digits, shown_digits, total
from clynto.domain.money_view import annual, value_of, view_of

DAY = datetime.date(2026, 11, 15)
CURRENCIES = ["USD", "EUR", "JPY", "KWD", "UGX"]

amounts = st.fractions(min_value=-(10**9), max_value=10**9, max_denominator=5000)
bags = st.dictionaries(st.sampled_from(CURRENCIES), amounts).map(MoneyBag)


def rate(day: str, source: str, target: str, value: str) -> ExchangeRate:
    return ExchangeRate(datetime.date.fromisoformat(day), source, target, Fraction(value))


@pytest.mark.parametrize(
    ("currency", "minor", "shown"),
    [("USD", 2, 2), ("JPY", 0, 0), ("MGA", 0, 0), ("KWD", 3, 3), ("ISK", 2, 0), ("UGX", 2, 0), ("HUF", 2, 2)],
)
def test_digits(currency: str, minor: int, shown: int) -> None:
    assert (minor_digits(currency), shown_digits(currency)) == (minor, shown)


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (Fraction(14_900), "USD", "149.00"),
        (Fraction(1, 2), "USD", "0.01"),
        (Fraction(49, 100), "USD", "0.00"),
        (Fraction(-1, 2), "USD", "-0.01"),
        (Fraction(-49, 100), "USD", "0.00"),
        (Fraction(-14_905), "USD", "-149.05"),
        (Fraction(5), "USD", "0.05"),
        (Fraction(2500, 3), "JPY", "833"),
        (Fraction(-5, 2), "JPY", "-3"),
        (Fraction(7), "KWD", "0.007"),
        (Fraction(5_050), "UGX", "51"),
        (Fraction(4_949), "ISK", "49"),
    ],
)
def test_shown_amounts(amount: Fraction, currency: str, text: str) -> None:
    assert major_text(amount, currency) == text


@settings(deadline=None)
@given(amounts)
def test_rounding_errs_by_half_a_unit_at_most_and_mirrors(amount: Fraction) -> None:
    assert abs(half_up(amount) - amount) <= Fraction(1, 2)
    assert half_up(-amount) == -half_up(amount)


@settings(deadline=None)
@given(amounts, st.integers(min_value=0, max_value=3))
def test_text_reads_back_as_what_was_rounded(amount: Fraction, digits: int) -> None:
    assert abs(Fraction(decimal_text(amount, digits)) - amount) <= Fraction(1, 2 * 10**digits)


@settings(deadline=None)
@given(bags, bags, bags)
def test_bags_add_like_numbers(one: MoneyBag, two: MoneyBag, three: MoneyBag) -> None:
    assert one + two == two + one
    assert (one + two) + three == one + (two + three)
    assert one + MoneyBag.empty() == one
    assert (one - one).without_zeros() == MoneyBag.empty()
    assert (one + two).plain_sum == one.plain_sum + two.plain_sum
    assert 3 * one == one + one + one


@settings(deadline=None)
@given(bags)
def test_arr_is_twelve_times_the_exact_figure(bag: MoneyBag) -> None:
    for currency, amount in annual(bag):
        assert amount == 12 * bag.amounts[currency]
    assert view_of(annual(bag), None, NO_RATES, DAY).value == 12 * view_of(bag, None, NO_RATES, DAY).value


def test_plain_sum_takes_the_most_decimals() -> None:
    bag = MoneyBag.of("JPY", 10) + MoneyBag.of("KWD", 1_500) + MoneyBag.of("USD", 100)
    assert (bag.plain_sum, bag.plain_sum_text) == (Fraction("12.5"), "12.500")
    assert MoneyBag({"JPY": Fraction(1, 2), "UGX": Fraction(0)}).plain_sum_text == "1"


def test_mixed_is_about_currencies_not_amounts() -> None:
    bag = MoneyBag({"USD": Fraction(0), "EUR": Fraction(5)})
    assert bag.is_mixed
    assert not bag.without_zeros().is_mixed


def test_direct_rate_beats_a_newer_inverse() -> None:
    rates = ExchangeRates([rate("2026-01-01", "EUR", "USD", "1.10"), rate("2026-11-01", "USD", "EUR", "0.5")])
    assert rates.rate("EUR", "USD", DAY) == Fraction("1.10")


def test_inverse_is_exact_and_used_while_no_direct_rate_has_begun() -> None:
    rates = ExchangeRates([rate("2026-01-01", "USD", "EUR", "0.9"), rate("2026-11-16", "EUR", "USD", "2")])
    assert rates.rate("EUR", "USD", DAY) == Fraction(10, 9)


def test_a_rate_of_the_very_day_counts_and_a_later_one_does_not() -> None:
    rows = [rate("2026-11-15", "EUR", "USD", "1.2"), rate("2026-11-16", "EUR", "USD", "9")]
    assert ExchangeRates(rows).rate("EUR", "USD", DAY) == Fraction("1.2")
    assert ExchangeRates(rows[::-1]).rate("EUR", "USD", DAY) == Fraction("1.2")
    assert ExchangeRates(rows).rate("EUR", "USD", datetime.date(2026, 11, 14)) is None


def test_no_chain_over_a_third_currency() -> None:
    rates = ExchangeRates([rate("2026-01-01", "EUR", "USD", "1.1"), rate("2026-01-01", "USD", "GBP", "0.8")])
    assert rates.rate("EUR", "GBP", DAY) is None


def test_conversion_respects_the_minor_digits_of_both_sides() -> None:
    rates = ExchangeRates([rate("2026-01-01", "JPY", "USD", "0.01"), rate("2026-01-01", "KWD", "USD", "3")])
    bag = MoneyBag.of("JPY", 10_000) + MoneyBag.of("KWD", 1_000)
    assert rates.convert(bag, "USD", DAY).amount == 10_300


@pytest.mark.parametrize("value", ["0", "-1"])
def test_a_rate_is_positive(value: str) -> None:
    with pytest.raises(ValueError, match="positive"):
        rate("2026-01-01", "EUR", "USD", value)


def test_view_without_default_currency() -> None:
    single = view_of(MoneyBag.of("JPY", 833), None, NO_RATES, DAY)
    assert (single.amount, single.currency, single.mixed) == ("833", "JPY", False)
    several = view_of(MoneyBag.of("JPY", 10_000) + MoneyBag.of("USD", 10_000), None, NO_RATES, DAY)
    assert (several.amount, several.currency, several.mixed) == ("10100.00", None, True)
    assert several.by_currency == {"JPY": "10000", "USD": "100.00"}


@given(bags, st.sampled_from([None, "USD", "JPY", "GBP"]), st.booleans())
def test_accounts_are_sorted_by_the_value_that_is_shown(bag: MoneyBag, unit: str | None, with_rates: bool) -> None:
    rows = [rate("2026-01-01", "EUR", "USD", "1.1"), rate("2026-01-01", "USD", "JPY", "151")] if with_rates else []
    rates = ExchangeRates(rows)
    assert value_of(bag, unit, rates, DAY) == view_of(bag, unit, rates, DAY).value


@given(st.lists(amounts))
def test_a_total_is_the_exact_sum(held: list[Fraction]) -> None:
    assert total(held) == sum(held, start=Fraction(0))


@given(bags)
def test_nothing_and_a_bag_are_the_bag(bag: MoneyBag) -> None:
    assert MoneyBag.empty() + bag == bag + MoneyBag.empty() == bag


def test_view_of_nothing() -> None:
    assert view_of(MoneyBag.empty(), "JPY", NO_RATES, DAY).amount == "0"
    nothing = view_of(MoneyBag.empty(), None, NO_RATES, DAY)
    assert (nothing.amount, nothing.currency, nothing.mixed) == ("0.00", None, False)


def test_view_in_the_default_currency_is_rounded_once_and_names_the_rest() -> None:
    rates = ExchangeRates([rate("2026-01-01", "EUR", "USD", "1.005")])
    bag = MoneyBag({"USD": Fraction(1, 2), "EUR": Fraction(1, 2), "JPY": Fraction(7)})
    view = view_of(bag, "USD", rates, DAY)
    assert (view.amount, view.currency, view.mixed, view.unconverted) == ("0.01", "USD", False, ("JPY",))
    assert view.value == Fraction("1.0025") / 100
    assert set(view.by_currency) == {"USD", "EUR", "JPY"}


def test_view_falls_back_where_nothing_can_be_converted() -> None:
    assert view_of(MoneyBag.of("JPY", 7), "USD", NO_RATES, DAY).currency == "JPY"
    several = view_of(MoneyBag.of("JPY", 7) + MoneyBag.of("EUR", 700), "USD", NO_RATES, DAY)
    assert (several.amount, several.currency, several.mixed, several.unconverted) == ("14.00", None, True, ())
