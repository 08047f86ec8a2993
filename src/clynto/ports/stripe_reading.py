"""Reading Stripe, and nothing but reading (architecture decision 7)."""

from __future__ import annotations

import enum
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from clynto.domain.catalogue import Price, Product
from clynto.domain.connection import StripeIdentity
from clynto.domain.customer import StripeCustomer
from clynto.domain.discount_readings import DiscountReading
from clynto.domain.invoice import Invoice
from clynto.domain.moments import UnixMicros, UnixTime
from clynto.domain.secret import Secret
from clynto.domain.subscription import Subscription
from clynto.domain.time_span import Span as Span


class Listing(enum.StrEnum):
    """The lists a sync reads, each to its end."""

    PRODUCTS = "products"
    PRICES = "prices"
    CUSTOMERS = "customers"
    LIVE_SUBSCRIPTIONS = "live_subscriptions"
    ENDED_SUBSCRIPTIONS = "ended_subscriptions"
    RUNNING_DISCOUNTS = "running_discounts"
    OPEN_INVOICES = "open_invoices"
    INVOICES = "invoices"


StripeRecord = Product | Price | StripeCustomer | Subscription | DiscountReading | Invoice


@dataclass(frozen=True, slots=True)
class SkippedObject:
    """An object that could not be used; the rest goes on (guarantees D11)."""

    kind: str
    object_id: str | None
    reason: str

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id or 'without id'}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Page:
    """Records of one request, as old as ``sent_at``.

    ``covered`` are the spans of creation time that are completely read once this page is stored; what a killed
    sync has not covered is read again, so records may come twice but never not at all.
    """

    listing: Listing
    records: tuple[StripeRecord, ...]
    skipped: tuple[SkippedObject, ...]
    sent_at: UnixMicros
    covered: tuple[Span, ...]


class StripeReader(Protocol):
    """Reads with one key. Nested lists (items, lines, discounts) are drained before a record is handed out.

    Every method raises ``InvalidApiKey``, ``MissingPermissions`` (naming what the key cannot read),
    ``StripeRateLimited``, ``StripeUnreachable`` or ``StripeAnswerUnusable``; each carries ``request_id`` if known.
    """

    def pages(self, listing: Listing, spans: Sequence[Span]) -> Generator[Page, None, None]:
        """Read a list in parallel time slices. A list ends only on ``has_more: false``; an empty page that
        promises more, or one that repeats, raises ``StripeAnswerUnusable``. Closing the iterator stops reading."""
        ...

    def product(self, product_id: str) -> Product | None:
        """One product, archived or deleted ones too; None if Stripe knows none of that id."""
        ...

    def price(self, price_id: str) -> Price | None:
        """One price with tiers and currency options, archived ones too."""
        ...

    def customer(self, customer_id: str) -> StripeCustomer | None:
        """One customer; a deleted one comes as a tombstone."""
        ...

    def subscription(self, subscription_id: str) -> tuple[Subscription, DiscountReading | None] | None:
        """One subscription with all its items, and its readable discounts if it has any."""
        ...

    def invoice(self, invoice_id: str) -> Invoice | None:
        """One invoice with all its lines."""
        ...

    def events(self, *, since: UnixTime, event_types: Sequence[str]) -> Generator[tuple[bytes, ...], None, None]:
        """Bodies of events of these types (at most 20) created in or after ``since``, a page at a time, newest first.

        Stripe keeps them for 30 days. ``MissingPermissions`` names ``events``, which no sync needs.
        """
        ...


class StripeReaders(Protocol):
    """Opens readers."""

    def open(self, key: Secret, *, still_wanted: Callable[[], bool]) -> AbstractContextManager[StripeReader]:
        """A reader bound to ``key``. It asks ``still_wanted`` before each request and while it waits, and stops
        with ``RunSuperseded`` once the answer is False."""
        ...


@dataclass(frozen=True, slots=True)
class KeyReport:
    """A key that is good enough to connect with."""

    identity: StripeIdentity
    full_secret_key: bool
    events_readable: bool


class StripeKeyCheck(Protocol):
    """Judges a pasted key (stripe_facts 5)."""

    def examine(self, key: Secret) -> KeyReport:
        """Check shape and mode, identify the account, then probe each of the five permissions.

        Raises ``InvalidApiKey`` (with ``reason``), ``MissingPermissions`` (naming every one that is missing) or
        ``StripeUnreachable``. Takes at most about 10 s.
        """
        ...
