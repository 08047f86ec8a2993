"""The six steps over the in-memory adapters (guide, Setup walkthrough; guarantees D, E)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.contracts.samples import second
from tests.unit.application.plain_billing import (
    CATALOGUE_CREATED,
    catalogue,
    paid_invoice,
    paying,
    plain_customer,
    plain_price,
    plain_subscription,
)
from tests.unit.application.sync_product import ADMIN, KEY, MEMBER, WORKSPACE, SyncProduct, report

from clynto.adapters.memory.vault import MemoryVault
from clynto.application.queries.show_integration import CardState
from clynto.application.run_lease import LEASE_SECONDS
from clynto.application.sweep_work import SweepWork
from clynto.domain.catalogue import Product
from clynto.domain.connection import ConnectionStatus, Mode
from clynto.domain.errors import (
    DifferentMode,
    DifferentStripeAccount,
    Forbidden,
    InvalidApiKey,
    MissingPermissions,
    NotConnected,
    QueueUnavailable,
    RunSuperseded,
    StripeUnreachable,
    SyncAlreadyRunning,
)
from clynto.domain.moments import UnixMicros
from clynto.domain.secret import Secret
from clynto.domain.subscription import Subscription
from clynto.domain.sync_run import RunState, StepName, StepState, SyncRun
from clynto.ports.stripe_reading import Listing, SkippedObject
from clynto.ports.work_queue import Job, JobKind

YEAR = 365 * 86_400


@pytest.fixture
def product() -> SyncProduct:
    """Three paying companies, two of them known accounts."""
    product = SyncProduct()
    product.stripe.put(*catalogue(), created=CATALOGUE_CREATED)
    product.stripe.put(*paying(1, "ann@acme.example", seats=3))
    product.stripe.put(*paying(2, "bob@globex.example", seats=1))
    product.stripe.put(*paying(3, "eve@nowhere.example", seats=2))
    product.add_account("Acme", "acme.example")
    product.add_account("Globex", "globex.example")
    product.add_account("Idle", "idle.example")
    return product


def test_a_whole_sync_fills_every_account(product: SyncProduct) -> None:
    run = product.synced()
    assert run.state is RunState.SUCCEEDED
    assert [(step.name.value, step.state.value, step.records) for step in run.steps] == [
        ("products", "done", 1),
        ("prices", "done", 1),
        ("customers", "done", 3),
        ("subscriptions", "done", 3),
        ("invoices", "done", 3),
        ("account_billing", "done", 3),
    ]
    assert run.customers_matched == 2
    assert product.figures() == {"Acme": ("150.00", "paid"), "Globex": ("50.00", "paid"), "Idle": ("0.00", None)}
    card = product.card()
    assert card.state is CardState.CONNECTED
    assert card.connection.last_sync_at == run.finished_at
    assert (card.records_synced.customers, card.customers_matched) == (3, 2)


def test_a_second_sync_of_the_same_data_changes_no_figure_and_no_count(product: SyncProduct) -> None:
    first = product.synced()
    before = product.figures()
    again = product.synced()
    assert product.figures() == before
    assert [step.records for step in again.steps] == [step.records for step in first.steps]
    assert again.drift == ()


def test_progress_never_runs_backwards(product: SyncProduct) -> None:
    seen: list[int] = []
    run_id = product.connected()

    def look() -> bool:
        seen.append(product.run(run_id).percent)
        return False

    product.sync(run_id, stopping=look)
    assert seen == sorted(seen)
    assert product.run(run_id).percent == 100


def test_stopping_leaves_a_run_that_goes_on_where_it_was(product: SyncProduct) -> None:
    run_id = product.connected()

    def invoices_have_begun() -> bool:
        return product.run(run_id).step(StepName.INVOICES).state is not StepState.PENDING

    assert product.sync(run_id, stopping=invoices_have_begun) is False
    stopped = product.run(run_id)
    assert (stopped.state, stopped.heartbeat_at) == (RunState.RUNNING, None)
    assert product.card().state is CardState.SYNCING
    product.stripe.requests.clear()
    assert product.sync(run_id) is True
    assert product.run(run_id).state is RunState.SUCCEEDED
    assert product.run(run_id).attempt == 2
    read_again = {Listing.PRODUCTS.value, Listing.CUSTOMERS.value, Listing.LIVE_SUBSCRIPTIONS.value}
    assert not read_again & set(product.stripe.requests)
    assert product.figures()["Acme"] == ("150.00", "paid")


def test_a_living_worker_keeps_its_run_and_a_silent_one_loses_it(product: SyncProduct) -> None:
    run_id = product.connected()
    with product.units.writing(WORKSPACE) as uow:
        queued = product.run(run_id)
        uow.sync_runs.save(queued.take_up(product.clock.now()), holding=queued.attempt)
        uow.commit()
    assert product.sync(run_id) is False
    assert product.run(run_id).attempt == 1
    product.clock.advance(seconds=LEASE_SECONDS + 1)
    assert product.sync(run_id) is True
    assert product.run(run_id).state is RunState.SUCCEEDED


def test_a_worker_believed_dead_cannot_write(product: SyncProduct) -> None:
    """Guarantee E2: whatever the former holder still stores is refused as a whole."""
    run_id = product.connected()
    with product.units.writing(WORKSPACE) as uow:
        held = product.run(run_id).take_up(product.clock.now())
        uow.sync_runs.save(held, holding=0)
        uow.commit()
    product.clock.advance(seconds=LEASE_SECONDS + 1)
    product.sync(run_id)
    with pytest.raises(RunSuperseded), product.units.writing(WORKSPACE) as uow:
        uow.sync_runs.save(held.begin_step(StepName.PRODUCTS), holding=held.attempt)


def test_a_failing_step_is_named_and_old_data_stays(product: SyncProduct) -> None:
    product.synced()
    before, last_sync = product.figures(), product.card().connection.last_sync_at
    product.stripe.put(plain_subscription(1, seats=9))
    product.stripe.faults.fail(Listing.INVOICES.value, StripeUnreachable(request_id="req_42"))
    run = product.synced()
    assert run.state is RunState.FAILED
    assert run.fault is not None
    assert (run.fault.code, run.fault.step, run.fault.request_id) == (
        "stripe_unreachable",
        StepName.INVOICES,
        "req_42",
    )
    card = product.card()
    assert (card.state, card.connection.last_sync_at) == (CardState.ERROR, last_sync)
    assert product.figures() == before
    product.stripe.faults.heal()
    assert product.synced().state is RunState.SUCCEEDED
    assert product.card().state is CardState.CONNECTED
    assert product.figures()["Acme"] == ("450.00", "paid")


def test_a_withdrawn_permission_ends_the_run_at_once(product: SyncProduct) -> None:
    product.synced()
    product.stripe.faults.withdraw("invoices")
    run = product.synced()
    assert run.fault is not None
    assert run.fault.code == MissingPermissions.code
    assert product.figures()["Acme"] == ("150.00", "paid")


def test_disconnecting_ends_a_running_sync_at_its_next_page(product: SyncProduct) -> None:
    """Guarantees L2 and J7."""
    run_id = product.connected()

    def disconnect_midway() -> bool:
        begun = product.run(run_id).step(StepName.CUSTOMERS).state is not StepState.PENDING
        if begun and product.card().connection.has_key:
            product.disconnect(ADMIN)
        return False

    assert product.sync(run_id, stopping=disconnect_midway) is False
    assert product.run(run_id).state is RunState.SUPERSEDED
    card = product.card()
    assert card.state is CardState.DISCONNECTED
    assert card.connection.key_last4 is None
    with product.units.reading(WORKSPACE) as uow:
        assert uow.connections.sealed_key() is None
    with pytest.raises(NotConnected):
        product.request_sync(ADMIN)
    with pytest.raises(NotConnected):
        product.disconnect(ADMIN)


def test_only_one_run_is_active(product: SyncProduct) -> None:
    product.connected()
    with pytest.raises(SyncAlreadyRunning):
        product.request_sync(ADMIN)


def test_a_click_without_a_queue_changes_nothing(product: SyncProduct) -> None:
    """Guarantee E4."""
    product.queue.available = False
    with pytest.raises(QueueUnavailable):
        product.connected()
    assert product.card().state is CardState.NOT_CONNECTED


def test_members_look_and_change_nothing(product: SyncProduct) -> None:
    with pytest.raises(Forbidden):
        product.connect(MEMBER, KEY)
    with pytest.raises(Forbidden):
        product.request_sync(MEMBER)
    with pytest.raises(Forbidden):
        product.disconnect(MEMBER)
    assert product.show(MEMBER).state is CardState.NOT_CONNECTED


def test_a_wrong_key_leaves_the_working_one(product: SyncProduct) -> None:
    """Guarantees L3, L4."""
    product.synced()
    with product.units.reading(WORKSPACE) as uow:
        sealed = uow.connections.sealed_key()
    other, live = Secret("rk_test_51Other00000000000002"), Secret("rk_live_51Other00000000000003")
    product.stripe.allow(other, report(account_id="acct_2"))
    product.stripe.allow(live, report(mode=Mode.LIVE))
    refused = (
        (Secret("rk_test_51Unknown000000000004"), InvalidApiKey),
        (other, DifferentStripeAccount),
        (live, DifferentMode),
    )
    for key, error in refused:
        with pytest.raises(error):
            product.connect(ADMIN, key)
    with product.units.reading(WORKSPACE) as uow:
        assert uow.connections.sealed_key() == sealed
    assert product.synced().state is RunState.SUCCEEDED


def test_a_key_that_hides_its_account_is_compared_by_customers(product: SyncProduct) -> None:
    """Guarantee L3 where ``/v1/account`` is not readable."""
    product.synced()
    hidden = Secret("rk_test_51Hidden0000000000005")
    product.stripe.allow(hidden, report(account_id=None))
    product.connect(ADMIN, hidden)
    for number in (1, 2, 3):
        product.stripe.remove(type(plain_customer(number, "")), f"cus_{number}")
    with pytest.raises(DifferentStripeAccount):
        product.connect(ADMIN, hidden)


def test_what_lists_do_not_bring_is_asked_for_by_id(product: SyncProduct) -> None:
    """Guarantees C7, D3: archived prices are fetched, and nothing is dead because a list lacks it."""
    product.synced()
    product.stripe.put(
        plain_customer(4, "zoe@acme.example"), plain_subscription(4, price=plain_price("price_old", 900))
    )
    gone = plain_subscription(2)
    product.stripe.remove(Subscription, gone.id)
    assert product.synced().state is RunState.SUCCEEDED
    assert product.figures()["Acme"][0] == "159.00"
    assert product.figures()["Globex"] == ("0.00", None)


def test_an_old_live_subscription_counts_and_its_opening_invoice_is_read(product: SyncProduct) -> None:
    """Guarantee D1, and billing rules 6.3, rule 8: back to the start of the oldest running period."""
    opened = second(-2 * YEAR)
    short = plain_subscription(5, created=second(-3 * YEAR))
    long_period = replace(short, items=(replace(short.items[0], period_start=opened),))
    product.stripe.put(plain_customer(5, "old@acme.example"), long_period, paid_invoice(5, created=opened))
    product.synced()
    with product.units.reading(WORKSPACE) as uow:
        assert "in_5" in uow.invoices.get_many(["in_5"])
    assert product.figures()["Acme"][0] == "200.00"


def test_subscriptions_that_ended_before_the_window_are_left_out(product: SyncProduct) -> None:
    old = second(-3 * YEAR)
    product.stripe.put(
        plain_customer(6, "six@acme.example"),
        plain_subscription(6, status="canceled", created=old, ended_at=second(-2 * YEAR)),
        plain_customer(7, "seven@acme.example"),
        plain_subscription(7, status="canceled", created=old, ended_at=second(-86_400)),
    )
    product.synced()
    with product.units.reading(WORKSPACE) as uow:
        assert set(uow.subscriptions.get_many(["sub_6", "sub_7"])) == {"sub_7"}


def test_objects_that_cannot_be_used_are_listed_and_the_rest_goes_on(product: SyncProduct) -> None:
    product.stripe.skipped[Listing.CUSTOMERS] = [SkippedObject("customer", "cus_odd", "created is no number")]
    run = product.synced()
    assert run.state is RunState.SUCCEEDED
    assert run.skipped == ("customer cus_odd: created is no number",)


def test_what_names_no_customer_stops_nothing_and_is_listed(product: SyncProduct) -> None:
    """G11: a subscription and an invoice of a v2 Account; everybody else's figures are as before."""
    product.synced()
    before = product.figures()
    product.stripe.put(plain_subscription(8, customer_id=None), paid_invoice(8, customer_id=None))
    product.stripe.put(plain_subscription(9, customer_id=None, status="canceled", ended_at=second(-86_400)))
    run = product.synced()
    assert run.state is RunState.SUCCEEDED
    assert run.skipped == (
        "subscription sub_8: names no customer, so it counts for no account",
        "invoice in_8: names no customer, so it counts for no account",
    )
    assert product.figures() == before


