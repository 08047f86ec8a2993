"""What every ``MatchStore`` keeps."""

from __future__ import annotations

from tests.contracts.in_two_workspaces import InTwoWorkspaces
from tests.contracts.samples import HERE, THERE, a_customer, a_match, an_account, committed, read_at

from clynto.domain.matching import MatchDecision, MatchKind, MatchReason
from clynto.ports.unit_of_work import UnitsOfWork


class MatchStoreContract(InTwoWorkspaces):
    """Decided: accounts that no customer is matched to are absent from ``customers_of``."""

    def test_gives_back_every_part(self, units: UnitsOfWork) -> None:
        ambiguous = MatchDecision(
            "cus_2", None, MatchKind.NONE, MatchReason.AMBIGUOUS_DOMAIN, candidates=("acc_1", "acc_2")
        )
        decisions = {
            "cus_1": a_match("cus_1", "acc_1"),
            "cus_2": ambiguous,
            "cus_3": MatchDecision.by_hand("cus_3", "acc_2"),
            "cus_4": MatchDecision.by_hand("cus_4", None),
        }
        with committed(units) as unit:
            unit.accounts.put_many([an_account("acc_1"), an_account("acc_2")])
            unit.customers.put_many([a_customer(customer_id) for customer_id in decisions], read_at())
            unit.matches.put_many(decisions.values())
        with units.reading(HERE) as unit:
            assert dict(unit.matches.get_many([*decisions, "cus_9"])) == decisions
            assert dict(unit.matches.get_many([])) == {}
            assert unit.matches.matched_count() == 2

    def test_replaces_a_decision(self, units: UnitsOfWork) -> None:
        unmatched = MatchDecision.by_hand("cus_1", None)
        with committed(units) as unit:
            unit.accounts.put_many([an_account()])
            unit.customers.put_many([a_customer()], read_at())
            unit.matches.put_many([a_match("cus_1", "acc_1")])
            unit.matches.put_many([unmatched])
        with units.reading(HERE) as unit:
            assert dict(unit.matches.get_many(["cus_1"])) == {"cus_1": unmatched}
            assert dict(unit.matches.customers_of(["acc_1"])) == {}
            assert unit.matches.matched_count() == 0

    def test_finds_the_customers_of_accounts_in_order(self, units: UnitsOfWork) -> None:
        pairs = [("cus_3", "acc_1"), ("cus_1", "acc_1"), ("cus_2", "acc_2"), ("cus_4", "acc_3"), ("cus_5", None)]
        with committed(units) as unit:
            unit.accounts.put_many(an_account(account_id) for account_id in ("acc_1", "acc_2", "acc_3", "acc_4"))
            unit.customers.put_many([a_customer(customer_id) for customer_id, _ in pairs], read_at())
            unit.matches.put_many(a_match(customer_id, account_id) for customer_id, account_id in pairs)
        with units.reading(HERE) as unit:
            found = unit.matches.customers_of(["acc_4", "acc_2", "acc_1"])
            assert dict(found) == {"acc_1": ("cus_1", "cus_3"), "acc_2": ("cus_2",)}
            assert dict(unit.matches.customers_of([])) == {}

    def test_takes_many_at_once(self, units: UnitsOfWork) -> None:
        ids = [f"cus_{number:04}" for number in range(1200)]
        with committed(units) as unit:
            unit.accounts.put_many([an_account()])
            unit.customers.put_many((a_customer(customer_id) for customer_id in ids), read_at())
            unit.matches.put_many(a_match(customer_id, "acc_1") for customer_id in ids)
        with units.reading(HERE) as unit:
            assert set(unit.matches.get_many(iter(ids))) == set(ids)
            assert unit.matches.customers_of(["acc_1"])["acc_1"] == tuple(ids)
            assert unit.matches.matched_count() == len(ids)

    def test_keeps_to_its_workspace(self, units: UnitsOfWork) -> None:
        theirs = MatchDecision.by_hand("cus_1", None)
        with committed(units) as unit:
            unit.accounts.put_many([an_account()])
            unit.customers.put_many([a_customer()], read_at())
            unit.matches.put_many([a_match()])
        with committed(units, THERE) as unit:
            assert dict(unit.matches.get_many(["cus_1"])) == {}
            assert dict(unit.matches.customers_of(["acc_1"])) == {}
            assert unit.matches.matched_count() == 0
            unit.customers.put_many([a_customer()], read_at())
            unit.matches.put_many([theirs])
        with units.reading(HERE) as unit:
            assert dict(unit.matches.get_many(["cus_1"])) == {"cus_1": a_match()}
