"""What people do to subscriptions, customers and invoices, and the events that tell of it."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from stripe_sandbox import World
from stripe_sandbox.life_cycle.stories import STORY_NAMES
from stripe_sandbox.records import Customer, Event, Subscription


@pytest.fixture
def customer(world: World) -> Customer:
    return world.stories.new_customer("Amber Loom", "billing@amberloom.example")


@pytest.fixture
def subscription(world: World, customer: Customer, prices: dict[str, str]) -> Subscription:
    return world.stories.new_subscription(customer.id, [(prices["team_month"], 10)])


def newest(world: World, event_type: str) -> Event:
    return next(event for event in reversed(world.store.events.listed) if event.type == event_type)


def data(event: Event) -> dict[str, Any]:
    body: dict[str, Any] = orjson.loads(event.bodies[event.api_version])
    return body


def test_cutting_seats_shows_the_old_items_and_prorates(world: World, subscription: Subscription) -> None:
    period = subscription.period_end - world.now
    world.advance(period // 2)
    world.stories.cut_seats(subscription.id, 6)
    body = data(newest(world, "customer.subscription.updated"))
    assert body["object"]["items"]["data"][0]["quantity"] == 6
    assert list(body["previous_attributes"]) == ["items"]
    assert body["previous_attributes"]["items"]["data"][0]["quantity"] == 10
    credit, charge = subscription.pending_lines
    assert (credit.amount, charge.amount) == (-6000, 3600)
    world.advance_to(subscription.period_end + 3_600)
    invoice = world.store.invoices_of_subscription[subscription.id][-1]
    assert invoice.total == 7200 - 6000 + 3600
    assert [line.proration for line in invoice.lines] == [True, True, False]


def test_an_event_knows_who_caused_it(world: World, subscription: Subscription) -> None:
    world.stories.cut_seats(subscription.id, 9)
    assert newest(world, "customer.subscription.updated").request_id is not None
    world.advance_to(subscription.period_end)
    assert newest(world, "customer.subscription.updated").request_id is None


def test_a_new_rhythm_starts_a_new_period_and_bills_at_once(
    world: World, subscription: Subscription, prices: dict[str, str]
) -> None:
    world.stories.switch_plan(subscription.id, prices["team_year"])
    invoice = world.store.invoices_of_subscription[subscription.id][-1]
    assert (invoice.billing_reason, invoice.status) == ("subscription_update", "paid")
    assert invoice.total == 120_000 - 12_000
    assert subscription.billing_cycle_anchor == world.now
    assert subscription.period_end > world.now + 364 * 86_400


def test_a_credit_larger_than_the_invoice_stays_with_the_customer(
    world: World, subscription: Subscription, customer: Customer, prices: dict[str, str]
) -> None:
    world.stories.switch_plan(subscription.id, prices["starter_free"], quantity=1)
    world.advance_to(subscription.period_end + 3_600)
    invoice = world.store.invoices_of_subscription[subscription.id][-1]
    assert (invoice.status, invoice.amount_due, invoice.total) == ("paid", 0, -12_000)
    assert customer.balance == -12_000


def test_items_come_and_go(world: World, subscription: Subscription, prices: dict[str, str]) -> None:
    world.stories.add_item(subscription.id, prices["support_month"])
    assert [line.amount for line in subscription.pending_lines] == [9900]
    world.stories.remove_item(subscription.id, 1)
    assert sum(line.amount for line in subscription.pending_lines) == 0
    assert len(subscription.items) == 1


def test_paying_outside_stripe_sends_paid_but_not_payment_succeeded(
    world: World, subscription: Subscription, customer: Customer
) -> None:
    world.stories.fail_next_payments(customer.id, -1)
    world.advance_to(subscription.period_end + 3_600)
    assert subscription.status == "past_due"
    start = len(world.store.events)
    world.stories.pay_out_of_band(world.store.invoices.listed[-1].id)
    types = [event.type for event in world.store.events.listed[start:]]
    assert "invoice.paid" in types
    assert "invoice.payment_succeeded" not in types
    assert subscription.status == "active"


@pytest.mark.parametrize(
    ("story", "status", "event"),
    [
        ("void_invoice", "void", "invoice.voided"),
        ("mark_uncollectible", "uncollectible", "invoice.marked_uncollectible"),
    ],
)
def test_giving_up_on_an_invoice(
    world: World, subscription: Subscription, customer: Customer, story: str, status: str, event: str
) -> None:
    world.stories.fail_next_payments(customer.id, -1)
    world.advance_to(subscription.period_end + 3_600)
    invoice = world.store.invoices.listed[-1]
    getattr(world.stories, story)(invoice.id)
    assert (invoice.status, subscription.status) == (status, "active")
    assert data(newest(world, event))["object"]["id"] == invoice.id


def test_credit_notes_before_and_after_payment(world: World, subscription: Subscription, customer: Customer) -> None:
    paid = world.store.invoices.listed[-1]
    world.stories.credit_note(paid.id, 500)
    assert (paid.amount_paid, paid.post_payment_credit) == (12_000, 500)
    open_one = world.stories.invoice_once(customer.id, [("Workshop", 1_000)], days_until_due=30)
    world.stories.credit_note(open_one.id, 400)
    assert (open_one.status, open_one.amount_remaining) == ("open", 600)
    world.stories.credit_note(open_one.id, 600)
    assert open_one.status == "paid"


def test_deleting_a_customer_ends_its_subscriptions(
    world: World, subscription: Subscription, customer: Customer
) -> None:
    world.stories.delete_customer(customer.id)
    assert subscription.status == "canceled"
    types = [event.type for event in world.store.events.listed[-2:]]
    assert types == ["customer.subscription.deleted", "customer.deleted"]
    assert data(world.store.events.listed[-1])["object"]["email"] == customer.email


def test_discounts_start_and_end(
    world: World, subscription: Subscription, customer: Customer, prices: dict[str, str]
) -> None:
    world.stories.apply_coupon(subscription.id, "WELCOME50")
    world.stories.apply_coupon(subscription.id, "PARTNER20")
    assert data(newest(world, "customer.discount.created"))["object"]["object"] == "discount"
    world.advance_to(subscription.period_end + 3_600)
    invoice = world.store.invoices.listed[-1]
    assert invoice.total == 12_000 * 50 // 100 * 80 // 100
    assert [d.coupon for d in subscription.discounts] == ["PARTNER20"]
    world.stories.remove_coupon(subscription.id)
    assert subscription.discounts == []
    assert data(newest(world, "customer.discount.deleted"))["object"]["object"] == "discount"
    world.stories.discount_customer(customer.id, "TENOFF")
    world.advance_to(subscription.period_end + 3_600)
    assert world.store.invoices.listed[-1].total == 11_000


def test_emails_prices_and_products_change(world: World, customer: Customer, prices: dict[str, str]) -> None:
    world.stories.change_email(customer.id, "new@amberloom.example")
    body = data(newest(world, "customer.updated"))
    assert body["previous_attributes"] == {"email": "billing@amberloom.example"}
    world.stories.archive_price(prices["team_month"])
    assert data(newest(world, "price.updated"))["previous_attributes"] == {"active": True}
    product = world.store.prices[prices["team_month"]].product
    world.stories.rename_product(product, "Crew")
    assert data(newest(world, "product.updated"))["previous_attributes"]["name"] == "Team"


def test_nothing_can_be_done_to_an_ended_subscription(world: World, subscription: Subscription) -> None:
    world.stories.cancel_now(subscription.id)
    with pytest.raises(ValueError, match="has ended"):
        world.stories.cut_seats(subscription.id, 1)


def test_a_change_that_changes_nothing_tells_nothing(world: World, subscription: Subscription) -> None:
    before = len(world.store.events)
    world.stories.cut_seats(subscription.id, 10, prorate=False)
    assert len(world.store.events) == before


def test_resuming_a_paused_subscription_starts_afresh(world: World, subscription: Subscription) -> None:
    world.stories.pause_subscription(subscription.id)
    world.advance(days=60)
    assert len(world.store.invoices_of_subscription[subscription.id]) == 1
    world.stories.resume(subscription.id)
    assert subscription.status == "active"
    assert subscription.billing_cycle_anchor == world.now
    world.advance(hours=1)
    assert [i.status for i in world.store.invoices_of_subscription[subscription.id]] == ["paid", "paid"]


def test_every_story_is_known_by_name() -> None:
    wanted = "cut_seats switch_plan add_item remove_item schedule_cancel undo_cancel cancel_now recover pay_now"
    assert set(wanted.split()) <= STORY_NAMES
