"""How values of the domain look in JSON."""

from __future__ import annotations

import datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema

from clynto.domain.exchange_rates import NO_RATES
from clynto.domain.money import MoneyBag
from clynto.domain.money_view import view_of
from clynto.domain.secret import Secret
from clynto.entrypoints.http.api.fields import (
    MicrosTime,
    MoneySchema,
    SecondsTime,
    SecretText,
    exact_decimal,
    rfc3339_of_micros,
    rfc3339_of_seconds,
)

DAY = datetime.date(2026, 11, 22)


def test_money_looks_as_in_the_contract() -> None:
    shown = MoneySchema().dump(view_of(MoneyBag.of("USD", 14900), None, NO_RATES, DAY))
    assert shown == {
        "amount": "149.00",
        "currency": "USD",
        "mixed": False,
        "by_currency": {"USD": "149.00"},
        "unconverted": [],
    }


def test_mixed_money_has_no_unit() -> None:
    bag = MoneyBag({"USD": Fraction(14900), "JPY": Fraction(833)})
    shown = MoneySchema().dump(view_of(bag, None, NO_RATES, DAY))
    assert (shown["currency"], shown["mixed"]) == (None, True)
    assert shown["by_currency"] == {"USD": "149.00", "JPY": "833"}


def test_times_are_rfc_3339_in_utc() -> None:
    assert rfc3339_of_micros(1_790_000_000_000_001) == "2026-09-21T14:13:20.000001Z"
    assert rfc3339_of_seconds(1_790_000_000) == "2026-09-21T14:13:20Z"
    assert rfc3339_of_seconds(-1) == "1969-12-31T23:59:59Z"


def test_a_missing_time_is_null() -> None:
    times = Schema.from_dict({"at": MicrosTime(), "on": SecondsTime()})()
    assert times.dump({"at": None, "on": None}) == {"at": None, "on": None}


@given(st.integers(min_value=-(2**48), max_value=2**53))
def test_a_time_loses_no_microsecond(moment: int) -> None:
    parsed = datetime.datetime.fromisoformat(rfc3339_of_micros(moment))
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    assert (parsed - epoch) // datetime.timedelta(microseconds=1) == moment


@given(st.decimals(min_value=0, max_value=10**12, places=12))
def test_a_rate_loses_no_digit(rate: object) -> None:
    assert Fraction(exact_decimal(Fraction(str(rate)))) == Fraction(str(rate))


def test_a_rate_without_end_is_a_fault_of_ours() -> None:
    with pytest.raises(ValueError, match="no finite decimal"):
        exact_decimal(Fraction(1, 3))


def test_a_secret_is_masked_from_the_start() -> None:
    loaded = Schema.from_dict({"password": SecretText()})().load({"password": "hunter2"})
    assert loaded == {"password": Secret("hunter2")}
    assert "hunter2" not in repr(loaded)
