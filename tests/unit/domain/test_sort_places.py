"""Places of amounts: in order, and small enough for a column, however large the amounts are (ADR 0011)."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from tests.contracts.samples import an_account_billing

from clynto.application.shown_figures import ShownFigures
from clynto.domain.exchange_rates import ExchangeRates
from clynto.domain.money import MoneyBag
from clynto.domain.sort_places import FINE_UP_TO, held_place
from clynto.ports.workspaces import MrrBasis

LARGEST_INTEGER = 2**63 - 1
FIGURES = ShownFigures(MrrBasis.LIST, None, ExchangeRates(()), dt.date(2026, 11, 26))


def _key(cents: int) -> int:
    key = FIGURES.sort_key(an_account_billing(list_mrr=MoneyBag.of("USD", Fraction(cents))))
    assert key is not None
    return key


@given(st.lists(st.integers(-(10**40), 10**40), min_size=2))
def test_places_keep_the_order_and_fit_a_column(places: list[int]) -> None:
    held = [held_place(place) for place in sorted(places)]
    assert all(one <= other for one, other in pairwise(held))
    assert all(abs(place) < LARGEST_INTEGER for place in held)


@given(st.integers(-FINE_UP_TO, FINE_UP_TO))
def test_a_place_below_four_trillion_is_exact(place: int) -> None:
    assert held_place(place) == place


def test_an_enormous_mrr_has_a_key_of_its_own() -> None:
    """Vector M026: 9,999 seats at 9,999,999,999.99 are more millionths than 64 bits hold."""
    enormous = 9_998_999_999_990_001
    assert _key(100) < _key(enormous) < _key(2 * enormous) < LARGEST_INTEGER


def test_without_a_customer_there_is_no_place() -> None:
    """Nothing is known then, and a dash is shown: that is not a MRR of zero."""
    assert FIGURES.sort_key(an_account_billing(customers=0, list_mrr=MoneyBag.empty())) is None
    assert _key(0) == 0
