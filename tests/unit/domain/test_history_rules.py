"""MRR history, sentence by sentence (billing rules 6)."""

from __future__ import annotations

import calendar
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clynto.domain.catalogue import Price, PriceAmounts, Recurrence
from clynto.domain.invoice import Invoice, InvoiceLine
from clynto.domain.moments import UnixMicros, UnixTime
from clynto.domain.money import MoneyBag
from clynto.domain.month_ends import Month, completed_months, months_before
from clynto.domain.mrr_history import Confidence, MrrPoint, MrrSnapshot, month_points, mrr_history
from clynto.domain.subscription import Subscription

MONTHLY = Recurrence("month", 1, metered=False)
YEARLY = Recurrence("year", 1, metered=False)


def day(month: int, of_month: int = 1, year: int = 2026, hour: int = 0) -> UnixTime:
    """Midnight UTC."""
    return UnixTime(calendar.timegm((year, month, of_month, hour, 0, 0)))


NOW = day(11, 15)


def line(start: UnixTime, end: UnixTime, amount: int = 10_000, **fields: Any) -> InvoiceLine:
    """A plain line of ten seats at 10.00."""
    told: dict[str, Any] = {
        "id": f"il_{start}_{end}_{amount}",
        "amount": amount,
        "currency": "USD",
        "quantity": 10,
        "period_start": start,
        "period_end": end,
        "subscription_line": True,
        "subscription_id": "sub_1",
        "subscription_item_id": "si_1",
        "proration": False,
        "price_id": "price_1",
        "product_id": "prod_1",
        "unit_amount": Fraction(1_000),
        "recurrence": MONTHLY,
        "price_per_unit": True,
        "discount_total": 0,
    }
    return InvoiceLine(**{**told, **fields})


def invoice(*lines: InvoiceLine, status: str = "paid", **fields: Any) -> Invoice:
    """A renewal that holds ``lines``."""
    created = min((held.period_start for held in lines), default=day(7))
    told: dict[str, Any] = {
        "id": f"in_{created}",
        "customer_id": "cus_1",
        "subscription_id": "sub_1",
        "number": None,
        "status": status,
        "currency": "USD",
        "amount_due": 0,
        "amount_paid": 0,
        "amount_remaining": 0,
        "post_payment_credit": 0,
        "collection_method": None,
        "attempt_count": 1,
        "next_payment_attempt": None,
        "retry_known": True,
        "due_date": None,
        "created": created,
        "finalized_at": None,
        "paid_at": None,
        "voided_at": None,
        "uncollectible_at": None,
        "uncollectible_reason": None,
        "billing_reason": "subscription_cycle",
        "lines": lines,
    }
    return Invoice(**{**told, **fields})


def month_invoice(month: int, **fields: Any) -> Invoice:
    """The renewal of one month."""
    return invoice(line(day(month), day(month + 1), **fields))


def sub(status: str = "active", **fields: Any) -> Subscription:
    """A subscription since July."""
    told: dict[str, Any] = {"start_date": day(7), "created": day(7), "items": ()}
    return Subscription("sub_1", "cus_1", status, "USD", **{**told, **fields})


def price(recurrence: Recurrence | None, *, price_id: str = "price_1", tiered: bool = False) -> Price:
    """A listed price of 10.00."""
    return Price(
        price_id,
        "prod_1",
        "USD",
        True,
        None,
        tiered,
        "volume" if tiered else None,
        PriceAmounts(Fraction(1_000), None),
        None,
        None,
        recurrence,
    )


def points(
    invoices: list[Invoice], subscription: Subscription | None = None, *listed: Price, **fields: Any
) -> tuple[MrrPoint, ...]:
    """July to October."""
    return month_points(
        [subscription or sub()],
        invoices,
        listed_prices={held.id: held for held in listed},
        snapshots=fields.pop("snapshots", ()),
        now=NOW,
        months=4,
    )


def usd(found: tuple[MrrPoint, ...]) -> list[Fraction | int]:
    """List MRR in minor units."""
    return [point.list_mrr.amounts.get("USD", 0) for point in found]


def notes(found: tuple[MrrPoint, ...]) -> list[str]:
    """Notes per point, joined."""
    return [" ".join(point.notes) for point in found]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (day(9), day(10), [0, 0, 10_000, 0]),
        (day(9), UnixTime(day(10) - 1), [0, 0, 0, 0]),
        (UnixTime(day(10) - 1), day(11), [0, 0, 10_000, 10_000]),
        (day(10), day(11), [0, 0, 0, 10_000]),
    ],
)
def test_the_period_end_is_the_first_second_outside(start: UnixTime, end: UnixTime, expected: list[int]) -> None:
    assert usd(points([invoice(line(start, end))], sub("canceled", start_date=start))) == expected


