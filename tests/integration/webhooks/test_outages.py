"""What webhooks missed is made up for, once, and dated when it happened (guarantees C, 3, 6)."""

from __future__ import annotations

import time
from typing import Any

import pytest
from sqlalchemy import select, text
from tests.integration.product.installation import wait_for
from tests.integration.webhooks.billed_workspace import BilledWorkspace, StripeAccount
from tests.integration.webhooks.running_product import RunningProduct
from tests.integration.webhooks.usual_story import gist, money, stage

from clynto.adapters.sql.tables import METADATA

MANY = 40


def silent(account: StripeAccount, workspace: BilledWorkspace) -> None:
    """Stripe has given up on the endpoint: nothing is delivered from now on."""
    assert workspace.endpoint is not None
    account.control.remove_webhook_endpoint(workspace.endpoint.id)


@pytest.mark.parametrize("events_readable", [True, False])
def test_everything_stood_still_while_forty_things_happened(
    product: RunningProduct, account: StripeAccount, events_readable: bool
) -> None:
    """C1, C2, C3: one re-sync raises each missed signal once, dated by Stripe; a second adds none. Where the key may
    read events their times are exact; where it may not, the lists do."""
    if events_readable:
        account.grant_events()
    workspace = product.workspace(account)
    held = [account.subscription(account.customer(f"Company {n}"), "business_month") for n in range(MANY)]
    workspace.connect()
    workspace.receive_webhooks()
    assert workspace.panel()["events_readable"] is events_readable
    silent(account, workspace)
    product.kill_worker()
    happened = {}
    for number, subscription in enumerate(held):
        product.advance(account, seconds=3_600)
        happened[subscription] = account.world.now
        if number % 2:
            account.tell("cancel_now", subscription=subscription)
        else:
            account.tell("cut_seats", subscription=subscription, quantity=4)
    product.start_worker()
    record = workspace.resync()
    workspace.wait_until_worked_off()
    signals = workspace.signals()
    told = {link["stripe_id"]: one for one in signals for link in one["links"] if link["kind"] == "subscription"}
    assert (len(signals), set(told)) == (MANY, set(held))
    for number, subscription in enumerate(held):
        one = told[subscription]
        assert one["type"] == ("subscription_canceled" if number % 2 else "subscription_downgraded")
        if events_readable or number % 2:
            assert abs(_second(one["occurred_at"]) - happened[subscription]) <= 2
    assert any("read from Stripe's list of events" in line for line in record["drift"]) is events_readable
    if not events_readable:
        assert len(record["drift"]) == MANY
        assert all("no event told us" in line for line in record["drift"])
    workspace.resync()
    assert {one["id"] for one in workspace.signals("")} == {one["id"] for one in signals}


def test_a_restored_backup_is_an_outage(product: RunningProduct, account: StripeAccount) -> None:
    """C9: what was acknowledged after the backup is never sent again; a re-sync finds it all the same."""
    workspace, story = stage(product, account)
    workspace.account.wait_for_deliveries()
    story.go_on()
    workspace.wait_until_worked_off()
    expected = gist(workspace), money(workspace)
    with product.engine.begin() as connection:
        # The state before the story, as far as the workspace's news go.
        for table in ("signals", "signal_ledgers", "event_inbox"):
            connection.execute(text(f"DELETE FROM {table} WHERE workspace_id = :w"), {"w": workspace.id})
    assert workspace.signals("") == []
    workspace.resync()
    assert money(workspace) == expected[1]
    # Of a cut only the difference tells, and what was before it went with the rest; what is wrong now is found.
    assert {one[0] for one in gist(workspace)} == {one[0] for one in expected[0]} - {"subscription_downgraded"}


def test_a_gap_longer_than_stripe_remembers_is_read_from_the_lists(
    product: RunningProduct, account: StripeAccount
) -> None:
    """C5, C6: after 31 days of silence everything is read again, old and unsettled things too."""
    account.grant_events()
    workspace, story = stage(product, account)
    silent(account, workspace)
    product.advance(account, seconds=60)
    story.go_on()
    product.advance(account, days=31)
    workspace.resync()
    workspace.wait_until_worked_off()
    figures = money(workspace)
    assert (figures["Smaller"][0], figures["Cheaper"][0], figures["Gone"][0]) == ("116.00", "190.00", "0.00")
    kinds = [one[0] for one in gist(workspace)]
    assert kinds.count("subscription_downgraded") == 2
    assert kinds.count("subscription_canceled") == 2
    assert "payment_failed" in kinds


def test_silence_is_noticed(product: RunningProduct, account: StripeAccount) -> None:
    """C8, issue 3, 3: renewals fell due and no event came; the panel says since when."""
    workspace = product.fed_workspace(account)
    workspace.add_company("Acme")
    account.subscription(account.customer("Acme"))
    workspace.wait_until_worked_off()
    assert workspace.panel()["silent_since"] is None
    renewal = workspace.figures()["Acme"]["renewal_at"]
    silent(account, workspace)
    # Not so many days: the shared clock may stand in a February.
    product.advance(account, days=(_second(renewal) - product.present) // 86_400 - 1)
    assert workspace.panel()["silent_since"] is None
    product.advance(account, days=3)
    assert _second(workspace.panel()["silent_since"]) == _second(renewal)
    workspace.receive_webhooks()
    account.tell("rename_customer", customer=next(iter(account.world.store.customers)).id, name="Acme Inc.")
    workspace.wait_until_worked_off()
    assert workspace.panel()["silent_since"] is None


def test_a_deletion_is_believed_only_when_it_is_proven(product: RunningProduct, account: StripeAccount) -> None:
    """C7: gone without an event: found by the next re-sync; a list that breaks off proves nothing."""
    workspace = product.workspace(account)
    workspace.add_company("Acme")
    customer = account.customer("Acme")
    account.subscription(customer)
    workspace.connect()
    account.tell("delete_customer", customer=customer)
    broken = product.stripe.control.order_fault("fail", path="/v1/customers", times=None, status=500)
    workspace.api.post("/integrations/stripe/syncs", expect=202)
    wait_for("the fault", lambda: broken.hits >= 1)
    assert _tombstone(product, workspace, customer) is False
    product.stripe.control.clear_faults()
    wait_for("the sync", lambda: workspace.api.card()["state"] == "connected", seconds=90)
    assert _tombstone(product, workspace, customer) is True
    assert workspace.figures()["Acme"]["mrr"]["amount"] == "0.00"


def _tombstone(product: RunningProduct, workspace: BilledWorkspace, customer: str) -> Any:
    table = METADATA.tables["stripe_customers"]
    with product.reading.connect() as connection:
        return connection.scalar(
            select(table.c.deleted).where(table.c.workspace_id == workspace.id, table.c.id == customer)
        )


def _second(told: str) -> int:
    return int(time.mktime(time.strptime(told[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone)
