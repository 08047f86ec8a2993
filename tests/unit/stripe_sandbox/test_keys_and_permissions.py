"""A key may do what its permissions say, and refusals read as Stripe's do."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import requests

from stripe_sandbox import Account, SandboxServer, World, keys

Ask = Callable[..., requests.Response]

PATHS = {
    keys.CUSTOMER_READ: "/v1/customers",
    keys.SUBSCRIPTION_READ: "/v1/subscriptions",
    keys.INVOICE_READ: "/v1/invoices",
    keys.PRODUCT_READ: "/v1/products",
    keys.PRICE_READ: "/v1/prices",
}


def test_the_five_reads_open_the_five_lists_and_nothing_else(ask: Ask) -> None:
    for path in PATHS.values():
        assert ask(path, key=keys.RESTRICTED_TEST_KEY, limit=1).status_code == 200
    for path, permission in (
        ("/v1/account", keys.ACCOUNT_READ),
        ("/v1/events", keys.EVENT_READ),
        ("/v1/coupons", keys.COUPON_READ),
    ):
        answer = ask(path, key=keys.RESTRICTED_TEST_KEY)
        assert answer.status_code == 403
        message = answer.json()["error"]["message"]
        assert re.search(r"'(rak_[a-z0-9_]+)'", message).group(1) == permission  # type: ignore[union-attr]
        assert "acct_1SandboxDemo0001" in message
        assert keys.RESTRICTED_TEST_KEY not in message


@pytest.mark.parametrize("permission", sorted(keys.FIVE_READS))
def test_a_key_without_one_permission_is_refused_exactly_there(ask: Ask, permission: str) -> None:
    key = keys.KEY_WITHOUT[permission]
    for needed, path in PATHS.items():
        answer = ask(path, key=key, limit=1)
        assert answer.status_code == (403 if needed == permission else 200)
        if needed == permission:
            assert f"'{permission}'" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("key", "code", "words"),
    [
        (keys.UNKNOWN_KEY, None, "Invalid API Key provided: rk_test_"),
        (keys.EXPIRED_KEY, "api_key_expired", "Expired API Key provided"),
        (keys.IP_RESTRICTED_KEY, None, "does not allow requests from your IP address"),
        (keys.PUBLISHABLE_KEY, "secret_key_required", "publishable"),
        (keys.FULL_LIVE_KEY, None, "Invalid API Key provided: sk_live_"),
        (None, None, "You did not provide an API key"),
    ],
)
def test_unusable_keys_answer_401(ask: Ask, key: str | None, code: str | None, words: str) -> None:
    answer = ask("/v1/customers", key=key)
    error = answer.json()["error"]
    assert (answer.status_code, error.get("code")) == (401, code)
    assert words in error["message"]
    if key is not None:
        assert key not in error["message"]


def test_masking_keeps_the_prefix_and_four_characters() -> None:
    masked = keys.mask("rk_live_abcdefghijkl")
    assert masked == "rk_live_********ijkl"


def test_a_full_key_may_do_everything(ask: Ask) -> None:
    assert ask("/v1/account", key=keys.FULL_TEST_KEY).json()["id"] == "acct_1SandboxDemo0001"
    assert ask("/v1/coupons/PARTNER20", key=keys.FULL_TEST_KEY).json()["percent_off"] == 20.0


def test_the_key_may_come_as_basic_user_name(portfolio_server: SandboxServer, session: requests.Session) -> None:
    answer = session.get(f"{portfolio_server.url}/v1/products", auth=(keys.RESTRICTED_TEST_KEY, ""), timeout=5)
    assert answer.status_code == 200


def test_permissions_change_while_running(ask_own: Ask, world: World) -> None:
    key = keys.RESTRICTED_TEST_KEY
    world.keys.revoke(key, keys.INVOICE_READ)
    assert ask_own("/v1/invoices", key=key).status_code == 403
    world.keys.grant(key, keys.INVOICE_READ)
    assert ask_own("/v1/invoices", key=key).status_code == 200
    world.keys.put(key, state="expired")
    assert ask_own("/v1/invoices", key=key).status_code == 401
    world.keys.delete(key)
    assert "Invalid API Key" in ask_own("/v1/invoices", key=key).json()["error"]["message"]


def test_the_key_decides_which_account_answers(session: requests.Session) -> None:
    test, live = (
        World(seed=1, now=1_795_000_000),
        World(seed=2, now=1_795_000_000, account=Account(id="acct_live", livemode=True)),
    )
    test.stories.new_customer("Test side", "a@one.example")
    live.stories.new_customer("Live side", "a@two.example")
    with SandboxServer(test, live) as server:
        for key, name, mode in (
            (keys.RESTRICTED_TEST_KEY, "Test side", False),
            (keys.RESTRICTED_LIVE_KEY, "Live side", True),
        ):
            headers = {"Authorization": f"Bearer {key}"}
            rows = session.get(f"{server.url}/v1/customers", headers=headers, timeout=5).json()["data"]
            assert [(row["name"], row["livemode"]) for row in rows] == [(name, mode)]


def test_the_log_knows_who_asked_for_what_and_hides_the_key(ask_own: Ask, world: World) -> None:
    answer = ask_own("/v1/invoices", key=keys.RESTRICTED_TEST_KEY, version="2025-08-27.basil", limit=3, status="open")
    (entry,) = world.request_log.find(path="/v1/invoices")
    assert (entry.method, entry.status, entry.version) == ("GET", 200, "2025-08-27.basil")
    assert ("limit", "3") in entry.params
    assert entry.request_id == answer.headers["Request-Id"]
    assert entry.key == keys.mask(keys.RESTRICTED_TEST_KEY)
    assert world.request_log.summary()["by_status"] == {"200": 1}
    assert sum(world.request_log.per_second().values()) == 1
    world.request_log.clear()
    assert world.request_log.find() == []
