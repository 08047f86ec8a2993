"""What every ``QuestionData`` tells of payments in a stretch of time."""

from __future__ import annotations

import pytest
from tests.contracts.question_readers import both
from tests.contracts.samples import SECOND, second

from clynto.adapters.memory.unit_of_work import MemoryUnitsOfWork
from clynto.domain.moments import UnixTime
from clynto.domain.money import MoneyBag
from clynto.domain.questions.lists import InvoiceOrder, InvoiceWord
from clynto.domain.questions.query import Order
from clynto.ports.question_data import InvoiceCondition, Received, Stretch
from clynto.ports.question_unit import QuestionUnits

DAY = 86_400
LATELY = Stretch(second(-50 * DAY), second(-20 * DAY))
ALWAYS = Stretch(UnixTime(0), UnixTime(2**40))


class QuestionPaymentsContract:
    """Over a portfolio that the suite which is built on this one fills."""

    def test_what_was_received_is_exact(self, units: QuestionUnits, plain_units: MemoryUnitsOfWork) -> None:
        with both(units, plain_units) as (data, plain):
            some = data.received(LATELY)
            assert some == plain.received(LATELY)
            every = data.received(ALWAYS)
            assert every == plain.received(ALWAYS)
            assert 0 < some.invoices < every.invoices
            assert data.received(Stretch(second(DAY), second(2 * DAY))) == Received(0, MoneyBag.empty())

    @pytest.mark.parametrize("currency", [None, "EUR", "CHF"])
    @pytest.mark.parametrize("within", [LATELY, ALWAYS])
    def test_what_one_account_paid_is_exact(
        self, units: QuestionUnits, plain_units: MemoryUnitsOfWork, within: Stretch, currency: str | None
    ) -> None:
        with both(units, plain_units) as (data, plain):
            everybody = data.received(within, currency=currency)
            assert everybody == plain.received(within, currency=currency)
            of_all = [data.received(within, account_id=f"acc_{n:03}", currency=currency) for n in range(1, 30)]
            assert of_all == [plain.received(within, account_id=f"acc_{n:03}", currency=currency) for n in range(1, 30)]
            assert 0 < sum(one.invoices for one in of_all) <= everybody.invoices or currency == "CHF"

    @pytest.mark.parametrize("currency", [None, "EUR", "CHF"])
    @pytest.mark.parametrize("order", list(Order))
    @pytest.mark.parametrize("weights", [{}, {"USD": 10_000, "EUR": 11_000, "JPY": 0}])
    def test_who_paid_is_exact(
        self,
        units: QuestionUnits,
        plain_units: MemoryUnitsOfWork,
        currency: str | None,
        order: Order,
        weights: dict[str, int],
    ) -> None:
        with both(units, plain_units) as (data, plain):
            for within in (LATELY, ALWAYS):
                found = data.payers(within, currency=currency, order=order, limit=2, weights=weights)
                assert found == plain.payers(within, currency=currency, order=order, limit=2, weights=weights)
                every = data.payers(within, currency=currency, order=order, limit=200, weights=weights)
                assert (every.accounts, every.first[:2]) == (len(every.first), found.first)
                alone = [data.received(within, account_id=p.account_id, currency=currency) for p in every.first]
                assert [(one.invoices, one.amounts) for one in alone] == [(p.invoices, p.amounts) for p in every.first]
            assert currency == "CHF" or every.accounts > len(found.first) == 2

    @pytest.mark.parametrize("account_id", [None, "acc_005"])
    @pytest.mark.parametrize("currency", [None, "USD"])
    @pytest.mark.parametrize("order", [InvoiceOrder.NEWEST, InvoiceOrder.OLDEST])
    def test_invoices_by_when_they_were_paid_alike(
        self,
        units: QuestionUnits,
        plain_units: MemoryUnitsOfWork,
        account_id: str | None,
        currency: str | None,
        order: InvoiceOrder,
    ) -> None:
        with both(units, plain_units) as (data, plain):
            for within in (LATELY, ALWAYS):
                wanted = InvoiceCondition(InvoiceWord.PAID, account_id, currency=currency, paid=within)
                found = data.invoices(wanted, now=SECOND, limit=9, order=order)
                assert found == plain.invoices(wanted, now=SECOND, limit=9, order=order)
                received = data.received(within, account_id=account_id, currency=currency)
                assert (found[0].total, found[0].paid) == (received.invoices, received.amounts)
            assert found[0].total
