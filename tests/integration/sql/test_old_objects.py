"""What began long ago and still runs is read, and read again (guarantees D1, C6)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.contracts.samples import second
from tests.integration.sql.stored_sync import first_sync, resync, sync_product
from tests.unit.application.plain_billing import (
    CATALOGUE_CREATED,
    catalogue,
    paid_invoice,
    plain_customer,
    plain_subscription,
)
from tests.unit.application.sync_product import WORKSPACE

from clynto.adapters.sql.unit_of_work import SqlUnitsOfWork
from clynto.domain.signals import SignalType
from clynto.domain.sync_run import RunState
from clynto.ports.signals import SignalsQuery

MONTH = 30 * 86_400
LONG_AGO, OVER_A_YEAR_AGO = second(-37 * MONTH), second(-13 * MONTH)


def test_age_decides_nothing_about_what_is_not_over(units: SqlUnitsOfWork) -> None:
    """D1: a subscription of 37 months counts and shows its renewal, an unpaid invoice of 13 months makes its account
    overdue, and what ended 13 months ago may be absent. C6: both change without an event; a re-sync finds it."""
    product = sync_product(units)
    for name in ("Acme", "Globex"):
        product.add_account(name, f"{name.lower()}.example")
    running = plain_subscription(1, 4, created=LONG_AGO)
    emailed: dict[str, Any] = {
        "collection_method": "send_invoice",
        "subscription_id": None,
        "attempt_count": 0,
        "paid_at": None,
    }
    owed = paid_invoice(2, status="open", amount_paid=0, amount_remaining=5000, created=OVER_A_YEAR_AGO, **emailed)
    owed = replace(owed, due_date=second(-12 * MONTH), finalized_at=OVER_A_YEAR_AGO)
    over = plain_subscription(3, created=LONG_AGO, customer_id="cus_2", status="canceled", ended_at=OVER_A_YEAR_AGO)
    product.stripe.put(*catalogue(), created=CATALOGUE_CREATED)
    product.stripe.put(plain_customer(1, "ann@acme.example"), plain_customer(2, "bob@globex.example"))
    product.stripe.put(running, owed, over)
    assert first_sync(product, units) is RunState.SUCCEEDED
    assert product.figures() == {"Acme": ("200.00", "paid"), "Globex": ("0.00", "overdue")}
    with units.reading(WORKSPACE) as uow:
        (row,) = uow.accounts_table.rows(["acc_acme"])
        assert row.renewal_at == running.current_period_end
        assert "sub_3" not in uow.subscriptions.get_many(["sub_3"])
    product.stripe.put(replace(running, items=(replace(running.items[0], quantity=3),)))
    product.stripe.put(replace(owed, status="paid", amount_paid=5000, amount_remaining=0, paid_at=second(5)))
    for _ in range(2):
        assert resync(product, units) is RunState.SUCCEEDED
        assert product.figures() == {"Acme": ("150.00", "paid"), "Globex": ("0.00", None)}
        with units.reading(WORKSPACE) as uow:
            told = [one.signal.type for one in uow.signals.page(SignalsQuery(limit=9)).rows]
        assert told == [SignalType.SUBSCRIPTION_DOWNGRADED]
