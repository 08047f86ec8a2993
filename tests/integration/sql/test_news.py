"""What only a real database can show of webhooks and signals: locks, plans of queries, and races."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import Engine, event, func, select, text
from tests.contracts.news_samples import an_arrival, an_endpoint, an_overdue
from tests.contracts.samples import HERE, MOMENT, THERE, a_workspace, committed, moment

from clynto.adapters.sql.event_intake import SqlEventIntake
from clynto.adapters.sql.tables_webhooks import event_inbox
from clynto.adapters.sql.unit_of_work import SqlUnitsOfWork
from clynto.adapters.sql.webhook_stores import SqlWebhookAddresses
from clynto.domain.errors import Conflict
from clynto.ports.signals import SignalsQuery


@pytest.mark.postgres
def test_ledgers_of_another_workspace_are_not_held_up(postgres_engine: Engine) -> None:
    units = SqlUnitsOfWork(postgres_engine)
    locked = threading.Event()

    def neighbour() -> None:
        with units.writing(THERE) as unit:
            unit.ledgers.lock()
            locked.set()

    with units.writing(HERE) as unit:
        unit.ledgers.lock()
        follower = threading.Thread(target=neighbour, daemon=True)
        follower.start()
        assert locked.wait(timeout=10)
    follower.join(timeout=10)


def test_of_two_open_ones_at_the_same_time_the_database_takes_one(units: SqlUnitsOfWork) -> None:
    start, outcomes = threading.Barrier(4), list[str]()

    def open_one(number: int) -> None:
        start.wait(timeout=10)
        try:
            with committed(units) as unit:
                unit.signals.put_many([(f"sig_{number}", an_overdue(f"sub_1 in_{number}"))], at=MOMENT)
        except Conflict:
            outcomes.append("refused")
        else:
            outcomes.append("stored")

    threads = [threading.Thread(target=open_one, args=(number,), daemon=True) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(outcomes) == ["refused", "refused", "refused", "stored"]
    with units.reading(HERE) as unit:
        assert len(unit.signals.page(SignalsQuery()).rows) == 1


def test_taking_events_in_is_one_transaction_and_all_or_nothing(engine: Engine) -> None:
    intake, seen = SqlEventIntake(engine), list[str]()

    def note(_connection: object, _cursor: object, statement: str, *_further: object) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        intake.store([an_arrival("evt_1"), an_arrival("evt_2")])
    finally:
        event.remove(engine, "before_cursor_execute", note)
    # SQLite: nothing is written to the database, whose write lock others hold for long. PostgreSQL: over a connection
    # that is kept for it; every row tells the transaction that made it.
    assert seen == []
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            made_by = connection.scalars(text("SELECT xmin::text FROM event_inbox")).all()
        assert len(made_by) == 2
        assert len(set(made_by)) == 1
    with pytest.raises(Exception, match=r"NOT NULL|not-null"):
        intake.store([an_arrival("evt_3"), an_arrival("evt_4", received_at=None)])  # type: ignore[arg-type]
    intake.bring_in(HERE)
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(event_inbox)) == 2


def test_the_same_address_cannot_lead_to_two_workspaces(units: SqlUnitsOfWork) -> None:
    with committed(units) as unit:
        unit.workspaces.save(a_workspace())
        unit.webhook_endpoints.save(an_endpoint("tok_same"))
    with pytest.raises(Exception, match=r"UNIQUE|unique"), units.writing(THERE) as unit:
        unit.webhook_endpoints.save(an_endpoint("tok_same"))


def test_the_hot_queries_use_their_indexes(sqlite_engine: Engine) -> None:
    expected = {
        "SELECT event_id FROM event_inbox WHERE workspace_id = 'w' AND state = 'pending' AND due_at <= 5"
        " ORDER BY created, event_id LIMIT 9": "ix_event_inbox_pending",
        "SELECT DISTINCT workspace_id FROM event_inbox WHERE state = 'pending' AND due_at <= 5": (
            "ix_event_inbox_pending"
        ),
        "SELECT object_id, max(created) FROM event_inbox WHERE workspace_id = 'w' AND state = 'pending'"
        " AND object_id IN (SELECT value FROM json_each('[]')) GROUP BY object_id": "ix_event_inbox_waiting",
        "DELETE FROM event_inbox WHERE state IN ('done', 'ignored') AND received_at < 5": "ix_event_inbox_prunable",
        "SELECT event_use, count(*), max(received_at) FROM event_inbox WHERE workspace_id = 'w'"
        " AND state IN ('done', 'ignored') GROUP BY event_use": "ix_event_inbox_finished",
        "SELECT workspace_id FROM webhook_endpoints WHERE token = 't'": "uq_webhook_endpoints_token",
        "SELECT type, count(*) FROM signals WHERE workspace_id = 'w' AND state = 'open' AND dismissed_at IS NULL"
        " GROUP BY type": "ix_signals_unanswered",
        "SELECT count(*) FROM (SELECT DISTINCT stands_with FROM signals WHERE workspace_id = 'w' AND state = 'open'"
        " AND dismissed_at IS NULL)": "ix_signals_cases",
        "SELECT type, count(DISTINCT stands_with) FROM signals WHERE workspace_id = 'w' AND state = 'open'"
        " AND dismissed_at IS NULL GROUP BY type": "ix_signals_unanswered",
        "SELECT id FROM signals WHERE workspace_id = 'w' ORDER BY occurred_at DESC, id DESC": "ix_signals_newest",
    }
    with sqlite_engine.connect() as connection:
        for statement, index in expected.items():
            plan = " ".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}"))
            assert index in plan, f"{statement}: {plan}"
            assert "TEMP B-TREE FOR ORDER BY" not in plan, f"{statement}: {plan}"
            assert "TEMP B-TREE FOR DISTINCT" not in plan, f"{statement}: {plan}"


def test_a_flood_of_bad_signatures_takes_no_write_lock(engine: Engine, units: SqlUnitsOfWork) -> None:
    addresses = SqlWebhookAddresses(engine)
    with committed(units) as unit:
        unit.webhook_endpoints.save(an_endpoint())
    addresses.note_refusal(HERE, moment(10), reason="mismatch", skew_seconds=None)
    with units.writing(HERE) as unit:
        unit.webhook_endpoints.save(an_endpoint("tok_other", refused_at=moment(10)))
        follower = threading.Thread(
            target=addresses.note_refusal,
            args=(HERE, moment(11)),
            kwargs={"reason": "mismatch", "skew_seconds": None},
            daemon=True,
        )
        follower.start()
        follower.join(timeout=5)
        assert not follower.is_alive(), "it waits for the writer"
