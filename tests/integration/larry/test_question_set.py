"""Every question of the set, asked as a person would; what it answers has to be exactly what the books say."""

from __future__ import annotations

import pytest
from tests.integration.larry import (
    questions_in_other_words,
    questions_of_a_success_manager,
    questions_off_the_cuff,
    questions_on_accounts,
    questions_on_amounts,
    questions_on_figures,
    questions_on_lists,
    questions_on_payers,
    questions_on_payments,
    questions_on_the_past,
    questions_on_those,
    questions_on_what_moved,
    questions_once_misread,
    questions_with_yes_or_no,
    questions_without_answer,
)
from tests.integration.larry.conftest import MEMBER, Larry
from tests.integration.larry.expecting import Case
from tests.integration.larry.portfolio import account_id

pytestmark = pytest.mark.xdist_group("larry")

QUESTIONS: list[Case] = [
    *questions_on_accounts.CASES,
    *questions_on_figures.CASES,
    *questions_on_the_past.CASES,
    *questions_on_lists.CASES,
    *questions_without_answer.CASES,
    *questions_in_other_words.CASES,
    *questions_on_what_moved.CASES,
    *questions_on_those.CASES,
    *questions_on_amounts.CASES,
    *questions_on_payments.CASES,
    *questions_on_payers.CASES,
    *questions_once_misread.CASES,
    *questions_off_the_cuff.CASES,
    *questions_of_a_success_manager.CASES,
    *questions_with_yes_or_no.CASES,
]


def test_the_set_is_large_and_asks_nothing_twice() -> None:
    asked = [(case.question.strip(), case.before, case.about) for case in QUESTIONS]
    assert len(asked) >= 300
    assert sorted(set(asked), key=asked.index) == asked


@pytest.mark.parametrize("case", QUESTIONS, ids=lambda case: case.name)
def test_question(larry: Larry, case: Case) -> None:
    conversation = None
    for earlier in case.before:
        conversation = larry.ask(MEMBER, earlier, conversation_id=conversation).conversation_id
    about = None if case.about is None else account_id(case.about)
    answered = larry.ask(MEMBER, case.question, conversation_id=conversation, account_id=about)
    assert conversation in (None, answered.conversation_id)
    case.check(answered, larry.books)
