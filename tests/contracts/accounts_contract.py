"""What every ``AccountStore`` keeps."""

from __future__ import annotations

from tests.contracts.in_two_workspaces import InTwoWorkspaces
from tests.contracts.samples import (
    HARD_TEXT,
    HERE,
    LONG_NAME,
    THERE,
    a_customer_billing,
    a_match,
    an_account,
    an_account_billing,
    committed,
)

from clynto.ports.unit_of_work import UnitsOfWork


class AccountStoreContract(InTwoWorkspaces):
    """Decided: a domain that nobody claims, and an outside id that nobody carries, are absent from the answers."""

    def test_gives_back_what_was_put(self, units: UnitsOfWork) -> None:
        account = an_account(domains=("z.example", "a.example", "m.example"))
        with committed(units) as unit:
            unit.accounts.put_many([account])
        with units.reading(HERE) as unit:
            assert unit.accounts.get("acc_1") == account
            assert unit.accounts.get("acc_2") is None

    def test_holds_hard_text_and_missing_fields(self, units: UnitsOfWork) -> None:
        accounts = [
            an_account("acc_1", name=HARD_TEXT, external_id="%'\"_\\"),
            an_account("acc_2", name=LONG_NAME, domains=(), external_id=None),
        ]
        with committed(units) as unit:
            unit.accounts.put_many(accounts)
        with units.reading(HERE) as unit:
            assert [unit.accounts.get("acc_1"), unit.accounts.get("acc_2")] == accounts

    def test_replaces_an_account_with_all_its_domains(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.accounts.put_many([an_account(domains=("old.example", "kept.example"))])
        renamed = an_account(name="Globex Europe", domains=("kept.example", "new.example"), external_id="crm-9")
        with committed(units) as unit:
            unit.accounts.put_many([renamed])
        with units.reading(HERE) as unit:
            assert unit.accounts.get("acc_1") == renamed
            assert dict(unit.accounts.by_domains(["old.example", "kept.example", "new.example"])) == {
                "kept.example": (renamed,),
                "new.example": (renamed,),
            }
            assert dict(unit.accounts.by_external_ids(["crm-acc_1", "crm-9"])) == {"crm-9": renamed}
            assert unit.accounts.count() == 1

    def test_finds_by_outside_ids(self, units: UnitsOfWork) -> None:
        first, second, bare = an_account("acc_1"), an_account("acc_2"), an_account("acc_3", external_id=None)
        with committed(units) as unit:
            unit.accounts.put_many([first, second, bare])
        with units.reading(HERE) as unit:
            found = dict(unit.accounts.by_external_ids(["crm-acc_2", "crm-acc_1", "crm-unknown", ""]))
            assert found == {"crm-acc_1": first, "crm-acc_2": second}
            assert dict(unit.accounts.by_external_ids([])) == {}

    def test_finds_every_claimant_of_a_domain_in_order(self, units: UnitsOfWork) -> None:
        third = an_account("acc_3", domains=("shared.example", "three.example"))
        first = an_account("acc_1", domains=("one.example", "shared.example"))
        with committed(units) as unit:
            unit.accounts.put_many([third, first, an_account("acc_2", domains=("eu.shared.example",))])
        with units.reading(HERE) as unit:
            found = dict(unit.accounts.by_domains(["shared.example", "one.example", "example", "free.example"]))
            assert found == {"shared.example": (first, third), "one.example": (first,)}

    def test_tells_every_pair_of_domain_and_account(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.accounts.put_many(
                [
                    an_account("acc_1", domains=("one.example", "shared.example")),
                    an_account("acc_2", domains=("shared.example",)),
                    an_account("acc_3", domains=()),
                ]
            )
        with units.reading(HERE) as unit:
            assert sorted(unit.accounts.domains()) == [
                ("one.example", "acc_1"),
                ("shared.example", "acc_1"),
                ("shared.example", "acc_2"),
            ]
            assert unit.accounts.count() == 3

    def test_takes_many_at_once(self, units: UnitsOfWork) -> None:
        ids = [f"acc_{number:04}" for number in range(1200)]
        with committed(units) as unit:
            unit.accounts.put_many(an_account(account_id) for account_id in ids)
        with units.reading(HERE) as unit:
            assert unit.accounts.count() == 1200
            assert len(unit.accounts.by_external_ids([f"crm-{account_id}" for account_id in ids])) == 1200
            assert len(unit.accounts.by_domains([f"{i.replace('_', '-')}.example" for i in ids])) == 1200

    def test_removes_an_account_with_all_that_hangs_on_it(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.accounts.put_many([an_account("acc_1"), an_account("acc_2")])
            unit.matches.put_many([a_match("cus_1", "acc_1"), a_match("cus_2", "acc_2")])
            unit.billing.put_customers(
                [a_customer_billing("cus_1"), a_customer_billing("cus_2")], {"cus_1": "acc_1", "cus_2": "acc_2"}
            )
            unit.billing.put_accounts([(an_account_billing("acc_1"), 833), (an_account_billing("acc_2"), 833)])
        with committed(units) as unit:
            assert unit.accounts.remove("acc_1") is True
            assert unit.accounts.remove("acc_1") is False
        with units.reading(HERE) as unit:
            assert unit.accounts.get("acc_1") is None
            assert [account_id for _, account_id in unit.accounts.domains() if account_id == "acc_1"] == []
            assert set(unit.matches.get_many(["cus_1", "cus_2"])) == {"cus_2"}
            assert unit.matches.matched_count() == 1
            assert set(unit.billing.customers_of_accounts(["acc_1", "acc_2"])) == {"acc_2"}
            assert unit.accounts_table.row("acc_1") is None
            row = unit.accounts_table.row("acc_2")
            assert row is not None
            assert row.customers == 1

    def test_a_removed_account_comes_back_without_its_former_billing(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.accounts.put_many([an_account()])
            unit.billing.put_accounts([(an_account_billing(), 833)])
            unit.accounts.remove("acc_1")
            unit.accounts.put_many([an_account()])
        with units.reading(HERE) as unit:
            row = unit.accounts_table.row("acc_1")
            assert row is not None
            assert row.computed_at is None

    def test_keeps_to_its_workspace(self, units: UnitsOfWork) -> None:
        ours, theirs = an_account(name="Ours"), an_account(name="Theirs")
        with committed(units) as unit:
            unit.accounts.put_many([ours])
        with committed(units, THERE) as unit:
            assert unit.accounts.get("acc_1") is None
            assert unit.accounts.remove("acc_1") is False
            assert list(unit.accounts.domains()) == []
            assert unit.accounts.count() == 0
            assert not unit.accounts.by_domains(["acc-1.example"])
            assert not unit.accounts.by_external_ids(["crm-acc_1"])
            unit.accounts.put_many([theirs])
        with units.reading(HERE) as unit:
            assert unit.accounts.get("acc_1") == ours
        with units.reading(THERE) as unit:
            assert unit.accounts.get("acc_1") == theirs
