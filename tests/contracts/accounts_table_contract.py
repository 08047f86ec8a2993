"""What every ``AccountsTable`` shows, sums and pages through."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from tests.contracts.accounts_in_order import fill, filled_rows, value_of
from tests.contracts.in_two_workspaces import InTwoWorkspaces
from tests.contracts.samples import (
    FOURTEEN_DIGITS,
    HARD_TEXT,
    HERE,
    THERE,
    a_customer,
    a_customer_billing,
    a_match,
    an_account,
    an_account_billing,
    committed,
    read_at,
)

from clynto.domain.account_billing import PaymentStatus
from clynto.domain.errors import InvalidInput
from clynto.domain.money import MoneyBag
from clynto.ports.billing_results import AccountPlaces
from clynto.ports.read_models import TEXT_SORTS, AccountRow, AccountSort, AccountsQuery, Coverage, StatusFilter
from clynto.ports.unit_of_work import UnitsOfWork


def _walk(units: UnitsOfWork, query: AccountsQuery) -> list[AccountRow]:
    walked: list[AccountRow] = []
    after = None
    with units.reading(HERE) as unit:
        for _ in range(1000):
            page = unit.accounts_table.page(
                AccountsQuery(query.sort, query.descending, query.statuses, query.text, query.limit, after)
            )
            assert len(page.rows) <= query.limit
            walked.extend(page.rows)
            if page.next_cursor is None:
                return walked
            assert page.rows, "a page that promises more is not empty"
            after = page.next_cursor
    raise AssertionError("the pages have no end")


class AccountsTableContract(InTwoWorkspaces):
    """Decided: names compare by ``casefold`` and code point, ``text`` by ``casefold`` and literally; a payment
    status sorts by severity; an account without a computed row has no MRR, no status and empty bags; ``by_status``
    always has all four words; a cursor fits only the sort, direction, filters and text it was made for."""

    def test_shows_every_column(self, units: UnitsOfWork) -> None:
        billing = an_account_billing(payment_status=PaymentStatus.OVERDUE, customers=2, partial=True)
        with committed(units) as unit:
            unit.accounts.put_many([an_account()])
            unit.billing.put_accounts([(billing, 833)])
        expected = AccountRow(
            id="acc_1",
            name="Globex GmbH",
            domains=("acc-1.example", "www.acc-1.example"),
            external_id="crm-acc_1",
            list_mrr=billing.list_mrr,
            net_mrr=billing.net_mrr,
            partial=True,
            payment_status=PaymentStatus.OVERDUE,
            health_score=None,
            renewal_at=billing.renewal_at,
            lifetime_value=billing.lifetime_value,
            oldest_invoice_at=billing.oldest_invoice_at,
            live_subscriptions=1,
            customers=2,
            as_of=billing.as_of,
            computed_at=billing.computed_at,
        )
        with units.reading(HERE) as unit:
            assert unit.accounts_table.row("acc_1") == expected
            assert unit.accounts_table.row("acc_2") is None
            assert unit.accounts_table.page(AccountsQuery()).rows == (expected,)

    def test_shows_an_account_that_was_never_computed(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.accounts.put_many([an_account(external_id=None, domains=())])
        with units.reading(HERE) as unit:
            row = unit.accounts_table.row("acc_1")
        assert row == AccountRow(
            "acc_1",
            "Globex GmbH",
            (),
            None,
            MoneyBag.empty(),
            MoneyBag.empty(),
            False,
            None,
            None,
            None,
            MoneyBag.empty(),
            None,
            0,
            0,
            None,
            None,
        )

    @pytest.mark.parametrize("descending", [False, True])
    @pytest.mark.parametrize("sort", AccountSort)
    def test_sorts_and_pages_to_the_end_without_loss_or_repetition(
        self, units: UnitsOfWork, sort: AccountSort, descending: bool
    ) -> None:
        shown = list(filled_rows(units).values())
        present = [row for row in shown if value_of(row, sort) is not None]
        by_id = sorted(present, key=lambda row: row.id)
        if sort in TEXT_SORTS:
            by_value = sorted(by_id, key=lambda row: str(value_of(row, sort)), reverse=descending)
        else:
            turned = -1 if descending else 1
            by_value = sorted(by_id, key=lambda row: turned * int(value_of(row, sort) or 0))
        missing = sorted((row for row in shown if value_of(row, sort) is None), key=lambda row: row.id)
        expected = [row.id for row in by_value + missing]
        for limit in (1, 5, 24, 50):
            walked = _walk(units, AccountsQuery(sort=sort, descending=descending, limit=limit))
            assert [row.id for row in walked] == expected
        assert walked == [shown_row for row_id in expected for shown_row in shown if shown_row.id == row_id]

    @pytest.mark.parametrize("sort", [AccountSort.MRR, AccountSort.NAME, AccountSort.MRR_CHANGE_30, AccountSort.DOMAIN])
    def test_filters_by_every_set_of_statuses(self, units: UnitsOfWork, sort: AccountSort) -> None:
        shown = filled_rows(units)
        for size in range(5):
            for chosen in itertools.combinations(StatusFilter, size):
                wanted = {
                    row.id
                    for row in shown.values()
                    if not chosen or (row.payment_status.value if row.payment_status else "none") in chosen
                }
                query = AccountsQuery(sort=sort, statuses=frozenset(chosen), limit=4)
                walked = [row.id for row in _walk(units, query)]
                assert len(walked) == len(set(walked))
                assert set(walked) == wanted
                with units.reading(HERE) as unit:
                    assert unit.accounts_table.totals(query).accounts == len(wanted)

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("müller", ["acc_1"]),
            ("MÜLLER", ["acc_1"]),
            ("o'brien", ["acc_2"]),
            ('"q"', ["acc_2"]),
            ("100%", ["acc_3"]),
            ("%", ["acc_3"]),
            ("_", ["acc_4"]),
            ("\\", ["acc_5"]),
            ("rhein.ex", ["acc_1"]),
            ("SECOND.example", ["acc_2"]),
            ("שלום", ["acc_5"]),
            ("strasse", ["acc_4"]),
            ("example", ["acc_1", "acc_2", "acc_3", "acc_4", "acc_5"]),
            ("acc", []),
            ("example example", []),
        ],
    )
    def test_finds_text_in_names_and_domains(self, units: UnitsOfWork, text: str, found: list[str]) -> None:
        accounts = [
            an_account("acc_1", name="Jürgen Müller", domains=("mueller-rhein.example",)),
            an_account("acc_2", name='O\'Brien & "Q"', domains=("first.example", "second.example")),
            an_account("acc_3", name="100% Beef", domains=("beef.example",)),
            an_account("acc_4", name="Straße_1", domains=("weg.example",)),
            an_account("acc_5", name="back\\slash שלום 🙂", domains=("slash.example",)),
        ]
        with committed(units) as unit:
            unit.accounts.put_many(accounts)
        for sort in AccountSort:
            query = AccountsQuery(sort=sort, text=text, limit=2)
            assert sorted(row.id for row in _walk(units, query)) == found
            with units.reading(HERE) as unit:
                assert unit.accounts_table.totals(query).accounts == len(found)

    def test_follows_a_renamed_account(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.accounts.put_many([an_account("acc_1", name="Zulu"), an_account("acc_2", name=HARD_TEXT)])
            unit.accounts.put_many([an_account("acc_1", name="Alpha", domains=("new.example",))])
        assert [row.id for row in _walk(units, AccountsQuery())] == ["acc_1", "acc_2"]
        assert [row.id for row in _walk(units, AccountsQuery(text="zulu"))] == []
        assert [row.id for row in _walk(units, AccountsQuery(text="new.example"))] == ["acc_1"]

    def test_sorts_by_the_key_that_came_with_the_billing(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.accounts.put_many(an_account(f"acc_{number}") for number in range(4))
            for number, key in enumerate((5, FOURTEEN_DIGITS, -3, 0)):
                unit.billing.put_accounts([(an_account_billing(f"acc_{number}"), 7), (an_account_billing("acc_0"), 5)])
                unit.billing.put_accounts([(an_account_billing(f"acc_{number}"), key)])
        for sort in (AccountSort.MRR, AccountSort.ARR):
            ascending = _walk(units, AccountsQuery(sort=sort, limit=1))
            assert [row.id for row in ascending] == ["acc_2", "acc_3", "acc_0", "acc_1"]

    def test_without_a_key_an_account_comes_last_and_may_get_one_again(self, units: UnitsOfWork) -> None:
        """As one that was never computed does: both show a dash."""
        keys = {"acc_1": 5, "acc_2": None, "acc_4": -3}
        with committed(units) as unit:
            unit.accounts.put_many(an_account(f"acc_{number}") for number in range(1, 5))
            unit.billing.put_accounts([(an_account_billing(one), 1) for one in keys])
            unit.billing.put_accounts([(an_account_billing(one), key) for one, key in keys.items()])
        missing = ["acc_2", "acc_3"]
        for sort, text in itertools.product((AccountSort.MRR, AccountSort.ARR), ("", "example")):
            query = AccountsQuery(sort=sort, text=text, limit=1)
            assert [row.id for row in _walk(units, query)] == ["acc_4", "acc_1", *missing]
            assert [row.id for row in _walk(units, replace(query, descending=True))] == ["acc_1", "acc_4", *missing]
        with committed(units) as unit:
            unit.billing.put_accounts([(an_account_billing("acc_2"), 0)])
        walked = _walk(units, AccountsQuery(sort=AccountSort.MRR))
        assert [row.id for row in walked] == ["acc_4", "acc_2", "acc_1", "acc_3"]

    def test_follows_changed_domains_and_outside_ids(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.accounts.put_many(
                [
                    an_account("acc_1", domains=("b.example", "a.example"), external_id="ÄB"),
                    an_account("acc_2", domains=("c.example",), external_id="äa"),
                ]
            )
        for sort, ids in ((AccountSort.DOMAIN, ["acc_1", "acc_2"]), (AccountSort.EXTERNAL_ID, ["acc_2", "acc_1"])):
            assert [row.id for row in _walk(units, AccountsQuery(sort=sort, limit=1))] == ids
            assert [row.id for row in _walk(units, AccountsQuery(sort=sort, descending=True, limit=1))] == ids[::-1]
        with committed(units) as unit:
            unit.accounts.put_many([an_account("acc_1", domains=("d.example",), external_id=HARD_TEXT)])
            unit.accounts.put_many([an_account("acc_2", domains=(), external_id="~")])
        for sort, ids in ((AccountSort.DOMAIN, ["acc_1", "acc_2"]), (AccountSort.EXTERNAL_ID, ["acc_1", "acc_2"])):
            assert [row.id for row in _walk(units, AccountsQuery(sort=sort, limit=1))] == ids

    def test_places_change_alone_and_stay_where_none_are_told(self, units: UnitsOfWork) -> None:
        def ordered(sort: AccountSort, status: StatusFilter | None = None, *, text: str = "") -> list[str]:
            statuses = frozenset({status} if status else ())
            return [row.id for row in _walk(units, AccountsQuery(sort=sort, statuses=statuses, text=text, limit=1))]

        ids = ["acc_1", "acc_2", "acc_3"]
        with committed(units) as unit:
            unit.accounts.put_many(an_account(account_id) for account_id in ids)
            places = {account_id: AccountPlaces(change_30=-n, lifetime_value=n) for n, account_id in enumerate(ids)}
            unit.billing.put_accounts([(an_account_billing(one), 1) for one in ids], places=places)
        assert ordered(AccountSort.MRR_CHANGE_30) == ids[::-1]
        with committed(units) as unit:
            failed = an_account_billing("acc_2", payment_status=PaymentStatus.FAILED)
            unit.billing.put_accounts(
                [(failed, 1), (an_account_billing("acc_1"), 1)], places={"acc_1": places["acc_1"]}
            )
        assert ordered(AccountSort.MRR_CHANGE_30) == ids[::-1]
        for text in ("", "example"):
            assert ordered(AccountSort.MRR_CHANGE_30, StatusFilter.FAILED, text=text) == ["acc_2"]
            assert ordered(AccountSort.MRR_CHANGE_30, StatusFilter.PAID, text=text) == ["acc_3", "acc_1"]
        with committed(units) as unit:
            unit.billing.put_places({"acc_3": AccountPlaces(change_30=9), "acc_9": AccountPlaces(change_30=8)})
        assert ordered(AccountSort.MRR_CHANGE_30) == ["acc_2", "acc_1", "acc_3"]
        assert ordered(AccountSort.LIFETIME_VALUE) == ids
        with committed(units) as unit:
            unit.billing.erase_all()
        assert ordered(AccountSort.MRR_CHANGE_30) == ids
        assert ordered(AccountSort.MRR_CHANGE_30, StatusFilter.FAILED) == []

    def test_a_cursor_survives_the_removal_of_the_row_it_was_made_at(self, units: UnitsOfWork) -> None:
        fill(units)
        query = AccountsQuery(sort=AccountSort.MRR, limit=5)
        everything = [row.id for row in _walk(units, query)]
        with units.reading(HERE) as unit:
            cursor = unit.accounts_table.page(query).next_cursor
        with committed(units) as unit:
            unit.accounts.remove(everything[4])
            unit.accounts.remove(everything[5])
        with units.reading(HERE) as unit:
            following = unit.accounts_table.page(AccountsQuery(sort=AccountSort.MRR, limit=5, after=cursor))
        assert [row.id for row in following.rows] == everything[6:11]

    def test_a_cursor_that_does_not_fit_is_refused(self, units: UnitsOfWork) -> None:
        fill(units)
        with units.reading(HERE) as unit:
            table = unit.accounts_table
            cursor = table.page(AccountsQuery(sort=AccountSort.MRR, limit=2)).next_cursor
            assert cursor is not None
            for query in (
                AccountsQuery(sort=AccountSort.NAME, after=cursor),
                AccountsQuery(sort=AccountSort.MRR, descending=True, after=cursor),
                AccountsQuery(sort=AccountSort.MRR, statuses=frozenset({StatusFilter.PAID}), after=cursor),
                AccountsQuery(sort=AccountSort.MRR, text="a", after=cursor),
            ):
                with pytest.raises(InvalidInput):
                    table.page(query)
            for damaged in ("", "x", cursor[:-3], cursor + "AAAA", "🙂", "null", "e30", "W10"):
                with pytest.raises(InvalidInput):
                    table.page(AccountsQuery(sort=AccountSort.MRR, after=damaged))

    def test_keeps_to_its_workspace(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.accounts.put_many([an_account()])
            unit.customers.put_many([a_customer()], read_at())
            unit.matches.put_many([a_match()])
            unit.billing.put_customers([a_customer_billing()], {"cus_1": "acc_1"})
            unit.billing.put_accounts([(an_account_billing(), 833)])
        empty = MoneyBag.empty()
        with committed(units, THERE) as unit:
            assert unit.accounts_table.row("acc_1") is None
            assert unit.accounts_table.page(AccountsQuery()).rows == ()
            assert unit.accounts_table.totals(AccountsQuery()).accounts == 0
            assert unit.accounts_table.coverage() == Coverage(empty, empty, empty, empty, 0, 0)
            unit.accounts.put_many([an_account(name="Theirs")])
            row = unit.accounts_table.row("acc_1")
            assert row is not None
            assert row.computed_at is None