@pytest.mark.parametrize(("ended", "expected"), [(day(10), 10_000), (UnixTime(day(10) - 1), 0)])
def test_the_end_cuts(ended: UnixTime, expected: int) -> None:
    year = invoice(line(day(7), day(7, year=2027), 120_000, recurrence=YEARLY))
    assert usd(points([year], sub("canceled", ended_at=ended))) == [10_000, 10_000, expected, 0]


def test_nothing_counts_before_the_start() -> None:
    year = invoice(line(day(1), day(1, year=2027), 120_000, recurrence=YEARLY))
    assert usd(points([year], sub(start_date=day(9)))) == [0, 0, 10_000, 10_000]
    assert usd(points([year], sub(start_date=None, created=day(9, 2)))) == [0, 0, 10_000, 10_000]


def test_a_yearly_invoice_outside_the_window_is_carried_back_from_its_renewal() -> None:
    renewal = invoice(line(day(10, 5), day(10, 5, year=2027), 120_000, recurrence=YEARLY))
    found = points([renewal], sub(start_date=day(10, 5, year=2024)))
    assert usd(found) == [10_000] * 4
    assert notes(found) == ["carried_back"] * 3 + [""]
    first = replace(renewal, billing_reason="subscription_update")
    assert usd(points([first], sub(start_date=day(10, 5, year=2024)))) == [0, 0, 0, 10_000]


def test_a_gap_between_invoices_is_filled_even_if_it_ended_since() -> None:
    found = points([month_invoice(7), month_invoice(9)], sub("canceled", ended_at=day(10)))
    assert usd(found) == [10_000, 10_000, 10_000, 0]
    assert notes(found) == ["", "carried_forward", "", ""]


@pytest.mark.parametrize(
    ("status", "carried"),
    [("active", True), ("past_due", True), ("unpaid", False), ("paused", False), ("trialing", False)],
)
def test_the_last_value_goes_on_only_while_it_counts(status: str, carried: bool) -> None:
    assert usd(points([month_invoice(7)], sub(status))) == [10_000, *[10_000 if carried else 0] * 3]


def test_what_is_carried_is_the_last_covered_moment() -> None:
    removed = line(day(8, 16), day(9), -2_500, subscription_item_id="si_2", proration=True)
    august = invoice(line(day(8), day(9)), line(day(8), day(9), 5_000, subscription_item_id="si_2"), removed)
    assert usd(points([august], sub(start_date=day(8)))) == [0, 10_000, 10_000, 10_000]


@pytest.mark.parametrize("status", ["void", "uncollectible"])
def test_a_known_zero_is_no_gap_and_stands_for_its_own_item_only(status: str) -> None:
    gone = replace(month_invoice(9), status=status)
    found = points([month_invoice(7), month_invoice(8), gone, month_invoice(10)])
    assert (usd(found)[2], notes(found)[2]) == (0, "void_or_written_off_period")

    other = invoice(line(day(9), day(10), 4_000, subscription_item_id="si_2"), id="in_other")
    found = points([gone, other])
    assert (usd(found)[2], notes(found)[2]) == (4_000, "void_or_written_off_period")

    again = replace(month_invoice(9, amount=9_000), id="in_again")
    found = points([gone, again])
    assert (usd(found)[2], notes(found)[2]) == (9_000, "")


def test_drafts_one_off_and_metered_lines_are_left_out() -> None:
    metered = replace(MONTHLY, metered=True)
    held = [
        replace(month_invoice(9), status="draft"),
        invoice(line(day(9), day(10), subscription_line=False), id="in_one_off"),
        invoice(line(day(9), day(10), recurrence=metered), id="in_usage"),
        invoice(line(day(9), day(10), recurrence=None, price_id="price_u"), id="in_usage_new"),
    ]
    assert usd(points(held, None, price(metered, price_id="price_u"))) == [0, 0, 0, 0]


def test_the_newest_invoice_of_the_latest_start_counts() -> None:
    old, new = month_invoice(9), replace(month_invoice(9, amount=7_000), id="in_new", created=day(9, 3))
    assert usd(points([old, new]))[2] == usd(points([new, old]))[2] == 7_000


def test_prorations_win_a_tie_and_read_quantity_times_price() -> None:
    part = line(day(9), day(10), 4_321, quantity=15, proration=True)
    assert usd(points([invoice(line(day(9), day(10)), part)]))[2] == 15_000
    assert usd(points([invoice(line(day(9), day(10)), replace(part, amount=0))]))[2] == 0


