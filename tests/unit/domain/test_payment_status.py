"""Payment status, line by line of both tables, and what made it (billing rules 3)."""

from __future__ import annotations

import pytest
from tests.unit.domain.billing_records import DAY, NOW, at, invoice, subscription

from clynto.domain.account_billing import PaymentStatus
from clynto.domain.invoice import Invoice
from clynto.domain.lifetime_value import lifetime_value, oldest_invoice_at
from clynto.domain.moments import UnixTime
from clynto.domain.payment_status import ReasonCode, StatusReason, assess_payment_status, retries_are_exhausted
from clynto.domain.subscription import CollectionPause, Subscription

PAID, OVERDUE, FAILED = PaymentStatus.PAID, PaymentStatus.OVERDUE, PaymentStatus.FAILED


def status_of(subscriptions: list[Subscription], *invoices: Invoice) -> PaymentStatus | None:
    return assess_payment_status(subscriptions, invoices, NOW).status


def with_status(status: str, *invoices: Invoice) -> PaymentStatus | None:
    return status_of([subscription(status=status)], *invoices)


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        (invoice(attempts=2), FAILED),
        (invoice(attempts=4), FAILED),
        (invoice(attempts=2, retry_at=at(DAY)), OVERDUE),
        (invoice(attempts=1), OVERDUE),
        (invoice(attempts=2, retry_known=False), OVERDUE),
        (invoice(attempts=2, method="send_invoice", due_date=at(-DAY)), OVERDUE),
        (invoice(attempts=2, status="paid", paid=10_000), OVERDUE),
        (invoice(attempts=2, paid=10_000), OVERDUE),
        (invoice(attempts=2, of="sub_other"), FAILED),
    ],
)
def test_past_due(held: Invoice, expected: PaymentStatus) -> None:
    assert with_status("past_due", held) is expected


def test_exhaustion_needs_a_retry_time_that_is_present_and_null() -> None:
    assert retries_are_exhausted(invoice(attempts=2))
    assert not retries_are_exhausted(invoice(attempts=2, retry_known=False))
    assert not retries_are_exhausted(invoice(attempts=1))
    assert not retries_are_exhausted(invoice(attempts=2, status="uncollectible"))


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        (invoice(failed_at=NOW), FAILED),
        (invoice(attempts=2), FAILED),
        (invoice(attempts=1, retry_at=at(DAY)), FAILED),
        (invoice(attempts=1), PAID),
        (invoice(attempts=1, finalized=at(-14 * DAY)), FAILED),
        (invoice(attempts=1, finalized=at(-14 * DAY + 1)), PAID),
        (invoice(attempts=1, finalized=None, created=at(-90 * DAY)), PAID),
        (invoice(attempts=0, finalized=at(-90 * DAY)), PAID),
        (invoice(attempts=0, retry_at=at(DAY)), PAID),
        (invoice(failed_at=NOW, paid=10_000), PAID),
        (invoice(failed_at=NOW, status="void"), PAID),
        (invoice(failed_at=NOW, status="draft"), PAID),
        (invoice(failed_at=NOW, method=None), FAILED),
        (invoice(failed_at=NOW, method=None, due_date=at(DAY)), PAID),
        (invoice(method="send_invoice", due_date=at(-1)), OVERDUE),
        (invoice(method="send_invoice", due_date=NOW), PAID),
        (invoice(method="send_invoice", due_date=at(1), failed_at=NOW), PAID),
        (invoice(method="send_invoice"), PAID),
        (invoice(method="send_invoice", due_date=at(-1), paid=10_000), PAID),
        (invoice(due_date=at(-1)), PAID),
    ],
)
def test_open_invoices_beside_an_active_subscription(held: Invoice, expected: PaymentStatus) -> None:
    assert with_status("active", held) is expected


@pytest.mark.parametrize("due", [at(-DAY), at(DAY), None])
@pytest.mark.parametrize("status", ["draft", "open", "paid", "uncollectible", "void", "deleted", "", "hibernating"])
@pytest.mark.parametrize("held", [[], [subscription()]])
def test_only_open_invoices_past_their_due_date_make_an_account_overdue(
    held: list[Subscription], status: str, due: UnixTime | None
) -> None:
    """H12: each status by due date, of a subscription and one-off."""
    of = "sub_1" if held else None
    told = status_of(held, invoice(method="send_invoice", status=status, due_date=due, of=of))
    assert (told is OVERDUE) is (status == "open" and due == at(-DAY))
    if status in ("draft", "void", "deleted"):
        assert told is (PAID if held else None), "it says nothing at all"


def test_an_emailed_invoice_of_a_past_due_subscription_says_nothing_more() -> None:
    result = assess_payment_status(
        [subscription(status="past_due")], [invoice(method="send_invoice", due_date=at(-1))], NOW
    )
    assert result.decided_by == (StatusReason("sub_1", ReasonCode.SUBSCRIPTION_PAST_DUE, OVERDUE),)


@pytest.mark.parametrize(
    ("invoices", "expected"),
    [
        ([], FAILED),
        ([invoice()], None),
        ([invoice(attempts=1)], FAILED),
        ([invoice(failed_at=NOW)], FAILED),
        ([invoice(), invoice("in_2", of=None)], None),
    ],
)
def test_incomplete(invoices: list[Invoice], expected: PaymentStatus | None) -> None:
    assert with_status("incomplete", *invoices) is expected


