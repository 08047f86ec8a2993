"""What has gone at Stripe before a sync, or goes between two of its requests (guarantees D2, D8, L7)."""

from __future__ import annotations

import time
from dataclasses import replace

from tests.contracts.samples import second
from tests.unit.application.plain_billing import (
    CATALOGUE_CREATED,
    catalogue,
    paying,
    plain_customer,
    plain_subscription,
)
from tests.unit.application.sync_product import WORKSPACE, SyncProduct

from clynto.domain.sync_run import RunState, StepName
from clynto.ports.stripe_reading import Listing

PATIENCE_SECONDS = 0.5
"""How long the list of living subscriptions is kept waiting for a parallel read of the ended ones."""


def test_a_subscription_that_ends_while_the_lists_are_read_is_in_one_of_them() -> None:
    """It has left the list of living ones when that is answered, and must be in the list of ended ones: also where a
    reader would have asked for both at the same time."""
    product = SyncProduct()
    product.stripe.put(*catalogue(), created=CATALOGUE_CREATED)
    product.stripe.put(*paying(1, "ann@acme.example", seats=3))
    product.stripe.put(*paying(2, "bob@globex.example", seats=1))

    def ends() -> None:
        given_up = time.monotonic() + PATIENCE_SECONDS
        while Listing.ENDED_SUBSCRIPTIONS.value not in product.stripe.requests and time.monotonic() < given_up:
            time.sleep(0.01)
        product.stripe.put(replace(plain_subscription(2), status="canceled", ended_at=second(0)))

    product.stripe.faults.meanwhile(Listing.LIVE_SUBSCRIPTIONS.value, ends)
    run = product.synced()
    assert run.state is RunState.SUCCEEDED
    assert run.step(StepName.SUBSCRIPTIONS).records == 2
    with product.units.reading(WORKSPACE) as uow:
        held = uow.subscriptions.get_many(["sub_1", "sub_2"])
    assert {key: one.is_ended for key, (one, _) in held.items()} == {"sub_1": False, "sub_2": True}


def test_deleted_customers_are_computed_and_not_counted() -> None:
    product = SyncProduct()
    product.stripe.put(*catalogue(), created=CATALOGUE_CREATED)
    for number in (1, 2, 3):
        product.stripe.put(*paying(number, f"ann@company{number}.example"))
    product.stripe.put(replace(plain_customer(3, "ann@company3.example"), deleted=True))
    run = product.synced()
    assert (run.step(StepName.CUSTOMERS).records, run.step(StepName.ACCOUNT_BILLING).records) == (2, 2)
    assert run.percent == 100
