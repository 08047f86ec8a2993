"""The past of an account: there when a sync is over, and it comes and goes with its customers (billing rules 6)."""

from __future__ import annotations

from fractions import Fraction

import pytest
from tests.contracts.samples import a_line, second
from tests.unit.application.plain_billing import (
    CATALOGUE_CREATED,
    catalogue,
    paid_invoice,
    plain_customer,
    plain_subscription,
)
from tests.unit.application.sync_product import ADMIN, MEMBER, WORKSPACE, SyncProduct

from clynto.application.audit import AuditTrail
from clynto.application.force_match import DropMatch, ForceMatch
from clynto.application.match_customers import RematchWorkspace
from clynto.application.queries.mrr_history import ReadMrrHistory
from clynto.domain.catalogue import Recurrence
from clynto.ports.stripe_reading import StripeRecord

DAY = 86_400


def _paying_since_july(number: int, email: str) -> tuple[StripeRecord, ...]:
    """50.00 a month; the last 60 days are paid, so the ends of July and August 2026 are."""
    line = a_line(
        f"il_{number}",
        amount=5000,
        quantity=1,
        unit_amount=Fraction(5000),
        subscription_id=f"sub_{number}",
        subscription_item_id=f"si_{number}",
        price_id="price_team",
        product_id="prod_team",
        recurrence=Recurrence(interval="month", interval_count=2, metered=False),
        discount_total=0,
        period_start=second(-60 * DAY),
        period_end=second(DAY),
    )
    return (
        plain_customer(number, email),
        plain_subscription(number, start_date=second(-60 * DAY)),
        paid_invoice(number, created=second(-60 * DAY), lines=(line,)),
    )


@pytest.fixture
def product() -> SyncProduct:
    """One customer with a domain that an account may claim, one that only a person can match."""
    product = SyncProduct()
    product.stripe.put(*catalogue(), created=CATALOGUE_CREATED)
    product.stripe.put(*_paying_since_july(1, "ann@acme.example"))
    product.stripe.put(*_paying_since_july(2, "bob@gmail.com"))
    return product


def _past(product: SyncProduct, account_id: str) -> dict[str, str]:
    """Month ends with revenue, the live point left out."""
    history = ReadMrrHistory(units=product.units, recompute=product.recompute)(MEMBER, account_id)
    return {str(point.month): point.mrr.amount for point in history.points if point.bag.amounts and not point.is_live}


def test_a_connected_workspace_has_its_trajectories(product: SyncProduct) -> None:
    account_id = product.add_account("Acme", "acme.example")
    product.synced()
    assert _past(product, account_id) == {"2026-07": "25.00", "2026-08": "25.00"}


def test_a_match_by_hand_brings_and_takes_the_past(product: SyncProduct) -> None:
    first = product.add_account("Globex", "globex.example")
    second_one = product.add_account("Umbrella")
    product.synced()
    audit = AuditTrail(product.clock, product.identifiers)
    force = ForceMatch(units=product.units, recompute=product.recompute, audit=audit)
    force(ADMIN, "cus_2", first)
    assert _past(product, first) == {"2026-07": "25.00", "2026-08": "25.00"}
    force(ADMIN, "cus_2", second_one)
    assert (_past(product, first), set(_past(product, second_one))) == ({}, {"2026-07", "2026-08"})
    DropMatch(units=product.units, recompute=product.recompute, audit=audit)(ADMIN, "cus_2")
    assert _past(product, second_one) == {}


def test_an_account_added_later_gets_the_past_of_its_customers(product: SyncProduct) -> None:
    product.synced()
    account_id = product.add_account("Acme", "acme.example")
    RematchWorkspace(units=product.units, matching=product.matching)(WORKSPACE)
    assert _past(product, account_id) == {"2026-07": "25.00", "2026-08": "25.00"}


def test_what_is_not_rebuilt_yet_is_not_told_as_nothing(product: SyncProduct) -> None:
    """Between the match and the rebuild of a large portfolio: one point, of now, and no revenue that appears new."""
    account_id = product.add_account("Acme", "acme.example")
    product.synced()
    with product.units.writing(WORKSPACE) as uow:
        uow.mrr_records.replace_points([account_id], ())
        uow.commit()
    read = ReadMrrHistory(units=product.units, recompute=product.recompute)
    for history in (read(MEMBER, account_id), read.workspace(MEMBER)):
        assert [point.is_live for point in history.points] == [True]
        assert history.movements == ()
