"""What an event from Stripe tells about itself, and which events we act on (stripe_facts 2.6, 6.4)."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from clynto.domain.connection import Connection, Mode
from clynto.domain.moments import UnixTime


@dataclass(frozen=True, slots=True)
class EventEnvelope:
    """``object_kind``, ``object_id``, ``customer_id`` and ``subscription_id`` are those of ``data.object``; an event
    may lack any of them (invoice.upcoming has no id)."""

    id: str
    type: str
    created: UnixTime
    livemode: bool | None
    account_id: str | None
    api_version: str | None
    object_kind: str | None
    object_id: str | None
    customer_id: str | None = None
    subscription_id: str | None = None

    @property
    def about_customer(self) -> str | None:
        """The customer whose figures the event may change, None where it names none."""
        return self.object_id if self.object_kind == "customer" else self.customer_id


class EventUse(enum.StrEnum):
    """What we do with an event."""

    SUBSCRIPTION = "subscription"
    INVOICE = "invoice"
    CUSTOMER = "customer"
    CUSTOMER_DISCOUNT = "customer_discount"
    CATALOGUE = "catalogue"
    IGNORED = "ignored"
    OTHER_MODE = "other_mode"
    FOREIGN_ACCOUNT = "foreign_account"


RECOMMENDED_TYPES = (
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "invoice.payment_failed",
    "invoice.payment_succeeded",
)
"""The five events of the guide."""

FURTHER_TYPES = (
    "invoice.paid",
    "invoice.finalized",
    "invoice.updated",
    "invoice.voided",
    "invoice.marked_uncollectible",
    "customer.created",
    "customer.updated",
    "customer.deleted",
    "customer.subscription.paused",
    "customer.subscription.resumed",
)
"""Events that the five miss, recommended beside them (stripe_facts 6.4; guarantees H8)."""

DISCOUNT_TYPES = ("customer.discount.created", "customer.discount.updated", "customer.discount.deleted")

MISSED_TYPES = (*RECOMMENDED_TYPES, *FURTHER_TYPES, *DISCOUNT_TYPES)
"""What is asked for when missed events are read; Stripe takes no more than 20 (stripe_facts 6.3)."""

_BY_PREFIX = (
    ("customer.subscription.", EventUse.SUBSCRIPTION),
    ("customer.discount.", EventUse.CUSTOMER_DISCOUNT),
    ("invoice.", EventUse.INVOICE),
    ("price.", EventUse.CATALOGUE),
    ("product.", EventUse.CATALOGUE),
)
_CUSTOMER_TYPES = frozenset({"customer.created", "customer.updated", "customer.deleted"})
_SAYS_NOTHING_NEW = frozenset({"invoice.upcoming", "invoice.sent", "invoice.will_be_due", "invoice.created"})
_OBJECT_KIND = {
    EventUse.SUBSCRIPTION: "subscription",
    EventUse.INVOICE: "invoice",
    EventUse.CUSTOMER: "customer",
    EventUse.CUSTOMER_DISCOUNT: "discount",
}


def use_of(event: EventEnvelope, connection: Connection) -> EventUse:
    """What ``event`` is to the workspace with ``connection``. Never raises: unknown types are ignored."""
    mode_is_told = event.livemode is not None and connection.mode is not None
    if mode_is_told and event.livemode is not (connection.mode is Mode.LIVE):
        return EventUse.OTHER_MODE
    connected = connection.stripe_account_id
    if event.account_id is not None and connected is not None and event.account_id != connected:
        return EventUse.FOREIGN_ACCOUNT
    use = _by_type(event.type)
    expected = _OBJECT_KIND.get(use)
    if use is EventUse.IGNORED or event.object_id is None or (expected and event.object_kind != expected):
        return EventUse.IGNORED
    return use


def _by_type(event_type: str) -> EventUse:
    if event_type in _SAYS_NOTHING_NEW:
        return EventUse.IGNORED
    if event_type in _CUSTOMER_TYPES:
        return EventUse.CUSTOMER
    return next((use for prefix, use in _BY_PREFIX if event_type.startswith(prefix)), EventUse.IGNORED)
