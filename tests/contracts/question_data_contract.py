"""What every ``QuestionData`` computes: the same, to the last fraction, as plain arithmetic over the stored facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import ceil, floor
from typing import ClassVar

import pytest
from tests.contracts.question_payments_contract import QuestionPaymentsContract
from tests.contracts.question_readers import both
from tests.contracts.question_world import AUGUST, SNAPSHOT_DAY, TODAY, fill
from tests.contracts.samples import HERE, SECOND, THERE, second

from clynto.adapters.memory.unit_of_work import MemoryUnitsOfWork
from clynto.domain.moments import UnixTime
from clynto.domain.money import MoneyBag, major_units
from clynto.domain.questions.lists import InvoiceOrder, InvoiceWord, SubscriptionWord
from clynto.domain.questions.query import Grouping, Order
from clynto.domain.questions.shown_bounds import AmountBounds
from clynto.domain.signals import SignalType
from clynto.ports.question_data import (
    AmountCondition,
    GroupTotal,
    InvoiceCondition,
    Lacking,
    Measure,
    MeasureKind,
    MoneyPart,
    Movement,
    RecordedMoment,
    Selection,
    SignalCondition,
    Stretch,
)
from clynto.ports.question_unit import QuestionUnits
from clynto.ports.read_models import StatusFilter
from clynto.ports.signals import InboxStatus
from clynto.ports.workspaces import MrrBasis

DAY = 86_400
MILLION = 1_000_000
THIRDS = (("EUR", Fraction(4, 3)), ("USD", Fraction(1)))
"""Rates that no integer holds, and none for the third currency."""
WEIGHTS = {"USD": 10_000, "EUR": 11_000, "JPY": 6_500}
NOW, MONTH_END = RecordedMoment(TODAY), RecordedMoment(dt.date(2026, 8, 31), month=AUGUST)
TAKEN = RecordedMoment(SNAPSHOT_DAY, day=SNAPSHOT_DAY)
LATE = frozenset({StatusFilter.OVERDUE, StatusFilter.FAILED})
SELECTIONS = {
    "everything": Selection(),
    "two": Selection(account_ids=("acc_001", "acc_007", "acc_999")),
    "late": Selection(statuses=LATE),
    "without a status": Selection(statuses=frozenset({StatusFilter.NONE})),
    "a plan": Selection(part=MoneyPart(plan="pro")),
    "a product": Selection(part=MoneyPart(product="team")),
    "an interval": Selection(part=MoneyPart(interval="3 months")),
    "a currency": Selection(part=MoneyPart(currency="EUR")),
    "a plan in a currency": Selection(part=MoneyPart(plan="team", currency="USD")),
    "more than 1000": Selection(mrr_from=1_000_000_000),
    "less than 1000": Selection(mrr_below=1_000_000_000),
    "more than 1000 EUR a month": Selection(
        part=MoneyPart(currency="EUR"),
        amounts=(AmountCondition(MeasureKind.MRR, 1_000 * MILLION + 5_000, None, "EUR"),),
    ),
    "between 1000 and 1200000 JPY a month": Selection(
        amounts=(AmountCondition(MeasureKind.MRR, 1_000 * MILLION - MILLION // 2, 1_200_000 * MILLION, "JPY"),)
    ),
    "more than 1000 USD a month, whatever was paid or is owed in it": Selection(
        part=MoneyPart(currency="USD"),
        amounts=(AmountCondition(MeasureKind.MRR, 1_000 * MILLION + 5_000, None, "USD"),),
        health_from=20,
    ),
    "owes at least 2000": Selection(amounts=(AmountCondition(MeasureKind.OUTSTANDING, 2_000 * MILLION, None),)),
    "owes less than 3000 EUR": Selection(
        amounts=(AmountCondition(MeasureKind.OUTSTANDING, None, 3_000 * MILLION, "EUR"),)
    ),
    "owes at least 2000 in dollars": Selection(
        amounts=(AmountCondition(MeasureKind.OUTSTANDING, 2_000 * MILLION, None, rates=THIRDS),)
    ),
    "paid between 2000 and 9000": Selection(
        amounts=(AmountCondition(MeasureKind.LIFETIME, 2_000 * MILLION, 9_000 * MILLION),)
    ),
    "paid at most 2500 USD": Selection(
        amounts=(AmountCondition(MeasureKind.LIFETIME, None, 2_500 * MILLION + 5_000, "USD"),)
    ),
    "paid less than 4000 in dollars": Selection(
        amounts=(AmountCondition(MeasureKind.LIFETIME, None, 4_000 * MILLION, rates=THIRDS),)
    ),
    "paid at least 1000 in whole rates, and owes": Selection(
        amounts=(
            AmountCondition(
                MeasureKind.LIFETIME, 1_000 * MILLION, None, rates=(("EUR", Fraction(11, 10)), ("USD", Fraction(1)))
            ),
            AmountCondition(MeasureKind.OUTSTANDING, 1, None),
        )
    ),
    "late and owes at least 1000": Selection(
        statuses=LATE, amounts=(AmountCondition(MeasureKind.OUTSTANDING, 1_000 * MILLION, None),)
    ),
    "health": Selection(health_from=39, health_to=55),
    "no health": Selection(lacking=frozenset({Lacking.HEALTH_SCORE})),
    "no subscription": Selection(lacking=frozenset({Lacking.SUBSCRIPTION})),
    "no customer": Selection(lacking=frozenset({Lacking.CUSTOMER})),
    "never paid": Selection(lacking=frozenset({Lacking.PAYMENT})),
    "owes nothing": Selection(lacking=frozenset({Lacking.DEBT})),
    "owes nothing and is not on a plan": Selection(lacking=frozenset({Lacking.DEBT}), without_plan="pro"),
    "owes nothing and pays": Selection(lacking=frozenset({Lacking.DEBT}), mrr_from=1),
    "a signal": Selection(signal=SignalCondition(types=frozenset({SignalType.PAYMENT_FAILED}))),
    "an open signal lately": Selection(
        signal=SignalCondition(statuses=frozenset({InboxStatus.OPEN}), within=Stretch(second(-30 * DAY), second(DAY)))
    ),
    "was overdue": Selection(overdue=Stretch(second(-30 * DAY), second(-10 * DAY))),
    "is overdue still": Selection(overdue=Stretch(second(0), second(DAY))),
    "a renewal": Selection(renewal=Stretch(second(0), second(30 * DAY))),
    "a cancellation": Selection(cancellation=Stretch(second(0), second(60 * DAY))),
    "a trial": Selection(trial=Stretch(second(-400 * DAY), second(400 * DAY))),
    "a trial soon": Selection(trial=Stretch(second(0), second(30 * DAY))),
    "a trial at any time": Selection(trial=Stretch(UnixTime(0), UnixTime(2**40))),
    "not on a plan": Selection(without_plan="pro"),
    "without a product": Selection(without_product="team"),
    "late and not on a plan": Selection(statuses=LATE, without_plan="team"),
    "neither on a plan nor with a product": Selection(without_plan="pro", without_product="team"),
    "between 500 and 2000": Selection(mrr_from=500_000_000, mrr_below=2_000_000_000),
    "paid and less than 1000": Selection(statuses=frozenset({StatusFilter.PAID}), mrr_below=1_000_000_000),
    "healthy and a plan": Selection(part=MoneyPart(plan="pro"), health_from=39),
    "healthy and a currency": Selection(part=MoneyPart(currency="EUR"), health_from=39),
    "gained": Selection(gained=Movement(MONTH_END, NOW)),
    "lost": Selection(lost=Movement(NOW, MONTH_END)),
}
INVOICES = {
    "large": InvoiceCondition(InvoiceWord.UNPAID, bounds=AmountBounds(minimum=Fraction(1000))),
    "small": InvoiceCondition(InvoiceWord.UNPAID, bounds=AmountBounds(below=Fraction(2500))),
    "between": InvoiceCondition(InvoiceWord.UNPAID, bounds=AmountBounds(above=Fraction(1), maximum=Fraction(3000))),
    "in a currency": InvoiceCondition(InvoiceWord.UNPAID, currency="EUR"),
    "due": InvoiceCondition(InvoiceWord.UNPAID, due=Stretch(second(0), second(20 * DAY))),
    "long overdue": InvoiceCondition(InvoiceWord.OVERDUE, due=Stretch(second(-60 * DAY), second(-10 * DAY))),
    "any": InvoiceCondition(bounds=AmountBounds(above=Fraction(2000))),
}
MEASURES = {
    "list MRR": Measure(MeasureKind.MRR, MrrBasis.LIST),
    "net MRR": Measure(MeasureKind.MRR, MrrBasis.NET),
    "MRR of a month": Measure(MeasureKind.MRR, MrrBasis.LIST, at=MONTH_END),
    "MRR of a day": Measure(MeasureKind.MRR, MrrBasis.NET, at=TAKEN),
    "change": Measure(MeasureKind.MRR, MrrBasis.LIST, at=NOW, since=MONTH_END),
    "change of the past": Measure(MeasureKind.MRR, MrrBasis.LIST, at=TAKEN, since=MONTH_END),
    "outstanding": Measure(MeasureKind.OUTSTANDING, MrrBasis.LIST),
    "lifetime": Measure(MeasureKind.LIFETIME, MrrBasis.LIST),
    "health": Measure(MeasureKind.HEALTH, MrrBasis.LIST),
    "accounts": Measure(MeasureKind.ACCOUNTS, MrrBasis.LIST),
}
BY_PART = (Grouping.PLAN, Grouping.INTERVAL)
WITHOUT_MONEY = (MeasureKind.HEALTH, MeasureKind.ACCOUNTS)


def is_asked(selection: Selection, measure: Measure, grouping: Grouping | None = None) -> bool:
    """Debts, lifetime value and the past are not kept by subscription, and nobody asks for them so, nor for changes and
    scores by currency."""
    if grouping is Grouping.CURRENCY and (measure.since is not None or measure.kind in WITHOUT_MONEY):
        return False
    present = measure.kind is MeasureKind.MRR and measure.at is None
    if present:
        return True
    if grouping in BY_PART:
        return False
    return measure.kind in WITHOUT_MONEY or not selection.part.is_by_subscription


def fill_for_data(units: QuestionUnits) -> None:
    """A portfolio, and a neighbour who holds other data of the same ids."""
    fill(units)
    fill(units, THERE, seed=23)


class QuestionDataContract(QuestionPaymentsContract):
    """``units`` come filled by ``fill_for_data``. No test commits anything, so all may have the
    same. Every selection is tried with every measure, or with one in ``measured_by`` of them."""

    measured_by: ClassVar[int] = 1

    def test_totals_are_exact(self, units: QuestionUnits, plain_units: MemoryUnitsOfWork) -> None:
        with both(units, plain_units) as (data, plain):
            for place, (named, selection) in enumerate(SELECTIONS.items()):
                for nth, (measured, measure) in enumerate(MEASURES.items()):
                    for grouping in (None, *Grouping):
                        if not is_asked(selection, measure, grouping) or (place + nth) % self.measured_by:
                            continue
                        # Every third of all combinations: each meets each often enough, and the suite stays quick.
                        if grouping is not None and place and (place + nth) % 3:
                            continue
                        found = data.totals(selection, measure, grouping=grouping)
                        expected = plain.totals(selection, measure, grouping=grouping)
                        assert _comparable(found) == _comparable(expected), (named, measured, grouping)

    def test_ranks_alike(self, units: QuestionUnits, plain_units: MemoryUnitsOfWork) -> None:
        with both(units, plain_units) as (data, plain):
            for place, (named, selection) in enumerate(SELECTIONS.items()):
                for nth, (measured, measure) in enumerate(MEASURES.items()):
                    if (place + nth) % self.measured_by:
                        continue
                    for order in Order:
                        if not is_asked(selection, measure) or measure.kind is MeasureKind.ACCOUNTS:
                            continue
                        found = data.ranked(selection, measure, order=order, limit=7, weights=WEIGHTS)
                        expected = plain.ranked(selection, measure, order=order, limit=7, weights=WEIGHTS)
                        assert [one.account_id for one in found] == [one.account_id for one in expected], (
                            named,
                            measured,
                            order,
                        )
                        if measure.kind is not MeasureKind.HEALTH:
                            assert [one.amounts.without_zeros() for one in found] == [
                                one.amounts.without_zeros() for one in expected
                            ], (named, measured, order)

    @pytest.mark.parametrize("kind", [MeasureKind.MRR, MeasureKind.OUTSTANDING, MeasureKind.LIFETIME])
    @pytest.mark.parametrize("rates", [None, THIRDS])
    def test_bounds_on_amounts_are_exact_at_the_edge(
        self,
        units: QuestionUnits,
        plain_units: MemoryUnitsOfWork,
        kind: MeasureKind,
        rates: tuple[tuple[str, Fraction], ...] | None,
    ) -> None:
        """An account is in from its own amount on, and out as soon as that is where the range ends."""
        currency = "USD" if kind is MeasureKind.MRR or rates is None else None
        part, measure = MoneyPart(currency=currency), Measure(kind, MrrBasis.NET)
        with both(units, plain_units) as (data, plain):
            for ranked in plain.ranked(Selection(part=part), measure, order=Order.HIGHEST, limit=6, weights={}):
                worth = {"USD": Fraction(1), **dict(rates or ())}
                counted = ((amount, code) for code, amount in ranked.amounts.without_zeros() if code in worth)
                held = [major_units(amount, code) * worth[code] for amount, code in counted]
                edge = sum(held, start=Fraction(0)) * MILLION
                for low, behind, is_in in (
                    (floor(edge), None, True),
                    (floor(edge) + 1, None, False),
                    (None, ceil(edge), edge.denominator != 1),
                    (None, ceil(edge) + 1, True),
                ):
                    wanted = AmountCondition(kind, low, behind, currency, None if currency else rates)
                    own = Selection(account_ids=(ranked.account_id,), amounts=(wanted,))
                    found = data.totals(own, measure)[0].accounts
                    assert found == int(is_in and bool(held)), (kind, rates, low, behind, edge)

    @pytest.mark.parametrize("order", Order)
    def test_without_a_customer_no_bound_on_mrr_holds(self, units: QuestionUnits, order: Order) -> None:
        """Nothing is known of such an account, which is not an MRR of zero: it comes last, whichever order."""
        measure = MEASURES["list MRR"]
        with units.reading(HERE) as unit:
            data = unit.question_data
            every = [one.account_id for one in data.ranked(Selection(), measure, order=order, limit=999, weights={})]
            bounds = Selection(mrr_from=-(10**15), mrr_below=10**15)
            known = [one.account_id for one in data.ranked(bounds, measure, order=order, limit=999, weights={})]
        assert every[: len(known)] == known
        assert "acc_006" in every[len(known) :]

    def test_the_portfolio_tells_selections_apart(self, plain_units: MemoryUnitsOfWork) -> None:
        with plain_units.reading(HERE) as plain:
            counts = {
                name: plain.question_data.totals(selection, MEASURES["list MRR"])[0].accounts
                for name, selection in SELECTIONS.items()
            }
        assert all(0 < count < counts["everything"] for name, count in counts.items() if name != "everything"), counts

    @pytest.mark.parametrize("account_id", [None, "acc_005", "acc_999"])
    def test_lists_alike(self, units: QuestionUnits, plain_units: MemoryUnitsOfWork, account_id: str | None) -> None:
        created = Stretch(second(-60 * DAY), second(0))
        conditions = (
            SignalCondition(),
            SignalCondition(types=frozenset({SignalType.SUBSCRIPTION_CANCELED}), within=created),
            SignalCondition(statuses=frozenset({InboxStatus.OPEN, InboxStatus.DISMISSED})),
        )
        with both(units, plain_units) as (data, plain):
            for word in InvoiceWord:
                for stretch in (None, created):
                    wanted = InvoiceCondition(word, account_id, created=stretch)
                    found = data.invoices(wanted, now=SECOND, limit=9)
                    assert found == plain.invoices(wanted, now=SECOND, limit=9), word
            for which in SubscriptionWord:
                for basis in MrrBasis:
                    for plan in (None, "pro"):
                        held = data.subscriptions(account_id, which, basis=basis, limit=9, plan=plan)
                        assert held == plain.subscriptions(account_id, which, basis=basis, limit=9, plan=plan), which
            for condition in conditions:
                assert data.signals(account_id, condition, limit=9) == plain.signals(account_id, condition, limit=9)
            assert data.unmatched() == plain.unmatched()

    @pytest.mark.parametrize("account_id", [None, "acc_005"])
    @pytest.mark.parametrize("wanted", INVOICES.values(), ids=INVOICES)
    def test_invoices_by_amount_and_due_date_alike(
        self, units: QuestionUnits, plain_units: MemoryUnitsOfWork, account_id: str | None, wanted: InvoiceCondition
    ) -> None:
        wanted = replace(wanted, account_id=account_id)
        with both(units, plain_units) as (data, plain):
            for order in InvoiceOrder:
                for weights in ({}, WEIGHTS):
                    found = data.invoices(wanted, now=SECOND, limit=9, order=order, weights=weights)
                    assert found == plain.invoices(wanted, now=SECOND, limit=9, order=order, weights=weights), order
            every = plain.invoices(replace(wanted, which=InvoiceWord.UNPAID), now=SECOND, limit=9)[0].total
            assert account_id is not None or every > 0

    @pytest.mark.parametrize("which", [InvoiceWord.ANY, InvoiceWord.PAID, InvoiceWord.VOID, InvoiceWord.UNCOLLECTIBLE])
    @pytest.mark.parametrize("order", [InvoiceOrder.LARGEST, InvoiceOrder.SMALLEST])
    def test_invoices_of_everybody_by_amount_alike(
        self, units: QuestionUnits, plain_units: MemoryUnitsOfWork, which: InvoiceWord, order: InvoiceOrder
    ) -> None:
        conditions = (
            InvoiceCondition(which),
            InvoiceCondition(which, created=Stretch(second(-60 * DAY), second(0))),
            InvoiceCondition(which, bounds=AmountBounds(above=Fraction(1500))),
            InvoiceCondition(which, currency="EUR", bounds=AmountBounds(minimum=Fraction(100), below=Fraction(4000))),
        )
        with both(units, plain_units) as (data, plain):
            assert data.billed_currencies() == plain.billed_currencies() == ["EUR", "JPY", "USD"]
            for wanted in conditions:
                for weights in ({}, WEIGHTS):
                    found = data.invoices(wanted, now=SECOND, limit=9, order=order, weights=weights)
                    assert found == plain.invoices(wanted, now=SECOND, limit=9, order=order, weights=weights), wanted
                    assert found[0].total or which is InvoiceWord.UNCOLLECTIBLE

    @pytest.mark.parametrize("basis", MrrBasis)
    @pytest.mark.parametrize(("start", "end"), [(MONTH_END, NOW), (TAKEN, NOW), (MONTH_END, TAKEN), (NOW, MONTH_END)])
    def test_movements_are_exact_and_add_up(
        self,
        units: QuestionUnits,
        plain_units: MemoryUnitsOfWork,
        start: RecordedMoment,
        end: RecordedMoment,
        basis: MrrBasis,
    ) -> None:
        with both(units, plain_units) as (data, plain):
            found = data.movements(Movement(start, end), basis)
            assert found == plain.movements(Movement(start, end), basis)
            assert found
            before, after = (
                plain.totals(Selection(), Measure(MeasureKind.MRR, basis, at=moment))[0].amounts
                for moment in (start, end)
            )
            moved = sum((one.amounts for one in found), start=MoneyBag.empty())
            assert moved.without_zeros() == (after - before).without_zeros()

    def test_knows_which_moments_are_recorded(self, units: QuestionUnits) -> None:
        with units.reading(HERE) as unit:
            data = unit.question_data
            assert data.recorded_moment(TODAY, today=TODAY) == NOW
            assert data.recorded_moment(SNAPSHOT_DAY, today=TODAY) == TAKEN
            assert data.recorded_moment(SNAPSHOT_DAY - dt.timedelta(days=1), today=TODAY) == MONTH_END
            assert data.recorded_moment(dt.date(2026, 8, 31), today=TODAY) == MONTH_END
            assert data.recorded_moment(dt.date(2020, 1, 1), today=TODAY) is None


def _comparable(totals: Sequence[GroupTotal]) -> list[GroupTotal]:
    """Currencies of amount zero say nothing in a sum."""
    return [replace(total, amounts=total.amounts.without_zeros()) for total in totals]
