"""Exact amounts in integer columns."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from clynto.adapters.sql.exact_amounts import FINEST, LARGEST_WHOLE, join, split

AMOUNTS = st.fractions(min_value=-(10**15), max_value=10**15, max_denominator=FINEST)


@given(AMOUNTS)
def test_what_is_split_is_joined_again(amount: Fraction) -> None:
    whole, frac_num, frac_den = split(amount)
    assert 0 <= frac_num < frac_den <= FINEST
    assert join(whole, frac_num, frac_den) == amount


@given(st.lists(AMOUNTS, max_size=30))
def test_sums_of_one_denominator_are_exact(amounts: list[Fraction]) -> None:
    sums: dict[int, tuple[int, int]] = {}
    for whole, frac_num, frac_den in map(split, amounts):
        held = sums.get(frac_den, (0, 0))
        sums[frac_den] = (held[0] + whole, held[1] + frac_num)
    assert sum((join(whole, rest, den) for den, (whole, rest) in sums.items()), Fraction(0)) == sum(amounts)


def test_the_finest_step_is_rounded_half_up() -> None:
    assert join(*split(Fraction(1, 3 * FINEST))) == 0
    assert join(*split(Fraction(1, 2 * FINEST))) == Fraction(1, FINEST)
    assert join(*split(Fraction(-1, 2 * FINEST))) == 0
    assert join(*split(Fraction(2, 3 * FINEST))) == Fraction(1, FINEST)


def test_what_no_column_holds_is_held_as_the_largest() -> None:
    assert join(*split(Fraction(LARGEST_WHOLE))) == LARGEST_WHOLE
    assert join(*split(Fraction(10**30, 7))) == LARGEST_WHOLE
    assert join(*split(Fraction(-(10**30), 7))) == -LARGEST_WHOLE
