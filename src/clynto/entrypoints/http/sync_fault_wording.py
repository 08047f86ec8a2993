"""What the Stripe card says about a sync that failed (guide, Troubleshooting): what happened, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from clynto.domain.errors import ClyntoError
from clynto.domain.sync_run import StepName

STEP_WORDS: Mapping[StepName, str] = MappingProxyType(
    {
        StepName.PRODUCTS: "reading products",
        StepName.PRICES: "reading prices",
        StepName.CUSTOMERS: "reading customers",
        StepName.SUBSCRIPTIONS: "reading subscriptions",
        StepName.INVOICES: "reading invoices",
        StepName.ACCOUNT_BILLING: "computing account billing",
    }
)
"""The six steps in the guide's own words."""

RECONNECT = "Click Reconnect and paste the correct key."
RESYNC = "Click Re-sync to retry; if it repeats, contact support with this text."

_SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "invalid_api_key": f"Invalid Stripe API key: Stripe rejected it{{while}}. {RECONNECT}",
        "missing_permissions": (
            "The Stripe key cannot read {permissions}. Give it Read access to {permissions} in Stripe, "
            "then click Re-sync."
        ),
        "stripe_unreachable": f"Stripe could not be reached{{while}}. {RESYNC}",
        "stripe_answer_unusable": f"Stripe sent an answer that could not be used{{while}}. {RESYNC}",
        "stripe_rate_limited": "Stripe kept limiting our requests{while}. Wait a few minutes, then click Re-sync.",
        "credential_unreadable": (
            "The stored Stripe key cannot be opened any more. Click Reconnect and paste the key again."
        ),
        "sync_interrupted": "The sync was interrupted{while} and could not go on. Click Re-sync to start again.",
        "service_unavailable": f"The database did not answer{{while}}. {RESYNC}",
        "queue_unavailable": f"Background work could not be handed over{{while}}. {RESYNC}",
        "not_connected": "Stripe is no longer connected. Click Connect Stripe and paste a key.",
    }
)
_ANYTHING_ELSE = f"Something unexpected went wrong on our side{{while}}. {RESYNC}"

_KEY_FAULTS: Mapping[str, str] = MappingProxyType(
    {
        "expired": (
            "Invalid Stripe API key: the key has expired. Create a new restricted key in Stripe, click Reconnect and "
            "paste it."
        ),
        "ip_restricted": (
            "Invalid Stripe API key: the key may not be used from our address. Remove its IP restriction in Stripe "
            "or allow our address, then click Re-sync."
        ),
    }
)

_STRIPE_ANSWERED = f"Stripe answered with an error{{while}}. {RESYNC}"
"""Instead of "could not be reached": a request id or a status proves that it was."""


def describe_sync_fault(error: ClyntoError, step: StepName | None) -> str:
    """The card's finished text for ``error``, which came up in ``step`` if that is known. Holds no secret."""
    words = {
        "while": f" while {STEP_WORDS[step]}" if step is not None else "",
        "permissions": _permissions(error),
    }
    told = _sentence(error).format_map(words)
    request_id = error.facts.get("request_id")
    return f"{told} Stripe's request id is {request_id}." if isinstance(request_id, str) else told


def _sentence(error: ClyntoError) -> str:
    if error.code == "invalid_api_key" and (told := _KEY_FAULTS.get(str(error.facts.get("reason")))):
        return told
    if error.code == "stripe_unreachable" and (error.facts.get("request_id") or error.facts.get("status")):
        return _STRIPE_ANSWERED
    return _SENTENCES.get(error.code, _ANYTHING_ELSE)


def _permissions(error: ClyntoError) -> str:
    named = error.facts.get("permissions")
    return ", ".join(named) if isinstance(named, list) and named else "everything it needs"
