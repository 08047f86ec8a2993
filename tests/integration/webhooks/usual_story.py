"""A month of six companies, told the same way to every account, and what an inbox must hold of it afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.integration.webhooks.billed_workspace import BilledWorkspace, StripeAccount
from tests.integration.webhooks.running_product import RunningProduct

COMPANIES = ("Refused", "Smaller", "Cheaper", "Leaving", "Gone", "Doubtful")


@dataclass
class UsualStory:
    """Six customers who pay; then each of them does what its name says."""

    account: StripeAccount
    subscriptions: dict[str, str]

    @classmethod
    def begin(cls, account: StripeAccount) -> UsualStory:
        """Everybody signs up."""
        held = {}
        for name in COMPANIES:
            held[name] = account.subscription(account.customer(name), "business_month")
        return cls(account, held)

    def customer(self, name: str) -> str:
        """The id of one of them."""
        return self.account.world.store.subscriptions[self.subscriptions[name]].customer

    def go_on(self) -> None:
        """Something happens to each of them, all at about the same time."""
        held, account = self.subscriptions, self.account
        refused = self.customer("Refused")
        account.tell("fail_next_payments", customer=refused, times=-1)
        account.tell("invoice_once", customer=refused, amounts=[("Consulting", 4_200)])
        account.tell("cut_seats", subscription=held["Smaller"], quantity=4)
        account.tell("switch_plan", subscription=held["Cheaper"], price=account.price("starter_month"))
        account.tell("schedule_cancel", subscription=held["Leaving"])
        account.tell("cancel_now", subscription=held["Gone"])
        account.tell("schedule_cancel", subscription=held["Doubtful"])
        account.tell("undo_cancel", subscription=held["Doubtful"])


def stage(product: RunningProduct, account: StripeAccount) -> tuple[BilledWorkspace, UsualStory]:
    """A workspace that knows the six companies and their subscriptions, before anything happens to them."""
    workspace = product.workspace(account)
    for name in COMPANIES:
        workspace.add_company(name)
    story = UsualStory.begin(account)
    workspace.connect()
    workspace.receive_webhooks()
    return workspace, story


def gist(workspace: BilledWorkspace) -> list[tuple[Any, ...]]:
    """What is open, without the ids and times by which one telling differs from the next."""
    told = [(one["type"], one["account"], one["plan"], tuple(one["amount"].items())) for one in workspace.open_facts()]
    return sorted(told, key=repr)


def money(workspace: BilledWorkspace) -> dict[str, tuple[str, str | None]]:
    """MRR and payment status by company."""
    rows = workspace.api.everything("/accounts?sort=name")
    return {row["name"]: (row["mrr"]["amount"], row["payment_status"]) for row in rows}


def outcome(workspace: BilledWorkspace) -> tuple[list[tuple[Any, ...]], dict[str, tuple[str, str | None]]]:
    """Inbox and figures."""
    return gist(workspace), money(workspace)
