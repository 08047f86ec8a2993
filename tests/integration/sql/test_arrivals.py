"""Deliveries beside a SQLite database: durable while others write for long, in the inbox exactly once (ADR 0039)."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, event
from tests.contracts.news_samples import an_arrival
from tests.contracts.samples import HERE, THERE, a_workspace, committed, moment

from clynto.adapters.sql.arrivals import MERGED_AFTER, Arrivals, arrivals_of
from clynto.adapters.sql.engines import open_database
from clynto.adapters.sql.event_intake import SqlEventIntake
from clynto.adapters.sql.schema import migrate
from clynto.adapters.sql.unit_of_work import SqlUnitsOfWork
from clynto.adapters.sql.webhook_stores import SqlWaitingEvents
from clynto.adapters.system.clocks import SystemClock
from clynto.adapters.system.random_identifiers import RandomIdentifiers
from clynto.application.actor import Actor
from clynto.application.queries.show_webhooks import ShowWebhooks
from clynto.domain.errors import ServiceUnavailable
from clynto.domain.roles import Role
from clynto.domain.webhook_event import EventUse
from clynto.ports.webhooks import EventState

STORES_AND_DIES = """
import os, signal, sys
from tests.contracts.news_samples import an_arrival
from clynto.adapters.sql.engines import open_database
from clynto.adapters.sql.event_intake import SqlEventIntake
stored = SqlEventIntake(open_database(sys.argv[1])).store([an_arrival("evt_theirs")])
os.kill(os.getpid(), signal.SIGKILL if stored == 1 else signal.SIGTERM)
"""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A database with a file of its own, whose workspaces exist."""
    opened = open_database(f"sqlite:///{tmp_path / 'clynto.db'}")
    migrate(opened)
    for workspace_id in (HERE, THERE):
        with committed(SqlUnitsOfWork(opened), workspace_id) as unit:
            unit.workspaces.save(replace(a_workspace(), id=workspace_id))
    yield opened
    opened.dispose()


@pytest.fixture
def intake(engine: Engine) -> SqlEventIntake:
    return SqlEventIntake(engine)


def pending(engine: Engine, workspace_id: str = HERE) -> int:
    with SqlUnitsOfWork(engine).reading(workspace_id) as unit:
        return unit.event_inbox.counts().pending


def due(engine: Engine, workspace_id: str = HERE) -> list[str]:
    with SqlUnitsOfWork(engine).reading(workspace_id) as unit:
        return [event.envelope.id for event in unit.event_inbox.due(at=moment(10**9), limit=10_000)]


@contextmanager
def brought_in_before(statement: int, engine: Engine, intake: SqlEventIntake) -> Iterator[list[str]]:
    """A worker brings everything in just before the n-th question that is asked meanwhile, counted from nought."""
    asked: list[str] = []

    def ask(_: object, __: object, question: str, *___: object) -> None:
        if question.startswith("SELECT"):
            asked.append(question)
            if len(asked) == statement + 1:
                intake.bring_in(HERE)

    event.listen(engine, "before_cursor_execute", ask)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", ask)


@contextmanager
def somebody_writes(path: str) -> Iterator[None]:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.close()


def test_an_event_is_durable_while_somebody_writes_for_long(engine: Engine, intake: SqlEventIntake) -> None:
    with somebody_writes(str(engine.url.database)):
        began = time.monotonic()
        assert intake.store([an_arrival("evt_1"), an_arrival("evt_1", workspace_id=THERE)]) == 2
        assert intake.store([an_arrival("evt_1")]) == 0
        assert time.monotonic() - began < 2
        assert (pending(engine), pending(engine, THERE)) == (1, 1)
        assert SqlWaitingEvents(engine).workspaces_with_due_events(at=moment(1)) == sorted([HERE, THERE])
    assert due(engine) == []
    assert intake.bring_in(HERE) == 1
    assert (due(engine), due(engine, THERE)) == (["evt_1"], [])


