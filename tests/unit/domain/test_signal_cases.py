"""What stands together in the inbox, and which amounts are added up there (guide, inbox; billing rules 5.2, 5.3)."""

from __future__ import annotations

from fractions import Fraction

import pytest

from clynto.domain.moments import UnixTime
from clynto.domain.signal_cases import (
    debt_case,
    is_lost_every_month,
    of_other_cases,
    stand_together,
    subscription_case,
)
from clynto.domain.signals import Signal, SignalState, SignalType

OCTOBER, NOVEMBER = debt_case("sub_1", "in_october"), debt_case("sub_1", "in_november")
LEFT = subscription_case("sub_1", "canceled")
FAILED, OVERDUE = SignalType.PAYMENT_FAILED, SignalType.PAYMENT_OVERDUE
CANCELED, DOWNGRADED = SignalType.SUBSCRIPTION_CANCELED, SignalType.SUBSCRIPTION_DOWNGRADED


def told(kind: SignalType, case: str, *, subscription: str | None = "sub_1", cents: int = 1_000) -> Signal:
    """A signal of that case."""
    return Signal(
        type=kind,
        identity=f"{case} {cents}",
        customer_id="cus_1",
        subscription_id=subscription,
        invoice_id=None,
        case_key=case,
        state=SignalState.OPEN,
        amount=Fraction(cents),
        currency="USD",
        plan="Team x 1",
        occurred_at=UnixTime(1_789_000_000),
    )


@pytest.mark.parametrize("by_time", [True, False])
def test_stages_of_one_case_stand_together_in_every_order(by_time: bool) -> None:
    failed, overdue, lost = told(FAILED, OCTOBER), told(OVERDUE, OCTOBER), told(CANCELED, OCTOBER)
    assert len({stand_together(one, by_time=by_time) for one in (failed, overdue, lost)}) == 1


def test_debts_of_one_subscription_stand_together_unless_in_the_order_of_time() -> None:
    october, november = told(FAILED, OCTOBER), told(OVERDUE, NOVEMBER)
    assert stand_together(october, by_time=False) == stand_together(november, by_time=False)
    assert stand_together(october, by_time=True) != stand_together(november, by_time=True)


def test_decisions_of_a_customer_do_not_stand_with_debts_nor_with_decisions_of_another_kind() -> None:
    kinds = [told(FAILED, OCTOBER), told(CANCELED, LEFT), told(DOWNGRADED, subscription_case("sub_1", "downgraded"))]
    assert len({stand_together(one, by_time=False) for one in kinds}) == 3
    again = told(DOWNGRADED, subscription_case("sub_1", "downgraded again"))
    assert stand_together(again, by_time=False) == stand_together(kinds[2], by_time=False)


def test_other_subscriptions_and_bills_of_none_stand_by_themselves() -> None:
    one, other = told(FAILED, OCTOBER), told(FAILED, NOVEMBER, subscription="sub_2")
    assert stand_together(one, by_time=False) != stand_together(other, by_time=False)
    loose = [told(FAILED, debt_case(None, name), subscription=None) for name in ("in_1", "in_2")]
    assert len({stand_together(signal, by_time=False) for signal in loose}) == 2


def test_a_debt_is_added_up_once_whatever_it_went_through() -> None:
    first = told(FAILED, NOVEMBER, cents=3_000)
    others = [
        told(OVERDUE, NOVEMBER, cents=3_000),
        told(FAILED, OCTOBER, cents=2_000),
        told(OVERDUE, OCTOBER, cents=1_900),
    ]
    assert [one.amount for one in of_other_cases(first, others)] == [2_000], "the first stage of a case stands for it"
    assert of_other_cases(first, others[:1]) == ()
    assert of_other_cases(first, []) == ()


def test_beside_a_debt_only_what_is_owed_is_added_up() -> None:
    lost = told(CANCELED, OCTOBER, cents=9_900)
    owed = told(FAILED, OCTOBER, cents=2_000)
    assert of_other_cases(told(FAILED, NOVEMBER), [lost, owed]) == (owed,)
    assert of_other_cases(told(FAILED, NOVEMBER), [lost]) == ()
    # The subscription was lost over a debt: it leads, and the rest is still owed.
    assert of_other_cases(told(CANCELED, NOVEMBER), [lost, owed]) == (owed,)


def test_beside_a_decision_what_is_lost_every_month_is_added_up() -> None:
    first = told(DOWNGRADED, subscription_case("sub_1", "downgraded"), cents=500)
    again = told(DOWNGRADED, subscription_case("sub_1", "downgraded again"), cents=700)
    assert of_other_cases(first, [again]) == (again,)


@pytest.mark.parametrize(
    ("first", "every_month"),
    [
        (told(DOWNGRADED, LEFT), True),
        (told(CANCELED, LEFT), True),
        (told(CANCELED, OCTOBER), False),
        (told(FAILED, OCTOBER), False),
        (told(OVERDUE, OCTOBER), False),
    ],
)
def test_a_sum_is_of_every_month_only_beside_a_decision(first: Signal, every_month: bool) -> None:
    assert is_lost_every_month(first) is every_month
