"""The story of one connection: connect, re-sync, reconnect with another key, disconnect (guarantees G5, J7, L1 to L4,
L7)."""

from __future__ import annotations

import itertools
import time

import pytest
from tests.integration.product.conftest import SQLITE
from tests.integration.product.figures import differences
from tests.integration.product.installation import Api, wait_for
from tests.integration.product.seller import small_seller
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
from tests.integration.product.stored import redis_dump, rows_of

from stripe_sandbox import keys

CONNECTION = "/integrations/stripe/connection"
PERMISSIONS = {
    keys.CUSTOMER_READ: "customers",
    keys.SUBSCRIPTION_READ: "subscriptions",
    keys.INVOICE_READ: "invoices",
    keys.PRODUCT_READ: "products",
    keys.PRICE_READ: "prices",
}
FACTS = ("stripe_products", "stripe_prices", "stripe_customers", "stripe_subscriptions", "stripe_invoices")


def facts_of(stage: Stage, api: Api) -> dict[str, list[str]]:
    """Everything that is held of Stripe, row by row."""
    return {
        table: sorted(str(row) for row in rows_of(stage.database_url, table) if row["workspace_id"] == api.workspace_id)
        for table in FACTS
    }


def sealed_keys(stage: Stage, api: Api) -> list[dict[str, object]]:
    """The stored ciphertexts of a workspace's Stripe key."""
    return [row for row in rows_of(stage.database_url, "sealed_keys") if row["workspace_id"] == api.workspace_id]


def refused(api: Api, key: str, code: str, *, status: int = 422) -> dict[str, object]:
    """The problem document of a key that is not taken."""
    problem: dict[str, object] = api.post(CONNECTION, {"api_key": key}, expect=status)
    assert problem["code"] == code, problem
    return problem


def test_the_whole_story_of_a_connection(stage: Stage) -> None:
    """Connect, re-sync, rotate the key, meet foreign keys, disconnect, come back."""
    api, seller = stage.customer_of_ours()
    other, live = stage.open(small_seller()), stage.open(small_seller(livemode=True))
    first = connected(api, seller.key)
    assert (first["mode"], first["key_last4"], first["error"]) == ("test", seller.key[-4:], None)
    assert differences(api, seller) == []
    assert resynced(api)["state"] == "succeeded"

    fresh = seller.another_key()
    connect(api, fresh)
    assert api.card()["records_synced"] == first["records_synced"]
    seller.world.keys.delete(seller.key)
    card = ended(api)
    assert (card["state"], card["key_last4"]) == ("connected", fresh[-4:])
    assert card["last_sync_at"] > first["last_sync_at"]
    assert differences(api, seller) == []

    before = facts_of(stage, api)
    refused(api, other.key, "different_stripe_account")
    refused(api, live.key, "different_mode")
    assert facts_of(stage, api) == before
    assert resynced(api)["state"] == "succeeded"
    assert not [entry for entry in stage.requests_of(other) if dict(entry.params).get("limit") == "100"]

    [sealed] = sealed_keys(stage, api)
    card = api.call("DELETE", CONNECTION, expect=200)
    assert (card["state"], card["frozen"]) == ("disconnected", True)
    assert sealed_keys(stage, api) == []
    assert not [row for row in rows_of(stage.database_url, "sealed_keys") if row["ciphertext"] == sealed["ciphertext"]]
    assert api.post("/integrations/stripe/syncs", expect=409)["code"] == "not_connected"
    assert api.call("DELETE", CONNECTION, expect=409)["code"] == "not_connected"
    assert differences(api, seller) == []
    assert api.get(f"/accounts/{api.everything('/accounts')[0]['id']}/billing")["frozen"]

    refused(api, other.key, "different_stripe_account")
    assert connected(api, fresh)["frozen"] is False
    states = [run["state"] for run in api.everything("/integrations/stripe/syncs")]
    assert states == ["succeeded"] * 5
    told = [entry["action"] for entry in api.everything("/audit-log")]
    assert [action for action in told if action.startswith("stripe.")] == [
        "stripe.reconnected",
        "stripe.disconnected",
        "stripe.sync_requested",
        "stripe.reconnected",
        "stripe.sync_requested",
        "stripe.connected",
    ]


def test_an_account_that_its_key_may_not_name_is_told_by_its_customers(stage: Stage) -> None:
    """L3 without ``/v1/account``: keys of the five reads only, of two accounts of the same mode."""
    api, seller = stage.customer_of_ours()
    other = stage.open(small_seller())
    connected(api, seller.key)
    refused(api, other.key, "different_stripe_account")
    assert resynced(api)["state"] == "succeeded"
    assert not [entry for entry in stage.requests_of(other) if dict(entry.params).get("limit") == "100"]


