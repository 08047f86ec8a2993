"""One customer's billing as a whole, and the account as the sum of its customers."""

from __future__ import annotations

from fractions import Fraction

import pytest
from tests.unit.domain.billing_records import (
    DAY,
    NOW,
    at,
    every,
    invoice,
    item,
    percent_off,
    price,
    subscription,
    tier,
)

from clynto.domain.account_billing import CustomerBilling, PaymentStatus, add_up
from clynto.domain.billing_assessment import assess_customer, renewal_of
from clynto.domain.catalogue import Price, Product, Recurrence
from clynto.domain.customer import StripeCustomer
from clynto.domain.discount import Discount
from clynto.domain.discount_readings import DiscountReading
from clynto.domain.invoice import Invoice
from clynto.domain.moments import UnixMicros, start_of_second
from clynto.domain.plan_context import interval_text, plan_name, product_ids, seat_count
from clynto.domain.subscription import Subscription

CUSTOMER = StripeCustomer("cus_1", None, None, None)
PRO = Product("prod_a", "Pro", active=True)


def assess(
    subscriptions: list[Subscription],
    invoices: list[Invoice],
    listed: dict[str, Price] | None = None,
    readings: dict[str, DiscountReading] | None = None,
) -> CustomerBilling:
    return assess_customer(
        CUSTOMER,
        subscriptions,
        invoices,
        listed or {},
        readings or {},
        {"prod_a": PRO},
        start_of_second(NOW),
        UnixMicros(7),
    )


def test_the_whole_row() -> None:
    held = [
        subscription(item(price(), 3, period_end=at(DAY)), subscription_id="sub_2"),
        subscription(item(price(), 1, period_end=at(9)), subscription_id="sub_1", cancel_at_period_end=True),
        subscription(subscription_id="sub_0", status="canceled"),
    ]
    paid = [invoice("in_1", of="sub_1", status="paid", paid=10_000, created=at(-DAY)), invoice("in_2", of="sub_2")]
    row = assess(held, paid)
    assert row.list_mrr.amounts == row.net_mrr.amounts == {"USD": 40_000}
    assert (row.payment_status, row.renewal_at, row.live_subscriptions) == (PaymentStatus.PAID, at(DAY), 2)
    assert row.lifetime_value.amounts == {"USD": 10_000}
    assert row.oldest_invoice_at == at(-2 * DAY)
    assert [part.subscription_id for part in row.subscriptions] == ["sub_0", "sub_1", "sub_2"]
    last = row.subscriptions[-1]
    assert (last.plan_name, last.quantity, last.interval, last.product_ids) == ("Pro", 3, "month", ("prod_a",))
    assert (row.as_of, row.computed_at) == (7, start_of_second(NOW))
    assert assess(held[::-1], paid[::-1]) == row


def test_listed_prices_and_discount_readings_complete_what_was_embedded() -> None:
    listed = price(None, tiers=(tier(None, 500),), tiers_mode="volume")
    only_id = Discount("di_1", None, None, None)
    held = subscription(item(price(None, tiers_mode="volume"), 2, only_id))
    reading = DiscountReading("sub_1", (), {"si_1": (percent_off(50),)})
    row = assess([held], [], {"price_a": listed}, {"sub_1": reading})
    assert row.list_mrr.amounts == {"USD": 1_000}
    assert row.net_mrr.amounts == {"USD": 500}
    assert not row.partial
    unread = assess([held], [])
    assert unread.partial
    assert unread.subscriptions[0].notes == ("tiers_not_expanded si_1",)


def test_notes_of_the_net_figure_stay_apart() -> None:
    row = assess([subscription(discounts=(percent_off(50, end=NOW),))], [])
    assert (row.subscriptions[0].notes, row.subscriptions[0].net_notes) == ((), ("discount_ended di_1",))


@pytest.mark.parametrize(
    ("held", "renews"),
    [
        (subscription(item(period_end=at(5)), item(item_id="si_2", period_end=at(3))), 3),
        (subscription(item(period_end=at(5)), cancel_at_period_end=True), None),
        (subscription(item(period_end=at(5)), cancel_at=at(5)), None),
        (subscription(item(period_end=at(5)), cancel_at=at(6)), 5),
        (subscription(item(period_end=at(5)), status="trialing"), 5),
        (subscription(item(period_end=at(5)), status="unpaid"), None),
        (subscription(item(period_end=at(5)), status="canceled"), None),
        (subscription(), None),
    ],
)
def test_renewal(held: Subscription, renews: int | None) -> None:
    assert renewal_of(held) == (None if renews is None else at(renews))


def test_plan_in_words() -> None:
    seats = item(price(product="prod_a"), 5)
    addon = item(price(product="prod_x", price_id="price_x", nickname="Extra"), item_id="si_2")
    bare = item(price(product=None, price_id="price_y"), item_id="si_3")
    gone = item(price(product="prod_z"), item_id="si_4", deleted=True)
    held = subscription(seats, addon, bare, seats, gone)
    assert plan_name(held, {"prod_a": PRO}) == "Pro + Extra + price_y"
    assert product_ids(held) == ("prod_a", "prod_x")
    assert plan_name(subscription(gone), {}) == ""


def test_seats_and_interval_are_told_only_where_they_are_one() -> None:
    metered = item(price(1, Recurrence("month", 1, metered=True)), None, item_id="si_2")
    assert seat_count(subscription(item(price(), None), metered)) == 1
    assert seat_count(subscription(item(), item(item_id="si_2"))) is None
    assert interval_text(subscription(item(price(1, every("month", 3))))) == "3 months"
    assert interval_text(subscription(item(), item(price(1, every("year")), item_id="si_2"))) is None
    assert interval_text(subscription(item(price(recurrence=None)))) is None


def test_an_account_is_the_sum_of_its_customers_in_any_order() -> None:
    rows = [assess([subscription()], []), assess([subscription(currency="EUR", status="unpaid")], [])]
    account = add_up("acc_1", rows, computed_at=UnixMicros(9))
    assert account == add_up("acc_1", rows[::-1], computed_at=UnixMicros(9))
    assert account.list_mrr.amounts == {"USD": Fraction(10_000)}
    assert (account.payment_status, account.live_subscriptions) == (PaymentStatus.FAILED, 2)
