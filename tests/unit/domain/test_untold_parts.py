"""What bodies of older API versions have no place for (guarantee 7, G1)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.domain.billing_records import at, item, percent_off, price, subscription

from clynto.domain.subscription import Subscription
from clynto.domain.untold_parts import completed_from, leaves_open

KNOWN = subscription(
    item(None, 1, percent_off(20), trial_end=at(9), period_end=at(5)),
    discounts=(percent_off(10, "di_2"), percent_off(30, "di_3")),
)
OLD = replace(
    KNOWN,
    discounts=KNOWN.discounts[:1],
    discounts_told=False,
    items=tuple(
        replace(one, trial_end=None, discounts=(), trial_told=False, discounts_told=False, period_start=at(-6))
        for one in KNOWN.items
    ),
)


def with_item(told: Subscription, **changes: object) -> Subscription:
    """The first item changed."""
    return replace(told, items=(replace(told.items[0], **changes),))  # type: ignore[arg-type]


def test_what_was_not_spoken_of_stays_as_it_was() -> None:
    completed = completed_from(with_item(OLD, quantity=7), KNOWN)
    assert completed.discounts == KNOWN.discounts
    assert (completed.items[0].trial_end, completed.items[0].discounts) == (at(9), (percent_off(20),))
    assert completed.items[0].quantity == 7


def test_what_was_told_counts() -> None:
    ended = with_item(replace(KNOWN, discounts=()), trial_end=None, discounts=())
    assert completed_from(ended, KNOWN) == ended
    assert not leaves_open(ended, KNOWN)
    assert not leaves_open(ended, None)


def test_no_discount_at_all_is_told_by_every_version() -> None:
    assert completed_from(replace(OLD, discounts=()), KNOWN).discounts == ()


@pytest.mark.parametrize(
    ("told", "known"),
    [
        (OLD, None),
        (OLD, KNOWN),
        (with_item(OLD, id="si_2"), KNOWN),
        (with_item(OLD, price=price(price_id="price_b")), KNOWN),
        (replace(OLD, discounts=(percent_off(30),)), KNOWN),
    ],
    ids=["unknown", "no visible change", "another item", "another price", "another first discount"],
)
def test_only_stripe_can_say(told: Subscription, known: Subscription | None) -> None:
    assert leaves_open(told, known)


@pytest.mark.parametrize(
    "told",
    [with_item(OLD, quantity=7), with_item(OLD, period_end=at(35)), replace(OLD, status="canceled")],
    ids=["seats", "a renewal", "the end"],
)
def test_a_change_that_can_be_seen_leads_to_no_question(told: Subscription) -> None:
    assert not leaves_open(told, KNOWN)
