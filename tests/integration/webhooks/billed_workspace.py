"""A workspace of the running product, and the Stripe account that it is connected to, as tests see them."""

from __future__ import annotations

import dataclasses
import itertools
import time
from dataclasses import dataclass, field
from typing import Any

import orjson
import requests
from tests.integration.product.installation import Api, wait_for

from stripe_sandbox import World, create_catalog, keys
from stripe_sandbox.control import Control
from stripe_sandbox.records import Event
from stripe_sandbox.records import Subscription as SandboxSubscription
from stripe_sandbox.rendering.event_payloads import event_payload
from stripe_sandbox.webhooks.endpoint import WebhookEndpoint, signature_header
from stripe_sandbox.webhooks.sender import WebhookSender

SIGNING_SECRET = "whsec_thatOnlyStripeAndWeKnow0001"
_CARRIED = itertools.count(1)


class StripeAccount:
    """A pretended Stripe account with a key that reads it; its clock runs with real time."""

    def __init__(self, world: World, key: str, present: int) -> None:
        world.advance_to(present)
        world.follow_real_time()
        self.world = world
        self.key = key
        self.catalog = create_catalog(world)
        world.keys.put(key)
        self.sender = WebhookSender(world)
        self.sender.settings.retry_scale = 0.1
        self.control = Control(world, self.sender)
        self.sender.start()

    def close(self) -> None:
        """Deliver nothing any more."""
        self.sender.stop()

    def wait_for_deliveries(self, *, seconds: float = 60.0) -> None:
        """Until nothing is to be sent any more."""
        drained = self.sender.drain(seconds)
        refused = [entry for entry in self.sender.log if entry.status != 200]
        assert drained, f"undelivered: {refused[-3:]}"

    def grant_events(self) -> None:
        """Let the key list events."""
        self.world.keys.grant(self.key, keys.EVENT_READ)

    def price(self, name: str) -> str:
        """The id of a price by its short name."""
        return self.catalog.prices[name]

    def customer(self, name: str, *, paying: bool = True) -> str:
        """A new customer of the company called ``name``."""
        self.catch_up()
        customer = self.world.stories.new_customer(name, f"billing@{domain_of(name)}")
        if not paying:
            self.world.stories.fail_next_payments(customer.id, -1)
        return customer.id

    def subscription(self, customer: str, price: str = "team_month", seats: int = 10, **details: Any) -> str:
        """A subscription that begins now."""
        self.catch_up()
        begun: SandboxSubscription = self.world.stories.new_subscription(
            customer, [(self.price(price), seats)], **details
        )
        return begun.id

    def newest_invoice(self, subscription: str) -> str:
        """The id of the newest invoice of a subscription."""
        return self.world.store.invoices_of_subscription[subscription][-1].id

    def tell(self, story: str, /, **details: Any) -> None:
        """Something a seller or customer does, now."""
        self.catch_up()
        getattr(self.world.stories, story)(**details)

    def catch_up(self) -> None:
        """Bring the account's clock to the present second."""
        with self.world.lock:
            self.world.catch_up()

    def events(self) -> list[Event]:
        """All events so far, oldest first."""
        return list(self.world.store.events)

    def payload(self, event: Event, version: str | None = None) -> dict[str, Any]:
        """The body of an event."""
        body: dict[str, Any] = event_payload(self.world.store, event, version or event.api_version)
        return body


def domain_of(name: str) -> str:
    """The domain of a company."""
    return f"{name.lower().replace(' ', '-')}.com"


