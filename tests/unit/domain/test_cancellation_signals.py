"""subscription_canceled, sentence by sentence (billing rules 5.1 and 5.4)."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from tests.unit.domain.signal_story import DAY, T0, event, minor, plan_item, sub, sync, tell

from clynto.domain.signals import SignalOutcome

ACTIVE = sync(T0, [sub()])
CANCELED = sub("canceled", canceled_at=T0 + DAY, ended_at=T0 + DAY)
SCHEDULED = sub(cancel_at_period_end=True, cancel_at=T0 + 20 * DAY, canceled_at=T0 + DAY)


def test_schedule_and_end_share_the_key_and_the_date_moves_on() -> None:
    told = tell([ACTIVE, event(T0 + DAY, SCHEDULED)])
    signal = told.only("subscription_canceled")
    assert (signal.occurred_at, signal.context.effective_at) == (T0 + DAY, T0 + 20 * DAY)

    moved = sub(cancel_at=T0 + 50 * DAY, canceled_at=T0 + 2 * DAY)
    told = tell([event(T0 + 2 * DAY, moved)], ledger=told.ledger)
    signal = told.only("subscription_canceled")
    assert (signal.identity, signal.context.effective_at) == (f"sub_1:{T0 + DAY}", T0 + 50 * DAY)

    ended = sub("canceled", canceled_at=T0 + 2 * DAY, ended_at=T0 + 50 * DAY)
    told = tell([event(T0 + 50 * DAY, ended)], ledger=told.ledger)
    signal = told.only("subscription_canceled")
    assert (signal.identity, signal.stage, signal.is_open) == (f"sub_1:{T0 + DAY}", "ended", True)


@pytest.mark.parametrize("previous", [None, T0 - DAY])
def test_on_first_sight_by_sync_only_what_ended_since_the_last_sync_fires(previous: int | None) -> None:
    told = tell([sync(T0 + 2 * DAY, [CANCELED])], previous_sync_at=previous)
    assert bool(told.ledger.signals) is (previous is not None)
    told = tell([sync(T0 + 2 * DAY, [CANCELED])], previous_sync_at=T0 + DAY)
    assert not told.ledger.signals
    told = tell([sync(T0 + 2 * DAY, [CANCELED])], previous_sync_at=T0 + DAY - 1)
    assert told.only("subscription_canceled").is_open


def test_an_event_about_an_unknown_subscription_is_news_unless_it_ended_before_the_last_sync() -> None:
    deleted = event(T0 + DAY, CANCELED, "customer.subscription.deleted")
    assert tell([deleted]).only("subscription_canceled").is_open
    assert tell([deleted], previous_sync_at=T0).only("subscription_canceled").is_open
    assert not tell([deleted], previous_sync_at=T0 + 2 * DAY).ledger.signals


def test_what_was_history_once_stays_history() -> None:
    told = tell([sync(T0 + 2 * DAY, [CANCELED]), event(T0 + 3 * DAY, CANCELED), sync(T0 + 9 * DAY, [CANCELED])])
    assert not told.ledger.signals


@pytest.mark.parametrize(
    ("fields", "fires"),
    [
        ({"cancel_at": T0 + 9 * DAY}, False),
        ({"cancel_at": T0 + 9 * DAY, "canceled_at": T0 - 200 * DAY}, False),
        ({"cancel_at": T0 + 9 * DAY, "canceled_at": T0}, True),
        ({"cancel_at_period_end": True, "canceled_at": T0}, True),
        ({"cancel_at_period_end": True}, True),
        ({}, False),
    ],
)
def test_a_fixed_end_is_no_cancellation_until_it_is_reached(fields: dict[str, Any], fires: bool) -> None:
    told = tell([sync(T0, [sub(**fields)])])
    assert bool(told.ledger.signals) is fires

    ended = sub("canceled", **{**fields, "ended_at": T0 + 9 * DAY})
    told = tell([event(T0 + 9 * DAY, ended)], ledger=told.ledger, previous_sync_at=T0)
    signal = told.only("subscription_canceled")
    assert (signal.is_open, signal.stage) == (True, "ended")


@pytest.mark.parametrize("end", ["canceled", "incomplete_expired"])
def test_what_never_started_is_not_lost(end: str) -> None:
    fields = {"cancel_at_period_end": True, "canceled_at": T0}
    told = tell([event(T0, sub("incomplete", **fields)), event(T0 + DAY, sub(end, ended_at=T0 + DAY))])
    assert not told.ledger.signals


def test_an_unpaid_or_paused_subscription_can_be_canceled() -> None:
    for status in ("unpaid", "paused", "past_due", "trialing"):
        told = tell([sync(T0, [sub(status)]), event(T0 + DAY, {**SCHEDULED, "status": status})])
        assert told.only("subscription_canceled").is_open


def test_amount_follows_the_seats_and_survives_a_payload_without_items() -> None:
    told = tell([ACTIVE, event(T0 + DAY, SCHEDULED)])
    fewer = {**SCHEDULED, "items": {"data": [plan_item(6)]}}
    told = tell([event(T0 + 2 * DAY, fewer)], ledger=told.ledger)
    assert told.only("subscription_canceled").amount == minor(6_000)

    bare = sub("canceled", canceled_at=T0 + DAY, ended_at=T0 + 20 * DAY)
    bare["items"] = {"data": []}
    told = tell([event(T0 + 20 * DAY, bare)], ledger=told.ledger)
    signal = told.only("subscription_canceled")
    assert (signal.amount, signal.plan, signal.stage) == (minor(6_000), "pro x 6", "ended")


def test_an_unknown_part_of_the_amount_is_said() -> None:
    partly = sub("active", plan_item(), plan_item(1, None, product="extra"))
    told = tell([sync(T0, [{**SCHEDULED, "items": partly["items"]}])])
    signal = told.only("subscription_canceled")
    assert (signal.amount, signal.estimated, signal.plan) == (minor(10_000), True, "pro x 10 + extra x 1")


def test_a_request_undone_before_we_heard_of_it_is_history() -> None:
    told = tell([ACTIVE, event(T0 + 3 * DAY, sub()), event(T0 + DAY, SCHEDULED)])
    assert told.only("subscription_canceled").outcome is SignalOutcome.UNDONE


def test_an_older_form_of_a_running_request_is_no_second_one() -> None:
    moved = event(T0 + 2 * DAY, sub(cancel_at=T0 + 50 * DAY, canceled_at=T0 + 2 * DAY))
    told = tell([ACTIVE, moved, event(T0 + DAY, SCHEDULED)])
    assert len(told.ledger.signals) == 1
    undone = event(T0 + 3 * DAY, sub())
    steps = [ACTIVE, event(T0 + DAY, SCHEDULED), moved, undone]
    told = tell(steps)
    assert tell(steps[1:], ledger=told.ledger, previous_sync_at=T0).ledger == told.ledger


def test_the_undoing_told_last_leaves_one_open() -> None:
    again = sub(cancel_at=T0 + 50 * DAY, canceled_at=T0 + 9 * DAY)
    told = tell([ACTIVE, event(T0 + DAY, SCHEDULED), event(T0 + 9 * DAY, again), event(T0 + 3 * DAY, sub())])
    assert told.open_keys == {f"subscription_canceled sub_1:{T0 + DAY}"}


def test_the_same_request_again_after_an_undo_gets_an_ordinal() -> None:
    told = tell([ACTIVE, event(T0 + DAY, SCHEDULED), event(T0 + 2 * DAY, sub()), event(T0 + 3 * DAY, SCHEDULED)])
    assert told.open_keys == {f"subscription_canceled sub_1:{T0 + DAY}#2"}


@pytest.mark.parametrize(
    ("fields", "identity"),
    [
        ({"ended_at": T0 + DAY}, f"sub_1:{T0 + DAY}"),
        ({"ended_at": T0 + DAY, "cancel_at": T0 + 9}, f"sub_1:{T0 + 9}"),
        ({"current_period_end": T0 + 7}, f"sub_1:{T0 + 7}"),
        ({}, "sub_1:undated"),
    ],
)
def test_what_stands_in_for_a_missing_request_time(fields: dict[str, Any], identity: str) -> None:
    assert tell([ACTIVE, event(T0 + DAY, sub("canceled", **fields))]).only("subscription_canceled").identity == identity


LIFE = [
    event(T0, sub("incomplete"), "customer.subscription.created"),
    event(T0 + 60, sub("active")),
    event(T0 + DAY, sub("past_due")),
    event(T0 + 9 * DAY, sub("canceled", canceled_at=T0 + 9 * DAY, ended_at=T0 + 9 * DAY)),
]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_a_whole_life_in_any_order_ends_the_same(order: tuple[int, ...]) -> None:
    told = tell([LIFE[position] for position in order])

    assert told.open_keys == {f"subscription_canceled sub_1:{T0 + 9 * DAY}"}
    assert told.ledger.subscriptions["sub_1"].facts.status == "canceled"


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_three_pictures_of_one_second_end_as_stripe_says(order: tuple[int, ...]) -> None:
    forms = [sub("incomplete"), sub("active"), sub("past_due")]
    told = tell([event(T0, forms[position]) for position in order])
    assert set(told.unsettled) == {"sub_1"}

    told = tell([sync(T0 + 5, [sub("past_due")])], ledger=told.ledger)

    assert told.open_keys == {"payment_overdue sub_1:in_1"}


def test_lost_over_a_debt_that_we_know_only_by_its_invoice() -> None:
    lost = sub("canceled", canceled_at=T0 + DAY, ended_at=T0 + DAY, cancellation_details={"reason": "payment_failed"})
    assert tell([ACTIVE, event(T0 + DAY, lost)]).only("subscription_canceled").case_key == "debt in_1"


def test_an_end_within_the_second_of_the_last_sync_is_news_if_an_event_tells_it() -> None:
    """The sync would have remembered the subscription if it had seen it; Stripe's times are whole seconds."""
    deleted = event(T0 + DAY, CANCELED, "customer.subscription.deleted")
    assert tell([deleted], previous_sync_at=T0 + DAY).only("subscription_canceled").is_open
