"""Subscriptions that Stripe or their seller puts on hold (billing rules 3 and 5; guarantees H18)."""

from __future__ import annotations

from typing import Any

from tests.integration.webhooks.billed_workspace import BilledWorkspace, StripeAccount
from tests.integration.webhooks.running_product import RunningProduct

FAILED = {"First refusal": {"payment_failed"}, "Last retry": {"payment_failed", "payment_overdue"}}
ASKED_FOR = ("Asked for", "Trial over")


def test_a_pause_over_money_is_a_failure_and_any_other_is_none(product: RunningProduct, account: StripeAccount) -> None:
    """H18: paused with each of the four reasons, told by webhooks here and found by a re-sync there."""
    told, found = product.workspace(account), product.workspace(account)
    for workspace in (told, found):
        for name in (*FAILED, *ASKED_FOR):
            workspace.add_company(name)
    first = account.subscription(account.customer("First refusal"), pause_on_first_failure=True)
    last = account.subscription(account.customer("Last retry"), retry_end="pause")
    asked = account.subscription(account.customer("Asked for"))
    trying = account.customer("Trial over")
    account.tell("remove_payment_method", customer=trying)
    over = account.subscription(trying, trial_days=14, trial_without_method="pause")
    for workspace in (told, found):
        workspace.connect()
    told.receive_webhooks()
    account.tell("pause_subscription", subscription=asked)
    for subscription in (first, last):
        customer = account.world.store.subscriptions[subscription].customer
        account.tell("fail_next_payments", customer=customer, times=-1)
    for days in (31, 10, 15):
        product.advance(account, days=days, seconds=7_200)
        told.wait_until_worked_off()
    reasons = {
        account.world.store.subscriptions[one].paused_type: account.world.store.subscriptions[one].status
        for one in (first, last, asked, over)
    }
    assert reasons == dict.fromkeys(
        ("first_payment_failure", "final_payment_failure", "pause_requested", "trial_end_without_payment_method"),
        "paused",
    )
    found.resync()
    for workspace in (told, found):
        assert statuses(workspace) == {**dict.fromkeys(FAILED, "failed"), **dict.fromkeys(ASKED_FOR)}
        assert signals(workspace) == {name: sorted(kinds) for name, kinds in FAILED.items()}
    told.resync()
    assert signals(told) == signals(found)
    account.tell("resume", subscription=asked)
    told.wait_until_worked_off()
    found.resync()
    for workspace in (told, found):
        assert statuses(workspace)["Asked for"] == "paid"


def statuses(workspace: BilledWorkspace) -> dict[str, str | None]:
    """Payment status by company."""
    return {row["name"]: row["payment_status"] for row in workspace.api.everything("/accounts?sort=name")}


def signals(workspace: BilledWorkspace) -> dict[str, list[Any]]:
    """Types of open signals by company; a type that was raised twice stands there twice."""
    raised: dict[str, list[Any]] = {}
    for one in workspace.signals():
        raised.setdefault(one["account"]["name"], []).append(one["type"])
    return {name: sorted(kinds) for name, kinds in raised.items()}
