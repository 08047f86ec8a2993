"""Writers that meet: nobody loses anything and nobody sees a lock (guarantees E2, E3, F1, F4)."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

import pytest
from sqlalchemy import Engine, text
from tests.contracts.samples import (
    HERE,
    a_customer,
    a_product,
    a_run,
    a_subscription,
    a_workspace,
    an_account,
    committed,
    read_at,
)
from tests.integration.sql.conftest import emptied

from clynto.adapters.memory.work_queue import MemoryWorkQueue
from clynto.adapters.sql.transactions import transaction
from clynto.adapters.sql.unit_of_work import SqlUnitsOfWork
from clynto.adapters.system.clocks import SystemClock
from clynto.adapters.system.domain_rules import BundledDomainRules
from clynto.adapters.system.random_identifiers import RandomIdentifiers
from clynto.application.accounts_from_customers import AddAccountsFromCustomers
from clynto.application.actor import Actor
from clynto.application.audit import AuditTrail
from clynto.application.match_customers import MatchCustomers, RematchWorkspace
from clynto.application.raise_signals import RaiseSignals
from clynto.application.recompute_billing import RecomputeBilling
from clynto.domain.account_billing import PaymentStatus
from clynto.domain.errors import ServiceUnavailable, SyncAlreadyRunning
from clynto.domain.roles import Role
from clynto.ports.read_models import AccountsQuery
from clynto.ports.unit_of_work import COLLISION, UnitOfWork, retrying


def _together(works: list[Callable[[], None]], *, seconds: float = 60) -> list[BaseException]:
    """Run all at once; what they raised."""
    faults: list[BaseException] = []
    start = threading.Barrier(len(works))

    def run(work: Callable[[], None]) -> None:
        start.wait(timeout=20)
        try:
            work()
        except Exception as fault:  # noqa: BLE001 - carried over to the test's own thread
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=seconds)
        assert not thread.is_alive(), "somebody waits for ever"
    return faults


def test_of_thirty_runs_at_once_exactly_one_is_stored(units: SqlUnitsOfWork) -> None:
    def add(number: int) -> Callable[[], None]:
        def work() -> None:
            with committed(units) as unit:
                unit.sync_runs.add(a_run(f"run_{number}"))

        return work

    faults = _together([add(number) for number in range(30)])
    assert [type(fault) for fault in faults] == [SyncAlreadyRunning] * 29
    with units.reading(HERE) as unit:
        assert len(unit.sync_runs.history(before=None, limit=99)) == 1


def test_writers_in_opposite_order_over_the_same_objects(units: SqlUnitsOfWork) -> None:
    customers = [a_customer(f"cus_{number:03}", discount=None) for number in range(500)]

    def write(writer: int) -> Callable[[], None]:
        ordered = customers if writer % 2 else customers[::-1]

        def work() -> None:
            for step in range(8):
                with committed(units) as unit:
                    unit.customers.put_many(ordered, read_at(step, writer))

        return work

    assert _together([write(writer) for writer in range(4)]) == []
    with units.reading(HERE) as unit:
        held = unit.customers.get_many(customer.id for customer in customers)
        assert {age for _, age in held.values()} == {read_at(7, 3)}


def test_a_deadlock_is_told_as_a_collision_and_retried_unseen(engine: Engine, units: SqlUnitsOfWork) -> None:
    """Two stores in opposite order within one transaction is the one way that is left to lock each other out."""
    # On SQLite nobody comes: the other one waits for the write lock.
    meeting_seconds = 20 if engine.dialect.name == "postgresql" else 1
    met = threading.Barrier(2)
    tries: list[int] = []

    def write(writer: int) -> Callable[[], None]:
        def once() -> None:
            tries.append(writer)
            with committed(units) as unit:
                puts: list[Callable[[], None]] = [
                    lambda: unit.catalogue.put_products([a_product()], read_at(len(tries))),
                    lambda: unit.subscriptions.put_many([a_subscription()], read_at(len(tries))),
                ]
                first, second = puts if writer else puts[::-1]
                first()
                if len(tries) <= 2:
                    with contextlib.suppress(threading.BrokenBarrierError):
                        met.wait(timeout=meeting_seconds)
                second()

        return lambda: retrying(once)

    assert _together([write(0), write(1)]) == []
    if engine.dialect.name == "postgresql":
        # Whoever was refused may be quicker again than the one that its end lets go on, and be refused once more.
        assert len(tries) > 2
    else:
        assert len(tries) == 2


def test_other_faults_are_not_retried() -> None:
    tries: list[str] = []

    def fails(reason: str) -> Callable[[], None]:
        def work() -> None:
            tries.append(reason)
            raise ServiceUnavailable(reason=reason)

        return work

    for reason in ("database_unavailable", COLLISION):
        with pytest.raises(ServiceUnavailable):
            retrying(fails(reason), tries=3)
    assert tries == ["database_unavailable", COLLISION, COLLISION, COLLISION]


def test_writers_and_readers_never_meet_a_locked_database(units: SqlUnitsOfWork) -> None:
    ends = time.monotonic() + 3

    def write(writer: int) -> Callable[[], None]:
        def work() -> None:
            step = 0
            while time.monotonic() < ends:
                step += 1
                with committed(units) as unit:
                    unit.accounts.count()
                    unit.accounts.put_many(an_account(f"acc_{writer}_{number}") for number in range(20))
                    unit.customers.put_many([a_customer("cus_shared")], read_at(step, writer))

        return work

    def read() -> None:
        while time.monotonic() < ends:
            with units.reading(HERE) as unit:
                page = unit.accounts_table.page(AccountsQuery(limit=100))
                assert len(page.rows) % 20 == 0, "a half-written batch was seen"

    assert _together([*(write(writer) for writer in range(3)), read, read]) == []


@pytest.mark.postgres
def test_no_deadlock_happened_at_all(postgres_engine: Engine) -> None:
    units = SqlUnitsOfWork(emptied(postgres_engine))

    def deadlocks() -> int:
        with transaction(postgres_engine, writing=False) as connection:
            query = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
            return int(connection.scalar(query) or 0)

    before = deadlocks()
    test_writers_in_opposite_order_over_the_same_objects(units)
    time.sleep(1.1)
    assert deadlocks() == before


def test_nothing_computed_from_facts_of_a_moment_ago_replaces_news(units: SqlUnitsOfWork) -> None:
    """The hourly walk over all customers meets an event that is just being stored (guarantees 2 and 7)."""
    clock = SystemClock()
    recompute = RecomputeBilling(clock)
    signals = RaiseSignals(clock=clock, identifiers=RandomIdentifiers())
    matching = MatchCustomers(rules=BundledDomainRules(), recompute=recompute, signals=signals)

    def tell(unit: UnitOfWork, status: str, at: int) -> None:
        unit.ledgers.lock()
        unit.subscriptions.put_many([a_subscription("sub_1", customer_id="cus_1", status=status)], read_at(at))
        recompute.customers(unit, ["cus_1"])

    with committed(units) as unit:
        unit.workspaces.save(a_workspace())
        unit.accounts.put_many([an_account("acc_1", domains=("acme.com",))])
        unit.customers.put_many([a_customer("cus_1", email="pay@acme.com", discount=None)], read_at(1))
        tell(unit, "past_due", 1)
    walk_over_all = RematchWorkspace(units=units, matching=matching)
    walk_over_all(HERE)
    is_told = threading.Event()

    def store_news() -> None:
        with committed(units) as unit:
            tell(unit, "unpaid", 2)
            is_told.set()
            time.sleep(0.3)

    def walk() -> None:
        assert is_told.wait(timeout=20)
        walk_over_all(HERE)

    assert _together([store_news, walk]) == []
    with units.reading(HERE) as unit:
        (billing,) = unit.billing.customers_of_accounts(["acc_1"])["acc_1"]
    assert billing.payment_status is PaymentStatus.FAILED


def test_clicks_at_once_add_each_company_once(units: SqlUnitsOfWork) -> None:
    """Two accounts with one domain would leave its customers on neither."""
    with committed(units) as unit:
        unit.workspaces.save(a_workspace())
        unit.customers.put_many(
            [a_customer(f"cus_{number}", email=f"ann@company{number % 20}.example") for number in range(60)], read_at(1)
        )
    clock, identifiers, rules = SystemClock(), RandomIdentifiers(), BundledDomainRules()
    matching = MatchCustomers(
        rules=rules, recompute=RecomputeBilling(clock), signals=RaiseSignals(clock=clock, identifiers=identifiers)
    )
    add = AddAccountsFromCustomers(
        units=units,
        clock=clock,
        identifiers=identifiers,
        rules=rules,
        matching=matching,
        queue=MemoryWorkQueue(),
        audit=AuditTrail(clock, identifiers),
    )
    added: list[int] = []
    admin = Actor(HERE, Role.ADMIN, "ana@rheinwerk.example")
    assert _together([lambda: added.append(add.of_all(admin))] * 6) == []
    assert sorted(added) == [0, 0, 0, 0, 0, 20]
    with units.reading(HERE) as uow:
        assert sorted(domain for domain, _ in uow.accounts.domains()) == sorted(
            f"company{n}.example" for n in range(20)
        )
