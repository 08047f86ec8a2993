"""What every ``CustomerStore`` keeps, and the ages that all stores of facts agree on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.contracts.in_two_workspaces import InTwoWorkspaces
from tests.contracts.samples import (
    HARD_TEXT,
    HERE,
    LONG_NAME,
    THERE,
    a_customer,
    a_discount,
    a_tombstone,
    answer_at,
    committed,
    event_at,
    read_at,
)

from clynto.domain.customer import StripeCustomer
from clynto.domain.provenance import Provenance
from clynto.ports.unit_of_work import UnitsOfWork

YOUNGER = [
    pytest.param(read_at(0), read_at(0, 1), id="a read one microsecond later"),
    pytest.param(read_at(0, 999_999), event_at(1), id="an event in the second after the read"),
    pytest.param(event_at(0), read_at(1), id="a read in the second after the event"),
    pytest.param(event_at(0), event_at(1), id="an event one second later"),
    pytest.param(event_at(0), answer_at(0), id="the answer to the question about the event"),
    pytest.param(event_at(0), answer_at(-3, about=0), id="such an answer of a slow clock"),
    pytest.param(answer_at(-3, about=0), answer_at(-2, about=0), id="the later of two such answers"),
    pytest.param(answer_at(0), read_at(0, 1), id="a read one microsecond after an answer"),
    pytest.param(answer_at(0, 999_999), event_at(1), id="an event in the second after an answer"),
]
NOT_YOUNGER = [
    pytest.param(read_at(0), read_at(0), id="a read of the same microsecond"),
    pytest.param(read_at(0, 1), read_at(0), id="a read one microsecond earlier"),
    pytest.param(event_at(0), event_at(0), id="an event of the same second"),
    pytest.param(read_at(0), event_at(0), id="an event in the second of the read"),
    pytest.param(event_at(0), read_at(0, 999_999), id="a read in the second of the event"),
    pytest.param(read_at(1), event_at(0), id="an event one second earlier"),
    pytest.param(event_at(1), read_at(0, 999_999), id="a read in the second before the event"),
    pytest.param(answer_at(0), event_at(0), id="an event in the second of an answer"),
    pytest.param(answer_at(0), read_at(0), id="a read of the microsecond of an answer"),
    pytest.param(event_at(1), answer_at(0), id="an answer about an older event"),
]
"""Pairs of what is held and what is offered. A tie is for the application to settle: it sees the held age in
``get_many``, asks Stripe again and offers the answer as one."""


def _stored(units: UnitsOfWork, customer_id: str = "cus_1") -> tuple[StripeCustomer, Provenance]:
    with units.reading(HERE) as unit:
        return unit.customers.get_many([customer_id])[customer_id]


class CustomerStoreContract(InTwoWorkspaces):
    """Decided: a tie keeps what is held; of two pictures of one object in the same call the last one counts; a
    tombstone keeps, besides name and email, also the creation date and currency that Stripe no longer tells."""

    def test_gives_back_what_was_put_with_its_age(self, units: UnitsOfWork) -> None:
        full = a_customer("cus_1", name=HARD_TEXT, email='O\'Brien+"x"@EXAMPLE.com')
        bare = StripeCustomer(id="cus_2", email=None, name=None, created=None)
        unreadable = a_customer("cus_3", name=LONG_NAME, discount=a_discount(coupon=None, start=None, end=None))
        with committed(units) as unit:
            unit.customers.put_many([full, bare], read_at(0, 7))
            unit.customers.put_many([unreadable], event_at(3))
        with units.reading(HERE) as unit:
            assert dict(unit.customers.get_many(["cus_3", "cus_2", "cus_1", "cus_9"])) == {
                "cus_1": (full, read_at(0, 7)),
                "cus_2": (bare, read_at(0, 7)),
                "cus_3": (unreadable, event_at(3)),
            }
            assert dict(unit.customers.get_many([])) == {}

    @pytest.mark.parametrize(("held", "offered"), YOUNGER)
    def test_takes_what_is_younger(self, units: UnitsOfWork, held: Provenance, offered: Provenance) -> None:
        changed = a_customer(email=None, name="Changed", discount=None, currency="EUR")
        with committed(units) as unit:
            unit.customers.put_many([a_customer()], held)
        with committed(units) as unit:
            unit.customers.put_many([changed], offered)
        assert _stored(units) == (changed, offered)

    @pytest.mark.parametrize(("held", "offered"), NOT_YOUNGER)
    def test_keeps_what_is_held_otherwise(self, units: UnitsOfWork, held: Provenance, offered: Provenance) -> None:
        with committed(units) as unit:
            unit.customers.put_many([a_customer()], held)
        with committed(units) as unit:
            unit.customers.put_many([a_customer(name="Changed"), a_customer("cus_2")], offered)
        assert _stored(units) == (a_customer(), held)
        assert _stored(units, "cus_2") == (a_customer("cus_2"), offered)

    def test_a_tombstone_keeps_what_was_known(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.customers.put_many([a_customer()], read_at(0))
            unit.customers.put_many([a_tombstone()], event_at(1))
        customer, age = _stored(units)
        assert customer == replace(a_customer(), deleted=True, discount=None)
        assert age == event_at(1)

    def test_a_tombstone_of_an_unknown_customer_is_stored(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.customers.put_many([a_tombstone()], event_at(0))
        assert _stored(units) == (a_tombstone(), event_at(0))

    @pytest.mark.parametrize("late", [read_at(0, 999_999), event_at(0), event_at(1), read_at(1)])
    def test_a_tombstone_is_not_revived_by_a_late_picture(self, units: UnitsOfWork, late: Provenance) -> None:
        with committed(units) as unit:
            unit.customers.put_many([a_tombstone()], event_at(1))
            unit.customers.put_many([a_customer()], late)
        assert _stored(units) == (a_tombstone(), event_at(1))

    def test_a_late_tombstone_does_not_bury_a_younger_picture(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.customers.put_many([a_customer()], read_at(5))
            unit.customers.put_many([a_tombstone()], event_at(4))
        assert _stored(units) == (a_customer(), read_at(5))

    def test_a_customer_that_comes_twice_in_one_call_is_stored_once(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.customers.put_many([a_customer(name="first"), a_customer(name="last")], read_at())
            assert unit.customers.count() == 1
        assert _stored(units)[0].name == "last"

    def test_pages_through_the_ids(self, units: UnitsOfWork) -> None:
        ids = [f"cus_{letter}" for letter in "BDACaZb9"]
        with committed(units) as unit:
            unit.customers.put_many([a_customer(customer_id) for customer_id in ids[:-1]], read_at())
            unit.customers.put_many([a_tombstone(ids[-1])], read_at())
        walked: list[str] = []
        with units.reading(HERE) as unit:
            while page := unit.customers.ids(after=walked[-1] if walked else None, limit=3):
                assert len(page) <= 3
                walked.extend(page)
        assert walked == sorted(ids), "by code point, as Python and Stripe's cursors compare them"

    def test_names_living_customers_not_seen_since(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.customers.put_many([a_customer("cus_old"), a_customer("cus_dead")], read_at(0))
            unit.customers.put_many([a_tombstone("cus_dead")], read_at(1))
            unit.customers.put_many([a_customer("cus_event_before")], event_at(9))
            unit.customers.put_many([a_customer("cus_event_tied")], event_at(10))
            unit.customers.put_many([a_customer("cus_just_before")], read_at(10, 499_999))
            unit.customers.put_many([a_customer("cus_same")], read_at(10, 500_000))
            unit.customers.put_many([a_customer("cus_young")], read_at(11))
        with units.reading(HERE) as unit:
            unseen = list(unit.customers.not_seen_since(read_at(10, 500_000)))
        assert sorted(unseen) == ["cus_event_before", "cus_just_before", "cus_old"]

    def test_counts_the_living(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.customers.put_many([a_customer("cus_1"), a_customer("cus_2")], read_at(0))
            unit.customers.put_many([a_tombstone("cus_2"), a_tombstone("cus_3")], read_at(1))
            assert unit.customers.count() == 1

    def test_takes_many_at_once(self, units: UnitsOfWork) -> None:
        ids = [f"cus_{number}" for number in range(1200)]
        with committed(units) as unit:
            unit.customers.put_many((a_customer(customer_id) for customer_id in ids), read_at())
        with units.reading(HERE) as unit:
            assert set(unit.customers.get_many(iter(ids))) == set(ids)

    def test_keeps_to_its_workspace(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.customers.put_many([a_customer()], read_at(10))
        with committed(units, THERE) as unit:
            assert not unit.customers.get_many(["cus_1"])
            assert list(unit.customers.ids(after=None, limit=10)) == []
            assert list(unit.customers.not_seen_since(read_at(99))) == []
            assert unit.customers.count() == 0
            unit.customers.put_many([a_customer(name="Theirs")], read_at(0))
            assert unit.customers.get_many(["cus_1"])["cus_1"][0].name == "Theirs"
        assert _stored(units) == (a_customer(), read_at(10))
