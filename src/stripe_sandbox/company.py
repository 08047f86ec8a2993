"""The seller's own list of companies, which knows more of them than Stripe does."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Company:
    """A company of the seller's own account list; it may have no Stripe customer at all."""

    name: str
    domain: str
