"""What every ``InvoiceStore`` keeps."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.contracts.customers_contract import NOT_YOUNGER, YOUNGER
from tests.contracts.in_two_workspaces import InTwoWorkspaces
from tests.contracts.samples import (
    FOURTEEN_DIGITS,
    HERE,
    THERE,
    a_line,
    a_paid_invoice,
    an_invoice,
    committed,
    event_at,
    read_at,
    second,
)

from clynto.domain.invoice import Invoice
from clynto.domain.moments import UnixTime
from clynto.domain.provenance import Provenance
from clynto.ports.stripe_facts import PaidTotals
from clynto.ports.unit_of_work import UnitsOfWork


def _stored(units: UnitsOfWork, invoice_id: str = "in_1") -> tuple[Invoice, Provenance]:
    with units.reading(HERE) as unit:
        return unit.invoices.get_many([invoice_id])[invoice_id]


def _last_failed_at(units: UnitsOfWork) -> UnixTime | None:
    return _stored(units)[0].last_failed_at


class InvoiceStoreContract(InTwoWorkspaces):
    """Decided: a tie keeps what is held. ``last_failed_at`` is a ledger of its own: it moves forward even when the
    picture that carries it is too old to be taken, and stays when a younger picture does not know it."""

    def test_gives_back_every_part_with_its_age(self, units: UnitsOfWork) -> None:
        settled = an_invoice(
            "in_2",
            customer_id=None,
            subscription_id=None,
            number=None,
            status="refunded_by_magic",
            amount_due=-500,
            amount_paid=FOURTEEN_DIGITS,
            amount_remaining=0,
            post_payment_credit=FOURTEEN_DIGITS,
            collection_method=None,
            next_payment_attempt=None,
            retry_known=False,
            due_date=None,
            finalized_at=None,
            paid_at=second(1),
            voided_at=second(2),
            uncollectible_at=second(3),
            uncollectible_reason="fraud",
            billing_reason=None,
            lines=(a_line(amount=-FOURTEEN_DIGITS, quantity=None, price_id=None, product_id=None, proration=True),),
            lines_complete=False,
            last_failed_at=second(4),
        )
        empty = an_invoice("in_3", lines=())
        with committed(units) as unit:
            unit.invoices.put_many([an_invoice(), settled], read_at(0, 1))
            unit.invoices.put_many([empty], event_at(2))
        with units.reading(HERE) as unit:
            assert dict(unit.invoices.get_many(["in_1", "in_2", "in_3", "in_9"])) == {
                "in_1": (an_invoice(), read_at(0, 1)),
                "in_2": (settled, read_at(0, 1)),
                "in_3": (empty, event_at(2)),
            }
            assert dict(unit.invoices.get_many([])) == {}
            assert unit.invoices.count() == 3

    def test_keeps_the_order_of_many_lines(self, units: UnitsOfWork) -> None:
        long = an_invoice(lines=tuple(a_line(f"il_{number}") for number in range(250, 0, -1)))
        with committed(units) as unit:
            unit.invoices.put_many([long], read_at())
        assert _stored(units)[0] == long

    @pytest.mark.parametrize(("held", "offered"), YOUNGER)
    def test_takes_what_is_younger_with_its_lines(
        self, units: UnitsOfWork, held: Provenance, offered: Provenance
    ) -> None:
        with committed(units) as unit:
            unit.invoices.put_many([an_invoice()], held)
        with committed(units) as unit:
            unit.invoices.put_many([a_paid_invoice(lines=(a_line("il_3"),))], offered)
        assert _stored(units) == (a_paid_invoice(lines=(a_line("il_3"),)), offered)

    @pytest.mark.parametrize(("held", "offered"), NOT_YOUNGER)
    def test_keeps_parent_and_lines_otherwise(self, units: UnitsOfWork, held: Provenance, offered: Provenance) -> None:
        with committed(units) as unit:
            unit.invoices.put_many([a_paid_invoice()], held)
        with committed(units) as unit:
            unit.invoices.put_many([an_invoice(lines=(a_line("il_other"),)), an_invoice("in_2")], offered)
        assert _stored(units) == (a_paid_invoice(), held)
        assert _stored(units, "in_2") == (an_invoice("in_2"), offered)

    def test_an_invoice_that_comes_twice_in_one_call_is_stored_once(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.invoices.put_many([an_invoice(), a_paid_invoice(lines=())], read_at())
            assert unit.invoices.count() == 1
        assert _stored(units)[0] == a_paid_invoice(lines=())

    def test_a_younger_picture_keeps_the_last_failure(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.invoices.put_many([an_invoice(last_failed_at=second(5))], event_at(5))
            unit.invoices.put_many([a_paid_invoice(last_failed_at=None)], read_at(9))
        assert _stored(units) == (a_paid_invoice(last_failed_at=second(5)), read_at(9))

    def test_the_last_failure_moves_forward_with_a_younger_picture(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.invoices.put_many([an_invoice(last_failed_at=second(5))], event_at(5))
            unit.invoices.put_many([an_invoice(last_failed_at=second(8))], event_at(8))
        assert _last_failed_at(units) == second(8)

    def test_the_last_failure_moves_forward_with_a_picture_that_is_too_old(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.invoices.put_many([a_paid_invoice()], read_at(9))
            unit.invoices.put_many([an_invoice(lines=(), last_failed_at=second(5))], event_at(5))
        assert _stored(units) == (a_paid_invoice(last_failed_at=second(5)), read_at(9))

    def test_the_last_failure_moves_forward_on_a_tie(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.invoices.put_many([an_invoice(last_failed_at=second(3))], event_at(5))
            unit.invoices.put_many([an_invoice(attempt_count=9, last_failed_at=second(5))], event_at(5))
        assert _stored(units) == (an_invoice(last_failed_at=second(5)), event_at(5))

    @pytest.mark.parametrize("offered", [event_at(2), event_at(5), event_at(20), read_at(20)])
    def test_the_last_failure_never_moves_back(self, units: UnitsOfWork, offered: Provenance) -> None:
        with committed(units) as unit:
            unit.invoices.put_many([an_invoice(last_failed_at=second(5))], event_at(5))
            unit.invoices.put_many([an_invoice(last_failed_at=second(2))], offered)
        assert _last_failed_at(units) == second(5)

    def test_deciding_holds_all_that_is_open_or_uncollectible(self, units: UnitsOfWork) -> None:
        statuses = ["draft", "open", "uncollectible", "void", "hibernating"]
        with committed(units) as unit:
            unit.invoices.put_many([an_invoice(f"in_{status}", status=status) for status in statuses], read_at())
            unit.invoices.put_many([an_invoice("in_one_off", subscription_id=None, created=second(-999))], read_at())
            unit.invoices.put_many([an_invoice("in_other", customer_id="cus_2", status="uncollectible")], event_at(7))
            unit.invoices.put_many([an_invoice("in_foreign", customer_id="cus_3")], read_at())
            unit.invoices.put_many([an_invoice("in_draft_only", customer_id="cus_4", status="draft")], read_at())
        with units.reading(HERE) as unit:
            found = unit.invoices.deciding(["cus_1", "cus_2", "cus_4", "cus_9"])
        assert {customer: sorted(i.id for i, _ in invoices) for customer, invoices in found.items()} == {
            "cus_1": ["in_one_off", "in_open", "in_uncollectible"],
            "cus_2": ["in_other"],
        }
        assert all(invoice.lines == () for invoices in found.values() for invoice, _ in invoices)
        other = an_invoice("in_other", customer_id="cus_2", status="uncollectible", lines=())
        assert found["cus_2"] == [(other, event_at(7))]

    def test_deciding_holds_the_newest_paid_ones_of_each_subscription(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.invoices.put_many(
                [
                    a_paid_invoice("in_oldest", created=second(-30)),
                    a_paid_invoice("in_money", created=second(-20)),
                    a_paid_invoice("in_free_before", created=second(-15), amount_paid=0),
                    a_paid_invoice("in_free", created=second(-10), amount_due=0, amount_paid=0),
                    a_paid_invoice("in_both", subscription_id="sub_2", created=second(-40)),
                    a_paid_invoice("in_before_both", subscription_id="sub_2", created=second(-41), paid_at=second(0)),
                    a_paid_invoice("in_one_off", subscription_id=None),
                    a_paid_invoice("in_trial", subscription_id="sub_3", customer_id="cus_2", amount_paid=0),
                ],
                read_at(),
            )
        with units.reading(HERE) as unit:
            found = unit.invoices.deciding(["cus_1", "cus_2"])
        assert {customer: sorted(i.id for i, _ in invoices) for customer, invoices in found.items()} == {
            "cus_1": ["in_both", "in_free", "in_money"],
            "cus_2": ["in_trial"],
        }

    def test_deciding_settles_a_tie_of_paid_ones_by_id(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.invoices.put_many([a_paid_invoice("in_b"), a_paid_invoice("in_c"), a_paid_invoice("in_a")], read_at())
            assert [invoice.id for invoice, _ in unit.invoices.deciding(["cus_1"])["cus_1"]] == ["in_c"]

    def test_adds_up_what_was_paid_per_customer_and_currency(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.invoices.put_many(
                [
                    a_paid_invoice("in_1", amount_paid=FOURTEEN_DIGITS, created=second(-7)),
                    a_paid_invoice("in_2", amount_paid=FOURTEEN_DIGITS, post_payment_credit=40, created=second(-9)),
                    an_invoice("in_3", status="void", amount_paid=7, post_payment_credit=2, created=second(-99)),
                    a_paid_invoice("in_4", currency="EUR", amount_paid=1, created=second(-1)),
                    an_invoice("in_5", customer_id="cus_2", amount_paid=0, created=second(-2)),
                    a_paid_invoice("in_6", customer_id="cus_3"),
                    a_paid_invoice("in_7", customer_id=None),
                ],
                read_at(),
            )
        with units.reading(HERE) as unit:
            totals = unit.invoices.paid_totals(["cus_1", "cus_2", "cus_9"])
            assert sorted(totals, key=lambda total: (total.customer_id, total.currency)) == [
                PaidTotals("cus_1", "EUR", 1, 0, second(-1)),
                PaidTotals("cus_1", "USD", 2 * FOURTEEN_DIGITS + 7, 42, second(-99)),
                PaidTotals("cus_2", "USD", 0, 0, second(-2)),
            ]
            assert list(unit.invoices.paid_totals([])) == []

    def test_adds_up_what_leaves_64_bits(self, units: UnitsOfWork) -> None:
        largest = 2**63 - 1
        with committed(units) as unit:
            unit.invoices.put_many(
                [
                    a_paid_invoice(f"in_{number}", amount_paid=largest - number, post_payment_credit=largest)
                    for number in range(4)
                ],
                read_at(),
            )
        with units.reading(HERE) as unit:
            (total,) = unit.invoices.paid_totals(["cus_1"])
        assert (total.amount_paid, total.post_payment_credit) == (4 * largest - 6, 4 * largest)

    def test_hands_out_every_invoice_of_customers_oldest_first(self, units: UnitsOfWork) -> None:
        invoices = [
            an_invoice("in_b", created=second(-5)),
            a_paid_invoice("in_a", created=second(-5), customer_id="cus_2"),
            an_invoice("in_c", created=second(-9), status="draft", lines=()),
            an_invoice("in_d", created=second(-1), status="void"),
        ]
        with committed(units) as unit:
            unit.invoices.put_many([*invoices, an_invoice("in_e", customer_id="cus_3")], read_at())
        with units.reading(HERE) as unit:
            found = list(unit.invoices.of_customers(["cus_2", "cus_1", "cus_9"]))
        assert found == [invoices[2], invoices[1], invoices[0], invoices[3]], "ties go by invoice id"

    def test_names_unsettled_invoices_not_seen_since(self, units: UnitsOfWork) -> None:
        statuses = ["draft", "open", "paid", "void", "uncollectible", "hibernating"]
        with committed(units) as unit:
            unit.invoices.put_many([an_invoice(f"in_{status}", status=status) for status in statuses], read_at(0))
            unit.invoices.put_many([an_invoice("in_tied")], event_at(10))
            unit.invoices.put_many([an_invoice("in_same")], read_at(10, 5))
            unit.invoices.put_many([an_invoice("in_before")], read_at(10, 4))
        with units.reading(HERE) as unit:
            unseen = sorted(unit.invoices.unsettled_not_seen_since(read_at(10, 5)))
        assert unseen == ["in_before", "in_draft", "in_open"]

    def test_takes_many_at_once(self, units: UnitsOfWork) -> None:
        ids = [f"in_{number}" for number in range(700)]
        customers = [f"cus_{i}" for i in ids]
        with committed(units) as unit:
            unit.invoices.put_many(
                (an_invoice(i, customer_id=f"cus_{i}", lines=(a_line(f"il_{i}"),)) for i in ids), read_at()
            )
        with units.reading(HERE) as unit:
            assert set(unit.invoices.get_many(iter(ids))) == set(ids)
            assert len(unit.invoices.deciding(customers)) == len(ids)
            assert len(unit.invoices.paid_totals(customers)) == len(ids)
            assert sum(len(invoice.lines) for invoice in unit.invoices.of_customers(customers)) == len(ids)

    def test_keeps_to_its_workspace(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.invoices.put_many([an_invoice()], read_at(10))
        with committed(units, THERE) as unit:
            assert not unit.invoices.get_many(["in_1"])
            assert not unit.invoices.deciding(["cus_1"])
            assert list(unit.invoices.paid_totals(["cus_1"])) == []
            assert list(unit.invoices.of_customers(["cus_1"])) == []
            assert list(unit.invoices.unsettled_not_seen_since(read_at(99))) == []
            assert unit.invoices.count() == 0
            unit.invoices.put_many([replace(an_invoice(), last_failed_at=second(1), lines=())], read_at(0))
        assert _stored(units) == (an_invoice(), read_at(10))
