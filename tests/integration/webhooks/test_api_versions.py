"""Webhook bodies of whatever API version say the same (guarantee 7; G1).

An endpoint's version is chosen when it is made, possibly years ago, and its bodies have that version's shape; our own
reads pin one. Here seven endpoints of one Stripe account, each of another version, feed seven workspaces.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.integration.webhooks.billed_workspace import BilledWorkspace, StripeAccount, without_times
from tests.integration.webhooks.running_product import RunningProduct, wait_until_quiet

VERSIONS = (
    "2020-08-27",
    "2022-11-15",
    "2024-06-20",
    "2025-02-24.acacia",
    "2025-08-27.basil",
    "2026-02-25.clover",
    "2026-10-28.endive",
)
"""The oldest we promise, and one of each shape since."""
COMPANIES = (
    "Reduced",
    "Twofold",
    "Trying",
    "Resting",
    "On hold",
    "Dated",
    "Flagged",
    "Cheaper",
    "Outside",
    "Void",
    "Refused",
)


def test_old_and_new_bodies_tell_the_same_story(product: RunningProduct, account: StripeAccount) -> None:
    """G1: each chapter worked off before the next; figures on both bases and the inbox are those of a full re-read."""
    fed = {version: fed_workspace(product, account, version) for version in VERSIONS}

    def turn_the_page() -> None:
        wait_until_quiet(list(fed.values()), seconds=120)
        product.advance(account, seconds=60)

    tell_everything(product, account, turn_the_page)
    found = {version: shown(workspace) for version, workspace in fed.items()}
    reread = fed[VERSIONS[0]]
    reread.resync()
    truth = shown(reread)
    differing = {
        (version, name): (told, truth[name])
        for version, says in found.items()
        for name, told in says.items()
        if told != truth[name]
    }
    assert not differing


def fed_workspace(product: RunningProduct, account: StripeAccount, version: str) -> BilledWorkspace:
    """Fed by an endpoint of ``version`` from before anything happened."""
    workspace = product.workspace(account)
    for name in COMPANIES:
        workspace.add_company(name)
    workspace.connect()
    workspace.receive_webhooks(api_version=version)
    return workspace


def tell_everything(product: RunningProduct, account: StripeAccount, turn_the_page: Callable[[], None]) -> None:
    """What is written in other places, or nowhere, in older versions; and then what makes it be written again."""
    held = {name: account.subscription(account.customer(name), "team_month") for name in COMPANIES}
    trying = held["Trying"]
    turn_the_page()
    account.tell("apply_coupon", subscription=held["Reduced"], coupon="PARTNER20", item=0)
    account.tell("apply_coupon", subscription=held["Twofold"], coupon="PARTNER20")
    account.tell("add_item", subscription=trying, price=account.price("starter_month"), quantity=3)
    account.tell("pause_collection", subscription=held["Resting"])
    account.tell("pause_subscription", subscription=held["On hold"])
    account.tell("schedule_cancel", subscription=held["Dated"], when="date")
    account.tell("schedule_cancel", subscription=held["Flagged"], when="flag")
    turn_the_page()
    account.tell("apply_coupon", subscription=held["Twofold"], coupon="ODD333")
    account.tell("start_item_trial", subscription=trying, item=1, days=60)
    account.tell("switch_plan", subscription=held["Cheaper"], price=account.price("starter_month"))
    turn_the_page()
    for name in ("Reduced", "Twofold", "Trying"):
        account.tell("cut_seats", subscription=held[name], quantity=8)
    for name in ("Outside", "Void", "Refused"):
        customer = account.world.store.subscriptions[held[name]].customer
        account.tell("fail_next_payments", customer=customer, times=-1)
    turn_the_page()
    product.advance(account, days=31, seconds=7_200)
    turn_the_page()
    account.tell("pay_out_of_band", invoice=account.newest_invoice(held["Outside"]))
    account.tell("void_invoice", invoice=account.newest_invoice(held["Void"]))
    turn_the_page()


def shown(workspace: BilledWorkspace) -> dict[str, Any]:
    """Everything an account's pages show that does not name things of this workspace alone."""
    told: dict[str, Any] = {"signals": without_times(workspace.facts(""))}
    for basis in ("list", "net"):
        workspace.api.call("PATCH", "/workspace", json={"mrr_basis": basis}, expect=200)
        wait_until_quiet([workspace])
        for name, figures in workspace.figures().items():
            told[f"{name}, {basis}"] = figures
    return told
