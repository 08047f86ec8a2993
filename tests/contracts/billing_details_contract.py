"""What every ``BillingDetails`` shows behind an account's figures."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from tests.contracts.in_two_workspaces import InTwoWorkspaces
from tests.contracts.samples import (
    HERE,
    THERE,
    a_customer,
    a_customer_billing,
    a_match,
    a_subscription,
    a_subscription_billing,
    a_tombstone,
    an_account,
    an_invoice,
    an_item,
    committed,
    read_at,
    second,
)

from clynto.domain.account_billing import PaymentStatus
from clynto.domain.errors import InvalidInput
from clynto.domain.invoice import DELETED_DRAFT
from clynto.domain.matching import MatchDecision
from clynto.domain.money import MoneyBag
from clynto.ports.read_models import CustomerRow, InvoiceRow, SubscriptionRow
from clynto.ports.unit_of_work import UnitOfWork, UnitsOfWork


def _usd(amount: Fraction | int) -> MoneyBag:
    return MoneyBag.of("USD", amount)


def _matched(unit: UnitOfWork, customer_id: str, account_id: str | None, **billing: Any) -> None:
    """A customer with its match and its computed row, all telling the same."""
    unit.customers.put_many([a_customer(customer_id)], read_at(0))
    unit.matches.put_many([a_match(customer_id, account_id)])
    unit.billing.put_customers([a_customer_billing(customer_id, **billing)], {customer_id: account_id})


def _ids(units: UnitsOfWork, *, matched: bool | None = None, text: str = "", limit: int = 2) -> list[str]:
    walked: list[str] = []
    after = None
    with units.reading(HERE) as unit:
        for _ in range(100):
            page = unit.billing_details.customers(matched=matched, text=text, limit=limit, after=after)
            assert len(page.rows) <= limit
            walked.extend(row.id for row in page.rows)
            if page.next_cursor is None:
                return walked
            after = page.next_cursor
    raise AssertionError("the pages have no end")


class CustomersOfBillingDetailsContract(InTwoWorkspaces):
    """Decided: "highest MRR" compares the list MRR with currencies added plainly, in minor units, and a customer that
    was never computed as zero; ``text`` is sought in name, email and id, by ``casefold`` and literally; a customer
    without a decision is unmatched; a cursor fits only the filters it was made for."""

    def test_shows_every_column(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.accounts.put_many([an_account()])
            _matched(unit, "cus_1", "acc_1", payment_status=PaymentStatus.FAILED)
            unit.customers.put_many([a_customer("cus_2", name=None, email=None)], read_at(0))
            unit.customers.put_many([a_customer("cus_3"), a_tombstone("cus_4")], read_at(0))
            unit.matches.put_many([MatchDecision.by_hand("cus_3", None)])
        with units.reading(HERE) as unit:
            page = unit.billing_details.customers(matched=None, text="", limit=9, after=None)
        empty = MoneyBag.empty()
        assert page.rows == (
            CustomerRow(
                id="cus_1",
                name="Globex GmbH",
                email="Billing@cus-1.example",
                deleted=False,
                match=a_match(),
                account_name="Globex GmbH",
                list_mrr=_usd(Fraction(2500, 3)),
                net_mrr=_usd(Fraction(5000, 9)),
                payment_status=PaymentStatus.FAILED,
            ),
            CustomerRow("cus_2", None, None, False, None, None, empty, empty, None),
            CustomerRow(
                "cus_3",
                "Globex GmbH",
                "Billing@cus-3.example",
                False,
                MatchDecision.by_hand("cus_3", None),
                None,
                empty,
                empty,
                None,
            ),
            CustomerRow("cus_4", None, None, True, None, None, empty, empty, None),
        )
        assert page.next_cursor is None

    @pytest.mark.parametrize("limit", [1, 2, 3, 50])
    def test_pages_by_falling_mrr_to_the_end(self, units: UnitsOfWork, limit: int) -> None:
        with committed(units) as unit:
            unit.accounts.put_many([an_account()])
            _matched(unit, "cus_e", "acc_1", list_mrr=_usd(500))
            _matched(unit, "cus_a", "acc_1", list_mrr=_usd(500))
            _matched(unit, "cus_c", None, list_mrr=MoneyBag({"USD": Fraction(300), "EUR": Fraction(400)}))
            _matched(unit, "cus_d", "acc_1", list_mrr=MoneyBag.empty(), net_mrr=_usd(9999))
            _matched(unit, "cus_f", "acc_1", list_mrr=_usd(10**14))
            unit.customers.put_many([a_customer("cus_b")], read_at(0))
        assert _ids(units, limit=limit) == ["cus_f", "cus_c", "cus_a", "cus_e", "cus_b", "cus_d"]

    def test_filters_by_match(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.accounts.put_many([an_account()])
            _matched(unit, "cus_1", "acc_1")
            _matched(unit, "cus_2", None)
            unit.customers.put_many([a_customer("cus_3")], read_at(0))
        assert _ids(units, matched=True) == ["cus_1"]
        assert _ids(units, matched=False, limit=1) == ["cus_2", "cus_3"]
        assert _ids(units, matched=None, limit=1) == ["cus_1", "cus_2", "cus_3"]

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("mÜll", ["cus_1"]),
            ("@FIRST", ["cus_1"]),
            ("cus_2", ["cus_2"]),
            ("100%", ["cus_2"]),
            ("%", ["cus_2"]),
            ("example", ["cus_1", "cus_2"]),
            ("\\", []),
        ],
    )
    def test_finds_text(self, units: UnitsOfWork, text: str, found: list[str]) -> None:
        with committed(units) as unit:
            unit.customers.put_many(
                [
                    a_customer("cus_1", name="Jürgen Müller", email="Billing@first.example"),
                    a_customer("cus_2", name="100% Beef", email="x@second.example"),
                    a_customer("cus_3", name=None, email=None),
                ],
                read_at(0),
            )
        assert _ids(units, text=text, limit=1) == found

    def test_a_cursor_that_does_not_fit_is_refused(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.customers.put_many([a_customer(f"cus_{number}") for number in range(5)], read_at(0))
        with units.reading(HERE) as unit:
            details = unit.billing_details
            cursor = details.customers(matched=False, text="", limit=2, after=None).next_cursor
            assert cursor is not None
            with pytest.raises(InvalidInput):
                details.customers(matched=None, text="", limit=2, after=cursor)
            with pytest.raises(InvalidInput):
                details.customers(matched=False, text="cus", limit=2, after=cursor)
            for damaged in ("", "x", cursor[:-3], "🙂", "null"):
                with pytest.raises(InvalidInput):
                    details.customers(matched=False, text="", limit=2, after=damaged)

    def test_keeps_to_its_workspace(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.accounts.put_many([an_account()])
            _matched(unit, "cus_1", "acc_1")
        with committed(units, THERE) as unit:
            assert unit.billing_details.customers(matched=None, text="", limit=9, after=None).rows == ()
            unit.customers.put_many([a_customer()], read_at(0))
            row = unit.billing_details.customers(matched=None, text="", limit=9, after=None).rows[0]
        assert (row.match, row.account_name, row.list_mrr) == (None, None, MoneyBag.empty())


def _with_subscriptions(unit: UnitOfWork, customer_id: str, account_id: str | None, *subscriptions: Any) -> None:
    """``subscriptions`` are pairs of a subscription and its computed row."""
    unit.customers.put_many([a_customer(customer_id)], read_at(0))
    unit.matches.put_many([a_match(customer_id, account_id)])
    unit.subscriptions.put_many([subscription for subscription, _ in subscriptions], read_at(0))
    billing = a_customer_billing(customer_id, subscriptions=tuple(computed for _, computed in subscriptions))
    unit.billing.put_customers([billing], {customer_id: account_id})


def _pair(subscription_id: str, mrr: Fraction | int = 0, customer_id: str = "cus_1", **facts: Any) -> tuple[Any, Any]:
    return (
        a_subscription(subscription_id, customer_id=customer_id, **facts),
        a_subscription_billing(subscription_id, customer_id=customer_id, list_mrr=Fraction(mrr)),
    )


class SubscriptionsOfBillingDetailsContract(InTwoWorkspaces):
    """Decided: "newest first" is by ``created``, an unknown one last, ties by id; live ones of equal MRR go by id;
    ``cancel_at`` is told only where a cancellation is scheduled; a subscription without a computed row is not shown.
    """

    def test_shows_every_column(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.accounts.put_many([an_account()])
            computed = a_subscription_billing(partial=True, quantity=None, interval=None)
            _with_subscriptions(unit, "cus_1", "acc_1", (a_subscription(status="past_due"), computed))
        with units.reading(HERE) as unit:
            assert list(unit.billing_details.subscriptions_of("acc_1")) == [
                SubscriptionRow(
                    id="sub_1",
                    customer_id="cus_1",
                    status="past_due",
                    plan_name="Team",
                    quantity=None,
                    interval=None,
                    currency="USD",
                    list_mrr=Fraction(2500, 3),
                    net_mrr=Fraction(5000, 9),
                    counted=True,
                    partial=True,
                    renewal_at=second(86_400 * 30),
                    cancel_at=None,
                    created=second(-1000),
                )
            ]

    def test_orders_live_ones_by_mrr_and_ended_ones_by_age(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.accounts.put_many([an_account("acc_1"), an_account("acc_2")])
            _with_subscriptions(
                unit,
                "cus_1",
                "acc_1",
                _pair("sub_old", status="canceled", created=second(-9)),
                _pair("sub_undated", status="canceled", created=None),
                _pair("sub_b", 500),
                _pair("sub_new", status="incomplete_expired", created=second(-5)),
                _pair("sub_new_too", status="canceled", created=second(-5)),
                _pair("sub_a", 500),
                _pair("sub_zero", 0, status="hibernating"),
            )
            _with_subscriptions(unit, "cus_2", "acc_1", _pair("sub_top", Fraction(1501, 3), "cus_2"))
            _with_subscriptions(unit, "cus_3", "acc_2", _pair("sub_foreign", 9000, "cus_3"))
            _with_subscriptions(unit, "cus_4", None, _pair("sub_unmatched", 9000, "cus_4"))
        with units.reading(HERE) as unit:
            rows = unit.billing_details.subscriptions_of("acc_1")
            assert [row.id for row in rows] == [
                "sub_top",
                "sub_a",
                "sub_b",
                "sub_zero",
                "sub_new",
                "sub_new_too",
                "sub_old",
                "sub_undated",
            ]
            assert list(unit.billing_details.subscriptions_of("acc_9")) == []

    def test_tells_renewal_or_the_day_it_ends(self, units: UnitsOfWork) -> None:
        period = second(86_400 * 30)
        with committed(units) as unit:
            unit.accounts.put_many([an_account()])
            _with_subscriptions(
                unit,
                "cus_1",
                "acc_1",
                _pair("sub_1"),
                _pair("sub_2", cancel_at_period_end=True),
                _pair("sub_3", cancel_at=second(77)),
                _pair("sub_4", cancel_at_period_end=True, cancel_at=second(88)),
                _pair("sub_5", status="canceled", cancel_at_period_end=True, ended_at=second(5)),
                _pair("sub_6", items=()),
                _pair("sub_7", items=(an_item("si_1"), an_item("si_2", period_end=second(5)))),
            )
        with units.reading(HERE) as unit:
            rows = unit.billing_details.subscriptions_of("acc_1")
        assert {row.id: (row.renewal_at, row.cancel_at) for row in rows} == {
            "sub_1": (period, None),
            "sub_2": (None, period),
            "sub_3": (None, second(77)),
            "sub_4": (None, second(88)),
            "sub_5": (None, None),
            "sub_6": (None, None),
            "sub_7": (second(5), None),
        }

    def test_keeps_to_its_workspace(self, units: UnitsOfWork) -> None:
        for workspace_id in (HERE, THERE):
            with committed(units, workspace_id) as unit:
                unit.accounts.put_many([an_account()])
        with committed(units) as unit:
            _with_subscriptions(unit, "cus_1", "acc_1", _pair("sub_1"))
        with units.reading(THERE) as unit:
            assert list(unit.billing_details.subscriptions_of("acc_1")) == []


class InvoicesOfBillingDetailsContract(InTwoWorkspaces):
    """Decided: newest by ``created``, ties by the higher id first; the account's customers are those matched to it."""

    def test_shows_every_column(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.accounts.put_many([an_account()])
            _matched(unit, "cus_1", "acc_1")
            unit.invoices.put_many([an_invoice(amount_paid=5, amount_remaining=7, paid_at=second(3))], read_at(0))
        with units.reading(HERE) as unit:
            assert list(unit.billing_details.invoices_of("acc_1", limit=9)) == [
                InvoiceRow(
                    id="in_1",
                    number="GLBX-0001",
                    status="open",
                    currency="USD",
                    amount_due=14_900,
                    amount_paid=5,
                    amount_remaining=7,
                    created_at=second(-100),
                    due_date=second(86_400 * 14),
                    paid_at=second(3),
                    attempt_count=1,
                    next_payment_attempt=second(86_400),
                    subscription_id="sub_1",
                )
            ]

    def test_shows_the_newest_without_drafts(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.accounts.put_many([an_account("acc_1"), an_account("acc_2")])
            _matched(unit, "cus_1", "acc_1")
            _matched(unit, "cus_2", "acc_1")
            _matched(unit, "cus_3", "acc_2")
            _matched(unit, "cus_4", None)
            unit.invoices.put_many(
                [
                    an_invoice("in_old", created=second(-50), status="hibernating"),
                    an_invoice("in_tie_a", created=second(-20), status="void"),
                    an_invoice("in_tie_b", created=second(-20), customer_id="cus_2"),
                    an_invoice("in_new", created=second(-10), subscription_id=None),
                    an_invoice("in_draft", created=second(-1), status="draft"),
                    an_invoice("in_gone", created=second(-1), status=DELETED_DRAFT),
                    an_invoice("in_foreign", created=second(-1), customer_id="cus_3"),
                    an_invoice("in_unmatched", created=second(-1), customer_id="cus_4"),
                    an_invoice("in_nobody", created=second(-1), customer_id=None),
                ],
                read_at(0),
            )
        with units.reading(HERE) as unit:
            rows = unit.billing_details.invoices_of("acc_1", limit=9)
            assert [row.id for row in rows] == ["in_new", "in_tie_b", "in_tie_a", "in_old"]
            assert [row.id for row in unit.billing_details.invoices_of("acc_1", limit=2)] == ["in_new", "in_tie_b"]
            assert list(unit.billing_details.invoices_of("acc_9", limit=9)) == []

    def test_keeps_to_its_workspace(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.accounts.put_many([an_account()])
            _matched(unit, "cus_1", "acc_1")
            unit.invoices.put_many([an_invoice()], read_at(0))
        with units.reading(THERE) as unit:
            assert list(unit.billing_details.invoices_of("acc_1", limit=9)) == []
