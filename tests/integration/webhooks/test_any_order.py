"""Whole stories through the real inbox: whatever the order, the copies and the batches, the same in the end
(guarantees 2 and 3; B1, B5, B6, B12)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.integration.webhooks.told_inbox import COMPANY, Told, ToldInbox
from tests.unit.application.sync_product import WORKSPACE

from clynto.application.drain_events import BATCH
from clynto.domain.signals import SignalType
from clynto.ports.signals import SignalsQuery
from stripe_sandbox import World, create_catalog
from stripe_sandbox.portfolio.catalog import Catalog
from stripe_sandbox.records import Event

BEGAN = 1_790_000_000
HOUR, DAY = 3_600, 86_400


class Story:
    """One customer with one subscription, and what happens to them."""

    def __init__(self) -> None:
        self.world = World(seed=7, now=BEGAN)
        self.catalog: Catalog = create_catalog(self.world)
        self.inbox = ToldInbox(self.world)
        self.events: list[Event] = []
        self.world.listeners.append(self.events.append)
        self.world.advance(days=1)
        stories = self.world.stories
        self.customer = stories.new_customer(COMPANY, f"billing@{COMPANY.lower()}.example").id
        self.subscription = stories.new_subscription(self.customer, [(self.catalog.prices["business_month"], 10)]).id
        # Known in time: of what nobody had heard of before it shrank, nothing can be said to have shrunk.
        self.inbox.look()
        self.inbox.deliver(self.events)
        self.begun = len(self.events)

    def tell(self, chapter: str) -> None:
        """One thing that happens, if it can happen now."""
        world, stories = self.world, self.world.stories
        held = world.store.subscriptions[self.subscription]
        owed = [one.id for one in world.store.invoices_of_subscription[self.subscription] if one.status == "open"]
        anyway: dict[str, Callable[[], object]] = {
            "refuse": lambda: stories.fail_next_payments(self.customer, -1),
            "recover": lambda: stories.recover(self.customer),
            "an hour": lambda: world.advance(hours=1),
            "some days": lambda: world.advance(days=4),
            "a month": lambda: world.advance(days=31),
        }
        while_it_runs: dict[str, Callable[[], object]] = {
            "cut": lambda: stories.cut_seats(self.subscription, max(1, (held.items[0].quantity or 2) - 3)),
            "grow": lambda: stories.add_seats(self.subscription, (held.items[0].quantity or 0) + 2),
            "cheaper": lambda: stories.switch_plan(self.subscription, self.catalog.prices["starter_month"]),
            "schedule": lambda: stories.schedule_cancel(self.subscription),
            "undo": lambda: stories.undo_cancel(self.subscription),
            "end": lambda: stories.cancel_now(self.subscription),
        }
        while_owed: dict[str, Callable[[], object]] = {
            "void": lambda: stories.void_invoice(owed[-1]),
            "settle": lambda: stories.pay_out_of_band(owed[-1]),
        }
        if chapter in anyway:
            anyway[chapter]()
        elif chapter in while_owed and owed:
            while_owed[chapter]()
        elif chapter in while_it_runs and held.status not in ("canceled", "incomplete_expired"):
            while_it_runs[chapter]()
        # What a person does next is never of the same second.
        self.world.advance(seconds=5)


def test_what_shares_its_second_with_a_sync_waits_for_what_later_events_tell() -> None:
    """More came than fits into one batch, the oldest of it of the very second of a sync: asked about that, Stripe would
    answer with the cut of an hour later, which would then count as of today (guarantees C2)."""
    story = Story()
    begun = len(story.events)
    fresh = story.world.stories.new_customer("Other", "billing@other.example").id
    held = story.world.stories.new_subscription(fresh, [(story.catalog.prices["business_month"], 10)]).id
    story.inbox.resync()
    for number in range(BATCH):
        story.world.stories.new_customer(f"Filler {number}", f"billing@filler-{number}.example")
    story.world.advance(hours=1)
    story.world.stories.cut_seats(held, 4)
    cut_at = story.world.now
    story.world.advance(days=2)
    story.inbox.look()
    story.inbox.deliver(story.events[begun:])
    with story.inbox.product.units.reading(WORKSPACE) as uow:
        (told,) = uow.signals.page(SignalsQuery(limit=9)).rows
    assert (told.signal.type, told.signal.occurred_at) == (SignalType.SUBSCRIPTION_DOWNGRADED, cut_at)


@pytest.mark.parametrize("step", [1, -1])
def test_a_running_sync_settles_what_two_events_of_one_second_leave_open(step: int) -> None:
    """A cancellation is scheduled and withdrawn within a second; before the two are worked off, a sync stores what is
    true since. Whoever looks before that sync ends must not be told of a cancellation."""
    story = Story()
    story.world.advance(hours=1)
    told = len(story.events)
    story.world.stories.schedule_cancel(story.subscription)
    story.world.stories.undo_cancel(story.subscription)
    story.world.advance(seconds=1)
    story.inbox.subscriptions_read()()
    for event in story.events[told:][::step]:
        story.inbox.deliver([event])
    assert story.inbox.signals() == []
    story.inbox.resync()
    assert story.inbox.signals() == []


def test_a_running_sync_settles_what_shares_its_second_with_the_sync_before() -> None:
    """A cut of the very second in which the last sync read; the running one stores it before its event is worked off.
    It is told at once all the same, and once only."""
    story = Story()
    story.world.advance(hours=1)
    story.inbox.resync()
    told = len(story.events)
    story.world.stories.cut_seats(story.subscription, 4)
    story.world.advance(seconds=1)
    story.inbox.subscriptions_read()()
    story.inbox.deliver(story.events[told:])
    (signal,) = story.inbox.signals()
    assert signal[0] == SignalType.SUBSCRIPTION_DOWNGRADED.value
    story.inbox.resync()
    assert story.inbox.signals() == [signal]


def test_a_page_stored_while_a_batch_is_worked_off_undoes_no_event() -> None:
    """A sync reads a subscription, which is cut within the same second. The event is looked at before that page is
    stored, and stored after it: then the two are tied, and Stripe has to be asked (guarantees B3)."""
    story = Story()
    story.world.advance(hours=1)
    page = story.inbox.subscriptions_read()
    told = len(story.events)
    story.world.stories.cut_seats(story.subscription, 4)
    story.inbox.look()
    story.inbox.crowded.meanwhile = page
    story.inbox.deliver(story.events[told:])
    assert story.inbox.figures()[COMPANY] == ("116.00", "paid")


# Nothing grows here: a picture that is told after a younger one is dropped (billing rules 5.1, 3), so after growth the
# amounts of downgrades do depend on the order. What does not depend on it is tested by itself below.
CHAPTERS = st.sampled_from(
    [
        "refuse", "recover", "cut", "cheaper", "schedule", "undo", "end", "void", "settle",
        "an hour", "some days", "a month", "a month",
    ]
)  # fmt: skip
SIZES = st.sampled_from(["grow", "grow", "cut", "cut", "cheaper", "an hour", "some days", "a month"])
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
"""A whole story takes too long to be told again and again while it is made shorter."""
STORIES = st.lists(CHAPTERS, min_size=2, max_size=7)


def undisturbed(chapters: Sequence[str]) -> Story:
    """Every event delivered as soon as it is made, once and in order."""
    story = Story()
    for chapter in chapters:
        told = len(story.events)
        story.tell(chapter)
        story.inbox.look()
        for event in story.events[told:]:
            story.inbox.deliver([event])
    return story


def all_at_last(chapters: Sequence[str]) -> Story:
    """Nothing is delivered while it happens."""
    story = Story()
    for chapter in chapters:
        story.tell(chapter)
    story.inbox.look()
    return story


def _cuts_together(signals: Sequence[Told]) -> list[Told]:
    """Two cuts of which the second was told first are one: the picture between them came too late to open anything
    (billing rules 5.1, 3). The whole drop, from the first plan to the last, is the same."""
    kind = SignalType.SUBSCRIPTION_DOWNGRADED.value
    cuts: dict[str, list[Told]] = {}
    for one in signals:
        if one[0] == kind:
            cuts.setdefault(one[2], []).append(one)
    told = [one for one in signals if one[0] != kind]
    for subscription, parts in cuts.items():
        ends = Counter(end for part in parts for end in part[4].split(" -> "))
        outer = sorted(plan for plan, times in ends.items() if times == 1)
        told.append((kind, "open", subscription, sum(part[3] for part in parts), *outer))
    return told


@settings(max_examples=60, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))
@given(chapters=STORIES, data=st.data())
def test_the_order_copies_and_batches_of_deliveries_decide_nothing(chapters: list[str], data: st.DataObject) -> None:
    """Late, in any order, in batches of any size, with copies under the same and under new event ids."""
    expected = undisturbed(chapters).inbox
    late = all_at_last(chapters)
    events = data.draw(st.permutations(late.events[late.begun :]))
    while events:
        size = data.draw(st.integers(1, 6))
        batch, events = events[:size], events[size:]
        late.inbox.deliver(batch)
        late.inbox.deliver(batch[:1])
        late.inbox.deliver(batch[-1:], again=len(events) + 1)
    assert _cuts_together(late.inbox.signals()) == _cuts_together(expected.signals())
    assert late.inbox.figures() == expected.figures()


@settings(max_examples=15, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))
@given(chapters=STORIES, data=st.data())
def test_a_resync_anywhere_among_the_deliveries_adds_nothing(chapters: list[str], data: st.DataObject) -> None:
    """A re-sync makes up for what was lost; whatever still comes late changes nothing more."""
    expected = undisturbed(chapters).inbox
    late = all_at_last(chapters)
    events = data.draw(st.permutations(late.events[late.begun :]))
    before = data.draw(st.integers(0, len(events)))
    late.inbox.deliver(events[:before])
    late.inbox.resync()
    settled = late.inbox.signals(), late.inbox.figures()
    late.inbox.deliver(events[before:])
    late.inbox.resync()
    assert (late.inbox.signals(), late.inbox.figures()) == settled
    assert late.inbox.figures() == expected.figures()


def _delivered(late: Story, data: st.DataObject) -> ToldInbox:
    """Everything that happened, in any order and in batches of any size."""
    events = data.draw(st.permutations(late.events[late.begun :]))
    while events:
        size = data.draw(st.integers(1, 6))
        late.inbox.deliver(events[:size])
        events = events[size:]
    return late.inbox


def _but_downgrades(inbox: ToldInbox) -> list[Told]:
    return [one for one in inbox.signals() if one[0] != SignalType.SUBSCRIPTION_DOWNGRADED.value]


@settings(max_examples=20, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))
@given(chapters=st.lists(CHAPTERS | st.just("grow"), min_size=2, max_size=7), data=st.data())
def test_where_subscriptions_grow_the_order_decides_nothing_but_downgrades(
    chapters: list[str], data: st.DataObject
) -> None:
    """Figures, and every signal of another kind."""
    expected = undisturbed(chapters).inbox
    late = _delivered(all_at_last(chapters), data)
    assert _but_downgrades(late) == _but_downgrades(expected)
    assert late.figures() == expected.figures()


@settings(max_examples=20, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))
@given(chapters=st.lists(SIZES, min_size=2, max_size=7), data=st.data())
def test_what_of_a_downgrade_no_order_decides(chapters: list[str], data: st.DataObject) -> None:
    """Below what it paid when we first knew it, a downgrade is open; at its highest level ever, none is. In between,
    where it fell from a growth, only who was told of the growth in time knows that it fell."""
    told, levels = Story(), []
    for chapter in ["an hour", *chapters]:
        levels.append(_mrr(told.inbox))
        begun = len(told.events)
        told.tell(chapter)
        told.inbox.look()
        told.inbox.deliver(told.events[begun:])
    late = _delivered(all_at_last(["an hour", *chapters]), data)
    assert _mrr(late) == _mrr(told.inbox)
    for inbox in (told.inbox, late):
        if _mrr(late) < levels[0]:
            assert inbox.signals()
        elif _mrr(late) >= max(levels):
            assert not inbox.signals()


def _mrr(inbox: ToldInbox) -> Fraction:
    return Fraction(inbox.figures()[COMPANY][0])
