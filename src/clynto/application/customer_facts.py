"""What is stored of a few customers, read once for everything that is computed from it in one unit of work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from clynto.domain.catalogue import Price, Product
from clynto.domain.invoice import Invoice
from clynto.domain.provenance import Provenance
from clynto.domain.subscription import Subscription
from clynto.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """``ids`` are sorted. ``invoices`` are those that can decide a payment status, without lines. Subscriptions and
    invoices come with the age of their pictures.

    Good for the unit of work that it was read in, and only until that stores other facts of the same customers.
    """

    ids: tuple[str, ...]
    subscriptions: Mapping[str, Sequence[tuple[Subscription, Provenance]]]
    invoices: Mapping[str, Sequence[tuple[Invoice, Provenance]]]
    prices: Mapping[str, Price]
    products: Mapping[str, Product]

    @classmethod
    def read(cls, uow: UnitOfWork, customer_ids: Iterable[str]) -> CustomerFacts:
        """Read what is stored of these customers."""
        ids = tuple(sorted(set(customer_ids)))
        subscriptions = uow.subscriptions.of_customers(ids)
        prices, products = catalogue_of(uow, (held for of_one in subscriptions.values() for held, _ in of_one))
        return cls(ids, subscriptions, uow.invoices.deciding(ids), prices, products)


def catalogue_of(uow: UnitOfWork, subscriptions: Iterable[Subscription]) -> tuple[dict[str, Price], dict[str, Product]]:
    """The listed prices and the products that the subscriptions refer to, by id."""
    held = [item.price for subscription in subscriptions for item in subscription.items if item.price is not None]
    prices = uow.catalogue.prices({price.id for price in held})
    products = uow.catalogue.products({price.product_id for price in held if price.product_id is not None})
    return dict(prices), dict(products)
