"""What lists do not tell: objects that are referred to but not held, and objects that vanished from their list.

Nothing is taken for gone because a list lacks it; a direct read has to confirm it (guarantees C7, D2, D3, B11).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

from clynto.application.store_page import references_of, store_records
from clynto.domain.catalogue import Price, Product
from clynto.domain.customer import StripeCustomer
from clynto.domain.invoice import DELETED_DRAFT
from clynto.domain.moments import UnixMicros, UnixTime, seconds_of
from clynto.domain.provenance import Provenance
from clynto.domain.subscription import Subscription, SubscriptionStatus
from clynto.ports.clock import Clock
from clynto.ports.stripe_reading import StripeReader, StripeRecord
from clynto.ports.unit_of_work import UnitOfWork, UnitsOfWork, retrying

Fence = Callable[[UnitOfWork], None]
"""Called before each commit, so that only the holder of the run writes."""


class CompleteFacts:
    """Reads single objects and stores them, each batch in a transaction of its own and none across a request."""

    def __init__(
        self,
        *,
        units: UnitsOfWork,
        clock: Clock,
        workspace_id: str,
        reader: StripeReader,
        fence: Fence,
        window_start: UnixTime,
    ) -> None:
        self._units = units
        self._clock = clock
        self._workspace_id = workspace_id
        self._reader = reader
        self._fence = fence
        self._window_start = window_start
        self._customers: set[str] = set()
        self._prices: set[str] = set()
        self._products: set[str] = set()

    def fetch_references(self, records: Iterable[StripeRecord]) -> None:
        """Read and store the customers, prices and products that ``records`` point to and we do not hold."""
        wanted = references_of(records)
        customers = wanted.customers - self._customers
        prices = wanted.prices - self._prices
        products = wanted.products - self._products
        if not (customers or prices or products):
            return
        with self._units.reading(self._workspace_id) as uow:
            missing_customers = customers - uow.customers.get_many(customers).keys()
            missing_prices = prices - uow.catalogue.prices(prices).keys()
            missing_products = products - uow.catalogue.products(products).keys()
        for customer_id in sorted(missing_customers):
            self.refresh_customer(customer_id)
        for price_id in sorted(missing_prices):
            self._refresh_price(price_id)
        for product_id in sorted(missing_products):
            self._refresh_product(product_id)
        self._customers |= customers
        self._prices |= prices
        self._products |= products

    def note_stored(self, records: Iterable[StripeRecord]) -> None:
        """These were stored just now: nobody need look whether they are held when others refer to them."""
        for held in records:
            if isinstance(held, StripeCustomer):
                self._customers.add(held.id)
            elif isinstance(held, Price):
                self._prices.add(held.id)
            elif isinstance(held, Product):
                self._products.add(held.id)

    def refresh_customer(self, customer_id: str) -> None:
        """Read one customer; what Stripe does not know any more becomes a tombstone."""
        sent_at = self._clock.now()
        found = self._reader.customer(customer_id)
        gone = StripeCustomer(id=customer_id, email=None, name=None, created=None, deleted=True)
        self._store([found or gone], sent_at)

    def refresh_subscription(self, subscription_id: str) -> None:
        """Read one subscription again; one that Stripe does not know any more is over."""
        sent_at = self._clock.now()
        found = self._reader.subscription(subscription_id)
        if found is None:
            self._store(self._ended(subscription_id, sent_at), sent_at)
            return
        subscription, reading = found
        self.fetch_references([subscription])
        self._store([subscription] if reading is None else [subscription, reading], sent_at)

    def refresh_invoice(self, invoice_id: str) -> None:
        """Read one invoice again; a draft that was deleted stays as a row that says nothing."""
        sent_at = self._clock.now()
        found = self._reader.invoice(invoice_id)
        if found is None:
            with self._units.reading(self._workspace_id) as uow:
                held = uow.invoices.get_many([invoice_id]).get(invoice_id)
            if held is None:
                return
            found = replace(held[0], status=DELETED_DRAFT)
        self.fetch_references([found])
        self._store([found], sent_at)

    def confirm_customers(self, unseen_since: UnixMicros) -> None:
        """Read every living customer that the run's list did not bring."""
        with self._units.reading(self._workspace_id) as uow:
            unseen = list(uow.customers.not_seen_since(Provenance.of_read(unseen_since)))
        for customer_id in unseen:
            self.refresh_customer(customer_id)

    def confirm_subscriptions(self, unseen_since: UnixMicros) -> None:
        """Read every subscription held as not over that the run's lists did not bring."""
        with self._units.reading(self._workspace_id) as uow:
            unseen = list(uow.subscriptions.live_not_seen_since(Provenance.of_read(unseen_since)))
        for subscription_id in unseen:
            self.refresh_subscription(subscription_id)

    def confirm_invoices(self, unseen_since: UnixMicros) -> None:
        """Read every invoice held as unsettled that the run's lists did not bring."""
        with self._units.reading(self._workspace_id) as uow:
            unseen = list(uow.invoices.unsettled_not_seen_since(Provenance.of_read(unseen_since)))
        for invoice_id in unseen:
            self.refresh_invoice(invoice_id)

    def _ended(self, subscription_id: str, at: UnixMicros) -> list[Subscription]:
        with self._units.reading(self._workspace_id) as uow:
            held = uow.subscriptions.get_many([subscription_id]).get(subscription_id)
        if held is None:
            return []
        return [replace(held[0], status=SubscriptionStatus.CANCELED.value, ended_at=seconds_of(at))]

    def _refresh_price(self, price_id: str) -> None:
        sent_at = self._clock.now()
        found: Price | None = self._reader.price(price_id)
        if found is not None:
            self._store([found], sent_at)

    def _refresh_product(self, product_id: str) -> None:
        sent_at = self._clock.now()
        found: Product | None = self._reader.product(product_id)
        if found is not None:
            self._store([found], sent_at)

    def _store(self, records: Sequence[StripeRecord], sent_at: UnixMicros) -> None:
        retrying(partial(self._store_once, records, sent_at))

    def _store_once(self, records: Sequence[StripeRecord], sent_at: UnixMicros) -> None:
        with self._units.writing(self._workspace_id, repeatable=True) as uow:
            store_records(uow, records, Provenance.of_read(sent_at), window_start=self._window_start)
            self._fence(uow)
            uow.commit()
