"""What is known about a webhook endpoint, and the signature that its deliveries carry."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from fnmatch import fnmatchcase


@dataclass(slots=True)
class WebhookEndpoint:
    """Where events go. Several `secrets` while one is being rolled; `api_version` None is the account's default."""

    id: str
    url: str
    secrets: list[str]
    api_version: str | None = None
    enabled_events: list[str] = field(default_factory=lambda: ["*"])


def wants(endpoint: WebhookEndpoint, event_type: str) -> bool:
    """True if the endpoint is subscribed to that type of event."""
    return any(fnmatchcase(event_type, pattern) for pattern in endpoint.enabled_events)


def signature_header(body: bytes, secrets: list[str], timestamp: int) -> str:
    """Return a `Stripe-Signature` value: one `v1` per active secret, over the exact bytes of the body."""
    signed = str(timestamp).encode() + b"." + body
    marks = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={timestamp}", *(f"v1={mark}" for mark in marks)])
