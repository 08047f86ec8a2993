"""Orders of the accounts table that were added later stand right for what was stored before."""

from __future__ import annotations

from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, event
from tests.contracts.samples import (
    HARD_TEXT,
    HERE,
    THERE,
    a_workspace,
    an_account,
    an_account_billing,
    committed,
)
from tests.integration.sql.conftest import emptied

from clynto.adapters.sql import schema
from clynto.adapters.sql.schema import migrate
from clynto.adapters.sql.unit_of_work import SqlUnitsOfWork
from clynto.domain.account_billing import PaymentStatus
from clynto.ports.read_models import AccountSort, AccountsQuery, StatusFilter

SORTS = (AccountSort.DOMAIN, AccountSort.EXTERNAL_ID, AccountSort.MRR_CHANGE_30, AccountSort.LIFETIME_VALUE)


def _ordered(units: SqlUnitsOfWork, workspace_id: str) -> list[list[str]]:
    """By words, and by numbers that nobody has told; without and with a filter."""
    with units.reading(workspace_id) as unit:
        return [
            [
                row.id
                for row in unit.accounts_table.page(AccountsQuery(sort, descending, frozenset(statuses), limit=99)).rows
            ]
            for sort in SORTS
            for descending in (False, True)
            for statuses in ((), (StatusFilter.OVERDUE,))
        ]


def test_accounts_of_before_are_ordered_by_their_words(empty_engine: Engine) -> None:
    migrate(empty_engine)
    units = SqlUnitsOfWork(empty_engine)
    for workspace_id, number in ((HERE, 7), (THERE, 3)):
        with committed(units, workspace_id) as unit:
            unit.workspaces.save(a_workspace(workspace_id))
            unit.accounts.put_many(
                an_account(
                    f"acc_{n}",
                    domains=(f"{5 * n % 7}.example", "a.example") if n % 3 else (),
                    external_id=(None, "", f"Ä{9 - n}", HARD_TEXT)[n % 4],
                )
                for n in range(number)
            )
            overdue = an_account_billing("acc_2", payment_status=PaymentStatus.OVERDUE)
            unit.billing.put_accounts([(overdue, 1)])
    before = [_ordered(units, workspace_id) for workspace_id in (HERE, THERE)]
    assert before[0][0] == ["acc_2", "acc_5", "acc_1", "acc_4", "acc_0", "acc_3", "acc_6"]
    assert before[0][1] == ["acc_2"]
    with empty_engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(schema.MIGRATIONS).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.downgrade(config, "rare_statuses")
    migrate(empty_engine)
    assert [_ordered(units, workspace_id) for workspace_id in (HERE, THERE)] == before


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", AccountSort)
def test_a_search_behind_a_cursor_reads_each_text_once(
    sqlite_engine: Engine, sort: AccountSort, descending: bool
) -> None:
    """SQLite would else walk along the index of the order, and for each of its rows through all texts."""
    units, asked = SqlUnitsOfWork(emptied(sqlite_engine)), list[tuple[str, Any]]()
    with committed(units) as unit:
        unit.workspaces.save(a_workspace())
        unit.accounts.put_many(an_account(f"acc_{number}") for number in range(9))
    with units.reading(HERE) as unit:
        first = unit.accounts_table.page(AccountsQuery(sort, descending, text="acc", limit=2))

        def note(connection: object, cursor: object, statement: str, parameters: object, *_: object) -> None:
            asked.append((statement, parameters))

        event.listen(sqlite_engine, "before_cursor_execute", note)
        try:
            unit.accounts_table.page(AccountsQuery(sort, descending, text="acc", limit=50, after=first.next_cursor))
        finally:
            event.remove(sqlite_engine, "before_cursor_execute", note)
    one_pass = [(statement, told) for statement, told in asked if "search_text" in statement][-1]
    with sqlite_engine.connect() as connection:
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {one_pass[0]}", one_pass[1])]
    steps = [step for step in plan if step.startswith(("SEARCH", "SCAN"))]
    assert steps[0].startswith("SEARCH account_ranking USING PRIMARY KEY (workspace_id=?")
    assert [step for step in steps[1:] if not step.endswith("(workspace_id=? AND account_id=?)")] == []
