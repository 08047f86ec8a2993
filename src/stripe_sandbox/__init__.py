"""A small, stateful, Stripe-shaped HTTP server with a movable clock, for demos, tests and benchmarks.

It knows nothing of the product that reads from it. It answers Stripe's read endpoints with Stripe's list semantics,
API versions, errors and key permissions, plays the billing life cycle when its clock is moved, delivers signed
webhooks, and can be told to misbehave. It holds everything in memory and listens on the loopback address only.

As a process::

    python -m stripe_sandbox --port 12111 --seed 1 --customers 300 --state-file sandbox.state

In a test::

    from stripe_sandbox import PortfolioPlan, SandboxServer, keys

    with SandboxServer(PortfolioPlan(customers=150, now=1_795_000_000)) as server:
        client = stripe.StripeClient(keys.RESTRICTED_TEST_KEY, base_addresses={"api": server.url})
        server.world.stories.cut_seats(subscription_id, 3)        # something a seller or customer does
        server.world.advance(days=30)                             # time goes by
        server.control.order_fault("fail", path="/v1/invoices", status=500, times=2)
        server.control.add_webhook_endpoint("http://127.0.0.1:8000/hook", secret="whsec_test")
        assert server.world.request_log.violations == 0           # nobody tried to write
        expected = server.world.truth()                           # what a correct reader must show

An empty account for exact scenarios is `World(now=...)`, to which `create_catalog(world)` adds the seller's prices and
coupons. Several accounts can share one server, `SandboxServer(first, second)`: the API key decides which one answers.

Where to look: `keys` the ready-made API keys; `world` state, clock and events; `life_cycle` what billing does and the
stories; `portfolio` the invented customer base; `rendering` payloads per API version; `api` endpoints, faults and the
control API under `/_sandbox`; `webhooks` signed deliveries; `truth` the expected figures.

Times are Unix seconds in UTC; money is in whole minor units or exact fractions of them, never floats.
"""

from stripe_sandbox import keys
from stripe_sandbox.control import Control
from stripe_sandbox.faults import FaultRule
from stripe_sandbox.object_store import Account
from stripe_sandbox.portfolio.build import PortfolioPlan, build_portfolio
from stripe_sandbox.portfolio.catalog import Catalog, create_catalog
from stripe_sandbox.rate_limits import STRIPE_LIVE_LIMITS, STRIPE_TEST_LIMITS, RateLimits
from stripe_sandbox.records import PaymentBehaviour
from stripe_sandbox.server import SandboxServer, run_sandbox
from stripe_sandbox.world import BillingSettings, World

__all__ = [
    "STRIPE_LIVE_LIMITS",
    "STRIPE_TEST_LIMITS",
    "Account",
    "BillingSettings",
    "Catalog",
    "Control",
    "FaultRule",
    "PaymentBehaviour",
    "PortfolioPlan",
    "RateLimits",
    "SandboxServer",
    "World",
    "build_portfolio",
    "create_catalog",
    "keys",
    "run_sandbox",
]
