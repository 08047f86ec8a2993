"""What every ``AccountsTable`` counts and sums, alone and beside a page."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction

import pytest
from tests.contracts.accounts_in_order import STATUSES, fill
from tests.contracts.in_two_workspaces import InTwoWorkspaces
from tests.contracts.samples import (
    FOURTEEN_DIGITS,
    HERE,
    THERE,
    a_customer,
    a_customer_billing,
    a_match,
    a_tombstone,
    an_account,
    an_account_billing,
    committed,
    read_at,
)

from clynto.domain.account_billing import add_up
from clynto.domain.errors import InvalidInput
from clynto.domain.money import MoneyBag
from clynto.ports.billing_results import AccountPlaces
from clynto.ports.read_models import AccountSort, AccountsQuery, AccountsTotals, Coverage, StatusFilter
from clynto.ports.unit_of_work import UnitsOfWork


class AccountsTotalsContract(InTwoWorkspaces):
    """Decided: ``page_with_totals`` answers what ``page`` and ``totals`` do, however many accounts have the text."""

    def test_sums_exactly_over_all_pages(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            for number in range(9):
                account_id = f"acc_{number}"
                unit.accounts.put_many([an_account(account_id, name="Match" if number < 7 else "Other")])
                billing = an_account_billing(
                    account_id,
                    list_mrr=MoneyBag({"USD": Fraction(2500, 3), "EUR": Fraction(FOURTEEN_DIGITS)}),
                    net_mrr=MoneyBag({"USD": Fraction(1, 7), "JPY": Fraction(0)}),
                    payment_status=STATUSES[number % 4],
                )
                if number != 6:
                    unit.billing.put_accounts([(billing, 833)])
        with units.reading(HERE) as unit:
            totals = unit.accounts_table.totals(AccountsQuery(text="match", limit=1, sort=AccountSort.MRR))
            failed = unit.accounts_table.totals(AccountsQuery(statuses=frozenset({StatusFilter.FAILED})))
            nothing = unit.accounts_table.totals(AccountsQuery(text="nowhere"))
        assert totals.accounts == 7
        assert totals.list_mrr == MoneyBag({"USD": Fraction(5000), "EUR": Fraction(6 * FOURTEEN_DIGITS)})
        assert totals.net_mrr == MoneyBag({"USD": Fraction(6, 7), "JPY": Fraction(0)})
        assert totals.by_status == {"paid": 2, "overdue": 1, "failed": 1, "none": 3}
        assert failed.accounts == 1
        assert failed.by_status == {"paid": 0, "overdue": 0, "failed": 1, "none": 0}
        assert (nothing.accounts, nothing.list_mrr, nothing.net_mrr) == (0, MoneyBag.empty(), MoneyBag.empty())
        assert nothing.by_status == {"paid": 0, "overdue": 0, "failed": 0, "none": 0}

    def test_tells_how_much_of_the_revenue_is_matched(self, units: UnitsOfWork) -> None:
        third = a_customer_billing("cus_3", list_mrr=MoneyBag.of("EUR", 7), net_mrr=MoneyBag.of("EUR", 5))
        with committed(units) as unit:
            unit.accounts.put_many([an_account()])
            unit.customers.put_many([a_customer(f"cus_{number}") for number in range(1, 6)], read_at(0))
            unit.customers.put_many([a_tombstone("cus_5"), a_tombstone("cus_6")], read_at(1))
            unit.matches.put_many([a_match("cus_1"), a_match("cus_2"), a_match("cus_3", None)])
            both = [a_customer_billing("cus_1"), a_customer_billing("cus_2")]
            unit.billing.put_customers([*both, third], {"cus_1": "acc_1", "cus_2": "acc_1", "cus_3": None})
            unit.billing.put_accounts([(add_up("acc_1", both, computed_at=both[0].computed_at), 1666)])
        with units.reading(HERE) as unit:
            assert unit.accounts_table.coverage() == Coverage(
                matched_list=MoneyBag.of("USD", Fraction(5000, 3)),
                matched_net=MoneyBag.of("USD", Fraction(10000, 9)),
                unmatched_list=MoneyBag.of("EUR", 7),
                unmatched_net=MoneyBag.of("EUR", 5),
                matched_customers=2,
                unmatched_customers=2,
            )
            assert unit.accounts_table.coverage(counted=False).matched_customers is None

    def test_covers_nothing_at_first(self, units: UnitsOfWork) -> None:
        empty = MoneyBag.empty()
        with units.reading(HERE) as unit:
            assert unit.accounts_table.coverage() == Coverage(empty, empty, empty, empty, 0, 0)

    @pytest.mark.parametrize("descending", [False, True])
    @pytest.mark.parametrize("sort", AccountSort)
    def test_pages_come_with_the_totals_that_are_told_alone(
        self, units: UnitsOfWork, sort: AccountSort, descending: bool
    ) -> None:
        fill(units)
        filters = [frozenset[StatusFilter](), frozenset({StatusFilter.FAILED, StatusFilter.NONE})]
        for text, statuses in itertools.product(("", "a", "zeta", "acc_07.example", "nowhere"), filters):
            query = AccountsQuery(sort, descending, statuses, text, limit=3)
            with units.reading(HERE) as unit:
                table, after = unit.accounts_table, None
                alone = table.totals(query)
                for _ in range(24):
                    query = replace(query, after=after)
                    page, totals = table.page_with_totals(query)
                    assert (page, totals) == (table.page(query), alone)
                    after = page.next_cursor
                    if after is None:
                        break
                assert after is None
                assert table.totals(query) == alone

    def test_counts_and_sums_a_text_that_thousands_have(self, units: UnitsOfWork) -> None:
        """So many that they are not named one by one; most have two currencies, every seventh was never computed."""
        ids = [f"acc_{number:04}" for number in range(2_400)]
        with committed(units) as unit:
            names = ("Other" if number % 10 == 9 else "Match" for number in range(len(ids)))
            unit.accounts.put_many(an_account(one, name=name) for one, name in zip(ids, names, strict=True))
            computed = {number: one for number, one in enumerate(ids) if number % 7}
            billings = [
                an_account_billing(
                    one,
                    list_mrr=MoneyBag({"USD": Fraction(number, 3), **({"EUR": Fraction(7)} if number % 4 else {})}),
                    net_mrr=MoneyBag.of("USD", number),
                    payment_status=STATUSES[number % 4],
                )
                for number, one in computed.items()
            ]
            places = {one: AccountPlaces(change_30=-number) for number, one in computed.items()}
            unit.billing.put_accounts(((billing, 1) for billing in billings), places=places)
        with committed(units, THERE) as unit:
            unit.accounts.put_many([an_account("acc_0001", name="Match")])
            unit.billing.put_accounts([(an_account_billing("acc_0001"), 1)])
        query = AccountsQuery(AccountSort.MRR_CHANGE_30, text="match", limit=5)
        with units.reading(HERE) as unit:
            page, totals = unit.accounts_table.page_with_totals(query)
            assert (page, totals) == (unit.accounts_table.page(query), unit.accounts_table.totals(query))
        matching = [number for number in computed if number % 10 != 9]
        assert [row.id for row in page.rows] == [ids[number] for number in matching[:-6:-1]]
        by_status = {
            "paid": sum(number % 4 == 0 for number in matching),
            "failed": sum(number % 4 == 2 for number in matching),
            "overdue": sum(number % 4 == 3 for number in matching),
        }
        assert totals == AccountsTotals(
            accounts=2_160,
            list_mrr=MoneyBag(
                {"USD": Fraction(sum(matching), 3), "EUR": Fraction(7 * sum(number % 4 > 0 for number in matching))}
            ),
            net_mrr=MoneyBag.of("USD", sum(matching)),
            by_status={**by_status, "none": 2_160 - sum(by_status.values())},
        )

    @pytest.mark.parametrize("text", ["", "acc"])
    def test_a_page_with_totals_refuses_a_cursor_of_another_query(self, units: UnitsOfWork, text: str) -> None:
        fill(units)
        with units.reading(HERE) as unit:
            cursor = unit.accounts_table.page(AccountsQuery(limit=2)).next_cursor
            assert cursor is not None
            with pytest.raises(InvalidInput):
                unit.accounts_table.page_with_totals(AccountsQuery(AccountSort.MRR, text=text, after=cursor))
