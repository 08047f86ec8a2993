"""What happens to Stripe's lists and keys while they are read (guarantee 5; D2, D8, D10, G6, G7, G12, H8, H10)."""

from __future__ import annotations

import threading
from typing import Any

from tests.integration.product.failures import Before, sync_asked_for
from tests.integration.product.figures import differences
from tests.integration.product.installation import Api, wait_for
from tests.integration.product.seller import Seller, large_seller
from tests.integration.product.stage import (
    Stage,
    connect,
    connected,
    ended,
    resynced,
    rule_met,
    run_ended,
    running_step,
)
from tests.integration.product.stored import change, rows_of

from clynto.adapters.rq_queue.connection import connect as connect_redis
from clynto.application.run_lease import LEASE_SECONDS
from stripe_sandbox import World
from stripe_sandbox.records import Subscription


def test_a_key_revoked_in_the_middle_of_a_list_ends_the_run_at_once(stage: Stage) -> None:
    """G7: 401 from the third page on; at most the requests that were under way follow, and the card says so."""
    api, seller = stage.customer_of_ours(stage.open(large_seller(230, 1)))
    connected(api, seller.key)
    before = Before.of(api)

    def revoke(world: World) -> None:
        world.keys.delete(seller.key)

    third = stage.fault("mutate", seller, "/v1/customers", after=2, action=revoke)
    run_id = sync_asked_for(api)
    run = run_ended(api, run_id)
    assert (run["state"], run["error"]["code"]) == ("failed", "invalid_api_key")
    assert third.hits == 1
    assert api.card()["error"]["message"].startswith("Invalid Stripe API key")
    refused = [entry for entry in stage.requests_of(seller) if entry.status == 401]
    assert 1 <= len(refused) <= READERS_AT_MOST
    before.assert_kept(api)
    asked = stage.quiet(seller)
    assert api.post("/integrations/stripe/syncs", expect=202)
    assert ended(api)["state"] == "error"
    assert stage.quiet(seller) - asked <= READERS_AT_MOST


READERS_AT_MOST = 24
"""Lists are read by several readers at once; each may have one request under way when the key is revoked."""


