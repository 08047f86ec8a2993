"""What every ``SubscriptionStore`` keeps."""

from __future__ import annotations

import pytest
from tests.contracts.customers_contract import NOT_YOUNGER, YOUNGER
from tests.contracts.in_two_workspaces import InTwoWorkspaces
from tests.contracts.samples import (
    HERE,
    THERE,
    a_coupon,
    a_discount,
    a_reading,
    a_subscription,
    an_item,
    committed,
    event_at,
    read_at,
    second,
)

from clynto.domain.provenance import Provenance
from clynto.domain.subscription import Subscription
from clynto.ports.unit_of_work import UnitsOfWork


def _stored(units: UnitsOfWork, subscription_id: str = "sub_1") -> tuple[Subscription, Provenance]:
    with units.reading(HERE) as unit:
        return unit.subscriptions.get_many([subscription_id])[subscription_id]


class SubscriptionStoreContract(InTwoWorkspaces):
    """Decided: a tie keeps what is held; customers without a subscription are absent from ``of_customers``, whose
    lists are ordered by subscription id; a status nobody knows yet counts as not ended."""

    def test_gives_back_every_part_with_its_age(self, units: UnitsOfWork) -> None:
        full = a_subscription("sub_1")
        bare = Subscription(
            id="sub_2",
            customer_id=None,
            status="hibernating",
            currency="JPY",
            created=None,
            start_date=None,
            items=(),
            items_complete=False,
        )
        scheduled = a_subscription(
            "sub_3",
            items=(an_item("si_9", quantity=0, deleted=True),),
            cancel_at_period_end=True,
            cancel_at=second(9),
            ended_at=second(10),
            collection_pause=None,
        )
        with committed(units) as unit:
            unit.subscriptions.put_many([full, bare], read_at(0, 1))
            unit.subscriptions.put_many([scheduled], event_at(2))
        with units.reading(HERE) as unit:
            assert dict(unit.subscriptions.get_many(["sub_1", "sub_2", "sub_3", "sub_9"])) == {
                "sub_1": (full, read_at(0, 1)),
                "sub_2": (bare, read_at(0, 1)),
                "sub_3": (scheduled, event_at(2)),
            }
            assert dict(unit.subscriptions.get_many([])) == {}
            assert unit.subscriptions.count() == 3

    def test_keeps_the_order_of_many_items(self, units: UnitsOfWork) -> None:
        wide = a_subscription(items=tuple(an_item(f"si_{number}") for number in range(45, 20, -1)))
        with committed(units) as unit:
            unit.subscriptions.put_many([wide], read_at())
        assert _stored(units)[0] == wide

    @pytest.mark.parametrize(("held", "offered"), YOUNGER)
    def test_takes_what_is_younger_with_its_items(
        self, units: UnitsOfWork, held: Provenance, offered: Provenance
    ) -> None:
        changed = a_subscription(status="canceled", items=(an_item("si_2"), an_item("si_3", price=None)), discounts=())
        with committed(units) as unit:
            unit.subscriptions.put_many([a_subscription()], held)
        with committed(units) as unit:
            unit.subscriptions.put_many([changed], offered)
        assert _stored(units) == (changed, offered)

    @pytest.mark.parametrize(("held", "offered"), NOT_YOUNGER)
    def test_keeps_parent_and_items_otherwise(self, units: UnitsOfWork, held: Provenance, offered: Provenance) -> None:
        with committed(units) as unit:
            unit.subscriptions.put_many([a_subscription()], held)
        with committed(units) as unit:
            late = a_subscription(status="past_due", items=(an_item("si_other"),))
            unit.subscriptions.put_many([late, a_subscription("sub_2")], offered)
        assert _stored(units) == (a_subscription(), held)
        assert _stored(units, "sub_2") == (a_subscription("sub_2"), offered)

    def test_a_subscription_that_comes_twice_in_one_call_is_stored_once(self, units: UnitsOfWork) -> None:
        twice = [a_subscription(items=(an_item("si_1"), an_item("si_2"))), a_subscription(items=(an_item("si_3"),))]
        with committed(units) as unit:
            unit.subscriptions.put_many(twice, read_at())
            assert unit.subscriptions.count() == 1
        assert _stored(units)[0] == twice[1]

    def test_finds_the_subscriptions_of_customers(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.subscriptions.put_many(
                [
                    a_subscription("sub_b"),
                    a_subscription("sub_a", status="canceled"),
                    a_subscription("sub_c", customer_id="cus_2"),
                    a_subscription("sub_d", customer_id="cus_3"),
                    a_subscription("sub_e", customer_id=None),
                ],
                read_at(),
            )
        with units.reading(HERE) as unit:
            found = unit.subscriptions.of_customers(["cus_1", "cus_2", "cus_9"])
            assert dict(found) == {
                "cus_1": [
                    (a_subscription("sub_a", status="canceled"), read_at()),
                    (a_subscription("sub_b"), read_at()),
                ],
                "cus_2": [(a_subscription("sub_c", customer_id="cus_2"), read_at())],
            }

    def test_a_subscription_moves_with_its_customer(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.subscriptions.put_many([a_subscription()], read_at(0))
            unit.subscriptions.put_many([a_subscription(customer_id="cus_2")], read_at(1))
            assert set(unit.subscriptions.of_customers(["cus_1", "cus_2"])) == {"cus_2"}

    def test_names_live_subscriptions_not_seen_since(self, units: UnitsOfWork) -> None:
        statuses = ["active", "trialing", "past_due", "unpaid", "paused", "incomplete", "hibernating"]
        ended = ["canceled", "incomplete_expired"]
        with committed(units) as unit:
            unit.subscriptions.put_many(
                [a_subscription(f"sub_{status}", status=status) for status in statuses + ended], read_at(0)
            )
            unit.subscriptions.put_many([a_subscription("sub_tied")], event_at(10))
            unit.subscriptions.put_many([a_subscription("sub_same")], read_at(10, 5))
            unit.subscriptions.put_many([a_subscription("sub_before")], read_at(10, 4))
        with units.reading(HERE) as unit:
            unseen = sorted(unit.subscriptions.live_not_seen_since(read_at(10, 5)))
        assert unseen == sorted([f"sub_{status}" for status in statuses] + ["sub_before"])

    def test_discounts_are_a_fact_of_their_own(self, units: UnitsOfWork) -> None:
        bare = a_reading("sub_2", discounts=(), item_discounts={})
        amount_off = a_coupon(percent_off=None, amount_off=500, currency="USD", applies_to_products=None)
        other = a_reading("sub_3", discounts=(a_discount(coupon=amount_off, start=None, end=None),))
        nothing_qualifies = a_coupon(amount_off_options={}, applies_to_products=frozenset())
        empty = a_reading("sub_4", discounts=(a_discount(coupon=nothing_qualifies),))
        readings = {reading.subscription_id: reading for reading in (a_reading("sub_1"), bare, other, empty)}
        with committed(units) as unit:
            unit.subscriptions.put_discounts(readings.values(), read_at(0))
            unit.subscriptions.put_many([a_subscription()], read_at(-5))
        with units.reading(HERE) as unit:
            assert dict(unit.subscriptions.discounts([*readings, "sub_9"])) == readings
            assert dict(unit.subscriptions.discounts([])) == {}
            assert unit.subscriptions.count() == 1
        assert _stored(units) == (a_subscription(), read_at(-5))

    @pytest.mark.parametrize(("held", "offered"), YOUNGER)
    def test_takes_younger_discounts(self, units: UnitsOfWork, held: Provenance, offered: Provenance) -> None:
        with committed(units) as unit:
            unit.subscriptions.put_discounts([a_reading()], held)
            unit.subscriptions.put_discounts([a_reading(discounts=(), item_discounts={})], offered)
            stored = unit.subscriptions.discounts(["sub_1"])["sub_1"]
        assert stored == a_reading(discounts=(), item_discounts={})

    @pytest.mark.parametrize(("held", "offered"), NOT_YOUNGER)
    def test_keeps_held_discounts_otherwise(self, units: UnitsOfWork, held: Provenance, offered: Provenance) -> None:
        with committed(units) as unit:
            unit.subscriptions.put_discounts([a_reading()], held)
            unit.subscriptions.put_discounts([a_reading(discounts=())], offered)
            assert unit.subscriptions.discounts(["sub_1"])["sub_1"] == a_reading()

    def test_takes_many_at_once(self, units: UnitsOfWork) -> None:
        ids = [f"sub_{number}" for number in range(700)]
        with committed(units) as unit:
            unit.subscriptions.put_many(
                (a_subscription(i, customer_id=f"cus_{i}", items=(an_item(),)) for i in ids), read_at()
            )
            unit.subscriptions.put_discounts((a_reading(i, item_discounts={}) for i in ids), read_at())
        with units.reading(HERE) as unit:
            assert set(unit.subscriptions.get_many(ids)) == set(ids)
            assert len(unit.subscriptions.of_customers([f"cus_{i}" for i in ids])) == len(ids)
            assert len(unit.subscriptions.discounts(ids)) == len(ids)

    def test_keeps_to_its_workspace(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.subscriptions.put_many([a_subscription()], read_at(10))
            unit.subscriptions.put_discounts([a_reading()], read_at(10))
        with committed(units, THERE) as unit:
            assert not unit.subscriptions.get_many(["sub_1"])
            assert not unit.subscriptions.of_customers(["cus_1"])
            assert not unit.subscriptions.discounts(["sub_1"])
            assert list(unit.subscriptions.live_not_seen_since(read_at(99))) == []
            assert unit.subscriptions.count() == 0
            unit.subscriptions.put_many([a_subscription(items=())], read_at(0))
            unit.subscriptions.put_discounts([a_reading(discounts=())], read_at(0))
        assert _stored(units) == (a_subscription(), read_at(10))
        with units.reading(HERE) as unit:
            assert unit.subscriptions.discounts(["sub_1"])["sub_1"] == a_reading()
        with units.reading(THERE) as unit:
            assert unit.subscriptions.get_many(["sub_1"])["sub_1"] == (a_subscription(items=()), read_at(0))
