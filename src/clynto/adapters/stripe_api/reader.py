"""Reads Stripe with one key: the adapter of ``clynto.ports.stripe_reading`` (architecture decision 7)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from clynto.adapters.stripe_api.api_versions import NEWEST, WITH_INLINE_COUPONS
from clynto.adapters.stripe_api.careful_reads import (
    CarefulReads,
    Found,
    JsonObject,
    Read,
    Surroundings,
    key_fingerprint,
)
from clynto.adapters.stripe_api.event_list import event_bodies
from clynto.adapters.stripe_api.listings import coupon_details, discount_reading_of
from clynto.adapters.stripe_api.map_catalogue import map_price, map_product
from clynto.adapters.stripe_api.map_customer import map_customer
from clynto.adapters.stripe_api.map_invoice import map_invoice
from clynto.adapters.stripe_api.map_subscription import map_subscription
from clynto.adapters.stripe_api.nested_lists import complete_nested
from clynto.adapters.stripe_api.parallel_reading import ParallelReading
from clynto.adapters.stripe_api.patience import SYNC_PATIENCE, Patience
from clynto.adapters.stripe_api.payload_reading import UnusablePayload
from clynto.adapters.stripe_api.refusals import Refusal
from clynto.adapters.stripe_api.transport import CALL_SECONDS, STRIPE_API_BASE, ReadOnlyTransport, path_is_readable
from clynto.domain.catalogue import Price, Product
from clynto.domain.customer import StripeCustomer
from clynto.domain.discount_readings import DiscountReading
from clynto.domain.errors import StripeAnswerUnusable
from clynto.domain.invoice import Invoice
from clynto.domain.moments import UnixTime
from clynto.domain.secret import Secret
from clynto.domain.subscription import Subscription
from clynto.domain.time_span import Span
from clynto.ports.stripe_reading import Listing, Page

T = TypeVar("T")

CONNECTIONS_PER_READER = 4
"""Up to six lists are read at once, though no more than four of them are long."""

_PRICE_DETAILS = (("expand[]", "tiers"), ("expand[]", "currency_options"))
_DISCOUNT_DETAILS = (
    ("expand[]", "discounts"),
    ("expand[]", "items.data.discounts"),
    *coupon_details("discounts"),
)
_CUSTOMER_DETAILS = coupon_details("discount")


class StripeApiReader:
    """Reads with one key over HTTP; see ``StripeReader`` for what is promised."""

    def __init__(self, reads: CarefulReads, *, readers_per_list: int, pages_waiting: int) -> None:
        self._reads = reads
        self._readers_per_list = readers_per_list
        self._pages_waiting = pages_waiting

    def pages(self, listing: Listing, spans: Sequence[Span]) -> Generator[Page, None, None]:
        """See ``StripeReader.pages``. Reading begins with the first page asked for; several lists may be read at the
        same time from different threads."""
        reading = ParallelReading(self._reads, listing, spans, readers=self._readers_per_list, room=self._pages_waiting)
        return reading.pages()

    def product(self, product_id: str) -> Product | None:
        """See ``StripeReader.product``."""
        return self._one("product", "products", product_id, NEWEST, map_product)

    def price(self, price_id: str) -> Price | None:
        """See ``StripeReader.price``."""
        return self._one("price", "prices", price_id, NEWEST, map_price, _PRICE_DETAILS)

    def customer(self, customer_id: str) -> StripeCustomer | None:
        """See ``StripeReader.customer``. Asked for at once, a coupon's details would make Stripe refuse to show a
        deleted customer, so a second request is made only for a customer that has a discount."""
        customer = self._one("customer", "customers", customer_id, WITH_INLINE_COUPONS, map_customer)
        if customer is None or customer.discount is None:
            return customer
        return self._one("customer", "customers", customer_id, WITH_INLINE_COUPONS, map_customer, _CUSTOMER_DETAILS)

    def subscription(self, subscription_id: str) -> tuple[Subscription, DiscountReading | None] | None:
        """See ``StripeReader.subscription``. A second request, in the version with readable coupons, is made only for
        a subscription that has discounts."""
        subscription = self._one(
            "subscription", "subscriptions", subscription_id, NEWEST, map_subscription, nested="items"
        )
        if subscription is None:
            return None
        if not subscription.discounts and not any(item.discounts for item in subscription.items):
            return subscription, None
        reading = self._one(
            "subscription",
            "subscriptions",
            subscription_id,
            WITH_INLINE_COUPONS,
            discount_reading_of,
            _DISCOUNT_DETAILS,
            nested="items",
        )
        return subscription, reading

    def invoice(self, invoice_id: str) -> Invoice | None:
        """See ``StripeReader.invoice``."""
        return self._one("invoice", "invoices", invoice_id, NEWEST, map_invoice, nested="lines")

    def events(self, *, since: UnixTime, event_types: Sequence[str]) -> Generator[tuple[bytes, ...], None, None]:
        """See ``StripeReader.events``."""
        return event_bodies(self._reads, since, event_types)

    def _one(
        self,
        kind: str,
        resource: str,
        object_id: str,
        version: str,
        record_of: Callable[[JsonObject], T],
        parameters: tuple[tuple[str, str], ...] = (),
        nested: str | None = None,
    ) -> T | None:
        path = f"/v1/{resource}/{object_id}"
        if not path_is_readable(path):
            # No id of Stripe's looks like this, so Stripe knows none of that id.
            return None
        found = self._reads.read(Read(f"one_{kind}", resource, path, version, kind, parameters))
        if isinstance(found, Refusal):
            if found.resource_missing:
                return None
            raise found.as_error(resource)
        if found.body.get("id") != object_id:
            raise StripeAnswerUnusable(request_id=found.request_id)
        if nested is not None:
            complete_nested(self._reads, found.body, nested, version)
        return _mapped(found, record_of)


def _mapped(found: Found, record_of: Callable[[JsonObject], T]) -> T:
    try:
        return record_of(found.body)
    except UnusablePayload as fault:
        raise StripeAnswerUnusable(request_id=found.request_id, reason=fault.reason) from fault


class StripeApiReaders:
    """Opens readers of the Stripe at ``api_base``.

    ``readers_per_list`` threads read one list at most: with answers that take half a second fewer could not keep up
    Stripe's 25 a second. ``pages_waiting`` pages of a list wait in memory at most.
    ``call_seconds`` bounds one call as a whole.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        *,
        api_base: str = STRIPE_API_BASE,
        patience: Patience = SYNC_PATIENCE,
        readers_per_list: int = 12,
        pages_waiting: int = 8,
        call_seconds: float = CALL_SECONDS,
    ) -> None:
        self._surroundings = surroundings
        self._api_base = api_base
        self._patience = patience
        self._readers_per_list = readers_per_list
        self._pages_waiting = pages_waiting
        self._call_seconds = call_seconds

    @contextmanager
    def open(self, key: Secret, *, still_wanted: Callable[[], bool]) -> Iterator[StripeApiReader]:
        """See ``StripeReaders.open``. ``still_wanted`` is never asked by two threads at once."""
        transport = ReadOnlyTransport(
            key,
            api_base=self._api_base,
            connections=CONNECTIONS_PER_READER * self._readers_per_list,
            call_seconds=self._call_seconds,
        )
        reads = CarefulReads(
            transport, key_fingerprint(key), self._surroundings, self._patience, one_at_a_time(still_wanted)
        )
        try:
            yield StripeApiReader(reads, readers_per_list=self._readers_per_list, pages_waiting=self._pages_waiting)
        finally:
            transport.close()


def one_at_a_time(question: Callable[[], bool]) -> Callable[[], bool]:
    """``question``, asked by one thread after the other: whoever answers may use a database connection, which is not
    made for several threads."""
    turn = threading.Lock()

    def ask() -> bool:
        with turn:
            return question()

    return ask
