"""What every ``CatalogueStore`` keeps."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from tests.contracts.in_two_workspaces import InTwoWorkspaces
from tests.contracts.samples import (
    HARD_TEXT,
    HERE,
    LONG_NAME,
    THERE,
    a_price,
    a_product,
    committed,
    event_at,
    read_at,
)

from clynto.domain.catalogue import PriceAmounts, Recurrence
from clynto.domain.provenance import Provenance
from clynto.ports.unit_of_work import UnitsOfWork

AT_LEAST_AS_YOUNG = [
    pytest.param(read_at(0), read_at(0, 1), id="a read one microsecond later"),
    pytest.param(read_at(0), read_at(0), id="a read of the same microsecond"),
    pytest.param(event_at(0), event_at(1), id="an event one second later"),
    pytest.param(event_at(0), read_at(1), id="a read in the second after the event"),
]
NOT_PROVABLY_AS_YOUNG = [
    pytest.param(event_at(0), event_at(0), id="an event of the same second"),
    pytest.param(read_at(0), event_at(0), id="an event in the second of the read"),
    pytest.param(event_at(0), read_at(0, 999_999), id="a read in the second of the event"),
    pytest.param(read_at(0, 1), read_at(0), id="a read one microsecond earlier"),
    pytest.param(read_at(1), event_at(0), id="an event one second earlier"),
    pytest.param(event_at(1), read_at(0, 999_999), id="a read in the second before the event"),
    pytest.param(event_at(1), event_at(0), id="an event one second before the event"),
]


class CatalogueStoreContract(InTwoWorkspaces):
    """Decided: "at least as young" means younger, or read in the very same microsecond; a tie with an event keeps what
    is held, as for every other fact. Of two pictures of one object in the same call, the last one counts."""

    def test_gives_back_what_was_put(self, units: UnitsOfWork) -> None:
        products = {
            "prod_1": a_product("prod_1", name=HARD_TEXT),
            "prod_2": a_product("prod_2", name=LONG_NAME, active=False, deleted=True),
        }
        with committed(units) as unit:
            unit.catalogue.put_products(products.values(), read_at())
        with units.reading(HERE) as unit:
            assert dict(unit.catalogue.products(["prod_2", "prod_1", "prod_3"])) == products
            assert dict(unit.catalogue.products([])) == {}
            assert unit.catalogue.counts() == (2, 0)

    def test_gives_back_every_part_of_a_price_exactly(self, units: UnitsOfWork) -> None:
        bare = a_price(
            "price_2",
            product_id=None,
            active=False,
            nickname=None,
            tiered=False,
            tiers_mode=None,
            amounts=PriceAmounts(unit_amount=Fraction(10**14, 3), tiers=None),
            currency_options=None,
            package=None,
            recurrence=None,
            tax_inclusive=False,
        )
        unread = a_price("price_3", currency_options={}, amounts=PriceAmounts(unit_amount=None, tiers=()))
        invented = a_price("price_4", recurrence=Recurrence(interval="fortnight", interval_count=3, metered=True))
        prices = {price.id: price for price in (a_price("price_1"), bare, unread, invented)}
        with committed(units) as unit:
            unit.catalogue.put_prices(prices.values(), read_at())
        with units.reading(HERE) as unit:
            assert dict(unit.catalogue.prices(prices)) == prices
            assert dict(unit.catalogue.prices(["price_9"])) == {}
            assert unit.catalogue.counts() == (0, 4)

    @pytest.mark.parametrize(("held", "offered"), AT_LEAST_AS_YOUNG)
    def test_takes_what_is_at_least_as_young(self, units: UnitsOfWork, held: Provenance, offered: Provenance) -> None:
        with committed(units) as unit:
            unit.catalogue.put_products([a_product(name="held")], held)
            unit.catalogue.put_prices([a_price(nickname="held")], held)
        with committed(units) as unit:
            unit.catalogue.put_products([a_product(name="offered")], offered)
            unit.catalogue.put_prices([a_price(nickname="offered", amounts=PriceAmounts(Fraction(1), None))], offered)
        with units.reading(HERE) as unit:
            assert unit.catalogue.products(["prod_1"])["prod_1"].name == "offered"
            price = unit.catalogue.prices(["price_1"])["price_1"]
            assert (price.nickname, price.amounts) == ("offered", PriceAmounts(Fraction(1), None))

    @pytest.mark.parametrize(("held", "offered"), NOT_PROVABLY_AS_YOUNG)
    def test_keeps_what_is_held_otherwise(self, units: UnitsOfWork, held: Provenance, offered: Provenance) -> None:
        with committed(units) as unit:
            unit.catalogue.put_products([a_product(name="held")], held)
            unit.catalogue.put_prices([a_price(nickname="held")], held)
        with committed(units) as unit:
            unit.catalogue.put_products([a_product(name="offered"), a_product("prod_2")], offered)
            unit.catalogue.put_prices([a_price(nickname="offered", currency_options=None)], offered)
        with units.reading(HERE) as unit:
            assert unit.catalogue.products(["prod_1"])["prod_1"].name == "held"
            assert unit.catalogue.prices(["price_1"])["price_1"] == a_price(nickname="held")
            assert unit.catalogue.counts() == (2, 1)

    def test_a_refused_picture_does_not_make_the_held_one_older(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.catalogue.put_products([a_product(name="newest")], read_at(10))
            unit.catalogue.put_products([a_product(name="oldest")], read_at(0))
            unit.catalogue.put_products([a_product(name="between")], read_at(5))
            assert unit.catalogue.products(["prod_1"])["prod_1"].name == "newest"

    def test_an_object_that_comes_twice_in_one_call_is_stored_once(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.catalogue.put_products([a_product(name="first"), a_product(name="last")], read_at())
            unit.catalogue.put_prices([a_price(nickname="first"), a_price(nickname="last")], read_at())
        with units.reading(HERE) as unit:
            assert unit.catalogue.counts() == (1, 1)
            assert unit.catalogue.products(["prod_1"])["prod_1"].name == "last"
            assert unit.catalogue.prices(["price_1"])["price_1"].nickname == "last"

    def test_takes_many_at_once(self, units: UnitsOfWork) -> None:
        ids = [f"price_{number}" for number in range(1200)]
        with committed(units) as unit:
            unit.catalogue.put_prices((a_price(price_id) for price_id in ids), read_at())
        with units.reading(HERE) as unit:
            assert set(unit.catalogue.prices(ids)) == set(ids)

    def test_keeps_to_its_workspace(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.catalogue.put_products([a_product()], read_at(10))
            unit.catalogue.put_prices([a_price()], read_at(10))
        with committed(units, THERE) as unit:
            assert unit.catalogue.counts() == (0, 0)
            assert not unit.catalogue.products(["prod_1"])
            assert not unit.catalogue.prices(["price_1"])
            unit.catalogue.put_products([a_product(name="Theirs")], read_at(0))
            unit.catalogue.put_prices([replace(a_price(), nickname="Theirs")], read_at(0))
            assert unit.catalogue.products(["prod_1"])["prod_1"].name == "Theirs"
        with units.reading(HERE) as unit:
            assert unit.catalogue.products(["prod_1"])["prod_1"] == a_product()
            assert unit.catalogue.prices(["price_1"])["price_1"] == a_price()