@dataclass
class BilledWorkspace:
    """What an admin, a colleague and Stripe can do with one workspace."""

    id: str
    api: Api
    account: StripeAccount
    endpoint: WebhookEndpoint | None = None
    session: requests.Session = field(default_factory=requests.Session)

    # --- the admin ---

    def connect(self) -> None:
        """Connect and wait for the first sync."""
        self.api.post("/integrations/stripe/connection", {"api_key": self.account.key}, expect=202)
        self.wait_for_sync()

    def resync(self) -> Any:
        """One re-sync to its end; its record."""
        run_id = self.api.post("/integrations/stripe/syncs", expect=202)["run_id"]
        self.wait_for_sync()
        return self.api.get(f"/integrations/stripe/syncs/{run_id}")

    def wait_for_sync(self) -> None:
        """Until the running sync has ended well."""
        card = wait_for("the sync", lambda: (c := self.api.card())["state"] != "syncing" and c, seconds=90)
        assert card["state"] == "connected", card["error"]

    def save_secret(self, secret: str = SIGNING_SECRET) -> None:
        """Save a signing secret."""
        card = self.api.call("PUT", "/integrations/stripe/webhook-secret", json={"signing_secret": secret}, expect=200)
        assert card["webhook"]["configured"]

    def receive_webhooks(self, *, api_version: str | None = None, secret: str = SIGNING_SECRET) -> WebhookEndpoint:
        """Register the workspace's address at Stripe, and the secret here."""
        self.save_secret(secret)
        self.endpoint = self.account.control.add_webhook_endpoint(self.url, secret=secret, api_version=api_version)
        return self.endpoint

    def add_company(self, name: str) -> str:
        """An account of the workspace; its id."""
        created = self.api.post("/accounts", {"name": name, "domain": domain_of(name)}, expect=201)
        return str(created["id"])

    # --- what there is to see ---

    def panel(self) -> Any:
        """The webhook panel."""
        return self.api.card()["webhook"]

    @property
    def url(self) -> str:
        """Where Stripe sends to."""
        return str(self.panel()["url"])

    def signals(self, query: str = "status=open") -> list[Any]:
        """What is in the inbox."""
        return self.api.everything(f"/signals?{query}")

    def facts(self, query: str = "") -> list[dict[str, Any]]:
        """The signals without what differs from one workspace to the next: ids of our own and times."""
        own = ("type", "status", "outcome", "plan", "estimated", "severity")
        told = [
            {
                **{name: signal[name] for name in own},
                "amount": signal["amount"]["by_currency"],
                "account": signal["account"] and signal["account"]["name"],
                "links": signal["links"],
                "occurred_at": signal["occurred_at"],
            }
            for signal in self.signals(query)
        ]
        return sorted(told, key=lambda one: orjson.dumps(one, option=orjson.OPT_SORT_KEYS))

    def open_facts(self) -> list[dict[str, Any]]:
        """The open ones."""
        return self.facts("status=open")

    def figures(self) -> dict[str, Any]:
        """What the accounts table and the Billing tabs say, by account name."""
        shown = {}
        for row in self.api.everything("/accounts?sort=name"):
            billing = self.api.get(f"/accounts/{row['id']}/billing")
            own = ("mrr", "arr", "payment_status", "renewal_at", "subscriptions", "invoices", "lifetime_value")
            shown[row["name"]] = {name: billing[name] for name in own}
        return shown

    def wait_for_signal(self, kind: str, *, status: str = "open", seconds: float = 30.0) -> Any:
        """The first signal of a type and status."""

        def found() -> Any:
            return next(iter(self.signals(f"type={kind}&status={status}")), None)

        return wait_for(f"a signal {kind} that is {status}", found, seconds=seconds)

    def wait_until_worked_off(self, *, seconds: float = 60.0) -> None:
        """Until everything delivered has had its effect."""
        self.account.wait_for_deliveries(seconds=seconds)
        wait_for("the inbox to be worked off", lambda: self.panel()["pending"] == 0, seconds=seconds)

    # --- Stripe ---

    def send(
        self,
        body: bytes | dict[str, Any],
        *,
        secrets: tuple[str, ...] = (SIGNING_SECRET,),
        at: int | None = None,
        headers: dict[str, str] | None = None,
        signature: str | None = None,
        url: str | None = None,
    ) -> requests.Response:
        """One delivery, past the sandbox's own sender."""
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        stamp = int(time.time()) if at is None else at
        marks = signature_header(raw, list(secrets), stamp) if signature is None else signature
        own = {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": marks, **(headers or {})}
        return self.session.post(url or self.url, data=raw, headers=own, timeout=30, allow_redirects=False)

    def send_event(self, event: Event, **changes: Any) -> None:
        """Deliver an event of the account; it must be acknowledged."""
        answer = self.send({**self.account.payload(event), **changes})
        assert answer.status_code == 200, answer.text

    def customer_event(self, customer: str, **changes: Any) -> dict[str, Any]:
        """The body of a made-up event about a customer, with an id of its own."""
        newest = next(e for e in reversed(self.account.events()) if e.object_id == customer)
        return {**self.account.payload(newest), "id": f"evt_made_{next(_CARRIED)}_{self.id}", **changes}


def without_times(facts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Signals without the moments at which things happened, where a reader cannot know them exactly."""
    return [{name: value for name, value in one.items() if name != "occurred_at"} for one in facts]


def copy_of(event: Event, **changes: Any) -> Event:
    """An event with changes, for deliveries that never were."""
    return dataclasses.replace(event, **changes)
