"""What every ``UnitsOfWork`` promises about transactions."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from tests.contracts.in_two_workspaces import InTwoWorkspaces
from tests.contracts.samples import (
    HERE,
    THERE,
    a_customer,
    a_customer_billing,
    a_line,
    a_match,
    a_price,
    a_product,
    a_rate,
    a_reading,
    a_run,
    a_subscription,
    a_subscription_billing,
    a_token,
    a_user,
    a_workspace,
    an_account,
    an_account_billing,
    an_audit_entry,
    an_invoice,
    an_item,
    committed,
    moment,
    read_at,
)

from clynto.domain.connection import Connection
from clynto.domain.errors import RunSuperseded, SyncAlreadyRunning
from clynto.domain.roles import Role
from clynto.ports.stripe_reading import Listing
from clynto.ports.unit_of_work import UnitOfWork, UnitsOfWork, retrying
from clynto.ports.vault import SealedCredential


def _write_everything(unit: UnitOfWork, version: int) -> None:
    """Something through every store; a second version changes each nested part as well."""
    unit.workspaces.save(a_workspace(name=f"v{version}"))
    unit.workspaces.replace_exchange_rates([a_rate(version)])
    unit.tokens.add(a_token(f"tok_{version}"))
    unit.users.add(a_user(f"usr_{version}"))
    unit.audit_log.append(an_audit_entry(f"aud_{version}"))
    unit.accounts.put_many([an_account(domains=(f"v{version}.example",))])
    unit.connections.save(Connection(generation=version))
    unit.connections.put_sealed_key(SealedCredential(b"sealed", version))
    unit.catalogue.put_products([a_product(name=f"v{version}")], read_at(version))
    unit.catalogue.put_prices([a_price(nickname=f"v{version}")], read_at(version))
    unit.customers.put_many([a_customer(name=f"v{version}")], read_at(version))
    unit.subscriptions.put_many([a_subscription(items=(an_item(f"si_{version}"),))], read_at(version))
    unit.subscriptions.put_discounts([a_reading(item_discounts={f"si_{version}": ()})], read_at(version))
    unit.invoices.put_many([an_invoice(lines=(a_line(f"il_{version}"),))], read_at(version))
    unit.matches.put_many([a_match(matched_domain=f"v{version}.example")])
    subscriptions = (a_subscription_billing(plan_name=f"v{version}"),)
    billing = a_customer_billing(live_subscriptions=version, subscriptions=subscriptions)
    unit.billing.put_customers([billing], {"cus_1": "acc_1"})
    unit.billing.put_accounts([(an_account_billing(live_subscriptions=version), version)])


def _everything(unit: UnitOfWork) -> list[object]:
    run = unit.sync_runs.get("run_1")
    return [
        unit.workspaces.get(),
        list(unit.workspaces.exchange_rates()),
        list(unit.tokens.all()),
        list(unit.users.all()),
        list(unit.audit_log.newest(before=None, limit=99)),
        unit.accounts.get("acc_1"),
        sorted(unit.accounts.domains()),
        unit.connections.get(),
        unit.connections.sealed_key(),
        run,
        unit.sync_runs.remaining("run_1", Listing.PRICES),
        dict(unit.catalogue.products(["prod_1"])),
        dict(unit.catalogue.prices(["price_1"])),
        dict(unit.customers.get_many(["cus_1"])),
        dict(unit.subscriptions.get_many(["sub_1"])),
        dict(unit.subscriptions.discounts(["sub_1"])),
        dict(unit.invoices.get_many(["in_1"])),
        dict(unit.matches.get_many(["cus_1"])),
        dict(unit.billing.customers_of_accounts(["acc_1"])),
        unit.accounts_table.row("acc_1"),
        list(unit.billing_details.subscriptions_of("acc_1")),
    ]


class _Broken(Exception):
    """What goes wrong in the middle of a unit."""


def _write_and_break(units: UnitsOfWork) -> None:
    with units.writing(HERE) as unit:
        _write_everything(unit, 1)
        raise _Broken


class _Beside:
    """A piece of work in a thread of its own, done again when transactions collide (see ``retrying``); ``finish``
    waits for it and raises what it raised."""

    def __init__(self, work: Callable[[], None], start: threading.Barrier | None = None) -> None:
        self._failure: BaseException | None = None
        self._work = work
        self._start = start
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            if self._start is not None:
                self._start.wait(timeout=10)
            retrying(self._work)
        except BaseException as failure:  # noqa: BLE001 - carried over to the test's own thread
            self._failure = failure

    def finish(self) -> None:
        self._thread.join(timeout=30)
        assert not self._thread.is_alive(), "a unit of work waits for ever"
        if self._failure is not None:
            raise self._failure


def _run_together(*works: Callable[[], None]) -> None:
    """Begin all of them at the same moment."""
    start = threading.Barrier(len(works))
    for beside in [_Beside(work, start) for work in works]:
        beside.finish()


class UnitOfWorkContract(InTwoWorkspaces):
    """Rolling back, visibility, snapshots and units that meet."""

    def test_knows_its_workspace(self, units: UnitsOfWork) -> None:
        with units.writing(HERE) as unit:
            assert unit.workspace_id == HERE
        with units.reading(THERE) as unit:
            assert unit.workspace_id == THERE

    def test_sees_its_own_writes(self, units: UnitsOfWork) -> None:
        with units.writing(HERE) as unit:
            _write_everything(unit, 1)
            before = _everything(unit)
            unit.commit()
        with units.reading(HERE) as unit:
            assert _everything(unit) == before

    def test_leaving_without_commit_rolls_everything_back(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            _write_everything(unit, 1)
            unit.sync_runs.add(a_run())
            unit.sync_runs.put_remaining("run_1", Listing.PRICES, [])
        with units.reading(HERE) as unit:
            before = _everything(unit)
        with units.writing(HERE) as unit:
            _write_everything(unit, 2)
            unit.sync_runs.save(a_run().take_up(moment(1)), holding=0)
            assert _everything(unit) != before
        with units.writing(HERE) as unit:
            unit.users.remove("usr_1")
            unit.tokens.remove("tok_1")
            unit.connections.erase_key()
            unit.billing.erase_all()
            unit.accounts.remove("acc_1")
        with units.reading(HERE) as unit:
            assert _everything(unit) == before

    def test_repeatable_work_is_committed_and_rolled_back_like_any_other(self, units: UnitsOfWork) -> None:
        with units.writing(HERE, repeatable=True) as unit:
            _write_everything(unit, 1)
            unit.sync_runs.add(a_run())
            unit.commit()
            before = _everything(unit)
        with units.writing(HERE, repeatable=True) as unit:
            _write_everything(unit, 2)
        with units.reading(HERE) as unit:
            assert _everything(unit) == before

    def test_a_fault_rolls_everything_back_and_is_passed_on(self, units: UnitsOfWork) -> None:
        with units.reading(HERE) as unit:
            before = _everything(unit)
        with pytest.raises(_Broken):
            _write_and_break(units)
        with units.reading(HERE) as unit:
            assert _everything(unit) == before

    def test_what_follows_a_commit_is_a_new_transaction(self, units: UnitsOfWork) -> None:
        with units.writing(HERE) as unit:
            unit.accounts.put_many([an_account("acc_1")])
            unit.commit()
            unit.accounts.put_many([an_account("acc_2")])
            unit.commit()
            unit.accounts.put_many([an_account("acc_3")])
            unit.accounts.remove("acc_1")
        with units.reading(HERE) as unit:
            assert sorted(account_id for _, account_id in unit.accounts.domains()) == ["acc_1"] * 2 + ["acc_2"] * 2

    def test_a_reading_unit_refuses_to_commit(self, units: UnitsOfWork) -> None:
        with units.reading(HERE) as unit, pytest.raises(RuntimeError):
            unit.commit()

    def test_uncommitted_writes_are_seen_by_nobody_else(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            _write_everything(unit, 1)
        with units.reading(HERE) as unit:
            before = _everything(unit)
        with units.writing(HERE) as writing:
            _write_everything(writing, 2)
            with units.reading(HERE) as beside:
                assert _everything(beside) == before
            writing.commit()
            with units.reading(HERE) as after:
                assert _everything(after) != before

    def test_a_reading_unit_sees_one_moment(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            _write_everything(unit, 1)
        with units.reading(HERE) as reading:
            before = _everything(reading)
            with committed(units) as writing:
                _write_everything(writing, 2)
            assert _everything(reading) == before
        with units.reading(HERE) as unit:
            assert _everything(unit) != before

    def test_two_workspaces_with_the_same_ids_never_meet(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.customers.put_many([a_customer(name="Ours")], read_at(9))
            unit.catalogue.put_products([a_product(name="Ours")], read_at(9))
        with committed(units, THERE) as unit:
            unit.customers.put_many([a_customer(name="Theirs")], read_at(0))
            unit.catalogue.put_products([a_product(name="Theirs")], read_at(0))
        for workspace_id, name in ((HERE, "Ours"), (THERE, "Theirs")):
            with units.reading(workspace_id) as unit:
                assert unit.customers.get_many(["cus_1"])["cus_1"][0].name == name
                assert unit.catalogue.products(["prod_1"])["prod_1"].name == name

    def test_many_writers_at_once_all_succeed(self, units: UnitsOfWork) -> None:
        def write(number: int) -> Callable[[], None]:
            def work() -> None:
                for step in range(3):
                    with committed(units, HERE if number % 2 else THERE) as unit:
                        unit.accounts.put_many([an_account(f"acc_{number}_{step}")])
                        unit.customers.put_many([a_customer("cus_shared", name=str(number))], read_at(number, step))

            return work

        _run_together(*(write(number) for number in range(6)))
        for workspace_id in (HERE, THERE):
            with units.reading(workspace_id) as unit:
                assert unit.accounts.count() == 9

    def test_of_two_runs_at_once_one_is_refused(self, units: UnitsOfWork) -> None:
        outcomes: list[str] = []

        def add(run_id: str) -> Callable[[], None]:
            def work() -> None:
                try:
                    with committed(units) as unit:
                        unit.sync_runs.add(a_run(run_id))
                except SyncAlreadyRunning:
                    outcomes.append("refused")
                else:
                    outcomes.append(run_id)

            return work

        _run_together(*(add(f"run_{number}") for number in range(4)))
        assert outcomes.count("refused") == 3
        with units.reading(HERE) as unit:
            active = unit.sync_runs.active()
            assert active is not None
            assert active.id in outcomes

    def test_two_owners_cannot_demote_each_other_at_once(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.users.add(a_user("usr_1"))
            unit.users.add(a_user("usr_2"))

        def demote(user_id: str) -> Callable[[], None]:
            def work() -> None:
                with units.writing(HERE) as unit:
                    if unit.users.lock_owners() > 1:
                        unit.users.save(a_user(user_id, role=Role.MEMBER))
                        unit.commit()

            return work

        _run_together(demote("usr_1"), demote("usr_2"))
        with units.reading(HERE) as unit:
            assert [user.role for user in unit.users.all()].count(Role.OWNER) == 1

    def test_nothing_slips_past_the_fence_of_a_run(self, units: UnitsOfWork) -> None:
        """A worker that is writing under its attempt keeps the next one out until its transaction has ended."""
        first = a_run().take_up(moment(1))
        with committed(units) as unit:
            unit.sync_runs.add(a_run())
            unit.sync_runs.save(first, holding=0)
        order: list[str] = []
        about_to_take_over = threading.Event()

        def take_over() -> None:
            about_to_take_over.set()
            with units.writing(HERE) as unit:
                unit.sync_runs.save(first.take_up(moment(60)), holding=1)
                unit.commit()
            order.append("taken over")

        with units.writing(HERE) as slow:
            slow.sync_runs.save(first.beat(moment(2)), holding=1)
            beside = _Beside(take_over)
            assert about_to_take_over.wait(timeout=10)
            threading.Event().wait(0.1)
            slow.customers.put_many([a_customer()], read_at(0))
            order.append("written")
            slow.commit()
        beside.finish()
        assert order == ["written", "taken over"]
        with units.writing(HERE) as unit, pytest.raises(RunSuperseded):
            unit.sync_runs.save(first.beat(moment(61)), holding=1)