def test_the_card_counts_an_event_that_is_brought_in_while_it_is_drawn(engine: Engine, intake: SqlEventIntake) -> None:
    """Whichever of its questions the worker comes in between: "nothing waits" would be believed."""
    show = ShowWebhooks(
        units=SqlUnitsOfWork(engine), clock=SystemClock(), identifiers=RandomIdentifiers(), public_url="http://here"
    )
    viewer = Actor(HERE, Role.MEMBER, "tests")
    with brought_in_before(10**9, engine, intake) as questions:
        show(viewer)
    seen = []
    for turn in range(len(questions) + 1):
        intake.store([an_arrival(f"evt_{turn}", received_at=moment(turn))])
        with brought_in_before(turn, engine, intake):
            panel = show(viewer)
        seen.append((panel.pending, panel.last_event_at))
        intake.bring_in(HERE)
    assert len(seen) > 4
    assert seen == [(turn + 1, moment(turn)) for turn in range(len(seen))]


def test_an_event_that_lies_in_both_files_is_one(engine: Engine, intake: SqlEventIntake) -> None:
    """Whoever brought it in died before it was forgotten where it lay."""
    intake.store([an_arrival("evt_1"), an_arrival("evt_2")])
    arrivals = arrivals_of(engine)
    assert arrivals is not None
    rows, mark = arrivals.oldest(HERE, 9)
    assert intake.bring_in(HERE) == 2
    arrivals.store(rows)
    assert arrivals.oldest(HERE, 9) == ([], 0), "what is in the inbox does not arrive again"
    with sqlite3.connect(f"{engine.url.database}-arrivals") as connection:
        blanks = ", ".join("?" * 9)
        connection.executemany(f"INSERT INTO arrived VALUES (NULL, {blanks})", rows)
    assert pending(engine) == 2
    with committed(SqlUnitsOfWork(engine)) as unit:
        unit.event_inbox.finish({"evt_1": (EventState.DONE, EventUse.INVOICE)}, at=moment(5))
    assert pending(engine) == 1
    assert intake.bring_in(HERE) == 0
    assert due(engine) == ["evt_2"]
    assert arrivals.oldest(HERE, 9) == ([], 0)
    assert mark > 0


def test_what_a_process_acknowledged_before_it_was_killed_is_there(engine: Engine, intake: SqlEventIntake) -> None:
    url = engine.url.render_as_string(hide_password=False)
    # A child with our own words, on our own database.
    ended = subprocess.run([sys.executable, "-c", STORES_AND_DIES, url], timeout=60, check=False)
    assert ended.returncode == -9
    assert pending(engine) == 1
    intake.store([an_arrival("evt_ours")])
    assert intake.bring_in(HERE) == 2
    assert due(engine) == ["evt_ours", "evt_theirs"]


def test_more_than_fit_into_one_transaction_are_all_brought_in(engine: Engine, intake: SqlEventIntake) -> None:
    names = [f"evt_{number:04}" for number in range(2_000)]
    intake.store([an_arrival(name) for name in names])
    assert intake.bring_in(HERE) == 2_000
    assert due(engine) == names
    assert intake.bring_in(HERE) == 0


def test_the_files_stay_small(engine: Engine, intake: SqlEventIntake) -> None:
    for turn in range(12):
        intake.store([an_arrival(f"evt_{turn}_{number}", body=b"x" * 4_000) for number in range(MERGED_AFTER)])
        intake.bring_in(HERE)
    sizes = {end: Path(f"{engine.url.database}-arrivals{end}").stat().st_size for end in ("", "-wal")}
    assert sum(sizes.values()) < 4 * MERGED_AFTER * 4_400, sizes


def test_who_only_looks_makes_no_file(engine: Engine, intake: SqlEventIntake) -> None:
    assert (pending(engine), intake.bring_in(HERE)) == (0, 0)
    assert SqlWaitingEvents(engine).workspaces_with_due_events(at=moment(1)) == []
    assert not Path(f"{engine.url.database}-arrivals").exists()


def test_a_file_that_cannot_be_written_is_no_acknowledgement(tmp_path: Path) -> None:
    database = tmp_path / "clynto.db"
    sqlite3.connect(database).close()
    Path(f"{database}-arrivals").write_bytes(b"not a database at all" * 400)
    with pytest.raises(ServiceUnavailable):
        Arrivals(str(database)).store([])


def test_a_forked_process_uses_a_connection_of_its_own(engine: Engine, intake: SqlEventIntake) -> None:
    intake.store([an_arrival("evt_1")])
    child = os.fork()
    if not child:
        stored = 1
        try:
            stored = SqlEventIntake(engine).store([an_arrival("evt_2")])
        finally:
            os._exit(0 if stored == 1 else 1)
    assert os.waitpid(child, 0)[1] == 0
    intake.store([an_arrival("evt_3")])
    assert intake.bring_in(HERE) == 3
