"""What every ``QuestionHistory`` keeps."""

from __future__ import annotations

from tests.contracts.in_two_workspaces import InTwoWorkspaces
from tests.contracts.samples import HARD_TEXT, HERE, THERE, moment

from clynto.ports.question_history import KeptQuestion
from clynto.ports.question_unit import QuestionUnits

MIA, ADAM = "mia@rheinwerk.example", "adam@rheinwerk.example"


def _kept(number: int, *, conversation: str = "cnv_1", by: str = MIA, at: int | None = None) -> KeptQuestion:
    query = None if number % 3 == 0 else f"accounts(limit={number})"
    asked_at = moment(number if at is None else at)
    return KeptQuestion(f"qst_{number:02d}", conversation, by, f"question {number}", query, HARD_TEXT, asked_at)


def _keep(units: QuestionUnits, *questions: KeptQuestion, workspace_id: str = HERE) -> None:
    with units.writing(workspace_id) as unit:
        for question in questions:
            unit.question_history.add(question)
        unit.commit()


class QuestionHistoryContract(InTwoWorkspaces):
    """Decided: newest first by time, ties by id, highest first; a page that begins behind an unknown id is empty."""

    def test_gives_back_what_was_kept_newest_first(self, units: QuestionUnits) -> None:
        first, second, same_time = _kept(1), _kept(2), _kept(3, at=2)
        _keep(units, second, first, same_time)
        with units.reading(HERE) as unit:
            assert list(unit.question_history.newest(limit=9)) == [same_time, second, first]
            assert list(unit.question_history.newest(limit=2)) == [same_time, second]
            assert list(unit.question_history.newest(limit=9, before=second.id)) == [first]
            assert list(unit.question_history.newest(limit=9, before="qst_99")) == []

    def test_a_conversation_is_its_leaders_alone(self, units: QuestionUnits) -> None:
        mine = [_kept(number) for number in (1, 2, 3)]
        _keep(units, *mine, _kept(4, by=ADAM), _kept(5, conversation="cnv_2"))
        with units.reading(HERE) as unit:
            history = unit.question_history
            assert list(history.conversation("cnv_1", asked_by=MIA, limit=9)) == mine[::-1]
            assert list(history.conversation("cnv_1", asked_by=MIA, limit=1)) == [mine[2]]
            assert list(history.conversation("cnv_1", asked_by=ADAM, limit=9)) == [_kept(4, by=ADAM)]
            assert list(history.conversation("cnv_9", asked_by=MIA, limit=9)) == []

    def test_another_workspace_sees_nothing(self, units: QuestionUnits) -> None:
        _keep(units, _kept(1))
        _keep(units, _kept(2), workspace_id=THERE)
        with units.reading(THERE) as unit:
            assert list(unit.question_history.newest(limit=9)) == [_kept(2)]
            assert list(unit.question_history.newest(limit=9, before="qst_01")) == []
            assert list(unit.question_history.conversation("cnv_1", asked_by=MIA, limit=9)) == [_kept(2)]

    def test_what_is_not_committed_is_not_kept(self, units: QuestionUnits) -> None:
        with units.writing(HERE) as unit:
            unit.question_history.add(_kept(1))
        with units.reading(HERE) as unit:
            assert list(unit.question_history.newest(limit=9)) == []
