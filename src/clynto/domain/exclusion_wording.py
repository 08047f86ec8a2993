"""Why something is left out of an account's MRR, in plain words (contract, mrr-explanation)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from clynto.domain.item_amount import NotCounted

_OF_ITEMS: Mapping[str, str] = MappingProxyType(
    {
        NotCounted.METERED.value: "Its price is metered, so what it brings is only known afterwards.",
        NotCounted.ONE_TIME.value: "Its price is paid once and does not recur.",
        NotCounted.ON_TRIAL.value: "The item is on trial and brings nothing yet.",
        NotCounted.CURRENCY_OPTION_MISSING.value: "Its price names no amount in the subscription's currency.",
        NotCounted.NO_PRICE.value: "Stripe names no price for it.",
        NotCounted.NO_UNIT_AMOUNT.value: "Its price names no amount for a unit.",
        NotCounted.INVALID_QUANTITY.value: "Its quantity is below zero.",
        NotCounted.TIERS_UNKNOWN.value: "The tiers of its price are not known yet; a re-sync reads them.",
        NotCounted.TIERS_MODE_UNKNOWN.value: "Its price has tiers of a kind that is not known here.",
        NotCounted.ABOVE_LAST_TIER.value: "Its quantity lies above the last tier of its price.",
        NotCounted.UNKNOWN_INTERVAL.value: "Its billing interval is not known here.",
        NotCounted.TOO_LARGE.value: "Its amount is larger than any that Stripe charges; check price and quantity.",
    }
)

_OF_STATUSES: Mapping[str, str] = MappingProxyType(
    {
        "trialing": "The subscription is on trial; nobody pays for it yet.",
        "incomplete": "The first payment of the subscription has not been made.",
        "incomplete_expired": "The first payment of the subscription was never made.",
        "canceled": "The subscription has ended.",
        "unpaid": "The subscription is unpaid and was given up.",
        "paused": "The subscription is paused.",
    }
)
_NOT_COUNTED = "not_counted:"


def describe_exclusion(reason: str) -> str:
    """A sentence for the code of an exclusion."""
    if reason.startswith(_NOT_COUNTED):
        status = reason.removeprefix(_NOT_COUNTED)
        return _OF_STATUSES.get(status, f"A subscription with the status {status} does not count.")
    return _OF_ITEMS.get(reason, "It is not counted.")
