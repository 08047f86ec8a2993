"""Payloads of events: an envelope around the body that was frozen when the event happened."""

from __future__ import annotations

import orjson

from stripe_sandbox.object_store import ObjectStore
from stripe_sandbox.records import Event, Json


def event_payload(store: ObjectStore, event: Event, api_version: str | None = None) -> Json:
    """Render an event with the body of `api_version` (the version it was first stored in if None)."""
    version = api_version or event.api_version
    return {
        "id": event.id,
        "object": "event",
        "api_version": version,
        "created": event.created,
        "data": orjson.Fragment(event.bodies[version]),
        "livemode": store.account.livemode,
        "pending_webhooks": len(event.undelivered),
        "request": {
            "id": event.request_id,
            "idempotency_key": event.request_id and f"sandbox-{event.request_id.removeprefix('req_')}",
        },
        "type": event.type,
    }
