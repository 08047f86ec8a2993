"""What every ``AccountsTable`` shows, sums and pages through."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from fractions import Fraction

import pytest
from tests.contracts.in_two_workspaces import InTwoWorkspaces
from tests.contracts.samples import (
    FOURTEEN_DIGITS,
    HARD_TEXT,
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
    second,
)

from clynto.domain.account import Account
from clynto.domain.account_billing import PaymentStatus, add_up
from clynto.domain.errors import InvalidInput
from clynto.domain.money import MoneyBag
from clynto.ports.billing_results import AccountPlaces
from clynto.ports.read_models import TEXT_SORTS, AccountRow, AccountSort, AccountsQuery, Coverage, StatusFilter
from clynto.ports.unit_of_work import UnitsOfWork

STATUSES = (PaymentStatus.PAID, None, PaymentStatus.FAILED, PaymentStatus.OVERDUE)
SEVERITY = {PaymentStatus.PAID: 1, PaymentStatus.OVERDUE: 2, PaymentStatus.FAILED: 3}
PLACES: dict[AccountSort, Callable[[AccountPlaces], int | None]] = {
    AccountSort.LIFETIME_VALUE: lambda places: places.lifetime_value,
    AccountSort.MRR_CHANGE_30: lambda places: places.change_30,
    AccountSort.MRR_CHANGE_90: lambda places: places.change_90,
    AccountSort.MRR_CHANGE_12_MONTHS: lambda places: places.change_12_months,
}
NAMES = ("Zeta", "alpha", "Ärzte", "alpha", "_under", "100% Beef", "Beta", "zeta")


def _fill(units: UnitsOfWork, number_of_accounts: int = 24) -> dict[str, AccountRow]:
    """Accounts with many ties; every sixth has no computed row, every fifth no renewal."""
    shown: dict[str, AccountRow] = {}
    with committed(units) as unit:
        for number in range(number_of_accounts):
            account_id = f"acc_{number * 7 % number_of_accounts:02}"
            unit.accounts.put_many([_account(account_id, number)])
            if number % 6 == 0:
                continue
            billing = an_account_billing(
                account_id,
                list_mrr=MoneyBag.of("USD" if number % 2 else "JPY", Fraction(2500 * (number % 4), 3)),
                payment_status=STATUSES[number % 4],
                renewal_at=second(number % 3) if number % 5 else None,
            )
            unit.billing.put_accounts([(billing, 833 * (number % 4))], places={account_id: _places(account_id)})
    with units.reading(HERE) as unit:
        for number in range(number_of_accounts):
            row = unit.accounts_table.row(f"acc_{number:02}")
            assert row is not None
            shown[row.id] = row
    return shown


def _account(account_id: str, number: int) -> Account:
    """Every fifth has no domain, others share their first one; every fourth has no outside id, or an empty one."""
    domains = (f"{'cab'[number % 3]}.example", f"{account_id}.example") if number % 5 else ()
    external = f"{'Crm' if number % 3 else 'crm'}-{number % 7}" if number % 4 else (None, "")[number % 8 // 4]
    return an_account(account_id, name=NAMES[number % len(NAMES)], domains=domains, external_id=external)


def _places(account_id: str) -> AccountPlaces:
    """Some missing, many ties, fewer and more, and nearly as large as a column holds."""
    number = int(account_id.removeprefix("acc_"))
    return AccountPlaces(
        lifetime_value=number % 5 * FOURTEEN_DIGITS if number % 7 else None,
        change_30=number % 4 - 2 if number % 5 else None,
        change_90=(-1) ** number * (2**63 - 2) if number % 3 else 0,
        change_12_months=None if number % 2 else number % 3,
    )


def _value(row: AccountRow, sort: AccountSort) -> str | int | None:
    """What a column sorts by; the sort key that ``_fill`` gave with an MRR is its whole minor units."""
    words = {
        AccountSort.NAME: row.name.casefold(),
        AccountSort.DOMAIN: row.domains[0] if row.domains else None,
        AccountSort.EXTERNAL_ID: (row.external_id or "").casefold() or None,
    }
    if sort in words:
        return words[sort]
    places = AccountPlaces() if row.computed_at is None else _places(row.id)
    if sort in PLACES:
        return PLACES[sort](places)
    if sort in (AccountSort.MRR, AccountSort.ARR):
        return None if row.computed_at is None else sum(amount.__floor__() for _, amount in row.list_mrr)
    if sort is AccountSort.PAYMENT_STATUS:
        return None if row.payment_status is None else SEVERITY[row.payment_status]
    return row.renewal_at if sort is AccountSort.RENEWAL_AT else row.health_score


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
        shown = list(_fill(units).values())
        present = [row for row in shown if _value(row, sort) is not None]
        by_id = sorted(present, key=lambda row: row.id)
        if sort in TEXT_SORTS:
            by_value = sorted(by_id, key=lambda row: str(_value(row, sort)), reverse=descending)
        else:
            turned = -1 if descending else 1
            by_value = sorted(by_id, key=lambda row: turned * int(_value(row, sort) or 0))
        missing = sorted((row for row in shown if _value(row, sort) is None), key=lambda row: row.id)
        expected = [row.id for row in by_value + missing]
        for limit in (1, 5, 24, 50):
            walked = _walk(units, AccountsQuery(sort=sort, descending=descending, limit=limit))
            assert [row.id for row in walked] == expected
        assert walked == [shown_row for row_id in expected for shown_row in shown if shown_row.id == row_id]

    @pytest.mark.parametrize("sort", [AccountSort.MRR, AccountSort.NAME, AccountSort.MRR_CHANGE_30, AccountSort.DOMAIN])
    def test_filters_by_every_set_of_statuses(self, units: UnitsOfWork, sort: AccountSort) -> None:
        shown = _fill(units)
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
        _fill(units)
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
        _fill(units)
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
