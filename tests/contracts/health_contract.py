"""What every ``HealthStore`` keeps."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from tests.contracts.in_two_workspaces import InTwoWorkspaces
from tests.contracts.news_samples import a_pillar, a_score
from tests.contracts.samples import HARD_TEXT, HERE, THERE, an_account, an_account_billing, committed, moment

from clynto.domain.health import Pillar
from clynto.ports.health import ScorePoint
from clynto.ports.read_models import AccountSort, AccountsQuery
from clynto.ports.unit_of_work import UnitsOfWork


def _scores(units: UnitsOfWork, workspace_id: str = HERE) -> dict[str, int | None]:
    with units.reading(workspace_id) as unit:
        page = unit.accounts_table.page(AccountsQuery(limit=99))
        return {row.id: row.health_score for row in page.rows}


def _history(units: UnitsOfWork, account_id: str = "acc_1", workspace_id: str = HERE) -> Sequence[ScorePoint]:
    with units.reading(workspace_id) as unit:
        return list(unit.health.history(account_id, limit=99))


class HealthStoreContract(InTwoWorkspaces):
    """Decided: only a score that differs from the newest one is appended, whatever its reason; two scores of the same
    moment are one point, and the last stands; what is said of an account that is not there is dropped."""

    @pytest.fixture(autouse=True)
    def _accounts(self, _stored_workspaces: None, units: UnitsOfWork) -> None:
        for workspace_id in (HERE, THERE):
            with committed(units, workspace_id) as unit:
                unit.accounts.put_many([an_account("acc_1"), an_account("acc_2"), an_account("acc_3")])

    def test_gives_back_pillars_in_their_order(self, units: UnitsOfWork) -> None:
        revenue = a_pillar(pillar=Pillar.REVENUE, score=0)
        support = a_pillar(pillar=Pillar.SUPPORT, score=100, reason=HARD_TEXT, as_of=moment(-5), set_by=HARD_TEXT)
        other = a_pillar("acc_2")
        with committed(units) as unit:
            for pillar in (revenue, support, a_pillar(), other):
                unit.health.put_pillar(pillar)
        with units.reading(HERE) as unit:
            found = dict(unit.health.pillars(["acc_2", "acc_1", "acc_3", "acc_9"]))
            assert found == {"acc_1": [a_pillar(), support, revenue], "acc_2": [other]}
            assert dict(unit.health.pillars([])) == {}

    def test_replaces_a_pillar_as_a_whole(self, units: UnitsOfWork) -> None:
        changed = a_pillar(score=5, reason="Nobody came.", as_of=moment(-99), set_by="tok_2")
        with committed(units) as unit:
            unit.health.put_pillar(a_pillar())
            unit.health.put_pillar(changed)
            assert dict(unit.health.pillars(["acc_1"])) == {"acc_1": [changed]}

    def test_removes_one_pillar(self, units: UnitsOfWork) -> None:
        kept = [a_pillar(pillar=Pillar.SUPPORT), a_pillar("acc_2")]
        with committed(units) as unit:
            for pillar in (a_pillar(), *kept):
                unit.health.put_pillar(pillar)
        with committed(units) as unit:
            assert unit.health.remove_pillar("acc_1", Pillar.USAGE) is True
            assert unit.health.remove_pillar("acc_1", Pillar.USAGE) is False
            assert unit.health.remove_pillar("acc_9", Pillar.USAGE) is False
        with units.reading(HERE) as unit:
            assert dict(unit.health.pillars(["acc_1", "acc_2"])) == {"acc_1": [kept[0]], "acc_2": [kept[1]]}

    def test_scores_stand_in_the_accounts_table(self, units: UnitsOfWork) -> None:
        assert _scores(units) == {"acc_1": None, "acc_2": None, "acc_3": None}
        with committed(units) as unit:
            unit.health.put_scores([a_score("acc_1", score=70), a_score("acc_2", score=0), a_score("acc_3", score=100)])
        assert _scores(units) == {"acc_1": 70, "acc_2": 0, "acc_3": 100}
        with committed(units) as unit:
            unit.health.put_scores([a_score("acc_1", score=None, at=1)])
        assert _scores(units) == {"acc_1": None, "acc_2": 0, "acc_3": 100}

    @pytest.mark.parametrize(("descending", "expected"), [(False, ["acc_2", "acc_3"]), (True, ["acc_3", "acc_2"])])
    def test_accounts_are_sorted_by_their_scores(
        self, units: UnitsOfWork, descending: bool, expected: list[str]
    ) -> None:
        with committed(units) as unit:
            unit.health.put_scores([a_score("acc_2", score=9), a_score("acc_3", score=80)])
        with units.reading(HERE) as unit:
            query = AccountsQuery(sort=AccountSort.HEALTH_SCORE, descending=descending, limit=9)
            assert [row.id for row in unit.accounts_table.page(query).rows] == [*expected, "acc_1"]

    def test_a_score_that_comes_with_the_billing_is_shown_and_still_noted(self, units: UnitsOfWork) -> None:
        both = [(an_account_billing("acc_1"), 833), (an_account_billing("acc_2"), 833)]
        with committed(units) as unit:
            unit.health.put_scores([a_score("acc_2", score=5)])
            unit.billing.put_accounts(both, {"acc_1": 70, "acc_9": 3})
        assert _scores(units) == {"acc_1": 70, "acc_2": 5, "acc_3": None}
        with committed(units) as unit:
            unit.health.put_scores([a_score("acc_1", score=70)])
            assert [point.score for point in unit.health.history("acc_1", limit=9)] == [70]
            unit.billing.put_accounts(both, {"acc_1": None})
        assert _scores(units) == {"acc_1": None, "acc_2": 5, "acc_3": None}

    def test_billing_and_score_leave_each_other_alone(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.billing.put_accounts([(an_account_billing(), 833)])
            unit.health.put_scores([a_score(score=42)])
            unit.billing.put_accounts([(an_account_billing(customers=2), 833)])
            unit.accounts.put_many([an_account(name="Renamed")])
        with units.reading(HERE) as unit:
            row = unit.accounts_table.row("acc_1")
            assert row is not None
            assert (row.health_score, row.customers, row.name) == (42, 2, "Renamed")
            assert unit.accounts_table.page(AccountsQuery(text="renamed")).rows == (row,)
            by_mrr = AccountsQuery(sort=AccountSort.MRR, descending=True, limit=1)
            assert unit.accounts_table.page(by_mrr).rows == (row,)

    def test_only_a_change_is_appended(self, units: UnitsOfWork) -> None:
        points = [a_score(score=score, at=at) for at, score in enumerate((70, 70, None, None, 0, 70))]
        for point in points:
            with committed(units) as unit:
                unit.health.put_scores([point, a_score("acc_2", score=1, at=99)])
        assert _history(units) == [points[5], points[4], points[2], points[0]]
        assert _history(units, "acc_2") == [a_score("acc_2", score=1, at=99)]
        with units.reading(HERE) as unit:
            assert list(unit.health.history("acc_1", limit=2)) == [points[5], points[4]]
            assert list(unit.health.history("acc_9", limit=2)) == []

    def test_another_reason_for_the_same_score_is_no_change(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.health.put_scores([a_score(score=70)])
            unit.health.put_scores([ScorePoint("acc_1", moment(5), 70, "another reason")])
        assert _history(units) == [a_score(score=70)]

    def test_the_first_score_is_told_even_if_there_is_none(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.health.put_scores([a_score(score=None)])
        assert _history(units) == [a_score(score=None)]

    def test_two_scores_of_the_same_moment_are_one_point(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.health.put_scores([a_score(score=70)])
            unit.health.put_scores([a_score(score=20)])
        assert _history(units) == [a_score(score=20)]
        assert _scores(units)["acc_1"] == 20

    def test_takes_many_at_once(self, units: UnitsOfWork) -> None:
        ids = [f"acc_{number}" for number in range(600)]
        with committed(units) as unit:
            unit.accounts.put_many(an_account(account_id) for account_id in ids)
            unit.health.put_scores(a_score(account_id, score=number % 101) for number, account_id in enumerate(ids))
        with units.reading(HERE) as unit:
            row = unit.accounts_table.row("acc_599")
            assert row is not None
            assert row.health_score == 599 % 101

    def test_an_account_that_is_not_there_is_left_out(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.health.put_pillar(a_pillar("acc_9"))
            unit.health.put_scores([a_score("acc_9"), a_score("acc_1")])
            assert dict(unit.health.pillars(["acc_9"])) == {}
        assert _history(units, "acc_9") == []
        assert _scores(units) == {"acc_1": 70, "acc_2": None, "acc_3": None}

    def test_goes_with_its_account(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            for account_id in ("acc_1", "acc_2"):
                unit.health.put_pillar(a_pillar(account_id))
                unit.health.put_scores([a_score(account_id)])
            unit.accounts.remove("acc_1")
            unit.accounts.put_many([an_account("acc_1")])
        with units.reading(HERE) as unit:
            assert dict(unit.health.pillars(["acc_1", "acc_2"])) == {"acc_2": [a_pillar("acc_2")]}
        assert _history(units) == []
        assert _history(units, "acc_2") == [a_score("acc_2")]
        assert _scores(units) == {"acc_1": None, "acc_2": 70, "acc_3": None}

    def test_erasing_resets_scores_and_keeps_pillars(self, units: UnitsOfWork) -> None:
        for workspace_id in (HERE, THERE):
            with committed(units, workspace_id) as unit:
                unit.health.put_pillar(a_pillar())
                unit.health.put_scores([a_score()])
        with committed(units) as unit:
            unit.billing.erase_all()
            assert dict(unit.health.pillars(["acc_1"])) == {"acc_1": [a_pillar()]}
        assert (_history(units), _scores(units)["acc_1"]) == ([], None)
        assert _history(units, workspace_id=THERE) == [a_score()]
        assert _scores(units, THERE)["acc_1"] == 70

    def test_keeps_to_its_workspace(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.health.put_pillar(a_pillar())
            unit.health.put_scores([a_score()])
        with committed(units, THERE) as unit:
            assert dict(unit.health.pillars(["acc_1"])) == {}
            assert unit.health.remove_pillar("acc_1", Pillar.USAGE) is False
            unit.health.put_pillar(a_pillar(score=1))
            unit.health.put_scores([a_score(score=1)])
        assert _history(units) == [a_score()]
        assert _history(units, workspace_id=THERE) == [a_score(score=1)]
        assert (_scores(units)["acc_1"], _scores(units, THERE)["acc_1"]) == (70, 1)
        with units.reading(HERE) as unit:
            assert dict(unit.health.pillars(["acc_1"])) == {"acc_1": [a_pillar()]}
