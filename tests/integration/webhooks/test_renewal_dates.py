"""Renewals are shown as Stripe dates them (guarantees H13)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.integration.webhooks.told_inbox import COMPANY, ToldInbox
from tests.unit.application.sync_product import MEMBER

from clynto.ports.read_models import AccountsQuery
from stripe_sandbox import World, create_catalog
from stripe_sandbox.records import Event

MONTHS = 14


def shown(inbox: ToldInbox) -> int | None:
    """The renewal in the accounts table."""
    (found,) = inbox.product.accounts(MEMBER, AccountsQuery(limit=5)).rows
    return found.row.renewal_at


@pytest.mark.parametrize("told_by", ["webhooks", "re-syncs"])
@pytest.mark.parametrize("anchor", ["2028-01-29", "2028-01-30", "2028-01-31", "2028-02-29"])
def test_the_day_of_an_anchor_comes_back_after_every_short_month(anchor: str, told_by: str) -> None:
    """H13: to the second, over more than a year with a 29th of February and one without."""
    begins = datetime.fromisoformat(f"{anchor}T21:17:05").replace(tzinfo=UTC)
    world = World(seed=7, now=int(begins.timestamp()))
    catalog = create_catalog(world)
    inbox = ToldInbox(world)
    events: list[Event] = []
    world.listeners.append(events.append)
    customer = world.stories.new_customer(COMPANY, f"billing@{COMPANY.lower()}.example").id
    subscription = world.stories.new_subscription(customer, [(catalog.prices["business_month"], 1)])
    days = []
    for _ in range(MONTHS):
        inbox.look()
        if told_by == "webhooks":
            inbox.deliver(events)
            events.clear()
        else:
            inbox.resync()
        assert shown(inbox) == subscription.period_end
        renewal = datetime.fromtimestamp(subscription.period_end, UTC)
        assert renewal.time() == begins.time()
        days.append(renewal.day)
        world.advance_to(subscription.period_end)
        world.advance(hours=2)
    assert max(days) == begins.day
    assert days[-1] == begins.day or renewal.month == 2, "it did not stay where a short month had put it"
