"""What a person reads about a signal, and in which order (guide, "In the inbox")."""

from __future__ import annotations

from fractions import Fraction

import pytest
from tests.unit.domain.signal_story import DAY, T0, event, inv, plan_item, sub, sync, tell

from clynto.domain.signal_explanation import date_text, explain, money_text
from clynto.domain.signal_severity import Severity, inbox_order, severity_of

ACTIVE = sync(T0, [sub()])
FAILED = event(T0 + DAY, inv(attempt_count=2))


def test_a_refused_invoice() -> None:
    told = tell([ACTIVE, FAILED])
    assert explain(told.only("payment_failed")) == (
        "Invoice INV-1 over $100.00 for pro x 10 was refused (attempt 2); "
        "Stripe has the next attempt planned for 5 Nov 2026."
    )
    over = tell([ACTIVE, event(T0 + DAY, inv(attempt_count=4, next_payment_attempt=None))])
    assert explain(over.only("payment_failed")) == (
        "Invoice INV-1 over $100.00 for pro x 10 was refused (attempt 4); Stripe has no further attempt planned."
    )
    paid = tell([ACTIVE, FAILED, event(T0 + 3 * DAY, inv("paid"), "invoice.paid")])
    assert explain(paid.only("payment_failed")) == (
        "Invoice INV-1 over $100.00 for pro x 10 was refused (attempt 2). It was paid on 3 Nov 2026."
    )


def test_nothing_is_promised_that_was_not_told() -> None:
    silent = inv(collection_method="send_invoice", next_payment_attempt=None, number=None, parent=None, currency="chf")
    assert explain(tell([event(T0 + DAY, silent)]).only("payment_failed")) == (
        "Invoice in_1 over 100.00 CHF (one-off invoice) was refused (attempt 1)."
    )
    untold = inv()
    del untold["next_payment_attempt"]
    assert explain(tell([event(T0 + DAY, untold)]).only("payment_failed")) == (
        "Invoice INV-1 over $100.00 was refused (attempt 1)."
    )


def test_an_overdue_subscription() -> None:
    told = tell([ACTIVE, event(T0 + DAY, sub("past_due"))])
    assert explain(told.only("payment_overdue")) == (
        "The subscription for pro x 10 is past due: about $100.00 (list price of one period) left to pay "
        "on invoice in_1."
    )
    told = tell([FAILED, event(T0 + 2 * DAY, sub("active"))], ledger=told.ledger)
    assert explain(told.only("payment_overdue")) == (
        "The subscription for pro x 10 was past due: $100.00 left to pay on invoice INV-1. It recovered on 2 Nov 2026."
    )


def test_a_cancellation() -> None:
    scheduled = sub(cancel_at=T0 + 20 * DAY, canceled_at=T0 + DAY)
    scheduled["cancellation_details"] = {"reason": "cancellation_requested"}
    told = tell([ACTIVE, event(T0 + DAY, scheduled)])
    assert explain(told.only("subscription_canceled")) == (
        "The subscription to pro x 10 is canceled and set to end on 20 Nov 2026; it brings $100.00 a month. "
        "The customer asked for it."
    )
    ended = sub("canceled", canceled_at=T0 + DAY, ended_at=T0 + 20 * DAY)
    told = tell([event(T0 + 20 * DAY, ended)], ledger=told.ledger)
    assert explain(told.only("subscription_canceled")) == (
        "The subscription to pro x 10 was canceled and ended on 20 Nov 2026; it brought $100.00 a month."
    )
    trial = {**scheduled, "status": "trialing"}
    assert "(on trial)" in explain(tell([sync(T0 + DAY, [trial])]).only("subscription_canceled"))
    undone = tell([ACTIVE, event(T0 + DAY, scheduled), event(T0 + 2 * DAY, sub())])
    assert explain(undone.only("subscription_canceled")).endswith("The cancellation was withdrawn on 2 Nov 2026.")


def test_a_downgrade() -> None:
    told = tell([ACTIVE, event(T0 + DAY, sub("active", plan_item(6)))])
    assert explain(told.only("subscription_downgraded")) == (
        "Monthly revenue fell by $40.00, from $100.00 to $60.00 through fewer seats (pro x 10 -> pro x 6)."
    )
    two = sync(T0, [sub(), sub("active", plan_item(1), id="sub_2")])
    moved = event(T0 + DAY + 5, sub("active", plan_item(5), id="sub_2"))
    told = tell([two, event(T0 + DAY, sub("active", plan_item(6))), moved])
    assert explain(told.only("subscription_downgraded")).endswith(
        "All subscriptions of the customer together changed by $0.00."
    )


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (Fraction(14_900), "USD", "$149.00"),
        (Fraction(25_00, 3), "USD", "$8.33"),
        (Fraction(10_000), "JPY", "¥10,000"),
        (Fraction(10_500), "KWD", "10.500 KWD"),
        (Fraction(-4_000), "EUR", "-€40.00"),
        (Fraction(-1, 3), "USD", "$0.00"),
    ],
)
def test_money(amount: Fraction, currency: str, text: str) -> None:
    assert money_text(amount, currency) == text


def test_dates_are_utc() -> None:
    from clynto.domain.moments import UnixTime

    assert date_text(UnixTime(T0)) == "31 Oct 2026"
    assert date_text(UnixTime(T0 - 1)) == "30 Oct 2026"


def test_the_order_of_the_inbox() -> None:
    cut = event(T0 + DAY + 5, sub("past_due", plan_item(6)))
    told = tell([ACTIVE, FAILED, event(T0 + DAY + 1, sub("past_due")), cut])
    ordered = sorted(told.ledger.signals.values(), key=inbox_order)
    assert [signal.type.value for signal in ordered] == [
        "payment_failed",
        "payment_overdue",
        "subscription_downgraded",
    ]
    assert [severity_of(signal) for signal in ordered] == [Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM]
    told = tell([event(T0 + 2 * DAY, inv("paid"), "invoice.paid")], ledger=told.ledger)
    assert max(told.ledger.signals.values(), key=inbox_order).type.value == "payment_failed"
