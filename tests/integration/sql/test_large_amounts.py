"""Amounts that no database column holds end no sync (guarantees D11, H1)."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from tests.contracts.samples import a_line, second
from tests.integration.sql.stored_sync import first_sync, resync, sync_product
from tests.unit.application.plain_billing import (
    CATALOGUE_CREATED,
    catalogue,
    paid_invoice,
    paying,
    plain_customer,
    plain_price,
    plain_subscription,
)
from tests.unit.application.sync_product import ADMIN, WORKSPACE

from clynto.adapters.sql.unit_of_work import SqlUnitsOfWork
from clynto.adapters.system.random_identifiers import RandomIdentifiers
from clynto.adapters.text_matching.near_words import RapidfuzzNearWords
from clynto.application.answer_question import AnswerQuestion
from clynto.application.queries.explain_mrr import ExplainMrr
from clynto.application.queries.run_query import RunQuery
from clynto.domain.invoice import InvoiceLine
from clynto.domain.policies import LARGEST_MONTHLY_AMOUNT
from clynto.domain.sync_run import RunState

LARGEST = 2**63 - 1


def line_of(number: int) -> InvoiceLine:
    """A month that was already paid for, at an absurd price."""
    return a_line(
        f"il_{number}",
        amount=LARGEST,
        quantity=1,
        unit_amount=Fraction(LARGEST),
        period_start=second(-40 * 86_400),
        period_end=second(-10 * 86_400),
    )


def test_revenue_beyond_64_bits_is_left_out_and_said(units: SqlUnitsOfWork) -> None:
    """One item of ten trillion a seat, and invoices of the largest amounts: the other item and the other account are
    shown to the cent, and the explanation says what was left out."""
    product = sync_product(units)
    product.add_account("Acme", "acme.example")
    product.add_account("Globex", "globex.example")
    absurd = plain_price("price_absurd", 10**15)
    held = plain_subscription(1, 3)
    product.stripe.put(*catalogue(), absurd, created=CATALOGUE_CREATED)
    product.stripe.put(
        plain_customer(1, "ann@acme.example"),
        replace(held, items=(*held.items, replace(held.items[0], id="si_absurd", price=absurd, quantity=10**6))),
        *(
            paid_invoice(number, LARGEST, customer_id="cus_1", subscription_id="sub_1", lines=(line_of(number),))
            for number in (11, 12, 13)
        ),
        *paying(2, "bob@globex.example"),
    )
    assert first_sync(product, units) is RunState.SUCCEEDED
    assert product.figures() == {"Acme": ("150.00", "paid"), "Globex": ("50.00", "paid")}
    with units.reading(WORKSPACE) as uow:
        (row,) = uow.accounts_table.rows(["acc_acme"])
    assert row.partial
    assert row.lifetime_value.amounts == {"USD": Fraction(LARGEST)}
    told = ExplainMrr(units=units, recompute=product.recompute)(ADMIN, "acc_acme")
    assert [(one.object_id, one.reason) for one in told.excluded] == [("si_absurd", "amount_too_large")]


def test_sums_of_believable_amounts_beyond_64_bits_end_no_sync(units: SqlUnitsOfWork) -> None:
    """A thousand items, each of the most that is believed, on each of two subscriptions: held as the largest, and the
    sync of everybody else goes on."""
    product = sync_product(units)
    product.add_account("Acme", "acme.example")
    product.add_account("Globex", "globex.example")
    most = plain_price("price_most", LARGEST_MONTHLY_AMOUNT)
    product.stripe.put(*catalogue(), most, created=CATALOGUE_CREATED)
    product.stripe.put(plain_customer(1, "ann@acme.example"), *paying(2, "bob@globex.example"))
    for number in (1, 3):
        held = plain_subscription(number, customer_id="cus_1")
        items = tuple(replace(held.items[0], id=f"si_{number}_{n}", price=most, quantity=1) for n in range(1_000))
        product.stripe.put(replace(held, items=items))
    assert first_sync(product, units) is RunState.SUCCEEDED
    assert product.figures()["Globex"] == ("50.00", "paid")
    with units.reading(WORKSPACE) as uow:
        (row,) = uow.accounts_table.rows(["acc_acme"])
    assert row.list_mrr.amounts == {"USD": Fraction(LARGEST)}
    product.stripe.put(plain_subscription(1, customer_id="cus_1"))
    for _ in range(2):
        assert resync(product, units) is RunState.SUCCEEDED


def test_questions_about_such_amounts_are_answered(units: SqlUnitsOfWork) -> None:
    """Three paid and three open invoices of the most that a column holds; every sum over them exceeds it."""
    product = sync_product(units)
    product.add_account("Acme", "acme.example")
    product.stripe.put(*catalogue(), created=CATALOGUE_CREATED)
    paid = [paid_invoice(number, LARGEST, customer_id="cus_1", subscription_id="sub_1") for number in (11, 12, 13)]
    unpaid = [
        replace(each, id=f"in_open_{n}", status="open", amount_paid=0, amount_remaining=LARGEST, paid_at=None)
        for n, each in enumerate(paid)
    ]
    product.stripe.put(plain_customer(1, "ann@acme.example"), plain_subscription(1, 3), *paid, *unpaid)
    assert first_sync(product, units) is RunState.SUCCEEDED
    near = RapidfuzzNearWords()
    ask = AnswerQuestion(
        units=units,
        run_query=RunQuery(units=units, clock=product.clock, near_words=near),
        clock=product.clock,
        identifiers=RandomIdentifiers(),
        near_words=near,
    )
    three = "$276,701,161,105,643,274.21"
    for question, told in (
        ("How much is outstanding?", three),
        ("Who owes more than 100?", three),
        ("Top 5 accounts by outstanding amount", three),
        ("Show unpaid invoices", three),
        ("Show the largest unpaid invoices", three),
        ("What is the lifetime value of Acme?", "$92,233,720,368,547,758.07"),
        ("Top 5 accounts by lifetime value", "Acme"),
        ("How much was received this year?", three),
        ("How much did Acme pay this year?", three),
        ("Who paid us this year?", three),
        ("Show the invoices of Acme", "6 invoices"),
        ("Show the largest invoices", "6 invoices"),
    ):
        answered = ask(ADMIN, question)
        assert answered.understood, question
        assert told in str(answered.answer), (question, str(answered.answer))
