"""How fast one Stripe key may be read, shared by all workers that read with it (architecture decision 8)."""

from typing import Protocol


class RequestBudget(Protocol):
    """A reservation of request slots per key and endpoint.

    Limits: ``CLYNTO_STRIPE_MAX_RPS`` over all endpoints of a key, and Stripe's 25 a second for one endpoint
    (stripe_facts 4). After refusals the pace falls and recovers by itself.
    """

    def reserve(self, key_fingerprint: str, endpoint: str) -> float:
        """Take the next free slot and return how many seconds to wait before sending (0.0: now)."""
        ...

    def refused(self, key_fingerprint: str, endpoint: str) -> None:
        """Stripe answered 429: slow down for this key and endpoint."""
        ...
