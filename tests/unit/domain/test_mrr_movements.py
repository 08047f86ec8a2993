"""What changed between two points adds up exactly (billing rules 6)."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from clynto.domain.moments import UnixTime
from clynto.domain.money import MoneyBag
from clynto.domain.month_ends import completed_months
from clynto.domain.mrr_movements import add_movements, movements_between

NOW = UnixTime(1_794_744_000)


def test_each_kind_of_movement() -> None:
    amounts = [0, 5, 9, 4, 0, 6]
    months = completed_months(NOW, len(amounts))
    found = movements_between([(m, MoneyBag.of("USD", a)) for m, a in zip(months, amounts, strict=True)])
    parts = [
        {kind: getattr(movement, kind).amounts.get("USD") for kind in _KINDS if getattr(movement, kind).amounts}
        for movement in found
    ]
    assert parts == [{"new": 5}, {"expansion": 4}, {"contraction": -5}, {"churn": -4}, {"reactivation": 6}]
    first, *_ = movements_between(
        [(months[0], MoneyBag.empty()), (months[1], MoneyBag.of("USD", 5))], had_before=frozenset({"USD"})
    )
    assert first.reactivation == MoneyBag.of("USD", 5)


_KINDS = ("new", "expansion", "contraction", "churn", "reactivation")
BAGS = st.dictionaries(st.sampled_from(["USD", "EUR", "JPY"]), st.fractions(min_value=0, max_value=9)).map(MoneyBag)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(BAGS, min_size=4, max_size=4), min_size=1, max_size=4))
def test_movements_add_up_exactly(accounts: list[list[MoneyBag]]) -> None:
    months = completed_months(NOW, 4)
    found = [list(movements_between(list(zip(months, bags, strict=True)))) for bags in accounts]
    for bags, movements in zip(accounts, found, strict=True):
        for position, movement in enumerate(movements):
            assert movement.total == (bags[position + 1] - bags[position]).without_zeros()
    together = add_movements(movement for movements in found for movement in movements)
    for position, movement in enumerate(together):
        difference = MoneyBag.empty()
        for bags in accounts:
            difference += bags[position + 1] - bags[position]
        assert movement.total == difference.without_zeros()
        assert movement.month == months[position + 1]
