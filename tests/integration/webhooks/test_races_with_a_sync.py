"""A page asked for before an event may not undo it, however long its answer takes (guarantees 2, B1, B3, B4)."""

from __future__ import annotations

import itertools
import time
from typing import Any

from tests.integration.product.installation import wait_for
from tests.integration.webhooks.billed_workspace import BilledWorkspace, StripeAccount
from tests.integration.webhooks.running_product import RunningProduct

from stripe_sandbox.records import Event

ORDERS = 6
"""All 24 are told to the rules themselves (tests of the domain); these go through a running product."""


def test_a_resync_does_not_undo_what_came_during_it(product: RunningProduct, account: StripeAccount) -> None:
    """B3, B4: the lists are rendered and held; seats are cut and a payment fails, and both are told; then the lists
    arrive, with a ``Date`` later than what they hold. What was told stays."""
    workspace = product.workspace(account)
    workspace.add_company("Acme")
    customer = account.customer("Acme")
    subscription = account.subscription(customer)
    invoice = account.newest_invoice(subscription)
    workspace.connect()
    workspace.receive_webhooks()
    held = [
        product.stripe.control.order_fault("hold", path=f"/v1/{kind}", times=None)
        for kind in ("subscriptions", "invoices")
    ]
    workspace.api.post("/integrations/stripe/syncs", expect=202)
    wait_for("the lists", lambda: all(rule.hits for rule in held))
    time.sleep(1.1)
    account.tell("cut_seats", subscription=subscription, quantity=4)
    account.tell("fail_next_payments", customer=customer, times=-1)
    account.tell("invoice_once", customer=customer, amounts=[("Consulting", 5_000)])
    told = {workspace.wait_for_signal(kind)["id"] for kind in ("payment_failed", "subscription_downgraded")}
    workspace.account.wait_for_deliveries()
    shown = workspace.figures()
    assert (shown["Acme"]["mrr"]["amount"], shown["Acme"]["payment_status"]) == ("48.00", "failed")
    product.stripe.control.clear_faults()
    workspace.wait_for_sync()
    workspace.wait_until_worked_off()
    assert workspace.figures() == shown
    assert {one["id"] for one in workspace.signals()} == told
    assert invoice in [one["id"] for one in shown["Acme"]["invoices"]]


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
    for end in ends[1:]:
        assert end == ends[0]
    assert [one["type"] for one in ends[0][0]] == ["subscription_canceled"]
    assert ends[0][1]["mrr"]["amount"] == "0.00"


def _end(workspace: BilledWorkspace, order: tuple[Event, ...]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    for event in order:
        workspace.send_event(event)
        wait_for("its effect", lambda: workspace.panel()["pending"] == 0)
    figures = workspace.figures()["Acme"]
    shown = [{name: one[name] for name in ("type", "status", "plan", "amount")} for one in workspace.open_facts()]
    return shown, {name: figures[name] for name in ("mrr", "payment_status", "subscriptions")}