def test_items_without_an_id_go_by_their_product() -> None:
    first = line(day(9), day(10), subscription_item_id=None)
    change = line(day(9, 16), day(10), 1_000, subscription_item_id=None, quantity=4, proration=True)
    assert usd(points([invoice(first, change)]))[2] == 4_000
    other = replace(change, product_id="prod_2")
    assert usd(points([invoice(first, other)]))[2] == 14_000


def test_a_credit_takes_off_only_if_it_starts_later() -> None:
    charge, credit = line(day(9), day(10)), line(day(9), day(10), -10_000, proration=True)
    assert usd(points([invoice(charge, credit)]))[2] == 10_000
    assert usd(points([invoice(charge, replace(credit, period_start=day(9, 2)))]))[2] == 0
    over = replace(credit, period_start=day(9, 2), period_end=day(9, 20))
    assert usd(points([invoice(charge, over)]))[2] == 10_000


@pytest.mark.parametrize(
    ("days", "factor"),
    [
        (1, Fraction(365, 12)),
        (7, Fraction(52, 12)),
        (14, Fraction(52, 24)),
        (28, 1),
        (31, 1),
        (59, Fraction(1, 2)),
        (92, Fraction(1, 3)),
        (181, Fraction(1, 6)),
        (366, Fraction(1, 12)),
        (731, Fraction(1, 24)),
        (10, Fraction(365, 120)),
        (27, Fraction(365, 12 * 27)),
    ],
)
def test_an_archived_price_is_read_off_the_period(days: int, factor: Fraction) -> None:
    start = UnixTime(day(10) - 86_400)
    held = invoice(line(start, UnixTime(start + days * 86_400), recurrence=None))
    found = points([held], sub("canceled", start_date=start))
    assert usd(found)[2] == 10_000 * factor
    assert notes(found) == ["interval_inferred"] * 4


def test_the_price_list_comes_before_the_period_length() -> None:
    held = invoice(line(day(9), day(12), 30_000, recurrence=None))
    found = points([held], None, price(Recurrence("month", 3, metered=False)))
    assert (usd(found)[2], notes(found)[2]) == (10_000, "")


def test_an_interval_of_the_list_that_we_do_not_know_leaves_the_period_length() -> None:
    held = invoice(line(day(9), day(10), recurrence=None))
    assert usd(points([held], None, price(Recurrence("decade", 1, metered=False))))[2] == 10_000
    assert usd(points([invoice(line(day(9), day(9), recurrence=None))])) == [0, 0, 0, 0]


def test_a_proration_without_any_price_is_skipped_and_reported() -> None:
    part = line(day(9, 16), day(10), 2_000, recurrence=None, proration=True, price_per_unit=None)
    found = points([invoice(line(day(9), day(10)), part)])
    assert usd(found)[2] == 10_000
    assert notes(found)[2] == "proration_without_price"
    listed = points([invoice(line(day(9), day(10)), replace(part, quantity=3))], None, price(MONTHLY))
    assert usd(listed)[2] == 3_000


def test_a_tiered_proration_is_scaled_by_the_calendar() -> None:
    part = line(day(10, 16), day(11), 3_200, proration=True, price_per_unit=False, unit_amount=None)
    found = points([invoice(part)], sub("canceled"))
    assert (usd(found)[3], notes(found)[3]) == (6_200, "proration_scaled")
    whole = line(day(10, 2), day(11), 100, price_per_unit=False)
    assert usd(points([invoice(whole, part)]))[3] == 3_200 * Fraction(30, 16)
    days = replace(part, recurrence=Recurrence("day", 32, metered=False))
    assert usd(points([invoice(days)], sub("canceled")))[3] == 3_200 * 2 * Fraction(365, 12 * 32)
    year = replace(part, recurrence=YEARLY)
    assert usd(points([invoice(year)], sub("canceled")))[3] == 3_200 * Fraction(365, 16) / 12
    listed = replace(part, price_per_unit=None)
    assert usd(points([invoice(listed)], sub("canceled"), price(MONTHLY, tiered=True)))[3] == 6_200
    week = replace(part, period_start=UnixTime(day(11) - 2 * 86_400), recurrence=Recurrence("week", 1, metered=False))
    assert usd(points([invoice(week)], sub("canceled")))[3] == 3_200 * Fraction(7, 2) * Fraction(52, 12)


