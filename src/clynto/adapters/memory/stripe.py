"""A Stripe account in memory: plain records to read, keys to read with, and faults to switch on."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from clynto.adapters.memory.stripe_faults import PERMISSION_OF, StripeFaults
from clynto.adapters.memory.stripe_keys import report_by_shape
from clynto.domain.catalogue import Price, Product
from clynto.domain.customer import StripeCustomer
from clynto.domain.discount_readings import DiscountReading
from clynto.domain.errors import ClyntoError, InvalidApiKey, MissingPermissions, RunSuperseded
from clynto.domain.invoice import Invoice, InvoiceStatus
from clynto.domain.moments import UnixTime
from clynto.domain.secret import Secret
from clynto.domain.subscription import Subscription
from clynto.ports.clock import Clock
from clynto.ports.stripe_reading import KeyReport, Listing, Page, SkippedObject, Span, StripeRecord

Found = TypeVar("Found")
LISTED_TYPES: dict[Listing, type[StripeRecord]] = {
    Listing.PRODUCTS: Product,
    Listing.PRICES: Price,
    Listing.CUSTOMERS: StripeCustomer,
    Listing.LIVE_SUBSCRIPTIONS: Subscription,
    Listing.ENDED_SUBSCRIPTIONS: Subscription,
    Listing.RUNNING_DISCOUNTS: DiscountReading,
    Listing.OPEN_INVOICES: Invoice,
    Listing.INVOICES: Invoice,
}


@dataclass
class _Held:
    record: StripeRecord
    created: UnixTime


@dataclass(frozen=True, slots=True)
class PastEvent:
    """An event as Stripe lists it."""

    id: str
    type: str
    created: UnixTime
    body: bytes


@dataclass
class MemoryStripe:
    """See ``ports.stripe_reading``: ``StripeReaders`` and ``StripeKeyCheck`` over plain domain records.

    ``put`` and ``remove`` change the account, ``allow`` and ``refuse`` its keys, ``faults`` what goes wrong.
    ``requests`` tells what was asked for, in order: a listing's name, or a kind and an id.
    """

    clock: Clock
    page_size: int = 100
    faults: StripeFaults = field(default_factory=StripeFaults)
    requests: list[str] = field(default_factory=list)
    skipped: dict[Listing, list[SkippedObject]] = field(default_factory=dict)
    """Objects that are handed out as unusable, on the first page of their list."""
    events: list[PastEvent] = field(default_factory=list)
    _held: dict[tuple[type[StripeRecord], str], _Held] = field(default_factory=dict)
    _keys: list[tuple[Secret, KeyReport | ClyntoError]] = field(default_factory=list)

    def put(self, *records: StripeRecord, created: UnixTime | None = None) -> None:
        """Insert or replace. ``created`` is needed for records that do not tell it, such as products; a replaced
        one keeps its own, and readable discounts are as old as their subscription."""
        for record in records:
            key = (type(record), _id_of(record))
            told = _created_of(record) if created is None else created
            if told is None and key in self._held:
                told = self._held[key].created
            if told is None and isinstance(record, DiscountReading):
                told = self._held[Subscription, record.subscription_id].created
            self._held[key] = _Held(record, UnixTime(0) if told is None else told)

    def remove(self, kind: type[StripeRecord], record_id: str) -> None:
        """Let Stripe know nothing of it any more."""
        self._held.pop((kind, record_id), None)

    def allow(self, key: Secret, report: KeyReport) -> None:
        """Accept a key."""
        self._keys.insert(0, (key, report))

    def refuse(self, key: Secret, error: ClyntoError) -> None:
        """Answer everything that is asked with this key by ``error``."""
        self._keys.insert(0, (key, error))

    def examine(self, key: Secret) -> KeyReport:
        """Judge a key: its shape, whether Stripe knows it, and what it may read."""
        key = Secret(key.reveal().strip())
        report_by_shape(key)
        self.requests.append("examine")
        report = self._report(key)
        self.faults.raise_for_everything()
        self.faults.raise_for_permissions(PERMISSION_OF.values())
        return report

    @contextmanager
    def open(self, key: Secret, *, still_wanted: Callable[[], bool]) -> Iterator[MemoryStripeReader]:
        """A reader bound to ``key``."""
        yield MemoryStripeReader(self, key, still_wanted)

    def _report(self, key: Secret) -> KeyReport:
        answer = next((answer for known, answer in self._keys if known == key), None)
        if answer is None:
            raise InvalidApiKey(reason="rejected")
        if isinstance(answer, ClyntoError):
            raise answer
        return answer

    def listed(self, listing: Listing) -> list[tuple[UnixTime, StripeRecord]]:
        """What a list holds, newest first."""
        entries = [
            (held.created, record_id, held.record)
            for (kind, record_id), held in self._held.items()
            if kind is LISTED_TYPES[listing] and _is_in(listing, held.record)
        ]
        return [(created, record) for created, _, record in sorted(entries, key=lambda e: e[:2], reverse=True)]

    def single(self, kind: type[Found], record_id: str) -> Found | None:
        """One object, None if there is none of that id."""
        for (held_kind, held_id), held in self._held.items():
            if held_kind is kind and held_id == record_id and isinstance(held.record, kind):
                return held.record
        return None


class MemoryStripeReader:
    """See ``ports.stripe_reading.StripeReader``. Slices are read one after the other."""

    def __init__(self, stripe: MemoryStripe, key: Secret, still_wanted: Callable[[], bool]) -> None:
        self._stripe = stripe
        self._key = key
        self._still_wanted = still_wanted

    def pages(self, listing: Listing, spans: Sequence[Span]) -> Generator[Page, None, None]:
        """Read a list, each span from its newest second to its oldest."""
        skipped = tuple(self._stripe.skipped.get(listing, ()))
        for span in spans:
            until = span.until
            behind: tuple[UnixTime, str] | None = None
            while True:
                sent_at = self._stripe.clock.now()
                self._request(listing.value, listing)
                left = [
                    (created, record)
                    for created, record in self._stripe.listed(listing)
                    if span.since <= created <= span.until and (behind is None or (created, _id_of(record)) < behind)
                ]
                shown = left[: self._stripe.page_size]
                ended = len(shown) == len(left)
                # The oldest second of a page that is not the last may go on upon the next one.
                read_from = span.since if ended else UnixTime(shown[-1][0] + 1)
                yield Page(
                    listing=listing,
                    records=tuple(record for _, record in shown),
                    skipped=skipped,
                    sent_at=sent_at,
                    covered=(Span(read_from, until),) if read_from <= until else (),
                )
                skipped = ()
                if ended:
                    break
                until = min(until, UnixTime(read_from - 1))
                behind = (shown[-1][0], _id_of(shown[-1][1]))

    def product(self, product_id: str) -> Product | None:
        """One product."""
        self._request(f"product {product_id}", Listing.PRODUCTS)
        return self._stripe.single(Product, product_id)

    def price(self, price_id: str) -> Price | None:
        """One price."""
        self._request(f"price {price_id}", Listing.PRICES)
        return self._stripe.single(Price, price_id)

    def customer(self, customer_id: str) -> StripeCustomer | None:
        """One customer; a deleted one comes as it was put, as a tombstone."""
        self._request(f"customer {customer_id}", Listing.CUSTOMERS)
        return self._stripe.single(StripeCustomer, customer_id)

    def subscription(self, subscription_id: str) -> tuple[Subscription, DiscountReading | None] | None:
        """One subscription, and its readable discounts if it has any."""
        self._request(f"subscription {subscription_id}", Listing.LIVE_SUBSCRIPTIONS)
        subscription = self._stripe.single(Subscription, subscription_id)
        return None if subscription is None else (subscription, self._stripe.single(DiscountReading, subscription_id))

    def invoice(self, invoice_id: str) -> Invoice | None:
        """One invoice."""
        self._request(f"invoice {invoice_id}", Listing.INVOICES)
        return self._stripe.single(Invoice, invoice_id)

    def events(self, *, since: UnixTime, event_types: Sequence[str]) -> Generator[tuple[bytes, ...], None, None]:
        """Bodies of past events, newest first."""
        left = [
            event.body
            for event in sorted(self._stripe.events, key=lambda event: (event.created, event.id), reverse=True)
            if event.created >= since and event.type in event_types
        ]
        while True:
            self._ask("events", "events")
            if not self._stripe._report(self._key).events_readable:
                raise MissingPermissions(permissions=["events"], request_id=None)
            yield tuple(left[: self._stripe.page_size])
            left = left[self._stripe.page_size :]
            if not left:
                return

    def _request(self, what: str, listing: Listing) -> None:
        self._ask(what, PERMISSION_OF[listing])

    def _ask(self, what: str, permission: str) -> None:
        if not self._still_wanted():
            raise RunSuperseded
        self._stripe.requests.append(what)
        self._stripe.faults.happen(what)
        self._stripe._report(self._key)
        self._stripe.faults.raise_for_everything()
        self._stripe.faults.raise_for_permissions([permission])
        self._stripe.faults.raise_for(what)


def _id_of(record: StripeRecord) -> str:
    return record.subscription_id if isinstance(record, DiscountReading) else record.id


def _created_of(record: StripeRecord) -> UnixTime | None:
    return record.created if isinstance(record, (StripeCustomer, Subscription, Invoice)) else None


def _is_in(listing: Listing, record: StripeRecord) -> bool:
    if isinstance(record, Subscription):
        return record.is_ended is (listing is Listing.ENDED_SUBSCRIPTIONS)
    if isinstance(record, Invoice):
        return listing is Listing.INVOICES or record.status == InvoiceStatus.OPEN
    return not (isinstance(record, (StripeCustomer, Product)) and record.deleted)
