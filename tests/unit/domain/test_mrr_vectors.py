"""Every recurring-revenue vector, from the payload to the shown figures (billing rules 2)."""

from __future__ import annotations

import datetime
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from clynto.adapters.stripe_api.map_customer import map_customer
from clynto.adapters.stripe_api.map_subscription import map_subscription
from clynto.domain.exchange_rates import ExchangeRate, ExchangeRates
from clynto.domain.moments import UnixTime
from clynto.domain.money import MoneyBag, major_text
from clynto.domain.money_view import annual, view_of
from clynto.domain.recurring_revenue import RecurringRevenue, recurring_revenue

VECTORS = json.loads((Path(__file__).parents[2] / "data" / "mrr_vectors.json").read_text(encoding="utf-8"))["vectors"]


def _revenue(vector: dict[str, Any]) -> RecurringRevenue:
    customers = [map_customer({"id": key, **value}) for key, value in vector.get("customers", {}).items()]
    return recurring_revenue(
        [map_subscription(payload) for payload in vector["subscriptions"]],
        listed_prices={},
        customer_discounts={c.id: c.discount for c in customers if c.discount is not None},
        now=UnixTime(vector["as_of"]),
    )


def _rates(vector: dict[str, Any]) -> ExchangeRates:
    return ExchangeRates(
        ExchangeRate(
            date=datetime.date.fromisoformat(row["date"]),
            from_currency=row["from"].upper(),
            to_currency=row["to"].upper(),
            rate=Fraction(row["rate"]),
        )
        for row in vector["settings"]["rates"]
    )


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["id"] for vector in VECTORS])
def test_vector(vector: dict[str, Any]) -> None:
    """H2 to H6: intervals (M001 to M021), statuses and pauses (M059 to M079), metered, tiered and package prices, seats
    of zero and none (M020 to M056), currencies (M080 to M097), coupons of every kind, on both bases (M099 to M136)."""
    expected = vector["expected"]
    revenue = _revenue(vector)
    is_net = vector["settings"]["mrr_basis"] == "net"
    bag: MoneyBag = revenue.net_mrr if is_net else revenue.list_mrr
    yearly = annual(bag)

    assert set(bag.amounts) == set(expected["by_currency"])
    for currency, figures in expected["by_currency"].items():
        assert bag.amounts[currency] == Fraction(figures["mrr_exact"])
        assert major_text(bag.amounts[currency], currency) == figures["mrr"]
        assert major_text(yearly.amounts[currency], currency) == figures["arr"]
        assert (currency in revenue.partial_currencies) is figures.get("partial", False)
    assert list(revenue.net_notes if is_net else revenue.notes) == expected["notes"]

    if "mixed_plain_sum" in expected:
        assert bag.is_mixed
        assert bag.plain_sum == Fraction(expected["mixed_plain_sum"]["exact_major"])
        assert bag.plain_sum_text == expected["mixed_plain_sum"]["mrr"]
    default = vector["settings"]["default_currency"]
    if "converted" in expected:
        wanted = expected["converted"]
        day = datetime.datetime.fromtimestamp(vector["as_of"], datetime.UTC).date()
        rates = _rates(vector)
        assert rates.convert(bag, default.upper(), day).amount == Fraction(wanted["mrr_exact"])
        view, yearly_view = view_of(bag, default.upper(), rates, day), view_of(yearly, default.upper(), rates, day)
        assert (view.amount, view.currency, yearly_view.amount) == (wanted["mrr"], wanted["currency"], wanted["arr"])
        assert list(view.unconverted) == wanted.get("left_out", [])


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["id"] for vector in VECTORS])
def test_the_explanation_adds_up_exactly(vector: dict[str, Any]) -> None:
    revenue = _revenue(vector)
    for subscription in revenue.subscriptions:
        assert sum(line.list_mrr for line in subscription.lines) == subscription.list_mrr
        assert sum(line.net_mrr for line in subscription.lines) == subscription.net_mrr
        for line in subscription.lines:
            assert line.period_amount * line.factor == line.list_mrr
            if line.discounts:
                assert line.list_mrr - sum(discount.taken for discount in line.discounts) == line.net_mrr
