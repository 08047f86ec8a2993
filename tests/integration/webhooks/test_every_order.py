"""Every order of the states of one subscription, and what a first sync tells of the past (guarantees B1, H17)."""

from __future__ import annotations

import itertools

import orjson
import pytest
from tests.integration.webhooks.told_inbox import COMPANY, Told, ToldInbox

from stripe_sandbox import World, create_catalog
from stripe_sandbox.records import Event

BEGAN = 1_790_000_000
PAST_CUSTOMERS, MONTHS, STILL_OPEN = 20, 12, 3

End = tuple[list[Told], dict[str, tuple[str, str | None]]]


class Life:
    """A subscription that is created incomplete, and then active, past due and canceled; nothing of it is told.

    Within a second it becomes active, its end is scheduled, and it is canceled.
    """

    def __init__(self, *, within_a_second: bool) -> None:
        world = World(seed=7, now=BEGAN)
        catalog = create_catalog(world)
        self.inbox = ToldInbox(world)
        world.advance(seconds=60)
        told: list[Event] = []
        world.listeners.append(told.append)
        customer = world.stories.new_customer(COMPANY, f"billing@{COMPANY.lower()}.example").id
        world.stories.fail_next_payments(customer, 1)
        subscription = world.stories.new_subscription(customer, [(catalog.prices["business_month"], 10)])
        if not within_a_second:
            world.advance(seconds=600)
        world.stories.recover(customer)
        if within_a_second:
            world.stories.schedule_cancel(subscription.id)
        else:
            world.stories.fail_next_payments(customer, -1)
            world.advance(days=31, hours=2)
        world.stories.cancel_now(subscription.id)
        self.inbox.look()
        newest = {_state(event): event for event in told if event.object_id == subscription.id}
        self.events = list(newest.values())

    def told_in(self, order: tuple[int, ...], size: int) -> End:
        """Delivered in this order, so many at a time."""
        events = [self.events[place] for place in order]
        while events:
            self.inbox.deliver(events[:size])
            events = events[size:]
        return self.inbox.signals(only_open=False), self.inbox.figures()


def _state(event: Event) -> tuple[str, bool]:
    carried = orjson.loads(event.bodies[event.api_version])["object"]
    return carried["status"], carried["cancel_at_period_end"]


@pytest.mark.parametrize("size", [1, 4])
@pytest.mark.parametrize("within_a_second", [False, True], ids=["over a month", "within a second"])
def test_all_orders_of_its_states_end_alike(within_a_second: bool, size: int) -> None:
    """B1: all 24, of four states over a month and of four within a second, one after the other and all together; open
    signals and figures are those of the right order."""
    inorder = Life(within_a_second=within_a_second)
    states = [_state(event)[0] for event in inorder.events]
    orders = list(itertools.permutations(range(len(states))))
    if within_a_second:
        assert states == ["incomplete", "active", "active", "canceled"]
        assert len({event.created for event in inorder.events}) == 1
    else:
        assert states == ["incomplete", "active", "past_due", "canceled"]
    signals, figures = inorder.told_in(orders[0], 1)
    assert [one[0] for one in signals if one[1] == "open"] == ["subscription_canceled"]
    assert figures == {COMPANY: ("0.00", None)}
    for order in orders:
        ended, shown = Life(within_a_second=within_a_second).told_in(order, size)
        assert shown == figures, order
        assert [one for one in ended if one[1] == "open"] == [one for one in signals if one[1] == "open"], order


def test_a_first_sync_raises_what_is_true_now_and_nothing_of_the_past() -> None:
    """H17: twelve months in which twenty customers were refused month after month and paid later; three still owe."""
    world = World(seed=7, now=BEGAN)
    catalog = create_catalog(world)
    refused: list[str] = []
    world.listeners.append(lambda event: refused.append(event.type))
    held = []
    for number in range(PAST_CUSTOMERS):
        customer = world.stories.new_customer(f"Company {number}", f"billing@company-{number}.example").id
        held.append((customer, world.stories.new_subscription(customer, [(catalog.prices["business_month"], 1)]).id))
    for month in range(MONTHS):
        for customer, _ in held:
            world.stories.fail_next_payments(customer, -1)
        world.advance(days=31, hours=2)
        for customer, _ in held[STILL_OPEN:] if month == MONTHS - 1 else held:
            world.stories.recover(customer)
    assert refused.count("invoice.payment_failed") >= PAST_CUSTOMERS * (MONTHS - 1)
    signals = ToldInbox(world).signals(only_open=False)
    by_type = {kind: [one for one in signals if one[0] == kind] for kind in {one[0] for one in signals}}
    assert {kind: len(found) for kind, found in by_type.items()} == {"payment_failed": 3, "payment_overdue": 3}
    owing = {subscription for _, subscription in held[:STILL_OPEN]}
    assert {one[2] for one in signals} == owing
    assert {one[1] for one in signals} == {"open"}
