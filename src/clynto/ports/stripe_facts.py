"""Where facts from Stripe are kept. Newer wins: an upsert never replaces a picture that is younger.

"Younger" is ``domain.provenance.age_against``: a tie keeps what is held, and so does a read of the same microsecond.
The application sees the held age in ``get_many``, asks Stripe again and offers an answer whose request left in a later
second. Of two pictures of one object in the same call the last one counts. "Older than a moment" means for certain: a
tie is not older. Objects may arrive in any order, so nothing has to be there before what refers to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from clynto.domain.catalogue import Price, Product
from clynto.domain.customer import StripeCustomer
from clynto.domain.discount_readings import DiscountReading
from clynto.domain.invoice import Invoice
from clynto.domain.moments import UnixTime
from clynto.domain.provenance import Provenance
from clynto.domain.subscription import Subscription


class CatalogueStore(Protocol):
    """Products and prices of one workspace's Stripe account."""

    def put_products(self, products: Iterable[Product], provenance: Provenance) -> None:
        """Upsert where ``provenance`` is younger than what is stored, or a read of the very same microsecond."""
        ...

    def put_prices(self, prices: Iterable[Price], provenance: Provenance) -> None:
        """Upsert where ``provenance`` is younger than what is stored, or a read of the very same microsecond."""
        ...

    def products(self, product_ids: Iterable[str]) -> Mapping[str, Product]:
        """Those of the products that are stored, by id."""
        ...

    def prices(self, price_ids: Iterable[str]) -> Mapping[str, Price]:
        """Those of the prices that are stored, by id."""
        ...

    def counts(self) -> tuple[int, int]:
        """How many products and prices are stored."""
        ...


class CustomerStore(Protocol):
    """Stripe customers of one workspace."""

    def put_many(self, customers: Iterable[StripeCustomer], provenance: Provenance) -> None:
        """Upsert where younger. A tombstone keeps the stored name, email, creation date and currency; it is never
        revived by an older read."""
        ...

    def get_many(self, customer_ids: Iterable[str]) -> Mapping[str, tuple[StripeCustomer, Provenance]]:
        """Those that are stored, with the age of the picture."""
        ...

    def ids(self, *, after: str | None, limit: int) -> Sequence[str]:
        """Ids in ascending order of code points, behind ``after``."""
        ...

    def not_seen_since(self, moment: Provenance) -> Iterator[str]:
        """Ids of living customers whose picture is older than ``moment``: candidates for a tombstone."""
        ...

    def count(self) -> int:
        """How many customers are held, tombstones left out."""
        ...


class SubscriptionStore(Protocol):
    """Subscriptions with their items, as one fact each; readable discounts as a fact of their own."""

    def put_many(self, subscriptions: Iterable[Subscription], provenance: Provenance) -> None:
        """Upsert parent and items together where ``provenance`` is younger than what is stored."""
        ...

    def put_discounts(self, readings: Iterable[DiscountReading], provenance: Provenance) -> None:
        """Upsert readable discounts where younger."""
        ...

    def get_many(self, subscription_ids: Iterable[str]) -> Mapping[str, tuple[Subscription, Provenance]]:
        """Those that are stored, with the age of the picture."""
        ...

    def of_customers(self, customer_ids: Sequence[str]) -> Mapping[str, list[tuple[Subscription, Provenance]]]:
        """All subscriptions of the customers, by customer id, each list by id; customers without any are absent."""
        ...

    def discounts(self, subscription_ids: Iterable[str]) -> Mapping[str, DiscountReading]:
        """Readable discounts, by subscription id."""
        ...

    def live_not_seen_since(self, moment: Provenance) -> Iterator[str]:
        """Ids of subscriptions stored as not ended whose picture is older than ``moment``."""
        ...

    def count(self) -> int:
        """How many subscriptions are held."""
        ...


@dataclass(frozen=True, slots=True)
class PaidTotals:
    """Sums over all invoices of a customer in one currency, in minor units (billing rules, section 4)."""

    customer_id: str
    currency: str
    amount_paid: int
    post_payment_credit: int
    oldest_created: UnixTime


class InvoiceStore(Protocol):
    """Invoices with their lines, as one fact each."""

    def put_many(self, invoices: Iterable[Invoice], provenance: Provenance) -> None:
        """Upsert parent and lines together where younger.

        ``last_failed_at`` is a ledger of its own: it never moves backwards, stays when a younger picture does not
        know it, and moves forward even with a picture that is too old to be taken.
        """
        ...

    def get_many(self, invoice_ids: Iterable[str]) -> Mapping[str, tuple[Invoice, Provenance]]:
        """Those that are stored, with lines and the age of the picture."""
        ...

    def deciding(self, customer_ids: Sequence[str]) -> Mapping[str, list[tuple[Invoice, Provenance]]]:
        """Invoices that can decide a payment status, without lines, with the age of the picture, by customer: all
        that are open or uncollectible; of each subscription the newest paid one, and the newest paid one with money
        in it (``amount_paid`` above zero). Newest is by ``created``, then by id. Customers without any are absent."""
        ...

    def paid_totals(self, customer_ids: Sequence[str]) -> Sequence[PaidTotals]:
        """Sums for lifetime value over invoices of every status, per customer and currency."""
        ...

    def of_customers(self, customer_ids: Sequence[str]) -> Iterator[Invoice]:
        """Every invoice of the customers with lines, oldest first, then by id (for MRR history)."""
        ...

    def unsettled_not_seen_since(self, moment: Provenance) -> Iterator[str]:
        """Ids of invoices stored as draft or open whose picture is older than ``moment``."""
        ...

    def count(self) -> int:
        """How many invoices are held."""
        ...
