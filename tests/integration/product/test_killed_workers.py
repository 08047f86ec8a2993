"""SIGKILL of every worker with all its processes, at each of the six steps at once (guarantee 4; E1, E7, E8)."""

from __future__ import annotations

import time
from dataclasses import dataclass

import orjson
from tests.integration.product.figures import differences
from tests.integration.product.installation import Api, wait_for
from tests.integration.product.seller import Seller, large_seller
from tests.integration.product.stage import Stage, connect, connected, ended, rule_met, running_step
from tests.integration.product.stored import run_row

STEPS = ("products", "prices", "customers", "subscriptions", "invoices", "account_billing")
READING_STEPS = STEPS[:-1]
RESUMED_SECONDS = 120.0
MANY = 1_001
"""So many customers that computing their billing takes long enough to be interrupted, and that nothing may cap a list
at a thousand (guarantees D7)."""
OWN = ("mrr", "arr", "payment_status", "live_subscriptions", "lifetime_value", "renewal_at")


@dataclass
class Interrupted:
    """A first sync that was under way at a known step when the worker died."""

    step: str
    api: Api
    seller: Seller
    run_id: str


def held_at(stage: Stage, step: str) -> Interrupted:
    """A first sync whose next request of a step is not answered."""
    api, seller = stage.customer_of_ours()
    rule = stage.fault("hold", seller, f"/v1/{step}", times=None)
    connect(api, seller.key)
    rule_met(rule)
    wait_for(f"the sync to reach {step}", lambda: running_step(api) == step)
    return Interrupted(step, api, seller, api.card()["progress"]["run_id"])


def computing(stage: Stage) -> Interrupted:
    """A first sync that has read everything and computes the accounts' billing."""
    api, seller = stage.customer_of_ours(stage.open(large_seller(MANY, 1)))
    connect(api, seller.key)
    wait_for("the last list", lambda: running_step(api) in STEPS[-2:], every=0.05)
    wait_for("the last step", lambda: running_step(api) == STEPS[-1], every=0.002)
    return Interrupted(STEPS[-1], api, seller, api.card()["progress"]["run_id"])


def figures(api: Api) -> list[bytes]:
    """What the accounts table says, without what every workspace has of its own."""
    rows = sorted(api.everything("/accounts"), key=lambda row: row["domain"])
    return [orjson.dumps({name: row[name] for name in ("domain", *OWN)}) for row in rows]


def test_a_killed_worker_costs_two_minutes_at_most_and_no_figure(stage: Stage) -> None:
    """E1: at each of the six steps the run resumes by itself, reads on where it was, and ends like one that nobody
    disturbed."""
    for _ in range(2):
        stage.start_worker()
    hit = [held_at(stage, step) for step in READING_STEPS]
    hit.append(computing(stage))
    stage.kill_workers()
    killed = time.monotonic()
    stage.sandbox.world.traffic.faults.clear()
    read = {one.step: stage.quiet(one.seller) for one in hit}
    for _ in range(2):
        stage.start_worker()
    for one in hit:
        card = ended(one.api, seconds=RESUMED_SECONDS - (time.monotonic() - killed))
        assert card["state"] == "connected", f"{one.step}: {card['error']}"
        run = one.api.get(f"/integrations/stripe/syncs/{one.run_id}")
        assert (run["state"], run_row(stage.database_url, one.run_id)["attempt"]) == ("succeeded", 2), one.step
        assert [step["state"] for step in run["steps"]] == ["done"] * 6
        assert differences(one.api, one.seller) == []
        assert_read_on(stage, one, read[one.step])
        undisturbed, _ = stage.customer_of_ours(one.seller)
        connected(undisturbed, one.seller.key)
        assert figures(one.api) == figures(undisturbed)
        assert one.api.card()["records_synced"] == undisturbed.card()["records_synced"]


def assert_read_on(stage: Stage, one: Interrupted, before: int) -> None:
    """Lists of the steps that were done before are not read again (guarantees E13)."""
    done = STEPS[: STEPS.index(one.step)]
    again = {entry.path.removeprefix("/v1/") for entry in stage.requests_of(one.seller)[before:]}
    assert not again & set(done), one.step
