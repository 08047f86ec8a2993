"""Whatever Stripe does wrong in a re-sync: the card names the step, and what was there stays (guarantee 5; D2, D5,
D8 to D10, G6 to G9, H8, H10, L7)."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import pytest
from tests.integration.product.conftest import SQLITE
from tests.integration.product.figures import differences
from tests.integration.product.installation import Api, wait_for
from tests.integration.product.seller import Seller, large_seller
from tests.integration.product.stage import Stage, connect, connected, ended, resynced, rule_met, run_ended
from tests.integration.product.stored import rows_of

from stripe_sandbox import World, keys
from stripe_sandbox.records import Subscription

READING = {
    "products": "reading products",
    "prices": "reading prices",
    "customers": "reading customers",
    "subscriptions": "reading subscriptions",
    "invoices": "reading invoices",
}
KINDS: dict[str, tuple[dict[str, Any], str]] = {
    "fail": ({"status": 500, "headers": {"Request-Id": "req_ofTheFault"}}, "stripe_unreachable"),
    "cut": ({}, "stripe_unreachable"),
    "html": ({}, "stripe_answer_unusable"),
    "truncate": ({}, "stripe_answer_unusable"),
    "empty_page": ({}, "stripe_answer_unusable"),
    "repeat_page": ({}, "stripe_answer_unusable"),
}


@dataclass
class Before:
    """What an admin saw before something went wrong."""

    card: Any
    accounts: list[Any]

    @classmethod
    def of(cls, api: Api) -> Before:
        return cls(api.card(), api.everything("/accounts"))

    def assert_kept(self, api: Api) -> None:
        """Nobody lost anything, and nothing claims to be newer than it is."""
        card = api.card()
        for kept in ("records_synced", "customers_matched", "last_sync_at", "as_of"):
            assert card[kept] == self.card[kept]
        assert api.everything("/accounts") == self.accounts


def assert_failed_at(api: Api, run_id: str, step: str, code: str) -> Any:
    """The run and the card say where and why it ended."""
    run = run_ended(api, run_id, seconds=150)
    assert run["state"] == "failed", run
    assert [one["name"] for one in run["steps"] if one["state"] == "failed"] == [step]
    card = api.card()
    assert (card["state"], card["error"]["code"], run["error"]["code"]) == ("error", code, code)
    assert card["error"]["message"] == run["error"]["message"]
    return card["error"]["message"]


@pytest.mark.parametrize("shared_stage", [SQLITE], indirect=True)
@pytest.mark.parametrize(
    "kinds", [("fail", "html", "cut", "truncate", "repeat_page"), ("truncate", "cut", "empty_page", "fail", "html")]
)
def test_each_step_that_fails_is_named_and_nothing_is_lost(stage: Stage, kinds: tuple[str, ...]) -> None:
    """D5, D9, G9, L7: five workspaces, and in each another step meets another fault."""
    hit = []
    for step, kind in zip(READING, kinds, strict=True):
        api, seller = stage.customer_of_ours()
        connected(api, seller.key)
        details, code = KINDS[kind]
        stage.fault(kind, seller, f"/v1/{step}", times=None, **details)  # type: ignore[arg-type]
        hit.append((step, code, api, seller, Before.of(api)))
    started = [api.post("/integrations/stripe/syncs", expect=202)["run_id"] for _, _, api, _, _ in hit]
    for (step, code, api, _, before), run_id in zip(hit, started, strict=True):
        message = assert_failed_at(api, run_id, step, code)
        assert READING[step] in message
        assert "Re-sync" in message
        if code == "stripe_unreachable" and kinds[list(READING).index(step)] == "fail":
            assert "req_ofTheFault" in message
        before.assert_kept(api)
    stage.sandbox.world.traffic.faults.clear()
    for _, _, api, seller, before in hit:
        assert resynced(api)["state"] == "succeeded"
        card = api.card()
        assert (card["state"], card["error"]) == ("connected", None)
        assert card["last_sync_at"] > before.card["last_sync_at"]
        assert differences(api, seller) == []


def test_a_permission_withdrawn_later_is_named(stage: Stage) -> None:
    """G6: invoices are denied before a re-sync; figures stay."""
    api, seller = stage.customer_of_ours()
    connected(api, seller.key)
    before = Before.of(api)
    seller.world.keys.revoke(seller.key, keys.INVOICE_READ)
    run_id = api.post("/integrations/stripe/syncs", expect=202)["run_id"]
    message = assert_failed_at(api, run_id, "invoices", "missing_permissions")
    assert "invoices" in message
    before.assert_kept(api)
    seller.world.keys.grant(seller.key, keys.INVOICE_READ)
    assert resynced(api)["state"] == "succeeded"


@pytest.mark.parametrize("shared_stage", [SQLITE], indirect=True)
def test_a_key_revoked_in_the_middle_of_a_list_ends_the_run_at_once(stage: Stage) -> None:
    """G7: 401 from the third page on; at most the requests that were under way follow, and the card says so."""
    api, seller = stage.customer_of_ours(stage.open(large_seller(450, 1)))
    connected(api, seller.key)
    before = Before.of(api)

    def revoke(world: World) -> None:
        world.keys.delete(seller.key)

    third = stage.fault("mutate", seller, "/v1/customers", after=2, action=revoke)
    run_id = api.post("/integrations/stripe/syncs", expect=202)["run_id"]
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


@pytest.mark.parametrize("shared_stage", [SQLITE], indirect=True)
def test_the_bar_never_runs_backwards_and_shows_a_sign_of_life(stage: Stage) -> None:
    """D10: sampled during a held sync; the age of the last activity is there to be seen."""
    api, seller = stage.customer_of_ours(stage.open(large_seller(300, 3)))
    held = [stage.fault("hold", seller, f"/v1/{step}", after=1) for step in ("customers", "invoices")]
    connect(api, seller.key)
    seen: list[tuple[int, str | None]] = []

    def sample() -> bool:
        progress = api.card()["progress"]
        if progress is not None:
            seen.append((progress["percent"], progress["last_activity_at"]))
        return progress is None

    for rule in held:
        rule_met(rule)
        for _ in range(5):
            sample()
        stage.release(rule)
    wait_for("the sync to end", sample)
    percents = [percent for percent, _ in seen]
    activity = [at for _, at in seen if at is not None]
    assert percents == sorted(percents)
    assert activity == sorted(activity)
    assert len(set(percents)) > 2
    assert len(set(activity)) > 2
    assert api.card()["state"] == "connected"


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


@pytest.mark.parametrize("shared_stage", [SQLITE], indirect=True)
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