class Bar:
    """What the card showed of a sync, each time somebody looked."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self.percents: list[int] = []
        self.activity: list[str] = []

    def sample(self) -> bool:
        """Look once more; whether the sync is over."""
        progress = self._api.card()["progress"]
        if progress is None:
            return True
        self.percents.append(progress["percent"])
        if progress["last_activity_at"] is not None:
            self.activity.append(progress["last_activity_at"])
        return False

    def until_the_end(self) -> None:
        """Look until the sync is over; it never ran backwards."""
        wait_for("the sync to end", self.sample, every=0.1)
        assert self.percents == sorted(self.percents)


def test_the_bar_never_runs_backwards_and_shows_a_sign_of_life(stage: Stage) -> None:
    """D10: sampled during a held sync; the moment of the last activity is there to be seen."""
    api, seller = stage.customer_of_ours(stage.open(large_seller(300, 3)))
    held = [stage.fault("hold", seller, f"/v1/{step}", after=1) for step in ("customers", "invoices")]
    connect(api, seller.key)
    bar = Bar(api)
    for rule in held:
        rule_met(rule)
        for _ in range(5):
            bar.sample()
        stage.release(rule)
    bar.until_the_end()
    assert bar.activity == sorted(bar.activity)
    assert len(set(bar.percents)) > 2
    assert len(set(bar.activity)) > 2
    assert api.card()["state"] == "connected"


def test_activity_that_is_too_long_ago_becomes_a_state_that_ends_by_itself(stage: Stage) -> None:
    """D10: nobody guesses progress for a dead worker; once its lease is over the card says that one is waited for, and
    the next worker goes on from where the bar stood."""
    api, seller = stage.customer_of_ours()
    held = stage.fault("hold", seller, "/v1/invoices", times=None)
    connect(api, seller.key)
    rule_met(held)
    wait_for("the last list", lambda: running_step(api) == "invoices")
    bar = Bar(api)
    bar.sample()
    assert api.card()["waiting_for_worker"] is False
    stage.kill_workers()
    pass_time(stage, api.card()["progress"]["run_id"], seconds=LEASE_SECONDS + 1)
    card = api.card()
    assert (card["state"], card["waiting_for_worker"]) == ("syncing", True)
    assert card["progress"]["percent"] == bar.percents[-1]
    assert card["progress"]["last_activity_at"] < bar.activity[-1]
    stage.sandbox.world.traffic.faults.clear()
    stage.start_worker()
    bar.until_the_end()
    card = api.card()
    assert (card["state"], card["waiting_for_worker"]) == ("connected", False)


def pass_time(stage: Stage, run_id: str, *, seconds: int) -> None:
    """For one run, and for Redis, which by then has forgotten who was there."""
    change(
        stage.database_url,
        "UPDATE sync_runs SET heartbeat_at = heartbeat_at - :micros, requested_at = requested_at - :micros"
        " WHERE id = :run_id",
        micros=seconds * 1_000_000,
        run_id=run_id,
    )
    redis = connect_redis(stage.redis.url)
    redis.flushall()
    redis.close()


def test_a_customer_deleted_while_pages_are_read_costs_nobody_else(stage: Stage) -> None:
    """D8: the object that a page ended with is gone when the next page is asked for."""
    api, seller = stage.customer_of_ours(stage.open(large_seller(420, 1)))
    store = seller.world.store
    newest_first = sorted(store.customers, key=lambda customer: -customer.created)

    def vanish(world: World) -> None:
        with world.lock:
            world.stories.delete_customer(newest_first[99].id)

    stage.fault("mutate", seller, "/v1/customers", after=1, action=vanish)
    card = connected(api, seller.key)
    held = {row["id"] for row in of_workspace(stage, api, "stripe_customers")}
    assert {customer.id for customer in newest_first[:99] + newest_first[100:]} <= held
    assert card["records_synced"]["subscriptions"] == len(store.subscriptions)


def of_workspace(stage: Stage, api: Api, table: str) -> list[dict[str, Any]]:
    """The rows of one workspace."""
    return [row for row in rows_of(stage.database_url, table) if row["workspace_id"] == api.workspace_id]


def test_a_resync_alone_finds_what_no_event_told(stage: Stage) -> None:
    """D2, H8, H10: canceled, cancellations scheduled in both ways, paid outside Stripe, void, uncollectible; without
    any webhook, each status is right after a re-sync, and each cancellation is one signal."""
    api, seller = stage.customer_of_ours()
    for _ in range(3):
        owe(seller)
    connected(api, seller.key)
    assert differences(api, seller) == []
    told_before = signals_of(api, "subscription_canceled")
    running = [one for one in seller.world.store.subscriptions if one.status == "active" and not canceling(one)]
    ended_now, at_the_end, at_a_day = running[:3]
    stories = seller.world.stories
    stories.cancel_now(ended_now.id)
    stories.schedule_cancel(at_the_end.id)
    stories.schedule_cancel(at_a_day.id, "date", at=seller.world.now + 9 * 86_400)
    open_ones = [invoice for invoice in seller.world.store.invoices if invoice.status == "open"]
    stories.pay_out_of_band(open_ones[0].id)
    stories.void_invoice(open_ones[1].id)
    stories.mark_uncollectible(open_ones[2].id)
    for _ in range(2):
        assert resynced(api)["state"] == "succeeded"
        assert differences(api, seller) == []
        fresh = [signal for signal in signals_of(api, "subscription_canceled") if signal not in told_before]
        linked = [link["stripe_id"] for signal in fresh for link in signal["links"] if link["kind"] == "subscription"]
        assert sorted(linked) == sorted((ended_now.id, at_the_end.id, at_a_day.id))
    stories.undo_cancel(at_the_end.id)
    assert resynced(api)["state"] == "succeeded"
    assert at_the_end.id not in str(
        [one for one in signals_of(api, "subscription_canceled") if one["status"] == "open"]
    )


def canceling(subscription: Subscription) -> bool:
    """Whether its end is scheduled."""
    return subscription.cancel_at_period_end or subscription.cancel_at is not None


def owe(seller: Seller) -> None:
    """One more customer with an open invoice."""
    customer = next(iter(seller.world.store.customers))
    seller.world.stories.invoice_once(customer.id, [("Onboarding", 4_200)], days_until_due=5)


def signals_of(api: Api, kind: str) -> list[Any]:
    """All signals of a type."""
    return api.everything(f"/signals?type={kind}")


def test_eight_workspaces_at_once_read_their_own_accounts_only(stage: Stage) -> None:
    """G12: keys are bound to their workspace, whatever runs beside them."""
    stage.start_worker()
    pairs = [stage.customer_of_ours() for _ in range(8)]
    threads = [threading.Thread(target=connect, args=(api, seller.key)) for api, seller in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for api, seller in pairs:
        assert ended(api)["state"] == "connected"
        ids = {row["id"] for row in of_workspace(stage, api, "stripe_customers")}
        assert ids == {customer.id for customer in seller.world.store.customers}
        assert differences(api, seller) == []
