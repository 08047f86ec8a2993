"""Every way in which reading Stripe goes wrong, over real HTTP (guarantees D, G and K13)."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.contracts.stripe_reading_contract import ids_on
from tests.integration.stripe_api.quick_time import EVERYTHING, NOW, SkippedTime

from clynto.adapters.stripe_api.careful_reads import Surroundings
from clynto.adapters.stripe_api.key_check import StripeApiKeyCheck
from clynto.adapters.stripe_api.patience import Patience
from clynto.adapters.stripe_api.reader import StripeApiReader, StripeApiReaders
from clynto.domain.errors import (
    ClyntoError,
    InvalidApiKey,
    MissingPermissions,
    StripeAnswerUnusable,
    StripeRateLimited,
    StripeUnreachable,
)
from clynto.domain.secret import Secret
from clynto.ports.stripe_reading import Listing
from stripe_sandbox import keys
from stripe_sandbox.rate_limits import RateLimits
from stripe_sandbox.server import SandboxServer
from stripe_sandbox.world import World

AddCustomers = Callable[..., set[str]]


def customers(reader: StripeApiReader) -> set[str]:
    return ids_on(list(reader.pages(Listing.CUSTOMERS, [EVERYTHING])))


@pytest.mark.parametrize("apart", [0, 1, 3_600, 86_400])
def test_every_one_of_1050_customers_is_read(
    sandbox: SandboxServer, reader: StripeApiReader, add_customers: AddCustomers, apart: int
) -> None:
    known = add_customers(1_050, apart=apart)
    pages = list(reader.pages(Listing.CUSTOMERS, [EVERYTHING]))
    assert ids_on(pages) == known
    assert sandbox.world.traffic.log.total == len(pages) <= 11 * 1.1 + 6


def test_bursts_of_429_are_waited_out(
    sandbox: SandboxServer, reader: StripeApiReader, add_customers: AddCustomers, skipped_time: SkippedTime
) -> None:
    known = add_customers(950)
    body = {"error": {"type": "invalid_request_error", "code": "rate_limit", "message": "Too many"}}
    sandbox.world.traffic.faults.add("fail", status=429, body=body, times=12, after=2)
    assert customers(reader) == known
    assert skipped_time.pauses


def test_a_tight_limit_does_not_fail_a_list(
    sandbox: SandboxServer, surroundings: Surroundings, add_customers: AddCustomers
) -> None:
    known = add_customers(1_500)
    sandbox.world.traffic.limiter.set(RateLimits(endpoint_rate=25))
    real = Surroundings(budget=surroundings.budget, clock=surroundings.clock)
    with StripeApiReaders(real, api_base=sandbox.url).open(
        Secret(keys.RESTRICTED_TEST_KEY), still_wanted=lambda: True
    ) as reader:
        assert customers(reader) == known


@pytest.mark.parametrize("code", ["rate_limit", "lock_timeout"])
def test_a_lasting_429_ends_within_two_minutes(
    sandbox: SandboxServer, reader: StripeApiReader, skipped_time: SkippedTime, code: str
) -> None:
    body = {"error": {"type": "invalid_request_error", "code": code, "message": "Too many"}}
    sandbox.world.traffic.faults.add("fail", status=429, body=body, times=None)
    with pytest.raises(StripeRateLimited) as failed:
        customers(reader)
    assert str(failed.value.facts["request_id"]).startswith("req_")
    assert 20 < sum(skipped_time.pauses) < 120


@pytest.mark.parametrize("status", [409, 500, 502, 503])
def test_faults_of_stripe_are_tried_again(
    sandbox: SandboxServer, reader: StripeApiReader, add_customers: AddCustomers, status: int
) -> None:
    known = add_customers(350)
    sandbox.world.traffic.faults.add("fail", status=status, body="<html>Bad gateway</html>", times=5)
    assert customers(reader) == known


def test_a_lasting_fault_of_stripe_is_told_with_its_request(sandbox: SandboxServer, reader: StripeApiReader) -> None:
    sandbox.world.traffic.faults.add("fail", status=500, times=None)
    with pytest.raises(StripeUnreachable) as failed:
        customers(reader)
    log = sandbox.world.traffic.log.find()
    assert len(log) == 6
    assert failed.value.facts["request_id"] == log[-1].request_id


@pytest.mark.parametrize(("advice", "status", "calls"), [("false", 500, 1), ("false", 429, 1), ("true", 400, 6)])
def test_the_advice_of_stripe_overrides_the_status(
    sandbox: SandboxServer, reader: StripeApiReader, advice: str, status: int, calls: int
) -> None:
    headers = {"Stripe-Should-Retry": advice}
    sandbox.world.traffic.faults.add("fail", status=status, headers=headers, times=None)
    with pytest.raises(ClyntoError):
        customers(reader)
    assert sandbox.world.traffic.log.total == calls


def test_pauses_grow_and_are_spread_at_random() -> None:
    patience = Patience()
    assert [patience.pause(n, lambda: 1.0) for n in (1, 2, 3, 4, 9)] == [0.5, 1.0, 2.0, 4.0, 16.0]
    assert patience.pause(1_000_000, lambda: 0.25) == 4.0
    assert patience.pause(3, lambda: 0.0) == 0.0


@pytest.mark.parametrize("kind", ["cut", "html", "truncate"])
def test_one_broken_answer_is_asked_for_again(
    sandbox: SandboxServer, reader: StripeApiReader, add_customers: AddCustomers, kind: Any
) -> None:
    known = add_customers(250)
    sandbox.world.traffic.faults.add(kind, times=2, after=1)
    assert customers(reader) == known


@pytest.mark.parametrize("listing", list(Listing))
@pytest.mark.parametrize("kind", ["html", "truncate"])
def test_lasting_garbage_is_unusable_and_yields_nothing(
    sandbox: SandboxServer, reader: StripeApiReader, listing: Listing, kind: Any
) -> None:
    sandbox.world.traffic.faults.add(kind, times=None)
    with pytest.raises(StripeAnswerUnusable):
        next(reader.pages(listing, [EVERYTHING]))
    assert sandbox.world.traffic.log.total <= 3


@pytest.mark.parametrize(
    "body",
    [
        {"object": "list", "has_more": False},
        {"object": "list", "data": {}, "has_more": False},
        {"object": "list", "data": [], "has_more": "no"},
        {"object": "list", "data": [1], "has_more": False},
        {"object": "list", "data": [{"id": "in_1", "object": "invoice", "created": NOW}], "has_more": False},
        {"object": "customer", "id": "cus_1"},
        {},
        "[]",
        "null",
        "",
        '{"object": "list", "data": [], "has_more": NaN}',
    ],
)
def test_another_answer_than_asked_for_is_unusable(sandbox: SandboxServer, reader: StripeApiReader, body: Any) -> None:
    sandbox.world.traffic.faults.add("fail", status=200, body=body, times=None)
    with pytest.raises(StripeAnswerUnusable):
        customers(reader)


def test_half_a_surrogate_pair_in_a_name_is_no_garbage(sandbox: SandboxServer, reader: StripeApiReader) -> None:
    customer = '{"id": "cus_1", "object": "customer", "created": 5, "name": "odd \\ud800 name", "email": null}'
    body = f'{{"object": "list", "data": [{customer}], "has_more": false}}'
    sandbox.world.traffic.faults.add("fail", status=200, body=body)
    assert customers(reader) == {"cus_1"}


def test_an_odd_object_is_skipped_and_named(sandbox: SandboxServer, reader: StripeApiReader) -> None:
    good = {"id": "cus_1", "object": "customer", "created": 5, "name": None, "email": None}
    odd = {"id": "cus_2", "object": "customer", "created": 4, "name": ["?"], "email": None}
    without_id = {"object": "customer", "created": 3}
    body = {"object": "list", "data": [good, odd, without_id], "has_more": False}
    sandbox.world.traffic.faults.add("fail", status=200, body=body)
    (page,) = reader.pages(Listing.CUSTOMERS, [EVERYTHING])
    assert ids_on([page]) == {"cus_1"}
    assert [(one.kind, one.object_id) for one in page.skipped] == [("customer", "cus_2"), ("customer", None)]


@pytest.mark.parametrize("kind", ["empty_page", "repeat_page"])
def test_a_list_without_progress_ends_in_bounded_time(
    sandbox: SandboxServer, reader: StripeApiReader, add_customers: AddCustomers, kind: Any
) -> None:
    add_customers(1_050)
    sandbox.world.traffic.faults.add(kind, times=None, after=1)
    with pytest.raises(StripeAnswerUnusable):
        customers(reader)
    assert sandbox.world.traffic.log.total < 20


def test_a_vanished_cursor_loses_nobody(
    sandbox: SandboxServer, reader: StripeApiReader, add_customers: AddCustomers
) -> None:
    known = add_customers(450, apart=0)

    def delete_last_of_first_page(world: World) -> None:
        world.stories.delete_customer(gone)

    with sandbox.world.lock:
        gone = sandbox.world.store.customers.listed[-100].id
    sandbox.world.traffic.faults.add("mutate", after=1, action=delete_last_of_first_page)
    assert customers(reader) >= known - {gone}
    assert sandbox.world.traffic.log.find(status=400)


@pytest.mark.parametrize("readers_per_list", [1, 8])
def test_401_in_the_middle_of_a_list_ends_it(
    sandbox: SandboxServer, surroundings: Surroundings, add_customers: AddCustomers, readers_per_list: int
) -> None:
    add_customers(2_000)
    sandbox.world.traffic.latency = 0.02

    def revoke(world: World) -> None:
        world.keys.delete(keys.RESTRICTED_TEST_KEY)

    sandbox.world.traffic.faults.add("mutate", after=2, action=revoke)
    readers = StripeApiReaders(surroundings, api_base=sandbox.url, readers_per_list=readers_per_list)
    with (
        readers.open(Secret(keys.RESTRICTED_TEST_KEY), still_wanted=lambda: True) as reader,
        pytest.raises(InvalidApiKey) as failed,
    ):
        customers(reader)
    assert failed.value.facts["reason"] == "rejected"
    # What was under way side by side cannot be taken back; nobody asks again.
    assert len(sandbox.world.traffic.log.find(status=401)) <= readers_per_list


def test_a_permission_that_is_withdrawn_is_named(
    sandbox: SandboxServer, reader: StripeApiReader, add_customers: AddCustomers
) -> None:
    add_customers(550)

    def revoke(world: World) -> None:
        world.keys.revoke(keys.RESTRICTED_TEST_KEY, keys.CUSTOMER_READ)

    sandbox.world.traffic.faults.add("mutate", after=2, action=revoke)
    with pytest.raises(MissingPermissions) as failed:
        customers(reader)
    assert failed.value.facts["permissions"] == ["customers"]
    assert str(failed.value.facts["request_id"]).startswith("req_")


def test_a_refusal_without_permission_name_is_told_by_what_was_read(
    sandbox: SandboxServer, reader: StripeApiReader
) -> None:
    sandbox.world.traffic.faults.add("fail", status=403, body={"error": {"message": "No."}}, times=None)
    for listing, word in ((Listing.PRICES, "prices"), (Listing.RUNNING_DISCOUNTS, "subscriptions")):
        with pytest.raises(MissingPermissions) as failed:
            list(reader.pages(listing, [EVERYTHING]))
        assert failed.value.facts["permissions"] == [word]
    with pytest.raises(MissingPermissions) as failed:
        reader.invoice("in_1")
    assert failed.value.facts["permissions"] == ["invoices"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 407])
def test_a_page_of_a_proxy_says_nothing_about_the_key(
    sandbox: SandboxServer, reader: StripeApiReader, status: int
) -> None:
    sandbox.world.traffic.faults.add("fail", status=status, body="<html>Forbidden</html>", times=None)
    with pytest.raises(StripeAnswerUnusable):
        customers(reader)
    with pytest.raises(StripeAnswerUnusable):
        reader.product("prod_1")


def test_a_lost_account_is_a_refused_key(sandbox: SandboxServer, reader: StripeApiReader) -> None:
    body = {"error": {"message": "No such account", "code": "account_invalid"}}
    sandbox.world.traffic.faults.add("fail", status=403, body=body, times=None)
    with pytest.raises(InvalidApiKey):
        customers(reader)


class _Canary(http.server.BaseHTTPRequestHandler):
    hits = 0

    def do_GET(self) -> None:
        type(self).hits += 1
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def canary() -> Iterator[str]:
    _Canary.hits = 0
    with http.server.HTTPServer(("127.0.0.1", 0), _Canary) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(sandbox: SandboxServer, reader: StripeApiReader, canary: str, status: int) -> None:
    headers = {"Location": f"{canary}/v1/customers"}
    sandbox.world.traffic.faults.add("fail", status=status, headers=headers, times=None)
    with pytest.raises(StripeAnswerUnusable):
        customers(reader)
    assert _Canary.hits == 0
    assert sandbox.world.traffic.log.total == 1


def test_an_unreachable_stripe_is_told(surroundings: Surroundings) -> None:
    check = StripeApiKeyCheck(surroundings, api_base="http://127.0.0.1:9")
    with pytest.raises(StripeUnreachable):
        check.examine(Secret(keys.RESTRICTED_TEST_KEY))


def test_a_key_of_the_wrong_mode_is_noticed(sandbox: SandboxServer, key_check: StripeApiKeyCheck) -> None:
    body = {"object": "list", "has_more": True, "data": [{"id": "cus_1", "object": "customer", "livemode": True}]}
    sandbox.world.traffic.faults.add("fail", path="/v1/customers", status=200, body=body, times=None)
    with pytest.raises(StripeAnswerUnusable):
        key_check.examine(Secret(keys.RESTRICTED_TEST_KEY))