def test_net_takes_the_share_of_the_discount() -> None:
    part = line(day(10, 16), day(11), 5_000, quantity=10, proration=True, discount_total=1_250)
    held = [invoice(line(day(9), day(10), discount_total=2_000)), invoice(part)]
    found = points(held)
    assert [point.net_mrr.amounts.get("USD") for point in found[2:]] == [8_000, 7_500]
    assert usd(found)[2:] == [10_000, 10_000]


def test_a_subscription_that_is_not_in_hand_counts_by_its_lines_only() -> None:
    found = month_points([], [month_invoice(8)], listed_prices={}, snapshots=[], now=NOW, months=4)
    assert usd(found) == [0, 10_000, 0, 0]
    assert notes(found) == ["", "subscription_unknown", "", ""]


def test_lines_that_were_not_all_read_are_reported() -> None:
    assert notes(points([replace(month_invoice(7), lines_complete=False)]))[0] == "lines_not_all_read"


def _snapshot(at: int, amount: int) -> MrrSnapshot:
    return MrrSnapshot(UnixMicros(at * 1_000_000), MoneyBag.of("USD", amount), MoneyBag.of("USD", amount - 1))


def test_the_newest_snapshot_of_the_last_36_hours_stands_for_the_month_end() -> None:
    end = day(10)
    taken = [_snapshot(end - 36 * 3_600, 1), _snapshot(end - 3_600, 3), _snapshot(end - 7_200, 2), _snapshot(end, 9)]
    september = points([month_invoice(9, recurrence=None)], snapshots=taken)[2]
    assert (september.confidence, september.notes) == (Confidence.OBSERVED, ())
    assert (september.list_mrr, september.net_mrr) == (MoneyBag.of("USD", 3), MoneyBag.of("USD", 2))
    assert points([], snapshots=taken[:1])[2].confidence is Confidence.OBSERVED
    assert points([], snapshots=[_snapshot(end - 36 * 3_600 - 1, 1)])[2].confidence is Confidence.RECONSTRUCTED
    assert points([], snapshots=[_snapshot(end - 1, 0)])[2].list_mrr == MoneyBag.empty()


def test_a_history_has_twelve_months_and_now() -> None:
    history = mrr_history(
        [sub()],
        [month_invoice(month) for month in (7, 8, 9, 10)],
        listed_prices={},
        snapshots=[],
        live_list_mrr=MoneyBag.of("USD", 12_000),
        live_net_mrr=MoneyBag.of("USD", 0),
        now=NOW,
    )
    assert [str(point.month) for point in history.points] == [
        *("2025-11", "2025-12"),
        *(f"2026-{month:02d}" for month in range(1, 11)),
    ]
    assert (str(history.live.month), history.live.confidence) == ("2026-11", Confidence.OBSERVED)
    assert len(history.list_movements) == 12
    assert history.list_movements[-1].expansion == MoneyBag.of("USD", 2_000)
    assert history.list_movements[7].new == MoneyBag.of("USD", 10_000)
    assert history.net_movements[-1].churn == MoneyBag.of("USD", -10_000)


PERIODS = st.tuples(st.integers(7, 10), st.integers(1, 28), st.integers(1, 3))
LINES = st.builds(
    lambda period, amount, item, proration: line(
        day(period[0], period[1]),
        day(min(period[0] + period[2], 12), period[1]),
        amount,
        subscription_item_id=f"si_{item}",
        proration=proration,
    ),
    PERIODS,
    st.integers(-5_000, 9_000),
    st.integers(1, 2),
    st.booleans(),
)
INVOICES = st.lists(
    st.tuples(st.lists(LINES, max_size=3), st.sampled_from(["paid", "open", "void", "draft"])), max_size=5
)


@settings(max_examples=150, deadline=None)
@given(INVOICES, st.randoms(use_true_random=False), st.sampled_from(["active", "unpaid", "canceled"]))
def test_points_do_not_depend_on_the_order_of_invoices(
    drawn: list[tuple[list[InvoiceLine], str]], random: Any, status: str
) -> None:
    held = [invoice(*lines, status=state, id=f"in_{n}") for n, (lines, state) in enumerate(drawn)]
    assert points(random.sample(held, len(held)), sub(status)) == points(held, sub(status))


def test_months_are_utc_and_days_are_clamped() -> None:
    assert completed_months(day(1, year=2027), 2) == (Month(2026, 11), Month(2026, 12))
    assert completed_months(UnixTime(day(1, year=2027) - 1), 1) == (Month(2026, 11),)
    assert months_before(day(3, 31, 2028), 1) == day(2, 29, 2028)
    assert months_before(day(1, 31, 2027), 12) == day(1, 31, 2026)
