"""PostgreSQL looks the invoices of a batch of customers up one customer after the other, with statistics, without, and
with those of a time when the workspace had none. It never reads all invoices of a workspace for each batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event
from tests.contracts.samples import HERE, a_paid_invoice, committed, moment, second
from tests.integration.sql.conftest import emptied

from clynto.adapters.sql.unit_of_work import SqlUnitsOfWork
from clynto.domain.provenance import Provenance

pytestmark = pytest.mark.postgres

CUSTOMERS = [f"cus_{number:04}" for number in range(500)]
EACH = 8
BATCH = CUSTOMERS[:150]
_WITHOUT_STATISTICS = (
    "ALTER TABLE stripe_invoices SET (autovacuum_enabled = false)",
    "TRUNCATE stripe_invoices",
    "DELETE FROM pg_statistic WHERE starelid = 'stripe_invoices'::regclass",
)


@pytest.fixture(params=["unknown", "known", "of one neighbour", "of many neighbours"])
def filled(request: pytest.FixtureRequest, postgres_engine: Engine) -> Iterator[Engine]:
    """Many paid invoices, without statistics, as in a first sync, with them, and with those of before this workspace's
    first sync, which know its neighbours only. What PostgreSQL gathers by itself would be of other tests' rows, or of
    half of these."""
    engine = emptied(postgres_engine)
    _execute(engine, *_WITHOUT_STATISTICS)
    neighbours = {"of one neighbour": 1, "of many neighbours": 40}.get(request.param, 0)
    for number in range(neighbours):
        _fill(engine, f"wsp_neighbour_{number}", CUSTOMERS[: len(CUSTOMERS) // neighbours])
    if neighbours:
        _execute(engine, "ANALYZE stripe_invoices")
    _fill(engine, HERE, CUSTOMERS)
    if request.param == "known":
        _execute(engine, "ANALYZE stripe_invoices")
    yield engine
    _execute(engine, "ALTER TABLE stripe_invoices RESET (autovacuum_enabled)")


def _fill(engine: Engine, workspace_id: str, customers: Sequence[str]) -> None:
    with committed(SqlUnitsOfWork(engine), workspace_id) as unit:
        unit.invoices.put_many(
            [
                a_paid_invoice(f"in_{customer}_{number}", customer_id=customer, created=second(number))
                for number in range(EACH)
                for customer in customers
            ],
            Provenance.of_read(moment(10)),
        )


def _execute(engine: Engine, *statements: str) -> None:
    with engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
        connection.commit()


@contextmanager
def _statements(engine: Engine) -> Iterator[list[tuple[str, Any]]]:
    """What is sent to the database meanwhile."""
    sent: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        sent.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


def _plan(engine: Engine, sent: Sequence[tuple[str, Any]]) -> str:
    (asked,) = [one for one in sent if "FROM" in one[0]]
    with engine.connect() as connection:
        return "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {asked[0]}", asked[1]))


def test_the_invoices_that_decide_are_looked_up(filled: Engine) -> None:
    with SqlUnitsOfWork(filled).reading(HERE) as unit, _statements(filled) as sent:
        found = unit.invoices.deciding(BATCH)
    assert {customer: [one.id for one, _ in held] for customer, held in found.items()} == {
        customer: [f"in_{customer}_{EACH - 1}"] for customer in BATCH
    }
    plan = _plan(filled, sent)
    assert "ix_stripe_invoices_customer" in plan, plan
    assert "Seq Scan" not in plan, plan
    assert "ix_stripe_invoices_newest" not in plan, plan


def test_what_was_paid_is_added_up_from_their_own_invoices(filled: Engine) -> None:
    with SqlUnitsOfWork(filled).reading(HERE) as unit, _statements(filled) as sent:
        totals = unit.invoices.paid_totals([*BATCH, *BATCH])
    assert [(total.customer_id, total.amount_paid) for total in totals] == [
        (customer, EACH * a_paid_invoice().amount_paid) for customer in BATCH
    ]
    plan = _plan(filled, sent)
    assert "ix_stripe_invoices_customer" in plan, plan
    assert "Seq Scan" not in plan, plan
