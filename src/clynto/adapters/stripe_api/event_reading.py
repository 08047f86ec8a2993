"""Judges and reads webhook bodies of any API version (stripe_facts 1.5, 2.6, 6.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from clynto.adapters.stripe_api.map_catalogue import map_price, map_product
from clynto.adapters.stripe_api.map_customer import map_customer
from clynto.adapters.stripe_api.map_invoice import map_invoice
from clynto.adapters.stripe_api.map_subscription import map_subscription
from clynto.adapters.stripe_api.payload_reading import UnusablePayload, storable
from clynto.adapters.stripe_api.webhook_signature import Verdict, verify
from clynto.domain.moments import UnixTime
from clynto.domain.secret import Secret
from clynto.domain.webhook_event import EventEnvelope
from clynto.ports.webhooks import EventRecord, SignatureCheck, SignatureVerdict

LONGEST_ID = 255
_CHECK_OF = {
    Verdict.GENUINE: SignatureCheck.GENUINE,
    Verdict.MISSING: SignatureCheck.MISSING,
    Verdict.MALFORMED: SignatureCheck.MALFORMED,
    Verdict.MISMATCH: SignatureCheck.MISMATCH,
    Verdict.TOO_OLD: SignatureCheck.TOO_OLD,
    Verdict.TOO_NEW: SignatureCheck.TOO_NEW,
}
_MAPPING: Mapping[str, Callable[[object], EventRecord]] = {
    "subscription": map_subscription,
    "invoice": map_invoice,
    "customer": map_customer,
    "price": map_price,
    "product": map_product,
}


class StripeEventReading:
    """See ``EventReading``. Holds nothing, so it may be shared by threads."""

    def verify(self, body: bytes, header: str | None, secrets: Sequence[Secret], *, at: UnixTime) -> SignatureVerdict:
        """Check the signature over the raw bytes."""
        found = verify(body, header, secrets, at)
        return SignatureVerdict(_CHECK_OF[found.verdict], found.skew_seconds)

    def envelope(self, body: bytes) -> EventEnvelope | None:
        """What the event tells about itself; None for whatever is no snapshot event with an id."""
        event = _parsed(body)
        event_id, event_type = _word(event.get("id")), _word(event.get("type"))
        created = event.get("created")
        if event_id is None or event_type is None or not isinstance(created, int) or isinstance(created, bool):
            return None
        carried = _object_of(event)
        livemode = event.get("livemode")
        return EventEnvelope(
            id=event_id,
            type=event_type,
            created=UnixTime(created),
            livemode=livemode if isinstance(livemode, bool) else None,
            account_id=_word(event.get("account")),
            api_version=_word(event.get("api_version")),
            object_kind=_word(carried.get("object")),
            object_id=_word(carried.get("id")),
            customer_id=_reference(carried.get("customer")),
            subscription_id=_reference(carried.get("subscription")),
        )

    def records(self, body: bytes) -> tuple[EventRecord, ...]:
        """The carried object in our own records; empty if it cannot be used."""
        carried = _object_of(_parsed(body))
        mapping = _MAPPING.get(str(carried.get("object")))
        if mapping is None:
            return ()
        try:
            return (mapping(carried),)
        except UnusablePayload:
            return ()


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _object_of(event: Mapping[str, Any]) -> dict[str, Any]:
    data = event.get("data")
    carried = data.get("object") if isinstance(data, dict) else None
    return carried if isinstance(carried, dict) else {}


def _word(value: object) -> str | None:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_ID:
        return None
    return storable(value)


def _reference(value: object) -> str | None:
    """An id, or the id of an expanded object."""
    return _word(value.get("id")) if isinstance(value, dict) else _word(value)
