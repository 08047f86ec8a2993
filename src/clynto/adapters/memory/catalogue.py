"""Products and prices in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from clynto.adapters.memory.aged_facts import Aged, Identified, by_id, is_younger, present
from clynto.adapters.memory.database import Transaction
from clynto.domain.catalogue import Price, Product
from clynto.domain.provenance import Provenance

Offer = TypeVar("Offer", bound=Identified)


class MemoryCatalogueStore:
    """See ``ports.stripe_facts.CatalogueStore``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def put_products(self, products: Iterable[Product], provenance: Provenance) -> None:
        """Upsert where at least as young."""
        _put(self._transaction.changing().products, products, provenance)

    def put_prices(self, prices: Iterable[Price], provenance: Provenance) -> None:
        """Upsert where at least as young."""
        _put(self._transaction.changing().prices, prices, provenance)

    def products(self, product_ids: Iterable[str]) -> Mapping[str, Product]:
        """Those of the products that are stored, by id."""
        found = present(self._transaction.records.products, product_ids)
        return {product_id: product for product_id, (product, _) in found.items()}

    def prices(self, price_ids: Iterable[str]) -> Mapping[str, Price]:
        """Those of the prices that are stored, by id."""
        found = present(self._transaction.records.prices, price_ids)
        return {price_id: price for price_id, (price, _) in found.items()}

    def counts(self) -> tuple[int, int]:
        """How many products and prices are stored."""
        records = self._transaction.records
        return len(records.products), len(records.prices)


def _put(table: dict[str, Aged[Offer]], offers: Iterable[Offer], provenance: Provenance) -> None:
    for offer_id, offer in by_id(offers).items():
        held = table.get(offer_id)
        same_read = held is not None and held[1] == provenance == Provenance.of_read(provenance.as_of)
        if same_read or is_younger(provenance, held):
            table[offer_id] = (offer, provenance)
