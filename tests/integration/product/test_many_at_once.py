"""Clicks, deliveries, pages and a sync at the same time (guarantees E3, F1, F3, K1)."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import pytest
import requests
from tests.integration.product.conftest import SQLITE
from tests.integration.product.figures import differences
from tests.integration.product.installation import Api, wait_for
from tests.integration.product.seller import Seller, small_seller
from tests.integration.product.stage import Stage, connect, connected, ended, resynced, rule_met, run_ended

from stripe_sandbox.rendering.event_payloads import event_payload
from stripe_sandbox.webhooks.endpoint import signature_header

LOOKED_AT = ("/accounts?sort=-mrr", "/integrations/stripe", "/signals", "/integrations/stripe/customers")
SIGNING_SECRET = "whsec_manyAtOnce93Kd0Pz7Lm2Qw8Rt"
SECONDS_OF_CROWD = 30
EVENTS_A_SECOND = 20
_NUMBERS = itertools.count(1)


def test_of_thirty_clicks_through_two_web_servers_one_counts(stage: Stage) -> None:
    """E3: one run, 29 times "sync already running", and Stripe sees one series of reads."""
    api, seller = stage.customer_of_ours()
    connected(api, seller.key)
    alone = len(stage.requests_of(seller))
    run_id = resynced(api)["id"]
    series = stage.quiet(seller) - alone
    second = stage.seen_by(api.token, api.workspace_id, port=second_port(stage))
    held = stage.fault("hold", seller, "/v1/products", times=None)
    start = threading.Barrier(30)

    def click(number: int) -> tuple[int, Any]:
        start.wait(timeout=60)
        base = (api, second)[number % 2].base
        answer = requests.post(
            f"{base}/api/v1/integrations/stripe/syncs",
            json={},
            headers={"Authorization": f"Bearer {api.token}"},
            timeout=60,
        )
        return answer.status_code, answer.json()

    with ThreadPoolExecutor(30) as pool:
        answers = list(pool.map(click, range(30)))
    accepted = [body["run_id"] for status, body in answers if status == 202]
    refused = [body["code"] for status, body in answers if status == 409]
    assert (len(accepted), refused) == (1, ["sync_already_running"] * 29)
    rule_met(held, seconds=60)
    stage.release(held)
    assert run_ended(api, accepted[0])["state"] == "succeeded"
    asked = stage.quiet(seller) - alone - series
    assert asked <= series
    assert [run["id"] for run in api.everything("/integrations/stripe/syncs")][:2] == [accepted[0], run_id]


_PORTS: dict[int, int] = {}


def second_port(stage: Stage) -> int:
    """Where the stage's second web server listens; started once."""
    if id(stage) not in _PORTS:
        _PORTS[id(stage)] = stage.second_web()
    return _PORTS[id(stage)]


class Deliveries:
    """Genuine events of a seller's customers, sent one after the other."""

    def __init__(self, api: Api, seller: Seller) -> None:
        api.call("PUT", "/integrations/stripe/webhook-secret", json={"signing_secret": SIGNING_SECRET}, expect=200)
        self.api = api
        self.url = api.card()["webhook"]["url"]
        self.seller = seller
        self.seconds: list[float] = []
        self.statuses: list[int] = []

    def send(self, session: requests.Session) -> None:
        """One event with an id of its own."""
        store = self.seller.world.store
        newest = next(event for event in reversed(list(store.events)) if event.type.startswith("customer.sub"))
        body = {**event_payload(store, newest, newest.api_version), "id": f"evt_many_{next(_NUMBERS)}"}
        raw = orjson.dumps(body)
        marks = signature_header(raw, [SIGNING_SECRET], int(time.time()))
        began = time.monotonic()
        answer = session.post(self.url, data=raw, headers={"Stripe-Signature": marks}, timeout=30)
        self.seconds.append(time.monotonic() - began)
        self.statuses.append(answer.status_code)

    def assert_worked_off(self) -> None:
        """Every event was acknowledged, and none is left or was given up."""
        assert set(self.statuses) == {200}

        def rest() -> bool:
            panel = self.api.card()["webhook"]
            return (panel["pending"], panel["parked"]) == (0, 0)

        wait_for("the inbox to be worked off", rest, seconds=60)


