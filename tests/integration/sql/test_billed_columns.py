"""What stands in indexes of invoices is filled from what was stored before there were any."""

from __future__ import annotations

from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, event, select
from tests.contracts.question_world import fill
from tests.contracts.samples import HERE, THERE, a_workspace, an_invoice, committed, read_at, second
from tests.integration.sql.conftest import emptied

from clynto.adapters.sql import schema
from clynto.adapters.sql.schema import migrate
from clynto.adapters.sql.tables_stripe_facts import stripe_invoices
from clynto.adapters.sql.unit_of_work import SqlUnitsOfWork
from clynto.domain.questions.lists import InvoiceOrder, InvoiceWord
from clynto.ports.question_data import InvoiceCondition, Received, Stretch

DAY = 86_400


def test_amounts_and_payments_are_filled_from_what_was_there(empty_engine: Engine) -> None:
    migrate(empty_engine)
    units = SqlUnitsOfWork(empty_engine)
    fill(units)
    fill(units, THERE, seed=23)
    before = _told(units)
    assert before[0][1].invoices > 0
    assert _columns(empty_engine)
    columns = _columns(empty_engine)
    _step_down(empty_engine)
    migrate(empty_engine)
    assert _columns(empty_engine) == columns
    assert _told(units) == before


def test_a_younger_picture_replaces_them(empty_engine: Engine) -> None:
    migrate(empty_engine)
    units = SqlUnitsOfWork(empty_engine)
    with committed(units) as unit:
        unit.workspaces.save(a_workspace())
    pictures = (an_invoice(amount_due=500), an_invoice(amount_due=700, paid_at=second(-DAY)), an_invoice(amount_due=9))
    for invoice, seen in zip(pictures, (1, 2, 0), strict=True):
        with committed(units) as unit:
            unit.invoices.put_many([invoice], read_at(seen))
    assert [row[1:] for row in _columns(empty_engine)] == [(700, second(-DAY))]


@pytest.mark.parametrize("order", InvoiceOrder)
@pytest.mark.parametrize("which", InvoiceWord)
def test_the_invoices_of_one_account_are_looked_up_by_its_customers(
    sqlite_engine: Engine, which: InvoiceWord, order: InvoiceOrder
) -> None:
    """Without statistics SQLite walks along an index that is in the order asked for, over all of a workspace."""
    units, asked = SqlUnitsOfWork(emptied(sqlite_engine)), list[tuple[str, Any]]()
    fill(units)

    def note(connection: object, cursor: object, statement: str, parameters: object, *_: object) -> None:
        asked.append((statement, parameters))

    with units.reading(HERE) as unit:
        event.listen(sqlite_engine, "before_cursor_execute", note)
        try:
            wanted = InvoiceCondition(account_id="acc_001", which=which)
            unit.question_data.invoices(wanted, now=second(0), limit=20, order=order)
        finally:
            event.remove(sqlite_engine, "before_cursor_execute", note)
    with sqlite_engine.connect() as connection:
        steps = [
            row[3]
            for statement, told in asked
            if "stripe_invoices" in statement
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", told)
        ]
    of_invoices = [step for step in steps if " stripe_invoices " in step]
    assert len(of_invoices) > 1
    assert [step for step in of_invoices if not step.endswith((" AND customer_id=?)", " AND id=?)"))] == []


def _step_down(engine: Engine) -> None:
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(schema.MIGRATIONS).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.downgrade(config, "further_orders")


def _columns(engine: Engine) -> list[tuple[object, ...]]:
    table = stripe_invoices
    query = select(table.c.id, table.c.amount_due, table.c.paid_at).order_by(table.c.workspace_id, table.c.id)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(query)]


def _told(units: SqlUnitsOfWork) -> list[tuple[object, Received]]:
    found: list[tuple[object, Received]] = []
    for workspace_id in (HERE, THERE):
        with units.reading(workspace_id) as unit:
            data = unit.question_data
            largest = data.invoices(InvoiceCondition(), now=second(0), limit=20, order=InvoiceOrder.LARGEST)
            found.append((largest, data.received(Stretch(second(-60 * DAY), second(0)))))
    return found
