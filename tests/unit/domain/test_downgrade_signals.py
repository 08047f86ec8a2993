"""subscription_downgraded, line by line of the table (billing rules 5.5)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.domain.signal_story import (
    DAY,
    HOUR,
    PRODUCTS,
    T0,
    Step,
    Told,
    event,
    minor,
    plan_item,
    sub,
    sync,
    tell,
)

from clynto.adapters.stripe_api.map_subscription import map_subscription
from clynto.domain.moments import UnixTime, start_of_second
from clynto.domain.provenance import Age, Provenance, age_against
from clynto.domain.signal_ledger import SignalLedger
from clynto.domain.signal_observation import ObservationContext, observe_all
from clynto.domain.signal_pictures import subscription_picture
from clynto.domain.signals import DowngradeCause, DowngradeTiming, SignalOutcome

Items = list[dict[str, Any]]
PRO_10 = [plan_item()]
TIERS: dict[str, Any] = {
    "billing_scheme": "tiered",
    "tiers_mode": "volume",
    "tiers": [{"up_to": 10, "unit_amount": 1_000}, {"up_to": None, "unit_amount": 800}],
}


def change(before: Items, after: Items, *, status: str = "active", then: str = "active", **fields: Any) -> Told:
    """One change, a day after the first sync."""
    return tell([sync(T0, [sub(status, *before)]), event(T0 + DAY, sub(then, *after, **fields))])


@pytest.mark.parametrize(
    ("before", "after", "amount", "plan", "cause"),
    [
        (PRO_10, [plan_item(6)], 4_000, "pro x 10 -> pro x 6", DowngradeCause.SEATS),
        (PRO_10, [plan_item(1, 4_000, product="basic")], 6_000, "pro x 10 -> basic x 1", DowngradeCause.PLAN),
        (
            [plan_item(), plan_item(1, 2_500, product="extra")],
            PRO_10,
            2_500,
            "pro x 10 + extra x 1 -> pro x 10",
            DowngradeCause.PLAN,
        ),
        (PRO_10, [plan_item(10, 800)], 2_000, "pro x 10 -> pro x 10", DowngradeCause.PRICE),
        (PRO_10, [plan_item(0)], 10_000, "pro x 10 -> pro x 0", DowngradeCause.SEATS),
        (PRO_10, [plan_item(6, 10_000, interval="year")], 5_000, "pro x 10 -> pro x 6", DowngradeCause.SEATS),
        (
            [plan_item(1, 120_000, interval="year")],
            [plan_item(1, 9_000)],
            1_000,
            "pro x 1 -> pro x 1",
            DowngradeCause.PRICE,
        ),
        (
            [plan_item(10, None, **TIERS)],
            [plan_item(9, None, **TIERS)],
            1_000,
            "pro x 10 -> pro x 9",
            DowngradeCause.SEATS,
        ),
    ],
)
def test_what_fires(before: Items, after: Items, amount: int, plan: str, cause: DowngradeCause) -> None:
    signal = change(before, after).only("subscription_downgraded")

    assert (signal.amount, signal.plan, signal.context.cause) == (minor(amount), plan, cause)
    assert signal.context.mrr_before is not None
    assert signal.context.mrr_after == signal.context.mrr_before - signal.amount
    assert signal.occurred_at == T0 + DAY


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ([plan_item(1, 10_000)], [plan_item(1, 100_000, interval="year")], "longer_commitment"),
        ([plan_item(1, 1_000, interval="week")], [plan_item(1, 900, interval="week", count=2)], "longer_commitment"),
        ([plan_item(1, 1_000, interval="day", count=7)], [plan_item(1, 1_000, interval="week")], "longer_commitment"),
        (
            [plan_item(1, 120_000, interval="month", count=12)],
            [plan_item(1, 110_000, interval="year")],
            "longer_commitment",
        ),
        ([plan_item(5, 1_000)], [plan_item(6, 8_000, interval="year")], "longer_commitment"),
        ([plan_item(10, None, **TIERS)], [plan_item(11, None, **TIERS)], "tier_break"),
        (PRO_10, [plan_item(5, None)], "amount_unknown"),
        ([plan_item(5, None)], [plan_item(4, None)], "amount_unknown"),
        ([plan_item(5, None)], PRO_10, "amount_unknown"),
    ],
)
def test_what_is_explained(before: Items, after: Items, why: str) -> None:
    told = change(before, after)

    assert not told.ledger.signals
    assert told.non_events == [f"{why} sub_1"]


def test_a_change_of_currency_is_explained() -> None:
    euro = [plan_item(5, currency="eur")]
    told = change(PRO_10, euro, currency="eur")
    assert (told.non_events, dict(told.ledger.signals)) == (["currency_change sub_1"], {})


@pytest.mark.parametrize(
    ("status", "then", "after"),
    [
        ("trialing", "active", [plan_item(4)]),
        ("trialing", "trialing", [plan_item(4)]),
        ("active", "trialing", [plan_item(4)]),
        ("active", "unpaid", [plan_item(4)]),
        ("active", "paused", [plan_item(4)]),
        ("unpaid", "active", [plan_item(4)]),
        ("active", "past_due", PRO_10),
        ("active", "active", PRO_10),
    ],
)
def test_status_is_not_size(status: str, then: str, after: Items) -> None:
    told = change(PRO_10, after, status=status, then=then)
    assert (told.of("subscription_downgraded"), told.non_events) == ([], [])


def test_a_cut_while_past_due_fires() -> None:
    assert change(PRO_10, [plan_item(6)], then="past_due").only("subscription_downgraded").is_open


def test_coupons_pauses_and_metered_items_are_nothing() -> None:
    coupon = {
        "id": "di_1",
        "start": T0,
        "end": None,
        "coupon": {"id": "co_1", "percent_off": 50, "duration": "forever"},
    }
    metered = plan_item(None, 2, product="usage", usage_type="metered")
    assert not change(PRO_10, PRO_10, discounts=[coupon]).ledger.signals
    assert not change(PRO_10, PRO_10, pause_collection={"behavior": "void", "resumes_at": None}).ledger.signals
    assert not change([*PRO_10, metered], PRO_10).ledger.signals
    assert not change(PRO_10, [*PRO_10, metered]).ledger.signals


def test_seats_up_at_an_equal_price_never_fire() -> None:
    assert not change(PRO_10, [plan_item(12)]).ledger.signals
    assert not change([plan_item(1, 10_000)], [plan_item(1, 120_000, interval="year")]).ledger.signals


@pytest.mark.parametrize(
    ("started", "timing"),
    [
        (T0 + DAY, DowngradeTiming.AT_RENEWAL),
        (T0 - 29 * DAY, DowngradeTiming.MID_CYCLE),
        (None, None),
    ],
)
def test_mid_cycle_or_at_renewal(started: int | None, timing: DowngradeTiming | None) -> None:
    before = sub(current_period_start=T0 - 29 * DAY, current_period_end=T0 + DAY)
    after = sub("active", plan_item(6), current_period_start=started)
    signal = tell([sync(T0, [before]), event(T0 + DAY, after)]).only("subscription_downgraded")
    assert signal.context.timing is timing


def seats(*changes: tuple[int, int]) -> list[Step]:
    """Ten seats, then at each offset in seconds another number."""
    return [sync(T0, [sub()]), *(event(T0 + DAY + at, sub("active", plan_item(count))) for at, count in changes)]


def outcome(steps: list[Step]) -> list[tuple[str, int, str | None]]:
    """Identity, amount in whole seats, outcome."""
    return [
        (signal.identity, int(signal.amount) // 1_000, signal.outcome)
        for signal in tell(steps).of("subscription_downgraded")
    ]


def test_two_cuts_within_the_hour_are_one_and_later_ones_are_two() -> None:
    assert outcome(seats((0, 8), (HOUR - 1, 5))) == [("sub_1:1", 5, None)]
    assert outcome(seats((0, 8), (HOUR, 5))) == [("sub_1:1", 2, None), ("sub_1:2", 3, None)]


def test_a_short_peak_is_no_level_to_fall_from_and_a_lasting_one_is() -> None:
    assert outcome(seats((0, 15), (HOUR - 1, 10))) == []
    assert outcome(seats((0, 15), (HOUR, 10))) == [("sub_1:1", 5, None)]
    assert outcome(seats((0, 15), (600, 8))) == [("sub_1:1", 2, None)]


def test_each_cut_recovers_at_its_own_mark() -> None:
    two = [(0, 8), (9 * DAY, 5)]
    assert outcome(seats(*two, (12 * DAY, 8))) == [("sub_1:1", 2, None), ("sub_1:2", 3, "recovered")]
    assert outcome(seats(*two, (12 * DAY, 7))) == [("sub_1:1", 2, None), ("sub_1:2", 3, None)]
    assert outcome(seats(*two, (12 * DAY, 11))) == [("sub_1:1", 2, "recovered"), ("sub_1:2", 3, "recovered")]
    assert outcome(seats(*two, (12 * DAY, 11), (20 * DAY, 9)))[-1] == ("sub_1:3", 2, None)


def test_back_and_down_again_within_the_hour_is_the_same_decision() -> None:
    assert outcome(seats((0, 8), (60, 10), (120, 7))) == [("sub_1:1", 3, None)]
    assert outcome(seats((0, 8), (60, 10), (120, 8))) == [("sub_1:1", 2, None)]
    assert outcome(seats((0, 8), (60, 10))) == [("sub_1:1", 2, "recovered")]


def test_a_late_older_picture_is_dropped() -> None:
    late = event(T0 + DAY, sub("active", plan_item(12)))
    told = tell([sync(T0, [sub()]), event(T0 + 2 * DAY, sub("active", plan_item(6))), late])
    assert told.only("subscription_downgraded").amount == minor(4_000)
    back = event(T0 + 2 * DAY, sub())
    assert not tell([sync(T0, [sub()]), back, event(T0 + DAY, sub("active", plan_item(6)))]).ledger.signals


def test_a_scheduled_cancellation_leaves_it_open_and_the_end_supersedes_it() -> None:
    told = tell(seats((0, 6)))
    scheduled = sub("active", plan_item(6), cancel_at_period_end=True, canceled_at=T0 + 2 * DAY)
    told = tell([event(T0 + 2 * DAY, scheduled)], ledger=told.ledger)
    assert told.only("subscription_downgraded").is_open
    ended = sub("canceled", plan_item(6), canceled_at=T0 + 2 * DAY, ended_at=T0 + 9 * DAY)
    told = tell([event(T0 + 9 * DAY, ended)], ledger=told.ledger)
    assert told.only("subscription_downgraded").outcome is SignalOutcome.SUPERSEDED_BY_CANCELLATION


@pytest.mark.parametrize("rise_after", [5, -5])
def test_seats_that_move_to_another_subscription_show_the_net_change(rise_after: int) -> None:
    second = {"id": "sub_2"}
    start = sync(T0, [sub(), sub("active", plan_item(1), **second)])
    cut = event(T0 + DAY, sub("active", plan_item(6)))
    rise = event(T0 + DAY + rise_after, sub("active", plan_item(5), **second))
    steps = sorted([cut, rise], key=lambda step: step["created"])

    signal = tell([start, *steps]).only("subscription_downgraded")

    assert (signal.amount, signal.context.net_change) == (minor(4_000), minor(0))


def test_the_net_change_counts_new_subscriptions_and_stops_after_the_hour() -> None:
    cut = event(T0 + DAY, sub("active", plan_item(6)))
    new = sub("active", plan_item(1), id="sub_3", created=T0 + DAY + 60)
    late = sub("active", plan_item(9), id="sub_3", created=T0 + DAY + 60)
    told = tell([sync(T0, [sub()]), cut, event(T0 + DAY + 60, new), event(T0 + 2 * DAY, late)])
    assert told.only("subscription_downgraded").context.net_change == minor(-3_000)


def test_a_lower_price_among_several_intervals_is_no_longer_commitment() -> None:
    extra = plan_item(1, 6_000, product="extra", interval="year")
    cheaper = plan_item(1, 2_000, product="extra", interval="month")
    assert change([*PRO_10, extra], [plan_item(10, 500), extra]).only("subscription_downgraded").is_open
    swapped = [plan_item(10, 6_000, interval="year"), cheaper]
    assert change([*PRO_10, extra], swapped).only("subscription_downgraded").is_open


@pytest.mark.parametrize(
    ("items", "plan"),
    [
        ([plan_item(None, 2, product="usage", usage_type="metered")], "usage"),
        ([plan_item(), plan_item(None, 2, product="usage", usage_type="metered")], "pro x 10"),
        ([plan_item(None)], "pro x 1"),
        ([plan_item(2, product="unknown", nickname="Team")], "Team x 2"),
        ([plan_item(2, product="unknown", id="price_u")], "price_u x 2"),
        ([{**plan_item(), "price": None}], ""),
    ],
)
def test_the_plan_context(items: Items, plan: str) -> None:
    assert tell([sync(T0, [sub("active", *items)])]).ledger.subscriptions["sub_1"].facts.plan == plan


def test_an_item_on_trial_brings_nothing_yet() -> None:
    trial = {**plan_item(), "current_trial": {"end_date": T0 + DAY}}
    facts = tell([sync(T0, [sub("active", trial)])]).ledger.subscriptions["sub_1"].facts
    assert (facts.list_mrr, facts.amount_unknown, facts.plan) == (minor(0), False, "pro x 10")


def test_an_item_list_that_was_cut_is_unknown() -> None:
    cut = sub()
    cut["items"]["has_more"] = True
    assert tell([sync(T0, [sub()]), event(T0 + DAY, cut)]).non_events == ["amount_unknown sub_1"]


@pytest.mark.parametrize("cut_comes_first", [False, True])
def test_a_cut_within_the_very_second_of_the_start_is_seen_in_either_order(cut_comes_first: bool) -> None:
    """Two pictures of one second and Stripe's answer: the larger is what it fell from (architecture decision 4)."""
    began, cut = sub("active", plan_item(10)), sub("active", plan_item(6))
    told = [cut, began] if cut_comes_first else [began, cut]
    seen = Provenance.of_event(UnixTime(T0))
    pictures = [subscription_picture(map_subscription(one), seen, products=PRODUCTS, listed_prices={}) for one in told]
    answer = subscription_picture(
        map_subscription(cut),
        Provenance.of_answer(start_of_second(UnixTime(T0)), UnixTime(T0)),
        products=PRODUCTS,
        listed_prices={},
    )

    outcome = observe_all(SignalLedger(), [*pictures, answer], ObservationContext(None))

    (signal,) = outcome.ledger.open_signals
    assert (signal.amount, signal.plan, outcome.unsettled) == (minor(4_000), "pro x 10 -> pro x 6", ())


def test_what_follows_an_answer_within_its_second_is_not_lost() -> None:
    """The answer is of its own second and not of the next, so an event of that second is tied and asked about."""
    answer = Provenance.of_answer(start_of_second(UnixTime(T0)), UnixTime(T0))

    assert age_against(Provenance.of_event(UnixTime(T0)), answer) is Age.TIED
    assert age_against(answer, Provenance.of_event(UnixTime(T0))) is Age.NEWER
    assert age_against(answer, answer) is Age.NEWER
    assert age_against(Provenance.of_event(UnixTime(T0 + 1)), answer) is Age.NEWER
