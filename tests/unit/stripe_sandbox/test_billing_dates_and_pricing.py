"""Period boundaries never drift, and prices are exact."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stripe_sandbox.billing_dates import add_months, boundary
from stripe_sandbox.pricing import exact_amount, round_half_up
from stripe_sandbox.records import CurrencyAmounts, Price, Tier


def moment(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def test_the_31st_comes_back_after_a_short_month() -> None:
    anchor = moment("2026-01-31T10:00:00")
    days = [datetime.fromtimestamp(boundary(anchor, "month", 1, n), UTC).day for n in range(1, 6)]
    assert days == [28, 31, 30, 31, 30]


def test_a_leap_day_waits_for_the_next_one() -> None:
    anchor = moment("2024-02-29T00:00:00")
    dates = [datetime.fromtimestamp(boundary(anchor, "year", 1, n), UTC) for n in (1, 4)]
    assert [(d.year, d.month, d.day) for d in dates] == [(2025, 2, 28), (2028, 2, 29)]


@given(st.integers(0, 4_000_000_000), st.integers(1, 600))
def test_months_keep_the_day_or_the_last_one_and_the_time(start: int, months: int) -> None:
    before, after = datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(add_months(start, months), UTC)
    assert after.time() == before.time()
    assert after.day == before.day or (after.day < before.day and add_months(start, months) > start)
    assert (after.year * 12 + after.month) - (before.year * 12 + before.month) == months


def price(amounts: CurrencyAmounts, **details: object) -> Price:
    return Price(
        id="price_1",
        created=0,
        product="prod_1",
        currency="usd",
        amounts={"usd": amounts},
        **details,  # type: ignore[arg-type]
    )


STRIPES_TIERS = CurrencyAmounts(tiers=(Tier(5, Decimal(700)), Tier(10, Decimal(650)), Tier(None, Decimal(600))))


@pytest.mark.parametrize(
    ("mode", "quantity", "expected"),
    [
        ("volume", 5, 3500),
        ("volume", 6, 3900),
        ("volume", 20, 12000),
        ("graduated", 5, 3500),
        ("graduated", 6, 4150),
        ("graduated", 20, 12750),
    ],
)
def test_stripes_own_tier_table(mode: str, quantity: int, expected: int) -> None:
    assert exact_amount(price(STRIPES_TIERS, tiers_mode=mode), "usd", quantity) == expected


def test_packages_decimals_and_what_is_unknown() -> None:
    packs = price(CurrencyAmounts(Decimal(2000)), divide_by=10)
    assert exact_amount(packs, "usd", 25) == 6000
    assert exact_amount(price(CurrencyAmounts(Decimal("0.05"))), "usd", 3) == Fraction(3, 20)
    assert exact_amount(packs, "eur", 1) is None
    assert exact_amount(price(CurrencyAmounts()), "usd", 1) is None
    bounded = CurrencyAmounts(tiers=(Tier(5, Decimal(1)),))
    assert exact_amount(price(bounded, tiers_mode="volume"), "usd", 6) is None
    assert exact_amount(price(bounded, tiers_mode="graduated"), "usd", 6) is None


@pytest.mark.parametrize(("amount", "rounded"), [("1/2", 1), ("-1/2", -1), ("3/2", 2), ("49/100", 0), ("7", 7)])
def test_halves_round_away_from_zero(amount: str, rounded: int) -> None:
    assert round_half_up(Fraction(amount)) == rounded
