"""A list of words as one parameter means these words, whatever they are made of."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, select
from tests.contracts.samples import HARD_TEXT, HERE, a_workspace, an_account, committed

from clynto.adapters.sql.column_types import is_any_of
from clynto.adapters.sql.tables_accounts import accounts
from clynto.adapters.sql.unit_of_work import SqlUnitsOfWork

WORDS = [
    "plain",
    "with space",
    "a,b",
    "{a}",
    "NULL",
    'a"b',
    '"',
    "a\\b",
    "\\",
    "\\n",
    'a\\"b',
    "a\nb",
    "a\tb",
    "\x01\x7f",
    "ä€😀",
    "%s",
    " ",
    "'",
    HARD_TEXT[:80],
]


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """Holds an account called by each of the words."""
    with committed(SqlUnitsOfWork(engine)) as unit:
        unit.workspaces.save(a_workspace())
        unit.accounts.put_many([an_account(word) for word in WORDS])
    return engine


def _found(engine: Engine, words: list[str]) -> list[str]:
    query = select(accounts.c.id).where(accounts.c.workspace_id == HERE, is_any_of(accounts.c.id, words))
    with engine.connect() as connection:
        return sorted(connection.scalars(query))


def test_each_word_is_found_alone_and_among_all(filled: Engine) -> None:
    assert [_found(filled, [word]) for word in WORDS] == [[word] for word in WORDS]
    assert _found(filled, WORDS) == sorted(WORDS)


def test_nothing_else_is_found(filled: Engine) -> None:
    assert _found(filled, []) == []
    assert _found(filled, ["", "a", "b", "plain,with space", 'plain","with space', "}", "\\\\"]) == []