def test_the_drift_report_tells_what_webhooks_had_missed(product: SyncProduct) -> None:
    product.synced()
    product.stripe.put(plain_subscription(1, seats=3, status="past_due"), plain_subscription(2, seats=2))
    lines = product.synced().drift
    assert "subscription sub_1: status active → past_due; no event told us" in lines
    assert any(line.startswith("subscription sub_2: list MRR 50.00 USD → 100.00 USD") for line in lines)


def test_a_lost_job_is_handed_over_again(product: SyncProduct) -> None:
    """Guarantees E9, E11: the queue may forget everything."""
    run_id = product.connected()
    product.queue.lose_everything()
    sweep = SweepWork(stalled=product.stalled, waiting=NothingWaits(), clock=product.clock, queue=product.queue)
    assert sweep() == 0
    product.clock.advance(seconds=LEASE_SECONDS + 1)
    assert sweep() == 1
    assert product.queue.take() == Job(JobKind.RUN_SYNC, WORKSPACE, run_id)


class NothingWaits:
    """No events anywhere."""

    def workspaces_with_due_events(self, *, at: UnixMicros) -> list[str]:
        """None."""
        return []

    def prune(self, *, received_before: UnixMicros) -> int:
        """Nothing to prune."""
        return 0


def test_a_run_waits_visibly_for_a_worker(product: SyncProduct) -> None:
    product.queue.workers_alive = 0
    product.connected()
    assert not product.card().waiting_for_worker
    product.clock.advance(seconds=30)
    assert product.card().waiting_for_worker
    product.queue.workers_alive = 1
    assert not product.card().waiting_for_worker


