"""payment_failed and payment_overdue, sentence by sentence (billing rules 5.1 to 5.3)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.domain.signal_story import DAY, HOUR, T0, event, inv, minor, pictures_of, plan_item, sub, sync, tell

from clynto.adapters.stripe_api.map_invoice import map_invoice
from clynto.domain.moments import UnixMicros, UnixTime
from clynto.domain.provenance import Provenance
from clynto.domain.signal_ledger import SignalLedger, compact, ledger_key
from clynto.domain.signal_observation import ObservationContext, observe, observe_all
from clynto.domain.signal_pictures import invoice_picture
from clynto.domain.signals import SignalOutcome, SignalState

ACTIVE = sync(T0, [sub()])
FAILED = event(T0 + DAY, inv())
PAST_DUE = event(T0 + DAY + 1, sub("past_due"))


def test_later_tries_add_to_the_same_signal() -> None:
    told = tell([ACTIVE, FAILED, event(T0 + 4 * DAY, inv(attempt_count=2, next_payment_attempt=T0 + 9 * DAY))])

    signal = told.only("payment_failed")
    assert (signal.attempts, signal.occurred_at) == (2, T0 + DAY)
    assert signal.context.next_attempt_at == T0 + 9 * DAY
    assert signal.context.last_attempt_at == T0 + 4 * DAY
    assert (signal.context.invoice_number, signal.customer_id) == ("INV-1", "cus_1")


def test_the_first_refusal_gives_moment_and_amount_even_if_it_comes_last() -> None:
    second = event(T0 + 4 * DAY, inv(attempt_count=2, amount_remaining=4_000))
    for steps in ([ACTIVE, FAILED, second], [ACTIVE, second, FAILED]):
        signal = tell(steps).only("payment_failed")
        assert (signal.occurred_at, signal.amount, signal.attempts) == (T0 + DAY, minor(10_000), 2)


def test_a_failure_told_after_a_newer_open_picture_still_opens() -> None:
    debit: dict[str, Any] = {"attempt_count": 1, "next_payment_attempt": None}
    told = tell([ACTIVE, sync(T0 + 2 * DAY, [sub()], [inv(**debit)]), event(T0 + DAY, inv(**debit))])

    assert told.only("payment_failed").is_open


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("paid", SignalOutcome.PAID),
        ("void", SignalOutcome.VOIDED),
        ("uncollectible", SignalOutcome.WRITTEN_OFF),
    ],
)
def test_a_failure_of_a_settled_invoice_is_added_as_closed(status: str, outcome: SignalOutcome) -> None:
    told = tell([ACTIVE, sync(T0 + 3 * DAY, [sub()], [inv(status)]), FAILED])

    signal = told.only("payment_failed")
    assert (signal.state, signal.outcome) == (SignalState.RESOLVED, outcome)


def test_paid_is_final_whatever_claims_to_be_newer() -> None:
    told = tell([ACTIVE, FAILED, event(T0 + 2 * DAY, inv("paid"), "invoice.paid"), event(T0 + 3 * DAY, inv())])

    assert told.only("payment_failed").outcome is SignalOutcome.PAID
    assert not told.open_keys


def test_the_time_of_payment_is_stripes_own() -> None:
    paid = inv("paid", status_transitions={"paid_at": T0 + 2 * DAY + 7})
    assert tell([ACTIVE, FAILED, sync(T0 + 9 * DAY, [sub()], [paid])]).only("payment_failed").resolved_at == (
        T0 + 2 * DAY + 7
    )


def test_plan_is_unknown_until_the_subscription_is_known() -> None:
    assert tell([FAILED]).only("payment_failed").plan is None
    assert tell([FAILED, sync(T0 + 2 * DAY, [sub()])]).only("payment_failed").plan == "pro x 10"


def test_what_is_open_names_the_newest_plan_whatever_came_first() -> None:
    fewer = event(T0 + 2 * DAY, sub("past_due", plan_item(4)))
    for steps in ([ACTIVE, FAILED, PAST_DUE, fewer], [ACTIVE, FAILED, fewer, PAST_DUE], [ACTIVE, fewer, FAILED]):
        told = tell(steps)
        assert {signal.plan for signal in told.ledger.open_signals if signal.type.value.startswith("payment")} == {
            "pro x 4"
        }
    paid = event(T0 + 3 * DAY, inv("paid"))
    recovered = event(T0 + 3 * DAY, sub("active"))
    told = tell([ACTIVE, FAILED, PAST_DUE, paid, recovered, event(T0 + 4 * DAY, sub("active", plan_item(2)))])
    assert (told.only("payment_failed").plan, told.only("payment_overdue").plan) == ("pro x 10", "pro x 10")


def test_the_end_of_the_subscription_closes_a_failure_in_either_order() -> None:
    ended = event(T0 + 2 * DAY, sub("canceled", canceled_at=T0 + 2 * DAY, ended_at=T0 + 2 * DAY))
    for steps in ([ACTIVE, FAILED, ended], [ACTIVE, ended, FAILED]):
        signal = tell(steps).only("payment_failed")
        assert (signal.outcome, signal.resolved_at) == (SignalOutcome.SUBSCRIPTION_ENDED, T0 + 2 * DAY)


@pytest.mark.parametrize(
    ("fields", "fires"),
    [
        ({"attempt_count": 0, "next_payment_attempt": T0 + DAY}, False),
        ({"attempt_count": 1, "next_payment_attempt": T0 + 5 * DAY}, True),
        ({"attempt_count": 1, "next_payment_attempt": None}, False),
        ({"attempt_count": 2, "next_payment_attempt": None}, True),
        ({"attempt_count": 2, "collection_method": "send_invoice"}, False),
        ({"attempt_count": 2, "amount_remaining": 0}, False),
        (
            {
                "attempt_count": 1,
                "next_payment_attempt": None,
                "status_transitions": {"finalized_at": T0 - 12 * DAY},
            },
            True,
        ),
        (
            {
                "attempt_count": 1,
                "next_payment_attempt": None,
                "status_transitions": {"finalized_at": T0 - 12 * DAY + 1},
            },
            False,
        ),
    ],
)
def test_a_sync_needs_proof_of_rejection(fields: dict[str, Any], fires: bool) -> None:
    told = tell([sync(T0 + 2 * DAY, [sub()], [inv(**fields)])])

    assert bool(told.of("payment_failed")) is fires


def test_one_attempt_is_proof_once_the_subscription_is_past_due() -> None:
    debit = inv(attempt_count=1, next_payment_attempt=None)
    quiet = sync(T0 + DAY, [sub()], [debit])
    assert not tell([quiet]).of("payment_failed")
    assert tell([quiet, sync(T0 + 2 * DAY, [sub("past_due")])]).only("payment_failed").is_open
    assert tell([quiet, sync(T0 + 2 * DAY, [sub("unpaid")])]).only("payment_failed").is_open


def test_a_refusal_found_by_reading_has_no_exact_time() -> None:
    found = inv(status_transitions={"finalized_at": T0 + DAY})
    told = tell([ACTIVE, sync(T0 + 2 * DAY, [sub()], [found])])
    signal = told.only("payment_failed")
    assert (signal.occurred_at, signal.context.time_is_exact) == (T0 + DAY, False)

    later = tell([event(T0 + DAY + HOUR, found)], ledger=told.ledger, previous_sync_at=T0 + 2 * DAY)
    signal = later.only("payment_failed")
    assert (signal.occurred_at, signal.context.time_is_exact) == (T0 + DAY + HOUR, True)


def test_debt_of_an_ended_subscription_is_no_news_for_a_sync() -> None:
    gone = sub("canceled", canceled_at=T0 - DAY, ended_at=T0 - DAY)
    assert not tell([sync(T0, [gone], [inv(attempt_count=4)])]).ledger.signals


def test_overdue_is_estimated_until_the_invoice_is_known() -> None:
    yearly = sub("past_due", plan_item(1, 120_000, interval="year"))
    told = tell([sync(T0, [sub("active", plan_item(1, 120_000, interval="year"))]), event(T0 + DAY, yearly)])
    signal = told.only("payment_overdue")
    assert (signal.amount, signal.estimated) == (minor(120_000), True)

    told = tell([event(T0 + DAY + 5, inv(amount_remaining=110_000))], ledger=told.ledger)
    signal = told.only("payment_overdue")
    assert (signal.amount, signal.estimated) == (minor(110_000), False)
    assert signal.context.invoice_number == "INV-1"


def test_overdue_follows_what_is_left_but_not_to_nothing() -> None:
    told = tell([ACTIVE, FAILED, PAST_DUE, event(T0 + 2 * DAY, inv(amount_remaining=4_000), "invoice.updated")])
    assert told.only("payment_overdue").amount == minor(4_000)

    told = tell([event(T0 + 3 * DAY, inv("paid"), "invoice.paid")], ledger=told.ledger)
    assert told.only("payment_overdue").amount == minor(4_000)
    assert told.only("payment_overdue").is_open


def test_without_an_invoice_the_period_is_the_identity() -> None:
    told = tell([sync(T0, [sub("past_due", latest_invoice=None, current_period_start=T0 - DAY)])])
    signal = told.only("payment_overdue")
    assert (signal.identity, signal.occurred_at) == (f"sub_1:{T0 - DAY}", T0 - DAY)
    assert tell([sync(T0, [sub("past_due", latest_invoice=None)])]).only("payment_overdue").identity == "sub_1:undated"


@pytest.mark.parametrize(
    "entry",
    [sub("unpaid"), sub("paused", status_details={"paused": {"subscription": {"type": "final_payment_failure"}}})],
)
def test_a_missed_past_due_is_entered_late(entry: dict[str, Any]) -> None:
    assert tell([ACTIVE, event(T0 + DAY, entry)]).only("payment_overdue").is_open
    assert tell([sync(T0, [entry])]).only("payment_overdue").is_open


def test_unpaid_keeps_it_open_and_paying_recovers() -> None:
    told = tell([ACTIVE, PAST_DUE, event(T0 + 5 * DAY, sub("unpaid"))])
    assert told.only("payment_overdue").is_open

    told = tell([event(T0 + 6 * DAY, sub("active"))], ledger=told.ledger)
    assert told.only("payment_overdue").outcome is SignalOutcome.RECOVERED
    assert told.only("payment_overdue").resolved_at == T0 + 6 * DAY


@pytest.mark.parametrize(
    ("after", "outcome"),
    [
        (sub("trialing"), SignalOutcome.RECOVERED),
        (sub("canceled", ended_at=T0 + 3 * DAY), SignalOutcome.SUBSCRIPTION_ENDED),
        (
            sub("paused", status_details={"paused": {"subscription": {"type": "first_payment_failure"}}}),
            SignalOutcome.PAUSED,
        ),
        (sub("something_new"), None),
    ],
)
def test_ways_out_of_past_due(after: dict[str, Any], outcome: SignalOutcome | None) -> None:
    assert tell([ACTIVE, PAST_DUE, event(T0 + 3 * DAY, after)]).only("payment_overdue").outcome is outcome


def test_a_third_entry_over_one_invoice_is_counted_on() -> None:
    steps = [ACTIVE]
    for day in (1, 3, 5):
        steps += [event(T0 + day * DAY, sub("past_due")), event(T0 + (day + 1) * DAY, sub("active"))]

    assert [signal.identity for signal in tell(steps).of("payment_overdue")] == [
        "sub_1:in_1",
        "sub_1:in_1#2",
        "sub_1:in_1#3",
    ]


def test_two_stays_over_two_invoices_and_the_recovery_told_last_keep_one_open() -> None:
    first, second = event(T0 + DAY, sub("past_due")), event(T0 + 31 * DAY, sub("past_due", latest_invoice="in_2"))
    recovered = event(T0 + 2 * DAY, sub("active"))
    assert tell([ACTIVE, first, recovered, second]).open_keys == {"payment_overdue sub_1:in_2"}
    assert tell([ACTIVE, first, second, recovered]).open_keys == {"payment_overdue sub_1:in_1"}


def test_a_replay_of_a_stay_that_is_over_adds_nothing() -> None:
    steps = [
        ACTIVE,
        PAST_DUE,
        event(T0 + 31 * DAY, sub("past_due", latest_invoice="in_2")),
        event(T0 + 40 * DAY, sub("active", latest_invoice="in_2")),
    ]
    told = tell(steps)
    assert tell(steps[1:], ledger=told.ledger, previous_sync_at=T0).ledger == told.ledger


def test_refused_overdue_and_lost_over_one_debt_are_one_case() -> None:
    lost = sub(
        "canceled",
        canceled_at=T0 + 20 * DAY,
        ended_at=T0 + 20 * DAY,
        cancellation_details={"reason": "payment_failed"},
    )
    told = tell([ACTIVE, FAILED, PAST_DUE, event(T0 + 20 * DAY, lost)])
    assert {signal.case_key for signal in told.ledger.signals.values()} == {"debt in_1"}
    assert told.only("subscription_canceled").context.reason == "payment_failed"

    asked = {**lost, "cancellation_details": {"reason": "cancellation_requested"}}
    told = tell([ACTIVE, FAILED, PAST_DUE, event(T0 + 20 * DAY, asked)])
    assert told.only("subscription_canceled").case_key != told.only("payment_failed").case_key


def test_a_tie_waits_for_stripe_but_loses_no_refusal() -> None:
    finalised = event(T0 + DAY, inv(attempt_count=0, next_payment_attempt=None), "invoice.finalized")
    for steps in ([ACTIVE, finalised, FAILED], [ACTIVE, FAILED, finalised]):
        told = tell(steps)
        assert told.open_keys == {"payment_failed in_1"}
        assert told.unsettled == ["in_1"]


def test_pictures_of_one_second_are_settled_by_asking_again() -> None:
    told = tell([ACTIVE, event(T0 + DAY, sub()), event(T0 + DAY, sub("past_due"))])
    assert (told.unsettled, told.open_keys) == (["sub_1"], set())

    told = tell([sync(T0 + DAY + 60, [sub("past_due")])], ledger=told.ledger, previous_sync_at=T0)
    assert told.open_keys == {"payment_overdue sub_1:in_1"}


def test_the_end_wins_a_tie() -> None:
    ended = event(T0 + DAY, sub("canceled", canceled_at=T0 + DAY, ended_at=T0 + DAY))
    updated = event(T0 + DAY, sub(cancel_at_period_end=True, canceled_at=T0 + DAY))
    for steps in ([ACTIVE, ended, updated], [ACTIVE, updated, ended]):
        signal = tell(steps).only("subscription_canceled")
        assert (signal.is_open, signal.stage) == (True, "ended")


def test_settled_invoices_are_forgotten_and_their_late_failures_open_nothing() -> None:
    paid = inv("paid", status_transitions={"paid_at": T0})
    told = tell([sync(T0 + DAY, [sub()], [paid, inv(id="in_2")])])
    assert compact(told.ledger, UnixMicros((T0 + 60 * DAY) * 1_000_000)) == told.ledger

    ledger = compact(told.ledger, UnixMicros((T0 + 61 * DAY) * 1_000_000))
    assert set(ledger.invoices) == {"in_2"}
    assert ledger.forgotten_before is not None
    late = tell([event(T0 - HOUR, inv())], ledger=ledger)
    assert late.open_keys == told.open_keys == {"payment_failed in_2"}
    assert SignalLedger.from_document(ledger.to_document()) == ledger


def test_where_a_ledger_is_kept() -> None:
    assert ledger_key(customer_id="cus_1", subscription_id="sub_1") == "customer:cus_1"
    assert ledger_key(customer_id=None, subscription_id="sub_1") == "subscription:sub_1"
    assert ledger_key(customer_id=None, subscription_id=None, invoice_id="in_1") == "invoice:in_1"
    with pytest.raises(ValueError, match="belongs to"):
        ledger_key(customer_id=None, subscription_id=None)


def test_our_own_ledger_of_failures_counts_whoever_carries_it() -> None:
    debit = inv(attempt_count=1, next_payment_attempt=None)
    for seen in (Provenance.of_event(UnixTime(T0 + DAY)), Provenance.of_read(UnixMicros((T0 + 2 * DAY) * 1_000_000))):
        stored = replace(map_invoice(debit), last_failed_at=UnixTime(T0 + DAY))
        outcome = observe(tell([ACTIVE]).ledger, invoice_picture(stored, seen), ObservationContext())
        (signal,) = outcome.signals_changed
        assert (signal.is_open, signal.occurred_at, signal.context.time_is_exact) == (True, T0 + DAY, True)
        assert not observe(outcome.ledger, invoice_picture(map_invoice(debit), seen), ObservationContext()).unsettled
        later = invoice_picture(
            replace(stored, attempt_count=2, last_failed_at=UnixTime(T0 + 4 * DAY)),
            Provenance.of_read(UnixMicros((T0 + 5 * DAY) * 1_000_000)),
        )
        (signal,) = observe(outcome.ledger, later, ObservationContext()).signals_changed
        assert (signal.occurred_at, signal.context.last_attempt_at) == (T0 + DAY, T0 + 4 * DAY)


def test_a_failure_in_our_ledger_is_no_news_once_it_is_settled_or_over() -> None:
    seen = Provenance.of_read(UnixMicros((T0 + 9 * DAY) * 1_000_000))
    paid = replace(map_invoice(inv("paid")), last_failed_at=UnixTime(T0 + DAY))
    assert not observe(tell([ACTIVE]).ledger, invoice_picture(paid, seen), ObservationContext()).signals_changed
    gone = tell([sync(T0, [sub("canceled", ended_at=T0 - DAY)])]).ledger
    owed = replace(map_invoice(inv()), last_failed_at=UnixTime(T0 - 2 * DAY))
    assert not observe(gone, invoice_picture(owed, seen), ObservationContext()).signals_changed


def test_resolved_signals_are_handed_over_first() -> None:
    steps = [PAST_DUE, event(T0 + 2 * DAY, sub("active")), event(T0 + 3 * DAY, sub("past_due", latest_invoice="in_0"))]
    told = tell([ACTIVE, PAST_DUE])
    pictures = [picture for step in steps for picture in pictures_of(step)]
    outcome = observe_all(told.ledger, pictures, ObservationContext())
    assert [signal.identity for signal in outcome.signals_changed] == ["sub_1:in_1", "sub_1:in_0"]
