"""A subscription and its items (stripe_facts 2.4)."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from clynto.domain.catalogue import Price
from clynto.domain.discount import Discount
from clynto.domain.moments import UnixTime


class SubscriptionStatus(enum.StrEnum):
    """The statuses we know. A subscription keeps its status as written, so a new one is shown, never guessed."""

    ACTIVE = "active"
    PAST_DUE = "past_due"
    TRIALING = "trialing"
    INCOMPLETE = "incomplete"
    INCOMPLETE_EXPIRED = "incomplete_expired"
    UNPAID = "unpaid"
    PAUSED = "paused"
    CANCELED = "canceled"


KNOWN_STATUSES = frozenset(status.value for status in SubscriptionStatus)
COUNTED_STATUSES = frozenset({SubscriptionStatus.ACTIVE.value, SubscriptionStatus.PAST_DUE.value})
"""Statuses whose value counts as recurring revenue (billing rules, section 1 and 2.1)."""
ENDED_STATUSES = frozenset({SubscriptionStatus.CANCELED.value, SubscriptionStatus.INCOMPLETE_EXPIRED.value})
"""Final statuses: nothing comes after them (billing rules 5.1)."""


@dataclass(frozen=True, slots=True)
class CollectionPause:
    """``pause_collection``: invoices go on but are not collected, until ``resumes_at`` if that is set."""

    behavior: str
    resumes_at: UnixTime | None


@dataclass(frozen=True, slots=True)
class SubscriptionItem:
    """One priced line of a subscription. ``quantity`` None is how Stripe writes a metered item (or means 1).

    ``discounts_told`` and ``trial_told`` False: the payload had no place for them, as webhook bodies of older API
    versions, so "none" means nothing. What a payload leaves out is no part of what is true, and so not compared.
    """

    id: str
    price: Price | None
    quantity: int | None
    discounts: tuple[Discount, ...] = ()
    trial_end: UnixTime | None = None
    """``current_trial.end_date``: the item is free until then (since 2026-09-30.endive)."""
    period_start: UnixTime | None = None
    period_end: UnixTime | None = None
    deleted: bool = False
    discounts_told: bool = field(default=True, compare=False)
    trial_told: bool = field(default=True, compare=False)


@dataclass(frozen=True, slots=True)
class Subscription:
    """``currency`` is upper case. ``items_complete`` False: the item list was cut and the rest not read.

    ``discounts_told`` False: the payload is of a version that shows the first discount alone.
    """

    id: str
    customer_id: str | None
    status: str
    currency: str
    created: UnixTime | None
    start_date: UnixTime | None
    items: tuple[SubscriptionItem, ...]
    items_complete: bool = True
    discounts: tuple[Discount, ...] = ()
    cancel_at_period_end: bool = False
    cancel_at: UnixTime | None = None
    canceled_at: UnixTime | None = None
    """When the cancellation was last asked for; not the end (stripe_facts, trap 12)."""
    ended_at: UnixTime | None = None
    cancellation_reason: str | None = None
    trial_end: UnixTime | None = None
    collection_method: str | None = None
    collection_pause: CollectionPause | None = None
    pause_reason: str | None = None
    """``status_details.paused.subscription.type`` (since 2026-09-30.endive)."""
    latest_invoice_id: str | None = None
    discounts_told: bool = field(default=True, compare=False)

    @property
    def is_ended(self) -> bool:
        """Over for good."""
        return self.status in ENDED_STATUSES

    @property
    def pause_unexplained(self) -> bool:
        """Paused, and not said why: events of older API versions do not tell whether a failed payment was the cause."""
        return self.status == SubscriptionStatus.PAUSED and self.pause_reason is None

    @property
    def cancellation_is_scheduled(self) -> bool:
        """Both encodings count; flexible billing sets only the date (stripe_facts, finding 5)."""
        return not self.is_ended and self.ended_at is None and (self.cancel_at_period_end or self.cancel_at is not None)

    @property
    def current_period_start(self) -> UnixTime | None:
        """The earliest start of a running period over the items."""
        starts = [item.period_start for item in self.items if item.period_start is not None]
        return min(starts, default=None)

    @property
    def current_period_end(self) -> UnixTime | None:
        """The earliest end of a running period over the items: the next renewal, unless it is canceled."""
        ends = [item.period_end for item in self.items if item.period_end is not None and not item.deleted]
        return min(ends, default=None)
