"""What can be made to go wrong with the Stripe in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from clynto.domain.errors import ClyntoError, MissingPermissions
from clynto.ports.stripe_reading import Listing

PERMISSION_OF = {
    Listing.CUSTOMERS: "customers",
    Listing.LIVE_SUBSCRIPTIONS: "subscriptions",
    Listing.ENDED_SUBSCRIPTIONS: "subscriptions",
    Listing.RUNNING_DISCOUNTS: "subscriptions",
    Listing.INVOICES: "invoices",
    Listing.OPEN_INVOICES: "invoices",
    Listing.PRODUCTS: "products",
    Listing.PRICES: "prices",
}
"""In the order in which a key check names what is missing."""


class StripeFaults:
    """Faults stay until ``heal``, but those that come with a number of ``times``."""

    def __init__(self) -> None:
        self._everything: ClyntoError | None = None
        self._missing: set[str] = set()
        self._at: dict[str, list[ClyntoError | None]] = {}
        self._always_at: dict[str, ClyntoError] = {}
        self._meanwhile: dict[str, Callable[[], None]] = {}

    def fail_everything(self, error: ClyntoError) -> None:
        """Answer every request by ``error``."""
        self._everything = error

    def withdraw(self, permission: str) -> None:
        """Let the key read one thing less: ``customers``, ``subscriptions``, ``invoices``, ``products``, ``prices``."""
        self._missing.add(permission)

    def fail(self, request: str, error: ClyntoError, *, after: int = 0, times: int | None = None) -> None:
        """Answer a request by ``error`` once it was answered well ``after`` times; ``request`` is written as in
        ``MemoryStripe.requests``: ``invoices`` (each page is a request), ``price price_1``."""
        if times is None:
            self._always_at[request] = error
            times = 0
        self._at[request] = [*(None for _ in range(after)), *(error for _ in range(times))]

    def meanwhile(self, request: str, happens: Callable[[], None]) -> None:
        """Let something happen at Stripe between the arrival of the next such ``request`` and its answer."""
        self._meanwhile[request] = happens

    def heal(self) -> None:
        """Let nothing go wrong any more."""
        self._everything = None
        self._missing.clear()
        self._at.clear()
        self._always_at.clear()
        self._meanwhile.clear()

    def happen(self, request: str) -> None:
        """Let happen what was planned for this request."""
        self._meanwhile.pop(request, lambda: None)()

    def raise_for_everything(self) -> None:
        """Raise the fault of all requests, if one is switched on."""
        if self._everything is not None:
            raise self._everything

    def raise_for_permissions(self, permissions: Iterable[str]) -> None:
        """Raise ``MissingPermissions`` naming those of ``permissions`` that were withdrawn."""
        missing = [permission for permission in dict.fromkeys(permissions) if permission in self._missing]
        if missing:
            raise MissingPermissions(permissions=missing)

    def raise_for(self, request: str) -> None:
        """Raise what was set up for this request, if it is its turn."""
        planned = self._at.get(request)
        error = planned.pop(0) if planned else self._always_at.get(request)
        if error is not None:
            raise error
