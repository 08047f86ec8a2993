"""Products and prices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import func, select

from clynto.adapters.sql.bulk_writing import at_least_as_young, provenance_values, upsert
from clynto.adapters.sql.codec_catalogue import pack_price, unpack_price
from clynto.adapters.sql.column_types import is_any_of
from clynto.adapters.sql.documents import clean_text, pack, unpack
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables_stripe_facts import stripe_prices, stripe_products
from clynto.domain.catalogue import Price, Product
from clynto.domain.provenance import Provenance


class SqlCatalogueStore:
    """See ``ports.stripe_facts.CatalogueStore``."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def put_products(self, products: Iterable[Product], provenance: Provenance) -> None:
        """Upsert where ``provenance`` is at least as young as what is stored."""
        age = provenance_values(provenance)
        rows = [
            {
                "id": clean_text(product.id),
                "name": clean_text(product.name),
                "active": product.active,
                "deleted": product.deleted,
                **age,
            }
            for product in products
        ]
        upsert(self._scope, stripe_products, rows, where=at_least_as_young)

    def put_prices(self, prices: Iterable[Price], provenance: Provenance) -> None:
        """Upsert where ``provenance`` is at least as young as what is stored."""
        age = provenance_values(provenance)
        rows = [{"id": clean_text(price.id), "document": pack(pack_price(price)), **age} for price in prices]
        upsert(self._scope, stripe_prices, rows, where=at_least_as_young)

    def products(self, product_ids: Iterable[str]) -> Mapping[str, Product]:
        """Those of the products that are stored, by id."""
        table = stripe_products
        query = select(table).where(self._scope.here(table), is_any_of(table.c.id, product_ids))
        return {
            row.id: Product(row.id, row.name, row.active, row.deleted)
            for row in self._scope.connection.execute(query).all()
        }

    def prices(self, price_ids: Iterable[str]) -> Mapping[str, Price]:
        """Those of the prices that are stored, by id."""
        table = stripe_prices
        query = select(table.c.id, table.c.document).where(self._scope.here(table), is_any_of(table.c.id, price_ids))
        return {row.id: unpack_price(unpack(row.document)) for row in self._scope.connection.execute(query).all()}

    def counts(self) -> tuple[int, int]:
        """How many products and prices are stored."""
        counted = [
            select(func.count()).select_from(table).where(self._scope.here(table))
            for table in (stripe_products, stripe_prices)
        ]
        products, prices = (self._scope.connection.scalar(query) or 0 for query in counted)
        return products, prices