@pytest.mark.parametrize(
    ("invoices", "expected"),
    [
        ([], None),
        ([invoice(status="paid", due=0)], None),
        ([invoice(status="paid", due=100, paid=100)], PAID),
        ([invoice(status="paid", due=100, paid=100, of="sub_2")], None),
    ],
)
def test_trialing(invoices: list[Invoice], expected: PaymentStatus | None) -> None:
    assert with_status("trialing", *invoices) is expected


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("first_payment_failure", FAILED),
        ("final_payment_failure", FAILED),
        ("pause_requested", None),
        ("trial_end_without_payment_method", None),
        ("system", None),
        (None, None),
    ],
)
def test_paused(reason: str | None, expected: PaymentStatus | None) -> None:
    assert status_of([subscription(status="paused", pause_reason=reason)]) is expected


def test_unpaid_ended_and_unknown() -> None:
    assert with_status("unpaid") is FAILED
    assert with_status("canceled", invoice(attempts=3)) is None
    assert with_status("incomplete_expired", invoice(attempts=3)) is None
    assert with_status("hibernating") is None


@pytest.mark.parametrize(
    ("held", "later", "expected"),
    [
        (invoice(status="uncollectible"), [], FAILED),
        (invoice(status="uncollectible", paid=10_000), [], PAID),
        (invoice(status="uncollectible"), [invoice("in_2", status="paid", paid=10_000, created=at(-DAY))], PAID),
        (invoice(status="uncollectible"), [invoice("in_2", status="paid", created=at(-3 * DAY))], FAILED),
        (invoice(status="uncollectible"), [invoice("in_2", status="paid", created=at(-DAY), of="sub_2")], FAILED),
        (invoice(status="uncollectible", of=None), [], PAID),
        (invoice(status="uncollectible", of="sub_unknown"), [], PAID),
        (invoice(status="uncollectible", marked_because="subscription_paused"), [], PAID),
        (invoice(status="uncollectible", marked_because="max_payment_attempts"), [], FAILED),
    ],
)
def test_written_off(held: Invoice, later: list[Invoice], expected: PaymentStatus) -> None:
    assert with_status("active", held, *later) is expected


@pytest.mark.parametrize(
    ("pause", "marked_at", "because", "expected"),
    [
        (CollectionPause("mark_uncollectible", None), None, None, PAID),
        (CollectionPause("mark_uncollectible", at(-DAY)), at(-2 * DAY), None, PAID),
        (CollectionPause("mark_uncollectible", at(-DAY)), at(-DAY + 1), None, FAILED),
        (CollectionPause("mark_uncollectible", None), None, "max_payment_attempts", FAILED),
        (CollectionPause("void", None), None, None, FAILED),
    ],
)
def test_written_off_by_a_pause(
    pause: CollectionPause, marked_at: UnixTime | None, because: str | None, expected: PaymentStatus
) -> None:
    held = invoice(
        status="uncollectible", marked_at=None if marked_at is None else at(marked_at - NOW), marked_because=because
    )
    assert status_of([subscription(pause=pause)], held) is expected


def test_one_off_invoices_count_without_a_subscription() -> None:
    assert status_of([], invoice(of=None, attempts=2)) is FAILED
    assert status_of([], invoice(of=None, method="send_invoice", due_date=at(-1))) is OVERDUE
    assert status_of([], invoice(of=None, method="send_invoice", due_date=at(1))) is None


def test_the_worst_wins_and_every_object_that_says_it_is_named() -> None:
    result = assess_payment_status(
        [subscription(subscription_id="sub_1"), subscription(subscription_id="sub_2", status="unpaid")],
        [invoice("in_9", of=None, attempts=2), invoice("in_8", of=None, method="send_invoice", due_date=at(-1))],
        NOW,
    )
    assert result.status is FAILED
    assert result.decided_by == (
        StatusReason("in_9", ReasonCode.PAYMENT_REJECTED, FAILED),
        StatusReason("sub_2", ReasonCode.SUBSCRIPTION_UNPAID, FAILED),
    )


def test_exhaustion_names_the_invoice() -> None:
    result = assess_payment_status([subscription(status="past_due")], [invoice(attempts=2)], NOW)
    assert result.decided_by == (StatusReason("in_1", ReasonCode.RETRIES_EXHAUSTED, FAILED),)


def test_silent_facts_are_reported_too() -> None:
    result = assess_payment_status([subscription(status="canceled")], [invoice(attempts=3)], NOW)
    assert {reason.code for reason in result.all_reasons} == {
        ReasonCode.SUBSCRIPTION_ENDED,
        ReasonCode.DEBT_OF_ENDED_SUBSCRIPTION,
    }
    unknown = assess_payment_status([subscription(status="hibernating")], [], NOW)
    assert unknown.all_reasons == (StatusReason("sub_1", ReasonCode.UNKNOWN_STATUS, None),)


def test_lifetime_value() -> None:
    held = [
        invoice("in_1", status="paid", paid=10_000, credit=2_500, created=at(-9)),
        invoice("in_2", of=None, paid=500),
        invoice("in_3", currency="JPY", status="void"),
    ]
    assert lifetime_value(held).amounts == {"USD": 8_000, "JPY": 0}
    assert oldest_invoice_at(held) == at(-2 * DAY)
    assert oldest_invoice_at([]) is None
