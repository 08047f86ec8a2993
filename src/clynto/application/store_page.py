"""Store one page of a list together with what it leaves to be read: one page, one transaction (guarantees F3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from clynto.domain.catalogue import Price, Product
from clynto.domain.customer import StripeCustomer
from clynto.domain.discount_readings import DiscountReading
from clynto.domain.invoice import Invoice
from clynto.domain.moments import UnixTime
from clynto.domain.provenance import Provenance
from clynto.domain.subscription import Subscription
from clynto.domain.sync_window import belongs_to_window
from clynto.ports.stripe_reading import Page, SkippedObject, StripeRecord
from clynto.ports.unit_of_work import UnitOfWork

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class References:
    """What the records of a page point to, by kind."""

    customers: frozenset[str]
    prices: frozenset[str]
    products: frozenset[str]


def references_of(records: Iterable[StripeRecord]) -> References:
    """Ids of customers, prices and products that subscriptions and invoices refer to."""
    customers: set[str] = set()
    prices: set[str] = set()
    products: set[str] = set()
    for record in records:
        if isinstance(record, Subscription | Invoice) and record.customer_id is not None:
            customers.add(record.customer_id)
        if isinstance(record, Subscription):
            for item in record.items:
                if item.price is not None:
                    prices.add(item.price.id)
                    if item.price.product_id is not None:
                        products.add(item.price.product_id)
    return References(frozenset(customers), frozenset(prices), frozenset(products))


def store_records(
    uow: UnitOfWork, records: Sequence[StripeRecord], provenance: Provenance, *, window_start: UnixTime
) -> None:
    """Upsert the records, whatever their kinds. Subscriptions that ended before the window are left out."""
    uow.catalogue.put_products(_only(records, Product), provenance)
    uow.catalogue.put_prices(_only(records, Price), provenance)
    uow.customers.put_many(_only(records, StripeCustomer), provenance)
    recent = [held for held in _only(records, Subscription) if belongs_to_window(held, window_start)]
    uow.subscriptions.put_many(recent, provenance)
    uow.subscriptions.put_discounts(_only(records, DiscountReading), provenance)
    uow.invoices.put_many(_only(records, Invoice), provenance)


def store_page(uow: UnitOfWork, page: Page, *, window_start: UnixTime) -> None:
    """Upsert a page's records with the age of the request that brought them."""
    store_records(uow, page.records, Provenance.of_read(page.sent_at), window_start=window_start)


def without_customer(records: Iterable[StripeRecord]) -> list[SkippedObject]:
    """Running subscriptions and invoices that name no customer: no account can have them, so the run tells of them.

    Stripe writes a null customer where a v2 Account buys instead (stripe_facts 2.3; guarantees G11).
    """
    return [
        SkippedObject(_kind_of(record), record.id, "names no customer, so it counts for no account")
        for record in records
        if isinstance(record, Subscription | Invoice)
        and record.customer_id is None
        and not (isinstance(record, Subscription) and record.is_ended)
    ]


def _kind_of(record: Subscription | Invoice) -> str:
    return "subscription" if isinstance(record, Subscription) else "invoice"


def _only(records: Sequence[StripeRecord], kind: type[Record]) -> list[Record]:
    return [record for record in records if isinstance(record, kind)]
