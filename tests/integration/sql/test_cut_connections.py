"""What becomes of work whose connection to PostgreSQL was cut: by a restart, a firewall, an administrator."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, create_engine, text
from tests.contracts.news_samples import an_arrival, an_endpoint
from tests.contracts.samples import HERE, a_workspace, committed
from tests.integration.sql.conftest import emptied

from clynto.adapters.sql.engines import open_database
from clynto.adapters.sql.event_intake import SqlEventIntake
from clynto.adapters.sql.rested_connections import RESTED_SECONDS
from clynto.adapters.sql.transactions import transaction
from clynto.adapters.sql.unit_of_work import SqlUnitsOfWork
from clynto.adapters.sql.webhook_stores import SqlWebhookAddresses
from clynto.domain.errors import ServiceUnavailable

pytestmark = pytest.mark.postgres
_OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'lone'"


@pytest.fixture
def administrator(postgres_engine: Engine) -> Engine:
    """Another engine on the same database, which holds a workspace with an endpoint."""
    emptied(postgres_engine)
    with committed(SqlUnitsOfWork(postgres_engine)) as unit:
        unit.workspaces.save(a_workspace())
        unit.webhook_endpoints.save(an_endpoint("tok_here"))
    return postgres_engine


@pytest.fixture
def lone(administrator: Engine) -> Iterator[Engine]:
    """An engine with one pooled connection, beside that of the deliveries."""
    url = administrator.url.update_query_dict({"application_name": "lone"})
    engine = open_database(url.render_as_string(hide_password=False), pool_size=1)
    yield engine
    engine.dispose()


def _ask(engine: Engine) -> int:
    with transaction(engine, writing=False) as connection:
        found: int = connection.scalar(text("SELECT pg_backend_pid()"))
    return found


def _backends(administrator: Engine) -> set[int]:
    with administrator.connect() as connection:
        return set(connection.scalars(text(f"SELECT pid {_OTHERS}")))


def _cut_all(administrator: Engine) -> None:
    with administrator.connect() as connection:
        ended = connection.scalars(text(f"SELECT pg_terminate_backend(pid, 5000) {_OTHERS}")).all()
    assert ended
    assert all(ended)


def _stored(administrator: Engine) -> list[str]:
    with administrator.connect() as connection:
        return list(connection.scalars(text("SELECT event_id FROM event_inbox ORDER BY 1")))


def test_one_that_was_cut_while_it_rested_is_replaced_unseen(lone: Engine, administrator: Engine) -> None:
    former = _ask(lone)
    _cut_all(administrator)
    time.sleep(RESTED_SECONDS + 0.1)
    assert _ask(lone) != former


def test_one_that_rested_and_works_is_kept(lone: Engine) -> None:
    former = _ask(lone)
    time.sleep(RESTED_SECONDS + 0.1)
    assert _ask(lone) == former


def test_one_that_was_cut_just_after_use_is_told_once(lone: Engine, administrator: Engine) -> None:
    """Nobody asked it, which would have found that out: this also shows that there is no question before each use."""
    former = _ask(lone)
    _cut_all(administrator)
    with pytest.raises(ServiceUnavailable):
        _ask(lone)
    assert _ask(lone) != former


def test_of_several_that_were_cut_one_is_told(administrator: Engine) -> None:
    url = administrator.url.update_query_dict({"application_name": "lone"})
    engine = open_database(url.render_as_string(hide_password=False), pool_size=3)
    held = [engine.connect() for _ in range(3)]
    for connection in held:
        connection.close()
    _cut_all(administrator)
    with pytest.raises(ServiceUnavailable):
        _ask(engine)
    assert all(_ask(engine) for _ in range(3))
    engine.dispose()


@pytest.mark.parametrize("rests", [0.0, RESTED_SECONDS + 0.1], ids=["just after use", "while it rested"])
def test_deliveries_never_hear_of_a_cut(lone: Engine, administrator: Engine, rests: float) -> None:
    """What they do may be done twice, so it is, over a new connection."""
    addresses, intake = SqlWebhookAddresses(lone), SqlEventIntake(lone)
    assert addresses.find("tok_here") is not None
    _cut_all(administrator)
    time.sleep(rests)
    found = addresses.find("tok_here")
    assert found is not None
    assert found.workspace_id == HERE
    for events in ([an_arrival("evt_1")], [an_arrival("evt_2"), an_arrival("evt_3")]):
        _cut_all(administrator)
        time.sleep(rests)
        assert intake.store(events) == len(events)
    assert _stored(administrator) == ["evt_1", "evt_2", "evt_3"]


def test_deliveries_hear_that_there_is_no_new_connection(lone: Engine, administrator: Engine) -> None:
    addresses, intake = SqlWebhookAddresses(lone), SqlEventIntake(lone)
    assert intake.store([an_arrival("evt_1")]) == 1
    with _no_more_connections(administrator):
        with pytest.raises(ServiceUnavailable):
            intake.store([an_arrival("evt_2")])
        with pytest.raises(ServiceUnavailable):
            addresses.find("tok_here")
    assert intake.store([an_arrival("evt_2")]) == 1
    assert addresses.find("tok_here") is not None
    assert _stored(administrator) == ["evt_1", "evt_2"]


def test_a_statement_in_trouble_costs_no_connection(lone: Engine, administrator: Engine) -> None:
    """It was stopped, and may have been for good reason: it is not begun again."""
    intake = SqlEventIntake(lone)
    intake.store([an_arrival("evt_1")])
    before, told = _backends(administrator), list[BaseException]()

    def deliver() -> None:
        try:
            intake.store([an_arrival("evt_2"), an_arrival("evt_3")])
        except ServiceUnavailable as fault:
            told.append(fault)

    with administrator.connect() as locking, administrator.connect() as stopping:
        locking.execute(text("LOCK TABLE event_inbox IN ACCESS EXCLUSIVE MODE"))
        waiting = threading.Thread(target=deliver, daemon=True)
        waiting.start()
        stopped = text(f"SELECT pg_cancel_backend(pid) {_OTHERS} AND wait_event_type = 'Lock'")
        until = time.monotonic() + 10
        while not stopping.scalars(stopped).all():
            assert time.monotonic() < until
            stopping.rollback()
            time.sleep(0.02)
        waiting.join(timeout=10)
        locking.rollback()
    assert len(told) == 1
    assert intake.store([an_arrival("evt_2"), an_arrival("evt_3")]) == 2
    assert _backends(administrator) == before


def test_a_forked_process_delivers_over_its_own(lone: Engine, administrator: Engine) -> None:
    intake = SqlEventIntake(lone)
    intake.store([an_arrival("evt_1")])
    ours = _backends(administrator)
    child = os.fork()
    if child == 0:
        try:
            stored = intake.store([an_arrival("evt_2")])
            lone.dispose()
        except BaseException:  # noqa: BLE001 - the child must not go on as a second test run
            os._exit(2)
        os._exit(0 if stored == 1 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert intake.store([an_arrival("evt_3")]) == 1
    assert _backends(administrator) >= ours
    assert _stored(administrator) == ["evt_1", "evt_2", "evt_3"]


def test_whoever_closes_the_engine_closes_all(lone: Engine, administrator: Engine) -> None:
    SqlEventIntake(lone).store([an_arrival("evt_1")])
    _ask(lone)
    assert len(_backends(administrator)) == 2
    lone.dispose()
    until = time.monotonic() + 10
    while _backends(administrator):
        assert time.monotonic() < until
        time.sleep(0.02)


@contextmanager
def _no_more_connections(administrator: Engine) -> Iterator[None]:
    switch = f"ALTER DATABASE {administrator.url.database} ALLOW_CONNECTIONS"
    # From another database: it cannot be switched off from within.
    elsewhere = create_engine(administrator.url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with elsewhere.connect() as outside, administrator.connect() as inside:
        inside.execute(text("SELECT 1"))
        outside.exec_driver_sql(f"{switch} false")
        try:
            inside.scalars(text(f"SELECT pg_terminate_backend(pid, 5000) {_OTHERS}")).all()
            yield
        finally:
            outside.exec_driver_sql(f"{switch} true")
    elsewhere.dispose()
