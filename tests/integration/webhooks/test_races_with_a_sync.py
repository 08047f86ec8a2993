"""A page asked for before an event may not undo it, however long its answer takes (guarantees 2, B1, B3, B4)."""

from __future__ import annotations

import itertools
from typing import Any

from tests.integration.product.installation import wait_for
from tests.integration.webhooks.billed_workspace import BilledWorkspace, StripeAccount
from tests.integration.webhooks.running_product import RunningProduct

from stripe_sandbox.records import Event

ORDERS = 6
"""All 24 are told to the rules themselves (tests of the domain); these go through a running product."""


def test_a_resync_does_not_undo_a_failure_that_came_during_it(product: RunningProduct, account: StripeAccount) -> None:
    """B3, B4: the lists are rendered and held; a payment fails and is told; then the lists arrive, a month later and
    with a ``Date`` to match. The failure stays."""
    workspace = product.workspace(account)
    workspace.add_company("Acme")
    customer = account.customer("Acme")
    subscription = account.subscription(customer)
    workspace.connect()
    workspace.receive_webhooks()
    account.tell("fail_next_payments", customer=customer, times=-1)
    held = [
        product.stripe.control.order_fault("hold", path=f"/v1/{kind}", times=None)
        for kind in ("subscriptions", "invoices")
    ]
    workspace.api.post("/integrations/stripe/syncs", expect=202)
    wait_for("the lists", lambda: all(rule.hits for rule in held))
    # What is held was rendered before this second.
    product.advance(account, days=31, seconds=7_200)
    failed = workspace.wait_for_signal("payment_failed")
    overdue = workspace.wait_for_signal("payment_overdue")
    workspace.account.wait_for_deliveries()
    product.stripe.control.clear_faults()
    workspace.wait_for_sync()
    workspace.wait_until_worked_off()
    assert account.world.store.subscriptions[subscription].status == "past_due"
    assert workspace.figures()["Acme"]["payment_status"] in ("overdue", "failed")
    assert {one["id"] for one in workspace.signals()} == {failed["id"], overdue["id"]}


def test_events_of_one_second_end_alike_in_every_order(product: RunningProduct, account: StripeAccount) -> None:
    """B1: states of one second, each delivered and worked off before the next; one workspace for each order."""
    workspaces = [product.workspace(account) for _ in range(ORDERS)]
    for workspace in workspaces:
        workspace.add_company("Acme")
        workspace.connect()
        workspace.save_secret()
    customer = account.customer("Acme", paying=False)
    subscription = account.subscription(customer)
    account.tell("recover", customer=customer)
    account.tell("schedule_cancel", subscription=subscription)
    account.tell("cancel_now", subscription=subscription)
    told = [event for event in account.events() if event.object_id == subscription]
    assert [event.type.rpartition(".")[2] for event in told] == ["created", "updated", "updated", "deleted"]
    orders = itertools.islice(itertools.permutations(told), 0, 24, 24 // ORDERS)
    ends = [_end(workspace, order) for workspace, order in zip(workspaces, orders, strict=True)]
    assert all(end == ends[0] for end in ends), ends
    assert [one["type"] for one in ends[0][0]] == ["subscription_canceled"]
    assert ends[0][1]["mrr"]["amount"] == "0.00"


def _end(workspace: BilledWorkspace, order: tuple[Event, ...]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    for event in order:
        workspace.send_event(event)
        wait_for("its effect", lambda: workspace.panel()["pending"] == 0)
    figures = workspace.figures()["Acme"]
    shown = [{name: one[name] for name in ("type", "status", "plan", "amount")} for one in workspace.open_facts()]
    return shown, {name: figures[name] for name in ("mrr", "payment_status", "subscriptions")}
