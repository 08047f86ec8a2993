"""Accounts whose amounts floating numbers do not hold are put in order, and bounded, as exactly as all others."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from sqlalchemy import Engine
from tests.contracts.samples import (
    HERE,
    MOMENT,
    a_customer,
    a_customer_billing,
    a_match,
    a_workspace,
    an_account,
    read_at,
)

from clynto.adapters.sql.unit_of_work import SqlUnitOfWork, SqlUnitsOfWork
from clynto.domain.account_billing import add_up
from clynto.domain.money import MoneyBag
from clynto.domain.questions.query import Order
from clynto.ports.question_data import AmountCondition, Measure, MeasureKind, Selection
from clynto.ports.workspaces import MrrBasis

HELD = 2**60
"""Minor units: floating numbers of this size are 256 apart."""
PAID = {"acc_a": HELD + 1, "acc_b": HELD + 3, "acc_c": HELD, "acc_d": HELD + 2, "acc_e": 14_900}
NEAR = 8_999_999_999_999_999
"""Minor units: just below the most that a question can name; in thousandths floating numbers are 16 apart here."""
LIFETIME = Measure(MeasureKind.LIFETIME, MrrBasis.LIST)
MILLIONTHS_OF_A_CENT = 10_000


@pytest.fixture(params=[0, 25_000])
def units(engine: Engine, request: pytest.FixtureRequest) -> SqlUnitsOfWork:
    """Once with sums that the database makes, once with sums of what it hands out."""
    return SqlUnitsOfWork(engine, most_held=request.param)


@pytest.fixture(autouse=True)
def _filled(units: SqlUnitsOfWork) -> None:
    with units.writing(HERE) as unit:
        unit.workspaces.save(a_workspace(HERE))
        for account_id, paid in PAID.items():
            _put(unit, account_id, paid)
        unit.commit()


def _put(unit: SqlUnitOfWork, account_id: str, paid: int) -> None:
    customer_id = f"cus_{account_id}"
    billing = a_customer_billing(customer_id, lifetime_value=MoneyBag.of("USD", paid))
    unit.accounts.put_many([an_account(account_id, domains=(f"{account_id[-1]}.example",))])
    unit.customers.put_many([a_customer(customer_id)], read_at())
    unit.matches.put_many([a_match(customer_id, account_id)])
    unit.billing.put_customers([billing], {customer_id: account_id})
    unit.billing.put_accounts([(add_up(account_id, [billing], computed_at=MOMENT), 1)])


@pytest.mark.parametrize("weights", [{}, {"USD": 3}])
@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (Order.HIGHEST, ["acc_b", "acc_d", "acc_a", "acc_c", "acc_e"]),
        (Order.LOWEST, ["acc_e", "acc_c", "acc_a", "acc_d", "acc_b"]),
    ],
)
def test_they_are_in_exact_order(
    units: SqlUnitsOfWork, weights: Mapping[str, int], order: Order, expected: list[str]
) -> None:
    with units.reading(HERE) as unit:
        ranked = unit.question_data.ranked(Selection(), LIFETIME, order=order, limit=5, weights=weights)
        first = unit.question_data.ranked(Selection(), LIFETIME, order=order, limit=2, weights=weights)
    assert [one.account_id for one in ranked] == expected
    assert [one.account_id for one in first] == expected[:2]


@pytest.mark.parametrize("cents", [14_900, 4 * 10**14, NEAR])
def test_bounds_that_are_named_are_exact(units: SqlUnitsOfWork, cents: int) -> None:
    """From the very amount on, and not from the next millionth; the largest of all are above each bound."""
    with units.writing(HERE) as unit:
        _put(unit, "acc_f", NEAR)
        unit.commit()
    edge = cents * MILLIONTHS_OF_A_CENT
    held = [paid * MILLIONTHS_OF_A_CENT for paid in (*PAID.values(), NEAR)]
    with units.reading(HERE) as unit:
        for low, behind in ((edge, None), (edge + 1, None), (None, edge), (None, edge + 1)):
            wanted = Selection(amounts=(AmountCondition(MeasureKind.LIFETIME, low, behind),))
            (found,) = unit.question_data.totals(wanted, LIFETIME)
            expected = sum((low is None or paid >= low) and (behind is None or paid < behind) for paid in held)
            assert found.accounts == expected, (low, behind)
