"""What the webhook panel says about a refused delivery (guide, "Webhook signature invalid"; guarantees L6)."""

from __future__ import annotations

from clynto.application.queries.show_webhooks import WebhookRefusal
from clynto.ports.webhooks import SignatureCheck

_COPY_AGAIN = "Copy the signing secret of the endpoint in Stripe again (it starts with whsec_), paste it here and save."

_SENTENCES = {
    SignatureCheck.MISSING: "A delivery came without a signature; only Stripe should know this address.",
    SignatureCheck.MALFORMED: "A delivery came with a signature that cannot be read; only Stripe should send here.",
    SignatureCheck.MISMATCH: (
        f"Webhook signature invalid: the saved secret is not the one that Stripe signs with. {_COPY_AGAIN}"
    ),
}
_SECONDS_PER_MINUTE = 60


def describe_refusal(refusal: WebhookRefusal) -> str:
    """Why it was refused and what to do."""
    if refusal.clock_skew_seconds is not None:
        return (
            f"The signature is right, but its time is not: the clock differs by about "
            f"{_duration(abs(refusal.clock_skew_seconds))}. Set the clock of this server by a time service (NTP)."
        )
    for check, sentence in _SENTENCES.items():
        if check.value == refusal.reason:
            return sentence
    return f"Webhook signature invalid. {_COPY_AGAIN}"


def _duration(seconds: int) -> str:
    if seconds < 2 * _SECONDS_PER_MINUTE:
        return f"{seconds} s"
    return f"{(seconds + _SECONDS_PER_MINUTE // 2) // _SECONDS_PER_MINUTE} min"
