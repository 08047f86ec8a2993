"""A customer of the seller, as Stripe knows it (stripe_facts 2.3)."""

from __future__ import annotations

from dataclasses import dataclass

from clynto.domain.discount import Discount
from clynto.domain.moments import UnixTime


@dataclass(frozen=True, slots=True)
class StripeCustomer:
    """``email`` is as typed: unverified, of any case, perhaps absent. A deleted customer is a tombstone."""

    id: str
    email: str | None
    name: str | None
    created: UnixTime | None
    currency: str | None = None
    discount: Discount | None = None
    deleted: bool = False