def test_a_run_whose_worker_died_waits_visibly_for_another(product: SyncProduct) -> None:
    """Guarantees E1, D10: the length of a lease is waited for, then the card says that nobody is there."""
    run_id = product.connected()
    product.queue.workers_alive = 0
    product.clock.advance(seconds=30)
    with product.units.writing(WORKSPACE) as uow:
        uow.sync_runs.save(product.run(run_id).take_up(product.clock.now()), holding=0)
        uow.commit()
    product.clock.advance(seconds=LEASE_SECONDS)
    assert not product.card().waiting_for_worker
    product.clock.advance(seconds=1)
    assert product.card().waiting_for_worker
    product.queue.workers_alive = 1
    assert not product.card().waiting_for_worker


def test_a_credential_that_cannot_be_opened_is_told_on_the_card(product: SyncProduct) -> None:
    run_id = product.connected()
    product.run_sync = product.sync_opening_with(MemoryVault())
    product.sync(run_id)
    fault = product.run(run_id).fault
    assert fault is not None
    assert fault.code == "credential_unreadable"
    assert product.card().connection.status is ConnectionStatus.ERROR


def test_history_is_newest_first(product: SyncProduct) -> None:
    runs: list[SyncRun] = [product.synced() for _ in range(3)]
    with product.units.reading(WORKSPACE) as uow:
        told = [run.id for run in uow.sync_runs.history(before=None, limit=10)]
    assert told == [run.id for run in reversed(runs)]


def test_products_keep_their_names_on_plans(product: SyncProduct) -> None:
    product.stripe.put(Product("prod_team", "Team Plus", active=False))
    product.synced()
    with product.units.reading(WORKSPACE) as uow:
        rows = uow.billing_details.subscriptions_of("acc_acme")
    assert [row.plan_name for row in rows] == ["Team Plus"]
