"""A workspace with something to see: Acme pays for seats, Globex is late, and Stripe is connected."""

from __future__ import annotations

import hashlib
import hmac
import json
from fractions import Fraction
from typing import Any

from flask.testing import FlaskClient
from tests.contracts.samples import a_customer, a_price, a_product, a_subscription, an_invoice, an_item
from tests.unit.http.browsing import API
from tests.unit.memory_product import Product

from clynto.domain.catalogue import PriceAmounts, Recurrence
from clynto.domain.connection import Mode, StripeIdentity
from clynto.domain.moments import UnixMicros, UnixTime, seconds_of
from clynto.domain.provenance import Provenance
from clynto.domain.roles import Role
from clynto.domain.secret import Secret
from clynto.domain.sync_run import StepName
from clynto.ports.stripe_reading import KeyReport

STRIPE = f"{API}/integrations/stripe"
KEY = "rk_test_51canaryCANARYcanary4242"
SIGNING_SECRET = "whsec_canaryCANARYcanaryCANARY"
DAY = 86_400


def stripe_knows(product: Product, key: str = KEY, *, account_id: str = "acct_1") -> None:
    """Let Stripe accept the key."""
    mode = Mode.LIVE if "_live_" in key else Mode.TEST
    identity = StripeIdentity(mode, account_id, "Rheinwerk GmbH")
    product.stripe.allow(Secret(key), KeyReport(identity, full_secret_key=key.startswith("sk_"), events_readable=True))


def connect(product: Product, key: str = KEY) -> str:
    """Connect, as an admin; the id of the run that waits."""
    stripe_knows(product, key)
    return product.services().integration.connect_stripe(product.actor_of(Role.ADMIN), Secret(key))


def finish_sync(product: Product) -> None:
    """What a worker leaves behind when all went well."""
    with product.units.writing(product.workspace_id) as uow:
        waiting = uow.sync_runs.active()
        assert waiting is not None
        run = waiting.take_up(product.clock.now())
        uow.sync_runs.save(run, holding=waiting.attempt)
        for step in StepName:
            run = run.begin_step(step).finish_step(step, records=7)
        uow.sync_runs.save(run.succeed(product.clock.now(), customers_matched=2), holding=run.attempt)
        uow.connections.save(uow.connections.get().sync_succeeded(product.clock.now(), began_at=run.started_at))
        uow.commit()


def account(product: Product, name: str, *domains: str, external_id: str | None = None) -> str:
    """Add an account."""
    creating = product.services().accounts.create_account
    return creating(product.actor_of(Role.ADMIN), name=name, domains=domains, external_id=external_id)


def billing_story(product: Product) -> dict[str, str]:
    """Connected and synced: Acme pays 298.00 a month, Globex owes 50.00, and one customer matches nobody."""
    connect(product)
    finish_sync(product)
    ids = {"acme": account(product, "Acme, Inc.", "acme.com"), "globex": account(product, "Globex", "globex.com")}
    now = seconds_of(product.clock.now())
    seen = Provenance.of_read(product.clock.now())
    team = a_price(
        "price_team",
        product_id="prod_team",
        tiered=False,
        tiers_mode=None,
        package=None,
        tax_inclusive=False,
        currency_options={},
        amounts=PriceAmounts(unit_amount=Fraction(14_900), tiers=None),
        recurrence=Recurrence("month", 1, metered=False),
    )
    plain = {"discounts": (), "trial_end": None, "period_end": UnixTime(now + 10 * DAY)}
    still = {
        "canceled_at": None,
        "cancellation_reason": None,
        "collection_pause": None,
        "pause_reason": None,
        "discounts": (),
        "trial_end": None,
        "start_date": UnixTime(now - 100 * DAY),
        "created": UnixTime(now - 100 * DAY),
        "latest_invoice_id": None,
    }
    with product.units.writing(product.workspace_id) as uow:
        uow.catalogue.put_products([a_product("prod_team", name="Team")], seen)
        uow.catalogue.put_prices([team], seen)
        uow.customers.put_many(
            [
                a_customer("cus_acme", email="pay@acme.com", name="Acme", discount=None),
                a_customer("cus_globex", email="pay@globex.com", name="Globex", discount=None),
                a_customer("cus_lost", email="john@gmail.com", name="John", discount=None),
            ],
            seen,
        )
        uow.subscriptions.put_many(
            [
                a_subscription(
                    "sub_acme",
                    customer_id="cus_acme",
                    items=(an_item("si_acme", price=team, quantity=2, **plain),),
                    **still,
                ),
                a_subscription(
                    "sub_trial",
                    customer_id="cus_acme",
                    status="trialing",
                    items=(an_item("si_trial", price=team, quantity=1, **plain),),
                    **still,
                ),
                a_subscription(
                    "sub_globex",
                    customer_id="cus_globex",
                    status="past_due",
                    items=(an_item("si_globex", price=team, quantity=1, **plain),),
                    **still,
                ),
            ],
            seen,
        )
        owed = an_invoice("in_globex", customer_id="cus_globex", subscription_id="sub_globex", amount_due=5000)
        paid = an_invoice(
            "in_acme",
            customer_id="cus_acme",
            subscription_id="sub_acme",
            status="paid",
            amount_due=29_800,
            amount_paid=29_800,
            amount_remaining=0,
            created=UnixTime(now - 20 * DAY),
            paid_at=UnixTime(now - 20 * DAY),
        )
        uow.invoices.put_many([owed, paid], seen)
        uow.commit()
    product.rematch()
    return ids


def an_event(event_id: str = "evt_1", **changes: Any) -> bytes:
    """The raw body of an event, spaced as Stripe writes it."""
    carried = {"object": "customer", "id": "cus_acme"}
    event = {
        "id": event_id,
        "object": "event",
        "type": "customer.updated",
        "created": 1_790_000_000,
        "livemode": False,
        "data": {"object": carried},
    }
    return json.dumps({**event, **changes}, indent=2).encode()


def signed(body: bytes, at: UnixMicros, secret: str = SIGNING_SECRET) -> dict[str, str]:
    """The header that Stripe would send with ``body``."""
    stamp = seconds_of(at)
    mark = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={stamp},v1={mark}"}


def webhook_path(product: Product) -> str:
    """Where Stripe sends the events of the workspace."""
    panel = product.services().webhooks.show_webhooks(product.actor_of(Role.MEMBER))
    return panel.url.removeprefix("http://localhost")


def save_secret(product: Product, secret: str = SIGNING_SECRET) -> None:
    """Configure webhooks, as an admin."""
    product.services().webhooks.save_signing_secret(product.actor_of(Role.ADMIN), Secret(secret))


def card_of(client: FlaskClient) -> dict[str, Any]:
    """The Stripe card."""
    answer = client.get(STRIPE)
    assert answer.status_code == 200
    card: dict[str, Any] = answer.get_json()
    return card
