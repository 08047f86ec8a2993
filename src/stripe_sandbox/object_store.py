"""Everything the pretended Stripe account holds, in list order, with the look-ups that the endpoints need."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from stripe_sandbox.records import (
    Coupon,
    Customer,
    Discount,
    Event,
    Invoice,
    Price,
    Product,
    Record,
    Subscription,
    SubscriptionItem,
)

T = TypeVar("T", bound=Record)


@dataclass(slots=True, kw_only=True)
class Account:
    """The seller's own Stripe account; `api_version` is what a request without a version header gets."""

    id: str = "acct_1SandboxDemo0001"
    name: str = "Northbeam Software"
    country: str = "US"
    currency: str = "usd"
    livemode: bool = False
    api_version: str = "2026-10-28.endive"


class Collection(Generic[T]):
    """Objects of one kind, kept oldest first by (created, order of arrival)."""

    def __init__(self) -> None:
        self._by_id: dict[str, T] = {}
        self._keys: list[tuple[int, int]] = []
        self._ordered: list[T] = []
        self._arrivals = 0

    def __len__(self) -> int:
        return len(self._ordered)

    def __iter__(self) -> Iterator[T]:
        return iter(self._ordered)

    def __getitem__(self, object_id: str) -> T:
        return self._by_id[object_id]

    def get(self, object_id: str) -> T | None:
        """Return the object, also when it was taken out of the list, or None if it never was here."""
        return self._by_id.get(object_id)

    def add(self, record: T) -> T:
        """Put the object at its place in time and hand it back."""
        self._arrivals += 1
        record.sequence = self._arrivals
        key = (record.created, record.sequence)
        self._by_id[record.id] = record
        if not self._keys or key > self._keys[-1]:
            self._keys.append(key)
            self._ordered.append(record)
        else:
            position = bisect_left(self._keys, key)
            insort(self._keys, key)
            self._ordered.insert(position, record)
        return record

    def unlist(self, record: T) -> None:
        """Take the object out of the list; it can still be had by id, as a deleted customer can."""
        position = self.position(record)
        if position is not None:
            del self._keys[position]
            del self._ordered[position]

    def forget_before(self, created: int) -> None:
        """Drop objects created before that second for good (events older than Stripe keeps them)."""
        position = bisect_left(self._keys, (created, 0))
        for record in self._ordered[:position]:
            del self._by_id[record.id]
        del self._keys[:position]
        del self._ordered[:position]

    def position(self, record: T) -> int | None:
        """Return the index in the oldest-first order, or None if the object is not listed."""
        key = (record.created, record.sequence)
        position = bisect_left(self._keys, key)
        listed = position < len(self._keys) and self._keys[position] == key
        return position if listed else None

    @property
    def listed(self) -> Sequence[T]:
        """All listed objects, oldest first. A live view: do not keep it over changes."""
        return self._ordered


class ObjectStore:
    """All collections of the account and the indexes between them."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.products: Collection[Product] = Collection()
        self.prices: Collection[Price] = Collection()
        self.coupons: Collection[Coupon] = Collection()
        self.customers: Collection[Customer] = Collection()
        self.subscriptions: Collection[Subscription] = Collection()
        self.invoices: Collection[Invoice] = Collection()
        self.events: Collection[Event] = Collection()
        self.items: dict[str, SubscriptionItem] = {}
        self.discounts: dict[str, Discount] = {}
        self.subscriptions_of: dict[str, list[Subscription]] = {}
        self.invoices_of_customer: dict[str, list[Invoice]] = {}
        self.invoices_of_subscription: dict[str, list[Invoice]] = {}
        #: Grows when a product, price or coupon changes: objects that embed one are then rendered afresh.
        self.catalog_revision = 0

    def add_subscription(self, subscription: Subscription) -> Subscription:
        """List the subscription and index it by customer."""
        self.subscriptions.add(subscription)
        self.subscriptions_of.setdefault(subscription.customer, []).append(subscription)
        return subscription

    def add_invoice(self, invoice: Invoice) -> Invoice:
        """List the invoice and index it by customer and subscription."""
        self.invoices.add(invoice)
        self.invoices_of_customer.setdefault(invoice.customer, []).append(invoice)
        if invoice.subscription is not None:
            self.invoices_of_subscription.setdefault(invoice.subscription, []).append(invoice)
        return invoice
