"""What Stripe's refusals mean in our own errors (stripe_facts 4 and 5).

Judged by the HTTP status first and then by two narrow patterns, never by whole sentences; and the message itself goes
nowhere, because it carries part of the key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from clynto.adapters.stripe_api.transport import Answer
from clynto.domain.errors import (
    ClyntoError,
    InvalidApiKey,
    MissingPermissions,
    StripeAnswerUnusable,
    StripeRateLimited,
    StripeUnreachable,
)

_PERMISSION_NAME = re.compile(r"rak_[a-z0-9_]+")
_ACCOUNT_ID = re.compile(r"acct_[A-Za-z0-9]+")
_OTHER_ADDRESS = re.compile(r"\bIP address", re.IGNORECASE)

PERMISSIONS = ("customers", "subscriptions", "invoices", "products", "prices")
"""What a key must be able to read, in the product's words and the guide's order."""

_PRODUCT_WORDS = {
    "rak_customer_read": "customers",
    "rak_subscription_read": "subscriptions",
    "rak_invoice_read": "invoices",
    "rak_product_read": "products",
    "rak_plan_read": "prices",
}
"""Prices go by the old name of plans (stripe_facts, trap 3)."""

_LOST_ACCOUNT = "account_invalid"
_EXPIRED = "api_key_expired"


@dataclass(frozen=True, slots=True)
class Refusal:
    """The part of an error answer that may be kept. ``from_stripe``: it is written as Stripe writes errors, and not
    by a proxy in between, of which no word counts against the key."""

    status: int
    from_stripe: bool
    code: str | None
    request_id: str | None
    account_id: str | None
    permissions: tuple[str, ...]
    from_other_address: bool
    about_expansion: bool

    @property
    def resource_missing(self) -> bool:
        """Stripe knows no object of that id (404), or no such cursor (400 or 404)."""
        return self.code == "resource_missing"

    @property
    def lost_account(self) -> bool:
        """The key no longer reaches its account."""
        return self.code == _LOST_ACCOUNT

    def as_error(self, resource: str) -> ClyntoError:
        """The domain error for a refusal that stands. ``resource`` is the permission, in the product's words, that
        the request needed."""
        if not self.from_stripe and self.status < 500 and self.status not in (409, 429):
            return StripeAnswerUnusable(request_id=self.request_id, status=self.status)
        if self.status == 401 or self.lost_account:
            return InvalidApiKey(reason=self._key_fault(), request_id=self.request_id)
        if self.status == 403:
            missing = self.permissions or (resource,)
            return MissingPermissions(permissions=list(missing), request_id=self.request_id)
        if self.status == 429:
            return StripeRateLimited(request_id=self.request_id)
        if self.status == 409 or self.status >= 500:
            return StripeUnreachable(request_id=self.request_id, status=self.status)
        return StripeAnswerUnusable(request_id=self.request_id, status=self.status)

    def _key_fault(self) -> str:
        if self.code == _EXPIRED:
            return "expired"
        if self.from_other_address:
            return "ip_restricted"
        return "rejected"


def refusal_of(answer: Answer) -> Refusal:
    """Read an answer that is not 200; its body may be anything."""
    error = _error_of(answer.body)
    message = error.get("message")
    text = message if isinstance(message, str) else ""
    code = error.get("code")
    account = _ACCOUNT_ID.search(text)
    words = (_PRODUCT_WORDS.get(name) for name in _PERMISSION_NAME.findall(text))
    return Refusal(
        status=answer.status,
        from_stripe=bool(error),
        code=code if isinstance(code, str) else None,
        request_id=answer.request_id,
        account_id=account.group() if account else None,
        permissions=tuple(dict.fromkeys(word for word in words if word is not None)),
        from_other_address=_OTHER_ADDRESS.search(text) is not None,
        about_expansion=error.get("param") == "expand" or "expand" in text,
    )


def _error_of(body: bytes) -> Mapping[str, Any]:
    try:
        envelope = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    error = envelope.get("error") if isinstance(envelope, dict) else None
    return error if isinstance(error, dict) else {}