def test_a_key_is_good_if_the_five_reads_work(stage: Stage) -> None:
    """G5, L4: each permission that is missing is named, pairs as well; whatever is refused, the old key stays."""
    api, seller = stage.customer_of_ours()
    connected(api, seller.key)
    # Of the account itself such a key may read nothing, and it is taken all the same.
    assert {entry.status for entry in stage.requests_of(seller, "/v1/account")} == {403}
    lacking = [set(names) for count in (1, 2, 5) for names in itertools.combinations(PERMISSIONS, count)]
    for missing in lacking:
        problem = refused(api, seller.another_key(keys.FIVE_READS - missing), "missing_permissions")
        assert problem["permissions"] == sorted((PERMISSIONS[name] for name in missing), key=_shown_order)
        for name in missing:
            assert PERMISSIONS[name] in str(problem["detail"]).lower()
    expired, elsewhere = seller.another_key(), seller.another_key()
    seller.world.keys.put(expired, state="expired")
    seller.world.keys.put(elsewhere, state="ip_restricted")
    told = {
        str(refused(api, key, "invalid_api_key")["detail"])
        for key in (
            expired,
            elsewhere,
            f"{seller.key}x",
            "rk_test_revoked51Hx7Qm000000",
            "pk_test_publishable51Hx7Qm00",
            "sk_org_test_organisation51Hx7",
            "whsec_notakeyatall51Hx7Qm000",
            "rk_test_",
            "",
        )
        if key
    }
    assert len(told) >= 6
    assert not [text for text in told if "51Hx7Qm" in text]
    card = api.card()
    assert (card["state"], card["key_last4"]) == ("connected", seller.key[-4:])
    assert resynced(api)["state"] == "succeeded"


def _shown_order(name: str) -> int:
    return ("customers", "subscriptions", "invoices", "products", "prices").index(name)


@pytest.mark.parametrize("shared_stage", [SQLITE], indirect=True)
def test_keys_that_read_more_are_taken_and_told(stage: Stage) -> None:
    """Issue "Key check": a full secret key is accepted with a warning; white space around a key is not part of it."""
    seller = stage.open(small_seller(2))
    full = seller.another_key().replace("rk_", "sk_")
    seller.world.keys.put(full, unrestricted=True)
    api, _ = stage.customer_of_ours(seller)
    connect(api, f"  {full}\n")
    card = ended(api)
    assert (card["state"], card["full_secret_key"]) == ("connected", True)
    assert card["stripe_account_id"] == seller.world.account.id
    assert card["webhook"]["events_readable"] is True


@pytest.mark.parametrize("step", ["products", "prices", "customers", "subscriptions", "invoices"])
def test_a_disconnect_stops_a_running_sync_at_its_next_page(stage: Stage, step: str) -> None:
    """L1, L2, J7: at most one more request, the card stays Disconnected, and nothing more is stored."""
    api, seller = stage.customer_of_ours()
    held = stage.fault("hold", seller, f"/v1/{step}", times=None)
    connect(api, seller.key)
    rule_met(held)
    run_id = api.card()["progress"]["run_id"]
    wait_for(f"the step {step}", lambda: running_step(api) == step)
    asked = stage.quiet(seller)
    assert api.call("DELETE", CONNECTION, expect=200)["state"] == "disconnected"
    before, left = facts_of(stage, api), time.monotonic()
    stage.release(held)
    assert run_ended(api, run_id, seconds=5)["state"] == "superseded"
    assert stage.quiet(seller) - asked <= 1
    assert time.monotonic() - left < 5 + 3
    assert facts_of(stage, api) == before
    assert sealed_keys(stage, api) == []
    assert api.card()["state"] == "disconnected"
    assert seller.canary.encode() not in redis_dump(stage.redis.url)


@pytest.mark.parametrize("shared_stage", [SQLITE], indirect=True)
def test_no_customer_matched_is_a_success_that_says_so(stage: Stage) -> None:
    """Guide, "Records synced: 0 customers matched": everything is held, nothing belongs to an account."""
    api, seller = stage.customer_of_ours(accounts=False)
    api.post("/accounts", {"name": "Nobody", "domain": "nobody.example"}, expect=201)
    card = connected(api, seller.key)
    assert card["records_synced"]["customers"] == len(seller.world.store.customers)
    assert card["customers_matched"] == 0
    unmatched = api.everything("/integrations/stripe/customers?matched=false")
    assert len(unmatched) == card["records_synced"]["customers"]
    assert {(row["account"], bool(row["match"]["reason"])) for row in unmatched} == {(None, True)}
    [account] = api.everything("/accounts")
    tab = api.get(f"/accounts/{account['id']}/billing")
    assert (tab["matched"], bool(tab["empty_reason"])) == (False, True)


def test_two_workspaces_on_one_stripe_account_do_not_touch_each_other(stage: Stage) -> None:
    """K2: every key includes the workspace; what one does leaves the other as it was."""
    seller = stage.open(small_seller())
    first, _ = stage.customer_of_ours(seller)
    second, _ = stage.customer_of_ours(seller)
    connected(first, seller.key)
    connected(second, seller.key)
    before = facts_of(stage, second)
    customer = next(row for row in first.everything("/integrations/stripe/customers") if row["account"])
    first.call("DELETE", f"/integrations/stripe/customers/{customer['id']}/match", expect=200)
    first.call("DELETE", CONNECTION, expect=200)
    assert facts_of(stage, second) == before
    assert differences(second, seller) == []
    assert resynced(second)["state"] == "succeeded"
    assert len(facts_of(stage, second)["stripe_customers"]) == len(seller.world.store.customers)
