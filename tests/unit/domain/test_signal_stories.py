"""Random stories: what is open in the end depends on what happened, not on how we heard of it (billing rules 5.1)."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.domain.signal_story import DAY, T0, Step, Told, event, inv, pictures_of, plan_item, sub, sync, tell

from clynto.domain.signal_ledger import SignalLedger
from clynto.domain.signal_observation import ObservationContext, observe_all
from clynto.domain.signals import Signal, SignalType

LAST_RETRY = {"paused": {"subscription": {"type": "final_payment_failure"}}}
FORMS: list[dict[str, Any]] = [
    {"status": "active"},
    {"status": "trialing"},
    {"status": "past_due"},
    {"status": "past_due", "latest_invoice": "in_2"},
    {"status": "unpaid"},
    {"status": "paused"},
    {"status": "paused", "status_details": LAST_RETRY},
    {"status": "active", "cancel_at_period_end": True},
    {"status": "past_due", "cancel_at": T0 + 90 * DAY},
    {"status": "canceled"},
]
INVOICE_EVENTS = [
    ("open", "invoice.payment_failed"),
    ("paid", "invoice.paid"),
    ("void", "invoice.voided"),
    ("uncollectible", "invoice.marked_uncollectible"),
    ("open", "invoice.updated"),
]
GAPS = st.integers(min_value=1, max_value=9 * DAY)


def _subscription_event(at: int, form: dict[str, Any], subscription_id: str) -> Step:
    fields = dict(form)
    status = fields.pop("status")
    if status == "canceled":
        fields["ended_at"] = at
    if status == "canceled" or "cancel_at" in fields or "cancel_at_period_end" in fields:
        fields["canceled_at"] = at
    return event(at, sub(status, id=subscription_id, **fields))


@st.composite
def stories(draw: st.DrawFn, *, seats_change: bool = False) -> list[Step]:
    """A first sync and up to five events, each in a second of its own."""
    at, steps = T0, [sync(T0, [sub(), sub(id="sub_2", latest_invoice="in_3")])]
    for _ in range(draw(st.integers(min_value=1, max_value=5))):
        at += draw(GAPS)
        if seats_change and draw(st.booleans()):
            steps.append(event(at, sub("active", plan_item(draw(st.integers(0, 12))))))
        elif draw(st.booleans()):
            form = draw(st.sampled_from(FORMS))
            steps.append(_subscription_event(at, form, draw(st.sampled_from(["sub_1", "sub_1", "sub_2"]))))
        else:
            status, event_type = draw(st.sampled_from(INVOICE_EVENTS))
            steps.append(event(at, inv(status, id=draw(st.sampled_from(["in_1", "in_2"]))), event_type))
    return steps


def _fact(signal: Signal) -> tuple[str, str | None, str | None]:
    """What is open, without the key: of two stays told in a mixed order the older key stays (billing rules 5.1)."""
    thing = signal.identity if signal.type is SignalType.PAYMENT_FAILED else signal.subscription_id
    return signal.type, thing, signal.stage


def _open_facts(told: Told) -> list[tuple[str, str | None, str | None]]:
    return sorted(map(_fact, told.ledger.open_signals), key=str)


@settings(max_examples=150, deadline=None)
@given(stories(), st.randoms(use_true_random=False))
def test_any_order_leaves_the_same_open(story: list[Step], random: Any) -> None:
    first, *events = story
    shuffled = random.sample(events, len(events))

    told = tell([first, *shuffled])

    assert _open_facts(told) == _open_facts(tell(story))
    keys = [(signal.type, signal.subscription_id) for signal in told.ledger.open_signals]
    once = [key for key in keys if key[0] is not SignalType.PAYMENT_FAILED]
    assert len(once) == len(set(once))


@settings(max_examples=150, deadline=None)
@given(stories(seats_change=True), st.data())
def test_repeated_deliveries_change_nothing(story: list[Step], data: st.DataObject) -> None:
    repeats = data.draw(st.lists(st.sampled_from(story[1:]), max_size=4))

    told = tell(story)
    again = tell(repeats, ledger=told.ledger, previous_sync_at=T0)

    assert again.ledger == told.ledger
    assert again.non_events == []


@settings(max_examples=100, deadline=None)
@given(stories(seats_change=True))
def test_one_batch_is_as_good_as_one_event_at_a_time(story: list[Step]) -> None:
    pictures = [picture for step in story for picture in pictures_of(step)]

    batch = observe_all(SignalLedger(), reversed(pictures), ObservationContext())

    assert batch.ledger.open_signals == tell(story).ledger.open_signals
    assert {signal.key for signal in batch.signals_changed} == set(batch.ledger.signals)


@settings(max_examples=100, deadline=None)
@given(stories(seats_change=True))
def test_documents_lose_nothing(story: list[Step]) -> None:
    ledger = tell(story).ledger

    assert SignalLedger.from_document(ledger.to_document()) == ledger
    assert all(Signal.from_document(signal.to_document()) == signal for signal in ledger.signals.values())


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(GAPS, st.integers(0, 12)), min_size=1, max_size=6))
def test_open_downgrades_add_up_to_the_whole_drop(changes: list[tuple[int, int]]) -> None:
    """As long as seats only go down; each cut that is open tells its own part."""
    at, count, steps = T0, 12, [sync(T0, [sub("active", plan_item(12))])]
    for gap, seats in changes:
        at, count = at + gap, min(count, seats)
        steps.append(event(at, sub("active", plan_item(count))))

    told = tell(steps)

    assert sum(signal.amount for signal in told.ledger.open_signals) == (12 - count) * 1_000