@pytest.mark.parametrize("shared_stage", [SQLITE], indirect=True)
def test_sqlite_shows_and_loses_nothing_because_of_locks(stage: Stage) -> None:
    """F1: for thirty seconds twenty events a second, full syncs by two workers and people who look at figures, all at
    once: no server error, no lost event, and almost everything answered within two seconds."""
    stage.start_worker()
    api, seller = stage.customer_of_ours(stage.open(small_seller(80)))
    connected(api, seller.key)
    deliveries = Deliveries(api, seller)
    looks: list[tuple[int, float]] = []
    until = time.monotonic() + SECONDS_OF_CROWD

    def deliver() -> None:
        with requests.Session() as session:
            while time.monotonic() < until:
                due = time.monotonic() + 1 / EVENTS_A_SECOND
                deliveries.send(session)
                time.sleep(max(0.0, due - time.monotonic()))

    def look() -> None:
        with requests.Session() as session:
            for path in itertools.cycle(
                ("/accounts?sort=-mrr", "/integrations/stripe", "/signals", "/integrations/stripe/customers")
            ):
                if time.monotonic() > until:
                    return
                began = time.monotonic()
                answer = session.get(
                    f"{api.base}/api/v1{path}", headers={"Authorization": f"Bearer {api.token}"}, timeout=30
                )
                looks.append((answer.status_code, time.monotonic() - began))

    runs = []
    with ThreadPoolExecutor(4) as pool:
        working = [pool.submit(work) for work in works(deliver, look)]
        while time.monotonic() < until:
            runs.append(resynced(api))
        for done in working:
            done.result(timeout=60)
    assert {run["state"] for run in runs} == {"succeeded"}
    deliveries.assert_worked_off()
    assert not [status for status, _ in looks if status >= 500]
    waits = sorted([*deliveries.seconds, *(seconds for _, seconds in looks)])
    assert waits[len(waits) * 99 // 100 - 1] < 2.0
    assert differences(api, seller) == []
    assert "database is locked" not in stage.installation.logs()


def works(deliver: Callable[[], None], look: Callable[[], None]) -> list[Callable[[], None]]:
    """One who delivers, and three who look."""
    return [deliver, look, look, look]


def test_a_page_that_stripe_holds_back_holds_nobody_up(stage: Stage) -> None:
    """F3: no transaction spans a request to Stripe; deliveries and changes are answered at once meanwhile."""
    api, seller = stage.customer_of_ours()
    connected(api, seller.key)
    deliveries = Deliveries(api, seller)
    held = stage.fault("hold", seller, "/v1/invoices", times=None)
    run_id = api.post("/integrations/stripe/syncs", expect=202)["run_id"]
    rule_met(held)
    with requests.Session() as session:
        for number in range(15):
            deliveries.send(session)
            began = time.monotonic()
            api.post("/accounts", {"name": f"Late {number}", "domain": f"late{number}.example"}, expect=201)
            deliveries.seconds.append(time.monotonic() - began)
    assert max(deliveries.seconds) < 2.0
    stage.release(held)
    assert run_ended(api, run_id)["state"] == "succeeded"
    deliveries.assert_worked_off()


@pytest.mark.parametrize("shared_stage", [SQLITE], indirect=True)
def test_foreign_ids_look_like_unknown_ones_over_http(stage: Stage) -> None:
    """K1, guarantee 9: status, headers and body of every look-up and change by id are the same, byte for byte."""
    api, seller = stage.customer_of_ours(stage.open(small_seller(3)))
    other, theirs = stage.customer_of_ours(stage.open(small_seller(3)))
    connected(api, seller.key)
    connected(other, theirs.key)
    account = other.everything("/accounts")[0]["id"]
    customer = other.everything("/integrations/stripe/customers")[0]["id"]
    run = other.everything("/integrations/stripe/syncs")[0]["id"]
    user = other.everything("/users")[0]["id"]
    token = other.everything("/tokens")[0]["id"]
    before = other.everything("/accounts")
    asked: list[tuple[str, str, str, Any]] = [
        ("GET", "/accounts/{}", account, None),
        ("PATCH", "/accounts/{}", account, {"name": "Mine"}),
        ("DELETE", "/accounts/{}", account, None),
        ("GET", "/accounts/{}/billing", account, None),
        ("GET", "/accounts/{}/billing/mrr-explanation", account, None),
        ("GET", "/accounts/{}/mrr-history", account, None),
        ("GET", "/accounts/{}/health", account, None),
        ("PUT", "/accounts/{}/pillars/usage", account, {"score": 1, "reason": "r", "as_of": "2026-11-01T00:00:00Z"}),
        ("GET", "/integrations/stripe/syncs/{}", run, None),
        ("PUT", "/integrations/stripe/customers/{}/match", customer, {"account_id": account}),
        ("DELETE", "/integrations/stripe/customers/{}/match", customer, None),
        ("DELETE", "/tokens/{}", token, None),
        ("PATCH", "/users/{}", user, {"role": "member"}),
        ("DELETE", "/users/{}", user, None),
    ]
    for method, path, foreign, body in asked:
        unknown = foreign[:-4] + "0000"
        seen = [answer_to(api, method, path.format(one), body) for one in (foreign, unknown)]
        assert seen[0] == seen[1], (method, path)
        assert seen[0][0] in (403, 404), (method, path, seen[0])
    assert other.everything("/accounts") == before


def answer_to(api: Api, method: str, path: str, body: Any) -> tuple[int, list[tuple[str, str]], bytes]:
    """What distinguishes one answer from another."""
    answer = requests.request(
        method,
        f"{api.base}/api/v1{path}",
        headers={"Authorization": f"Bearer {api.token}"},
        json=body,
        timeout=30,
    )
    changing = {"date", "x-request-id"}
    headers = sorted((name, value) for name, value in answer.headers.items() if name.lower() not in changing)
    return answer.status_code, headers, answer.content


def test_the_card_of_one_sync_is_seen_alike_by_both_web_servers(stage: Stage) -> None:
    """Several web processes over one database and one Redis."""
    api, seller = stage.customer_of_ours()
    second = stage.seen_by(api.token, api.workspace_id, port=second_port(stage))
    connect(second, seller.key)
    assert ended(api)["state"] == "connected"
    one, other = api.card(), second.card()
    assert one == other
