"""The portfolio is the same for the same seed, covers what billing can look like, and survives a restart."""

from __future__ import annotations

import pickle
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import orjson
import pytest
import requests
import time_machine

from stripe_sandbox import PortfolioPlan, World, build_portfolio
from stripe_sandbox.billing_dates import DAY
from stripe_sandbox.rendering.api_versions import Shape
from stripe_sandbox.rendering.payloads import payload_of
from stripe_sandbox.state_file import load_world, save_world


def fingerprint(world: World) -> bytes:
    """Return everything a reader can see of a world."""
    store = world.store
    rows = [*store.customers, *store.subscriptions, *store.invoices, *store.events]
    return orjson.dumps([payload_of(store, row, Shape.ENDIVE) for row in rows])


def test_the_same_seed_and_time_give_the_same_world(now: int) -> None:
    one, two = (build_portfolio(PortfolioPlan(seed=5, customers=40, now=now)) for _ in range(2))
    assert fingerprint(one) == fingerprint(two)
    other = build_portfolio(PortfolioPlan(seed=6, customers=40, now=now))
    assert fingerprint(one) != fingerprint(other)


def test_it_has_as_many_customers_as_asked_for(now: int) -> None:
    world = build_portfolio(PortfolioPlan(customers=30, now=now, special_cases=False))
    assert (len(world.store.customers), world.now) == (30, now)


def test_every_kind_of_subscription_is_there(portfolio: World) -> None:
    store = portfolio.store
    statuses = Counter(s.status for s in store.subscriptions)
    assert set(statuses) == {
        "active",
        "past_due",
        "unpaid",
        "canceled",
        "incomplete",
        "incomplete_expired",
        "trialing",
        "paused",
    }
    assert {s.paused_type for s in store.subscriptions if s.status == "paused"} == {
        "first_payment_failure",
        "final_payment_failure",
        "pause_requested",
        "trial_end_without_payment_method",
    }
    assert {s.pause_collection.behavior for s in store.subscriptions if s.pause_collection} == {
        "void",
        "keep_as_draft",
        "mark_uncollectible",
    }
    live = [s for s in store.subscriptions if s.ended_at is None]
    scheduled = {(s.cancel_at_period_end, s.cancel_at is not None) for s in live}
    assert scheduled == {(False, False), (True, False), (False, True), (True, True)}
    assert any(portfolio.now - s.created > 37 * 30 * DAY for s in live)
    ended = [portfolio.now - s.ended_at for s in store.subscriptions if s.status == "canceled" and s.ended_at]
    assert min(ended) < 365 * DAY < max(ended)


def test_every_kind_of_invoice_is_there(portfolio: World) -> None:
    invoices = list(portfolio.store.invoices)
    assert {i.status for i in invoices} == {"draft", "open", "paid", "uncollectible", "void"}
    assert any(i.status == "open" and portfolio.now - i.created > 390 * DAY for i in invoices)
    assert any(i.paid_off_stripe for i in invoices)
    assert any(i.post_payment_credit for i in invoices)
    assert any(i.subscription is None for i in invoices)
    assert any(line.proration for i in invoices for line in i.lines)


def test_no_invoice_contradicts_itself(portfolio: World) -> None:
    for invoice in portfolio.store.invoices:
        discounts = sum(amount for _, amount in invoice.discount_amounts)
        assert invoice.subtotal == sum(line.amount for line in invoice.lines)
        assert invoice.total == invoice.subtotal - discounts
        assert 0 <= invoice.amount_paid <= invoice.amount_due
        assert (invoice.paid_at is not None) == (invoice.status == "paid")
        assert (invoice.number is not None) == (invoice.finalized_at is not None)


def test_no_company_is_real(portfolio: World) -> None:
    for company in portfolio.companies:
        assert company.domain.endswith(".example") or "sandbox" in company.domain
    truth = portfolio.truth()
    assert any(not row["matches"] for row in truth["companies"].values())
    assert any(len(row["customers"]) == 3 for row in truth["companies"].values())


def test_plain_history_is_as_long_as_ordered_and_lives_on(now: int) -> None:
    world = build_portfolio(PortfolioPlan(customers=20, plain_invoices=14, now=now))
    assert len(world.store.invoices) == 280
    created = [invoice.created for invoice in world.store.invoices]
    assert created == sorted(created)
    assert created[-1] <= now
    world.advance(days=31)
    assert len(world.store.invoices) == 300
    numbers = [i.number for i in world.store.invoices_of_customer[world.store.customers.listed[0].id]]
    assert len(set(numbers)) == len(numbers)


def test_a_saved_world_goes_on_where_it_was(tmp_path: Path, now: int) -> None:
    world = build_portfolio(PortfolioPlan(seed=2, customers=100, now=now))
    path = tmp_path / "deep" / "sandbox.state"
    save_world(world, path)
    again = load_world(path)
    assert fingerprint(again) == fingerprint(world)
    for one in (world, again):
        one.advance(days=45)
    assert fingerprint(again) == fingerprint(world)
    assert again.truth() == world.truth()
    assert [file.name for file in path.parent.iterdir()] == ["sandbox.state"]


def test_what_is_no_world_is_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "other"
    path.write_bytes(pickle.dumps({"not": "a world"}))
    with pytest.raises(TypeError, match="does not hold a sandbox world"):
        load_world(path)


@pytest.mark.processes
def test_a_terminated_process_leaves_its_state(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.state"
    command = [sys.executable, "-m", "stripe_sandbox", "--port", "0", "--customers", "3", "--state-file", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        key = process.stdout.readline().split()[-1]
        with requests.Session() as session:
            session.trust_env = False
            headers = {"Authorization": f"Bearer {key}"}
            assert len(session.get(f"{url}/v1/customers", headers=headers, timeout=10).json()["data"]) == 3
            session.post(f"{url}/_sandbox/clock/advance", json={"days": 2}, timeout=10)
        process.terminate()
        assert process.wait(timeout=20) == 0
    world = load_world(path)
    assert len(world.store.customers) == 3
    assert world.now > time.time() + DAY


def test_a_clock_that_follows_real_time_catches_up(world: World) -> None:
    world.follow_real_time()
    before = world.now
    world.catch_up()
    assert before <= world.now <= before + 60
    world.advance(days=30)
    ahead = world.now
    with time_machine.travel(time.time() + 100, tick=False):
        world.catch_up()
    assert ahead + 95 <= world.now <= ahead + 160
