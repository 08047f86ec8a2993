"""What every ``QuestionNames`` finds."""

from __future__ import annotations

import pytest
from tests.contracts.question_world import NAMES, fill
from tests.contracts.samples import HERE, THERE, a_workspace, an_account, committed

from clynto.domain.questions.understanding.words import folded
from clynto.ports.question_unit import QuestionUnits


def fill_for_names(units: QuestionUnits) -> None:
    """A portfolio, and a neighbour with one account of a name that it knows as well."""
    fill(units)
    with committed(units, THERE) as unit:
        unit.workspaces.save(a_workspace(THERE))
        unit.accounts.put_many([an_account("acc_there", name="Globex GmbH", domains=("globexgmbh.example",))])


class QuestionNamesContract:
    """Decided: an account comes once under a text, whatever of its names it fits.

    ``units`` come filled by ``fill_for_names``. No test commits anything, so all may have the same.
    """

    @pytest.mark.parametrize("text", ["globex gmbh", "globexgmbh.example", "acc_000", "crm-0"])
    def test_finds_by_any_exact_name(self, units: QuestionUnits, text: str) -> None:
        with units.reading(HERE) as unit:
            found = unit.question_names.called([text, "nobody"])
        assert {key: [account.id for account in accounts] for key, accounts in found.items()} == {text: ["acc_000"]}

    def test_finds_every_name_at_once_in_any_script(self, units: QuestionUnits) -> None:
        texts = [folded(name) for name in NAMES]
        with units.reading(HERE) as unit:
            found = unit.question_names.called(texts)
        assert [found[text][0].name for text in texts] == list(NAMES)
        assert all(len(accounts) == 1 for accounts in found.values())

    def test_two_of_a_name_come_by_id(self, units: QuestionUnits) -> None:
        with units.writing(HERE) as unit:
            unit.accounts.put_many([an_account("acc_900", name="HOOLI", domains=("hooli2.example",))])
            assert [account.id for account in unit.question_names.called(["hooli"])["hooli"]] == ["acc_005", "acc_900"]

    @pytest.mark.parametrize(
        ("pieces", "names"),
        [
            (["northwind"], ["Northwind Traders", "Northwind Labs"]),
            (["zzz", "tyr"], ["Tyrell"]),
            (["söhne"], ["Wonka & Söhne"]),
            (["hooli holding"], ["Hooli"]),
            (["%"], []),
            (["_"], []),
            ([], []),
        ],
    )
    def test_finds_by_a_piece(self, units: QuestionUnits, pieces: list[str], names: list[str]) -> None:
        with units.reading(HERE) as unit:
            assert [account.name for account in unit.question_names.containing(pieces, limit=50)] == names

    def test_never_more_than_asked_for(self, units: QuestionUnits) -> None:
        with units.reading(HERE) as unit:
            assert [a.id for a in unit.question_names.containing(["a"], limit=3)] == ["acc_000", "acc_001", "acc_002"]

    def test_names_plans_and_products_once(self, units: QuestionUnits) -> None:
        with units.reading(HERE) as unit:
            catalogue = unit.question_names.catalogue()
        assert catalogue.plans == ("Enterprise", "Pro", "Team")
        assert catalogue.products == ("Enterprise", "Pro", "Team")
        with units.reading(THERE) as unit:
            assert unit.question_names.catalogue().plans == ()
