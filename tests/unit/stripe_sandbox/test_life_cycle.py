"""As time passes, subscriptions renew, fail, recover and end as Stripe's do, and tell it in events."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from stripe_sandbox import PaymentBehaviour, World
from stripe_sandbox.billing_dates import DAY, HOUR
from stripe_sandbox.records import Customer, RetryEnd, Subscription

REFUSING = -1


def happened(world: World, since: int = 0) -> list[str]:
    """Return the types of the events, oldest first."""
    return [event.type for event in world.store.events if event.sequence > since]


def mark(world: World) -> int:
    """Return a place in the event list to look on from."""
    return world.store.events.listed[-1].sequence if len(world.store.events) else 0


def newcomer(world: World, **behaviour: object) -> Customer:
    payment = PaymentBehaviour(**behaviour)  # type: ignore[arg-type]
    return world.stories.new_customer("Amber Loom", "billing@amberloom.example", payment=payment)


def statuses(world: World, subscription: Subscription) -> list[str]:
    return [invoice.status for invoice in world.store.invoices_of_subscription[subscription.id]]


def test_signing_up_charges_at_once(world: World, prices: dict[str, str]) -> None:
    customer = newcomer(world)
    subscription = world.stories.new_subscription(customer.id, [(prices["team_month"], 5)])
    (invoice,) = world.store.invoices_of_subscription[subscription.id]
    assert (subscription.status, invoice.status, invoice.amount_paid) == ("active", "paid", 6000)
    assert invoice.billing_reason == "subscription_create"
    assert happened(world) == [
        "customer.created",
        "invoice.created",
        "customer.subscription.created",
        "invoice.finalized",
        "invoice.updated",
        "invoice.paid",
        "invoice.payment_succeeded",
        "customer.subscription.updated",
    ]


def test_a_renewal_is_a_draft_for_an_hour_and_then_charged(world: World, prices: dict[str, str]) -> None:
    subscription = world.stories.new_subscription(newcomer(world).id, [(prices["team_month"], 5)])
    start = mark(world)
    world.advance_to(subscription.items[0].period_end)
    assert statuses(world, subscription) == ["paid", "draft"]
    world.advance(hours=1)
    assert statuses(world, subscription) == ["paid", "paid"]
    assert happened(world, start) == [
        "invoice.created",
        "customer.subscription.updated",
        "invoice.finalized",
        "invoice.updated",
        "invoice.paid",
        "invoice.payment_succeeded",
    ]
    renewal = world.store.invoices_of_subscription[subscription.id][-1]
    assert renewal.billing_reason == "subscription_cycle"
    assert subscription.latest_invoice == renewal.id


def test_a_year_has_twelve_renewals_on_the_anchor_day(prices: dict[str, str], world: World) -> None:
    world.advance_to(int(datetime(2027, 1, 31, 9, tzinfo=UTC).timestamp()))
    subscription = world.stories.new_subscription(newcomer(world).id, [(prices["team_month"], 1)])
    world.advance(days=366)
    invoices = world.store.invoices_of_subscription[subscription.id]
    days = [datetime.fromtimestamp(invoice.created, UTC).day for invoice in invoices]
    assert days == [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31]


def test_refused_renewals_are_retried_on_schedule_and_recover(world: World, prices: dict[str, str]) -> None:
    customer = newcomer(world)
    subscription = world.stories.new_subscription(customer.id, [(prices["team_month"], 5)])
    world.stories.fail_next_payments(customer.id, 2)
    start = mark(world)
    world.advance_to(subscription.period_end)
    world.advance(hours=1)
    invoice = world.store.invoices_of_subscription[subscription.id][-1]
    assert (subscription.status, invoice.status, invoice.attempt_count) == ("past_due", "open", 1)
    assert invoice.next_payment_attempt == world.now + 3 * DAY
    assert customer.delinquent
    world.advance(days=3)
    assert (invoice.attempt_count, invoice.next_payment_attempt) == (2, world.now + 5 * DAY)
    world.advance(days=5)
    assert (subscription.status, invoice.status, invoice.attempt_count) == ("active", "paid", 3)
    assert world.store.customers[customer.id].delinquent is False
    types = happened(world, start)
    assert types.count("invoice.payment_failed") == 2
    assert types[-1] == "customer.subscription.updated"


@pytest.mark.parametrize(
    ("end", "status"),
    [("past_due", "past_due"), ("unpaid", "unpaid"), ("cancel", "canceled"), ("pause", "paused")],
)
def test_after_the_last_retry_the_sellers_setting_decides(
    world: World, prices: dict[str, str], end: RetryEnd, status: str
) -> None:
    world.settings.retry_end = end
    customer = newcomer(world)
    subscription = world.stories.new_subscription(customer.id, [(prices["team_month"], 5)])
    world.stories.fail_next_payments(customer.id, REFUSING)
    world.advance_to(subscription.period_end)
    world.advance(days=16)
    invoice = world.store.invoices_of_subscription[subscription.id][1]
    assert subscription.status == status
    assert (invoice.status, invoice.attempt_count, invoice.next_payment_attempt) == ("open", 4, None)
    if end == "cancel":
        assert subscription.cancellation_reason == "payment_failed"
        assert happened(world)[-1] == "customer.subscription.deleted"
    if end == "pause":
        assert subscription.paused_type == "final_payment_failure"
        assert happened(world)[-1] == "customer.subscription.paused"


def test_unpaid_goes_on_making_drafts_that_nobody_charges(world: World, prices: dict[str, str]) -> None:
    customer = newcomer(world)
    subscription = world.stories.new_subscription(customer.id, [(prices["team_month"], 5)], retry_end="unpaid")
    world.stories.fail_next_payments(customer.id, REFUSING)
    world.advance(days=75)
    assert subscription.status == "unpaid"
    assert statuses(world, subscription) == ["paid", "open", "draft"]
    world.stories.recover(customer.id)
    assert subscription.status == "active"


def test_pausing_at_the_first_failure_never_passes_past_due(world: World, prices: dict[str, str]) -> None:
    customer = newcomer(world)
    subscription = world.stories.new_subscription(customer.id, [(prices["team_month"], 5)], pause_on_first_failure=True)
    world.stories.fail_next_payments(customer.id, REFUSING)
    world.advance(days=40)
    assert (subscription.status, subscription.paused_type) == ("paused", "first_payment_failure")
    assert statuses(world, subscription) == ["paid", "open"]
    world.stories.recover(customer.id)
    assert subscription.status == "active"
    assert "customer.subscription.resumed" in happened(world)


def test_a_first_payment_that_fails_expires_after_23_hours(world: World, prices: dict[str, str]) -> None:
    customer = newcomer(world, refusals_left=REFUSING)
    subscription = world.stories.new_subscription(customer.id, [(prices["team_month"], 5)])
    assert subscription.status == "incomplete"
    world.advance(23 * HOUR - 1)
    assert subscription.status == "incomplete"
    world.advance(1)
    assert subscription.status == "incomplete_expired"
    assert statuses(world, subscription) == ["void"]


def test_an_incomplete_subscription_starts_when_paid(world: World, prices: dict[str, str]) -> None:
    subscription = world.stories.new_subscription(newcomer(world).id, [(prices["team_month"], 5)], charge_now=False)
    invoice = world.store.invoices_of_subscription[subscription.id][0]
    assert (subscription.status, invoice.status, invoice.attempt_count) == ("incomplete", "open", 0)
    world.stories.pay_now(invoice.id)
    world.advance(days=2)
    assert subscription.status == "active"


def test_a_trial_starts_with_a_paid_invoice_of_nothing_and_ends_with_a_charge(
    world: World, prices: dict[str, str]
) -> None:
    subscription = world.stories.new_subscription(newcomer(world).id, [(prices["team_month"], 5)], trial_days=14)
    first = world.store.invoices_of_subscription[subscription.id][0]
    assert (subscription.status, first.status, first.total) == ("trialing", "paid", 0)
    world.advance(days=11)
    assert happened(world)[-1] == "customer.subscription.trial_will_end"
    world.advance(days=3, hours=1)
    second = world.store.invoices_of_subscription[subscription.id][1]
    assert (subscription.status, second.status, second.amount_paid) == ("active", "paid", 6000)


@pytest.mark.parametrize(
    ("behavior", "status"), [("cancel", "canceled"), ("pause", "paused"), ("create_invoice", "past_due")]
)
def test_a_trial_that_ends_without_payment_method(
    world: World, prices: dict[str, str], behavior: str, status: str
) -> None:
    customer = newcomer(world, has_payment_method=False)
    subscription = world.stories.new_subscription(
        customer.id,
        [(prices["team_month"], 5)],
        trial_days=14,
        trial_without_method=behavior,  # type: ignore[arg-type]
    )
    world.advance(days=14, hours=1)
    assert subscription.status == status
    if behavior == "pause":
        assert subscription.paused_type == "trial_end_without_payment_method"


@pytest.mark.parametrize(
    ("flexible", "when", "flag", "date"),
    [(True, "flag", True, False), (True, "date", False, True), (False, "flag", True, True)],
)
def test_both_encodings_of_a_scheduled_cancellation(
    world: World, prices: dict[str, str], flexible: bool, when: str, flag: bool, date: bool
) -> None:
    subscription = world.stories.new_subscription(newcomer(world).id, [(prices["team_month"], 5)], flexible=flexible)
    end = subscription.period_end
    asked = world.advance(days=3)
    world.stories.schedule_cancel(subscription.id, when)  # type: ignore[arg-type]
    assert (subscription.cancel_at_period_end, subscription.cancel_at is not None) == (flag, date)
    assert (subscription.status, subscription.canceled_at) == ("active", asked)
    world.advance_to(end)
    assert (subscription.status, subscription.canceled_at, subscription.ended_at) == ("canceled", asked, end)
    assert happened(world)[-1] == "customer.subscription.deleted"
    assert statuses(world, subscription) == ["paid"]


def test_an_undone_cancellation_renews(world: World, prices: dict[str, str]) -> None:
    subscription = world.stories.new_subscription(newcomer(world).id, [(prices["team_month"], 5)])
    world.stories.schedule_cancel(subscription.id, "date")
    world.stories.undo_cancel(subscription.id)
    world.advance(days=40)
    assert (subscription.status, subscription.canceled_at) == ("active", None)
    assert statuses(world, subscription) == ["paid", "paid"]


def test_an_emailed_invoice_falls_due_and_is_paid_late(world: World, prices: dict[str, str]) -> None:
    customer = newcomer(world, emailed_invoice_days=20)
    subscription = world.stories.new_subscription(customer.id, [(prices["team_month"], 5)], days_until_due=14)
    (invoice,) = world.store.invoices_of_subscription[subscription.id]
    assert (subscription.status, invoice.status, invoice.next_payment_attempt) == ("active", "open", None)
    assert invoice.due_date == world.now + 14 * DAY
    world.advance(days=14)
    assert subscription.status == "past_due"
    world.advance(days=6)
    assert (subscription.status, invoice.status, invoice.attempt_count) == ("active", "paid", 0)


@pytest.mark.parametrize(
    ("behavior", "after"),
    [("void", "void"), ("keep_as_draft", "draft"), ("mark_uncollectible", "uncollectible")],
)
def test_collection_pauses_leave_the_status_and_stop_the_money(
    world: World, prices: dict[str, str], behavior: str, after: str
) -> None:
    subscription = world.stories.new_subscription(newcomer(world).id, [(prices["team_month"], 5)])
    world.stories.pause_collection(subscription.id, behavior, days=45)  # type: ignore[arg-type]
    world.advance(days=40)
    assert subscription.status == "active"
    assert statuses(world, subscription) == ["paid", after]
    world.advance(days=25)
    assert subscription.pause_collection is None
    assert statuses(world, subscription) == ["paid", after, "paid"]


def test_a_bank_debit_is_in_processing_for_days(world: World, prices: dict[str, str]) -> None:
    customer = newcomer(world, settlement_days=5)
    subscription = world.stories.new_subscription(customer.id, [(prices["team_month"], 5)])
    (invoice,) = world.store.invoices_of_subscription[subscription.id]
    assert (subscription.status, invoice.status) == ("active", "open")
    assert (invoice.attempt_count, invoice.next_payment_attempt) == (1, None)
    world.advance(days=5)
    assert invoice.status == "paid"


def test_metered_use_is_billed_afterwards(world: World, prices: dict[str, str]) -> None:
    subscription = world.stories.new_subscription(
        newcomer(world).id, [(prices["api_metered"], None)], usage_per_period=200_000
    )
    assert subscription.status == "active"
    world.advance(days=32)
    (invoice,) = world.store.invoices_of_subscription[subscription.id]
    assert (invoice.total, invoice.lines[0].quantity) == (10_000, 200_000)


def test_items_of_different_rhythm_renew_each_in_its_own(world: World, prices: dict[str, str]) -> None:
    subscription = world.stories.new_subscription(
        newcomer(world).id, [(prices["team_month"], 5), (prices["support_year"], 1)]
    )
    world.advance(days=370)
    invoices = world.store.invoices_of_subscription[subscription.id]
    assert len(invoices) == 13
    assert [len(invoice.lines) for invoice in invoices] == [2] + [1] * 11 + [2]


def test_the_clock_never_goes_back_and_plays_in_order(world: World, prices: dict[str, str]) -> None:
    for _ in range(3):
        world.stories.new_subscription(newcomer(world).id, [(prices["business_week"], 1)])
    before = world.now
    world.advance_to(before - 100)
    assert world.now == before
    world.advance(days=25)
    created = [event.created for event in world.store.events]
    assert created == sorted(created)


def test_events_are_kept_for_thirty_days(world: World, prices: dict[str, str]) -> None:
    newcomer(world)
    world.advance(days=30)
    assert happened(world) == ["customer.created"]
    world.advance(1)
    assert happened(world) == []
