"""A key that may read the five lists but may not expand discounts (stripe_facts 1.4: a permission of their own)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.integration.stripe_api.quick_time import EVERYTHING, NOW

from clynto.adapters.stripe_api.reader import StripeApiReader
from clynto.domain.discount_readings import DiscountReading
from clynto.domain.errors import MissingPermissions
from clynto.ports.stripe_reading import Listing
from stripe_sandbox.portfolio.build import PortfolioPlan, build_portfolio
from stripe_sandbox.server import SandboxServer

LACKING = {
    "error": {
        "type": "invalid_request_error",
        "code": "more_permissions_required",
        "message": "The provided key does not have the required permissions for this endpoint on account 'acct_1'. "
        "Having the 'rak_coupon_read' permission would allow this request to continue.",
    }
}


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    """A portfolio with discounts."""
    with SandboxServer(build_portfolio(PortfolioPlan(customers=60, now=NOW))) as server:
        yield server


def _readings(reader: StripeApiReader) -> list[DiscountReading]:
    pages = reader.pages(Listing.RUNNING_DISCOUNTS, [EVERYTHING])
    found = [record for page in pages for record in page.records if isinstance(record, DiscountReading)]
    assert found
    return found


def _coupons(reading: DiscountReading) -> list[object]:
    every = [*reading.discounts, *(one for several in reading.item_discounts.values() for one in several)]
    return [discount.coupon for discount in every]


UNKNOWN = {
    "error": {
        "type": "invalid_request_error",
        "param": "expand",
        "message": "This property cannot be expanded (data.discounts).",
    }
}


@pytest.mark.parametrize(("status", "body"), [(400, UNKNOWN), (403, LACKING)])
def test_discounts_that_may_not_be_expanded_come_as_ids(
    sandbox: SandboxServer, reader: StripeApiReader, status: int, body: object
) -> None:
    whole = {reading.subscription_id for reading in _readings(reader)}
    sandbox.world.traffic.faults.add("fail", query=".*discount.*", status=status, body=body, times=None)
    bare = _readings(reader)
    assert {reading.subscription_id for reading in bare} == whole
    assert {coupon for reading in bare for coupon in _coupons(reading)} == {None}


def test_only_the_details_of_coupons_are_given_up_where_that_is_enough(
    sandbox: SandboxServer, reader: StripeApiReader
) -> None:
    sandbox.world.traffic.faults.add("fail", query=".*coupon.*", status=403, body=LACKING, times=None)
    assert all(coupon is not None for reading in _readings(reader) for coupon in _coupons(reading))


def test_a_key_is_not_asked_again_for_what_it_may_not_expand(sandbox: SandboxServer, reader: StripeApiReader) -> None:
    refused = sandbox.world.traffic.faults.add("fail", query=".*discount.*", status=403, body=LACKING, times=None)
    _readings(reader)
    asked = refused.hits
    _readings(reader)
    assert refused.hits == asked


def test_a_customer_and_a_subscription_are_read_without_their_coupons(
    sandbox: SandboxServer, reader: StripeApiReader
) -> None:
    discounted = _readings(reader)[0].subscription_id
    sandbox.world.traffic.faults.add("fail", query=".*discount.*", status=403, body=LACKING, times=None)
    found = reader.subscription(discounted)
    assert found is not None
    assert found[1] is not None
    assert set(_coupons(found[1])) == {None}
    assert any(page.records for page in reader.pages(Listing.CUSTOMERS, [EVERYTHING]))


def test_a_permission_that_the_list_itself_takes_is_still_missed(
    sandbox: SandboxServer, reader: StripeApiReader
) -> None:
    error = dict(LACKING["error"], message="Having the 'rak_subscription_read' permission would allow this request.")
    rule = sandbox.world.traffic.faults.add("fail", query=".*discount.*", status=403, body={"error": error}, times=None)
    with pytest.raises(MissingPermissions) as raised:
        _readings(reader)
    assert raised.value.facts["permissions"] == ["subscriptions"]
    assert rule.hits == 1
