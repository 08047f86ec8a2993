"""The expected figures follow the billing rules; the sums here are done by hand."""

from __future__ import annotations

from typing import Any

import pytest

from stripe_sandbox import PaymentBehaviour, World
from stripe_sandbox.company import Company


def truth_for(world: World, prices: dict[str, str], *rows: tuple[str, int | None], **terms: Any) -> Any:
    customer = world.stories.new_customer("Amber Loom", "ap@amberloom.example")
    world.stories.new_subscription(customer.id, [(prices[name], number) for name, number in rows], **terms)
    return world.truth()["customers"][customer.id]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("team_month", 5)], "6000/1"),
        ([("starter_year", 1)], "4750/3"),
        ([("business_week", 1)], "4329/1"),
        ([("day_pass", 1)], "9125/3"),
        ([("team_quarter", 1)], "3400/3"),
        ([("messages_pack", 25)], "6000/1"),
        ([("messages_pack_down", 250)], "3000/1"),
        ([("enterprise_volume", 6)], "3900/1"),
        ([("enterprise_graduated", 6)], "50000/1"),
        ([("storage_decimal", 333)], "1665/2"),
        ([("api_metered", None)], "0/1"),
        ([("team_month", 0)], "0/1"),
        ([("team_month", 1), ("support_year", 1)], "9450/1"),
    ],
)
def test_list_mrr_is_price_times_quantity_a_month(
    world: World, prices: dict[str, str], rows: list[tuple[str, int | None]], expected: str
) -> None:
    assert truth_for(world, prices, *rows)["mrr"]["usd"]["list"] == expected


@pytest.mark.parametrize(
    ("coupons", "expected"),
    [
        (["PARTNER20"], "4800/1"),
        (["WELCOME50"], "6000/1"),
        (["TENOFF"], "5000/1"),
        (["PARTNER20", "TENOFF"], "3800/1"),
        (["TENOFF", "PARTNER20"], "4000/1"),
        (["FREEFOREVER"], "0/1"),
        (["ODD333"], "4002/1"),
        (["SUPPORTONLY"], "6000/1"),
    ],
)
def test_net_mrr_takes_recurring_discounts_off_in_order(
    world: World, prices: dict[str, str], coupons: list[str], expected: str
) -> None:
    mrr = truth_for(world, prices, ("team_month", 5), coupons=coupons)["mrr"]["usd"]
    assert mrr == {"list": "6000/1", "net": expected}


def test_an_amount_off_is_per_invoice(world: World, prices: dict[str, str]) -> None:
    mrr = truth_for(world, prices, ("business_year", 1), coupons=["YEARLY120"])["mrr"]["usd"]
    assert mrr["net"] == "4475/3"


def test_other_currencies_stay_apart_and_unknown_amounts_are_flagged(world: World, prices: dict[str, str]) -> None:
    assert truth_for(world, prices, ("team_month", 2), currency="eur")["mrr"] == {
        "eur": {"list": "2200/1", "net": "2200/1"}
    }
    unknown = truth_for(world, prices, ("pay_what_you_want", 1), ("team_month", 1))
    assert (unknown["mrr"]["usd"]["list"], unknown["partial"]) == ("1200/1", True)


def test_a_trial_counts_nothing_and_says_nothing(world: World, prices: dict[str, str]) -> None:
    figures = truth_for(world, prices, ("team_month", 5), trial_days=14)
    assert (figures["mrr"], figures["payment_status"], figures["live_subscriptions"]) == ({}, None, 1)


def test_a_refused_renewal_is_overdue_and_then_failed(world: World, prices: dict[str, str]) -> None:
    customer = world.stories.new_customer("Amber Loom", "ap@amberloom.example")
    subscription = world.stories.new_subscription(customer.id, [(prices["team_month"], 5)])
    world.stories.fail_next_payments(customer.id, -1)
    world.advance_to(subscription.period_end + 3_600)

    def figures() -> Any:
        return world.truth()["customers"][customer.id]

    assert figures()["payment_status"] == "overdue"
    assert figures()["mrr"]["usd"]["list"] == "6000/1"
    world.advance(days=15)
    assert figures()["payment_status"] == "failed"
    world.stories.recover(customer.id)
    assert figures()["payment_status"] == "paid"
    world.stories.credit_note(world.store.invoices.listed[-1].id, 1_000)
    assert figures()["lifetime_value"] == {"usd": 11_000}


def test_a_pause_that_gives_the_period_away_is_only_in_the_list_figure(world: World, prices: dict[str, str]) -> None:
    customer = world.stories.new_customer("Amber Loom", "ap@amberloom.example")
    subscription = world.stories.new_subscription(customer.id, [(prices["team_month"], 5)])
    world.stories.pause_collection(subscription.id, "void")
    mrr = world.truth()["customers"][customer.id]["mrr"]["usd"]
    assert mrr == {"list": "6000/1", "net": "0/1"}


def test_companies_gather_their_customers(world: World, prices: dict[str, str]) -> None:
    world.companies = [Company("Amber Loom", "amberloom.example"), Company("Nobody", "nobody.example")]
    for email, seats in (
        ("ap@amberloom.example", 1),
        ("AP@MAIL.Amberloom.Example", 2),
        ("me@gmail.com", 4),
        ("ap@notamberloom.example", 8),
        (None, 16),
    ):
        customer = world.stories.new_customer("X", email)
        world.stories.new_subscription(customer.id, [(prices["team_month"], seats)])
    truth = world.truth()
    company = truth["companies"]["amberloom.example"]
    assert company["mrr"]["usd"]["list"] == "3600/1"
    assert (company["live_subscriptions"], len(company["customers"])) == (2, 2)
    assert truth["companies"]["nobody.example"]["matches"] is False
    assert sum(row["matches"] for row in truth["customers"].values()) == 2


def test_a_late_emailed_one_off_is_overdue_and_a_refused_one_failed(world: World) -> None:
    slow = world.stories.new_customer("A", "a@a.example", payment=PaymentBehaviour(emailed_invoice_days=None))
    world.stories.invoice_once(slow.id, [("Workshop", 100)], days_until_due=10)
    broke = world.stories.new_customer("B", "b@b.example", payment=PaymentBehaviour(refusals_left=-1))
    world.stories.invoice_once(broke.id, [("Workshop", 100)])

    def statuses() -> list[Any]:
        customers = world.truth()["customers"]
        return [customers[one.id]["payment_status"] for one in (slow, broke)]

    assert statuses() == [None, "failed"]
    world.advance(days=11)
    assert statuses() == ["overdue", "failed"]


def test_a_portfolio_has_every_answer(portfolio: World) -> None:
    truth = portfolio.truth()
    shown = {row["payment_status"] for row in truth["companies"].values()}
    assert shown == {"paid", "overdue", "failed", None}
    currencies = {currency for row in truth["companies"].values() for currency in row["mrr"]}
    assert currencies == {"usd", "eur", "gbp", "jpy", "kwd"}
