"""Small workspaces beside one with fifty thousand invoices: their syncs begin and their events show in time, whatever
the giant does (guarantees L5)."""

from __future__ import annotations

import datetime as dt
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
import requests
from tests.integration.product.conftest import SQLITE
from tests.integration.product.installation import Api, wait_for
from tests.integration.product.seller import Seller, large_seller, small_seller
from tests.integration.product.stage import Stage, connect, ended, run_ended

from stripe_sandbox.rendering.event_payloads import event_payload
from stripe_sandbox.webhooks.endpoint import signature_header

GIANT_CUSTOMERS, GIANT_INVOICES_EACH = 3_850, 13
"""50,050 invoices; at the 25 pages a second that Stripe allows for a list they take 20 s at least on any machine."""
SMALL = 4
SECONDS, EVENTS_A_SECOND = 14, 10
EACH = SECONDS * EVENTS_A_SECOND // SMALL
SIGNING_SECRET = "whsec_besideAGiant51Kd0Pz7Lm2Qw8"


@dataclass
class Neighbour:
    """A small workspace whose customers' cards are refused one after the other."""

    api: Api
    seller: Seller
    url: str
    sent: dict[str, float] = field(default_factory=dict)
    seen: dict[str, float] = field(default_factory=dict)
    session: requests.Session = field(default_factory=requests.Session)

    @classmethod
    def of(cls, stage: Stage) -> Neighbour:
        """Not yet told of anything; Stripe's clock runs."""
        seller = small_seller(EACH)
        api, _ = stage.customer_of_ours(stage.open(seller))
        seller.world.follow_real_time()
        connect(api, seller.key)
        return cls(api, seller, "")

    def take_webhooks(self) -> None:
        """The first sync is over; save a secret."""
        assert ended(self.api)["state"] == "connected"
        body = {"signing_secret": SIGNING_SECRET}
        card = self.api.call("PUT", "/integrations/stripe/webhook-secret", json=body, expect=200)
        self.url = card["webhook"]["url"]

    def deliver(self, count: int, every: float) -> None:
        """Every so many seconds one more customer is charged in vain, and Stripe tells of it."""
        began = time.monotonic()
        for number, customer in enumerate(list(self.seller.world.store.customers)[:count], start=1):
            invoice_id, body = self.refusal(customer.id)
            marks = signature_header(body, [SIGNING_SECRET], int(time.time()))
            self.sent[invoice_id] = time.monotonic()
            answer = self.session.post(self.url, data=body, headers={"Stripe-Signature": marks}, timeout=30)
            assert answer.status_code == 200
            time.sleep(max(0.0, began + number * every - time.monotonic()))

    def refusal(self, customer: str) -> tuple[str, bytes]:
        """A charge that fails now: the invoice, and the event that tells of it."""
        world = self.seller.world
        with world.lock:
            world.catch_up()
            world.stories.fail_next_payments(customer, -1)
            invoice = world.stories.invoice_once(customer, [("Consulting", 4_200)])
            told = [event for event in world.store.events if event.object_id == invoice.id]
            event = next(event for event in told if event.type == "invoice.payment_failed")
            return invoice.id, orjson.dumps(event_payload(world.store, event, event.api_version))

    def look(self) -> None:
        """Note which refusals show in the inbox."""
        told = self.api.get("/signals?type=payment_failed&limit=200")["items"]
        now = time.monotonic()
        for link in (link for signal in told for link in signal["links"]):
            self.seen.setdefault(link["stripe_id"], now)

    def all_shown(self) -> bool:
        """Whether nothing that was sent is missing."""
        self.look()
        return self.sent.keys() <= self.seen.keys()


@pytest.mark.parametrize("shared_stage", [SQLITE], indirect=True)
def test_beside_a_giant_small_syncs_begin_and_events_show_in_time(stage: Stage) -> None:
    """L5: while one workspace reads 50,000 invoices, four others are re-synced, and ten events a second are delivered
    to them: every small sync begins within 30 s, and 95 of 100 events show within 5 s."""
    small = [Neighbour.of(stage) for _ in range(SMALL)]
    for one in small:
        one.take_webhooks()
    giant, theirs = stage.customer_of_ours(
        stage.open(large_seller(GIANT_CUSTOMERS, GIANT_INVOICES_EACH)), accounts=False
    )
    connect(giant, theirs.key)
    wait_for("the giant's invoices", lambda: len(stage.requests_of(theirs, "/v1/invoices")) > 20, every=0.1)
    runs = [one.api.post("/integrations/stripe/syncs", expect=202)["run_id"] for one in small]
    observe(small)
    assert giant.card()["state"] == "syncing", "the giant was done before it could be in anybody's way"
    for one, run_id in zip(small, runs, strict=True):
        run = run_ended(one.api, run_id)
        assert run["state"] == "succeeded"
        assert moment(run["started_at"]) - moment(run["requested_at"]) < dt.timedelta(seconds=30)
    waits = sorted(one.seen[invoice] - sent for one in small for invoice, sent in one.sent.items())
    assert len(waits) == SMALL * EACH
    assert waits[len(waits) * 95 // 100 - 1] < 5.0
    giant.call("DELETE", "/integrations/stripe/connection", expect=200)


def observe(small: list[Neighbour]) -> None:
    """Deliver to all of them at an even pace, as Stripe does: nobody waits for another's answer. Look at the inboxes
    all the while."""
    began = time.monotonic()
    with ThreadPoolExecutor(SMALL) as pool:
        delivering = [pool.submit(one.deliver, EACH, SMALL / EVENTS_A_SECOND) for one in small]
        while not all(done.done() for done in delivering):
            for one in small:
                one.look()
            time.sleep(0.2)
        for done in delivering:
            done.result()
    assert time.monotonic() - began < SECONDS + 5, "fewer events came than ten a second"
    for one in small:
        wait_for("all events to show", one.all_shown, seconds=20, every=0.2)


def moment(text: Any) -> dt.datetime:
    """A time as the API writes it."""
    return dt.datetime.fromisoformat(text)
