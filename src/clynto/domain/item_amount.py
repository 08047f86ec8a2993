"""What one subscription item costs per billing period (billing rules 2.2)."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from clynto.domain.catalogue import PackageRule, Price, PriceAmounts, Tier, with_listed_details
from clynto.domain.interval_factor import monthly_factor
from clynto.domain.moments import UnixTime
from clynto.domain.money import ZERO
from clynto.domain.policies import LARGEST_MONTHLY_AMOUNT
from clynto.domain.subscription import SubscriptionItem

UNSTATED_QUANTITY = 1
"""A licensed item without a quantity is one unit (billing rules 2.2, step 4)."""


class NotCounted(enum.StrEnum):
    """Why an item brings nothing. The value is the code of the note."""

    METERED = "metered_not_counted"
    ONE_TIME = "one_time_not_counted"
    ON_TRIAL = "item_on_trial"
    CURRENCY_OPTION_MISSING = "currency_option_missing"
    NO_PRICE = "no_price"
    NO_UNIT_AMOUNT = "no_unit_amount"
    INVALID_QUANTITY = "invalid_quantity"
    TIERS_UNKNOWN = "tiers_not_expanded"
    TIERS_MODE_UNKNOWN = "unknown_tiers_mode"
    ABOVE_LAST_TIER = "quantity_above_last_tier"
    UNKNOWN_INTERVAL = "unknown_interval"
    TOO_LARGE = "amount_too_large"

    @property
    def is_zero(self) -> bool:
        """Known to bring nothing. All other reasons mean an unknown amount, which makes the figure partial."""
        return self in _KNOWN_ZERO


_KNOWN_ZERO = frozenset({NotCounted.METERED, NotCounted.ONE_TIME, NotCounted.ON_TRIAL})


@dataclass(frozen=True, slots=True)
class ItemAmount:
    """``period_amount`` is exact minor units of the subscription's currency per period; ``monthly`` per month."""

    price: Price
    quantity: int
    interval: str
    interval_count: int
    factor: Fraction
    period_amount: Fraction
    monthly: Fraction


def assess_item(
    item: SubscriptionItem, currency: str, listed_prices: Mapping[str, Price], now: UnixTime
) -> ItemAmount | NotCounted:
    """The amount of ``item`` in ``currency`` (upper case), or the reason why it brings nothing.

    ``listed_prices`` (by id) complete tiers and currency options. A deleted item is the caller's to leave out.
    """
    price = item.price
    if price is None:
        return NotCounted.NO_PRICE
    recurrence = price.recurrence
    if recurrence is None:
        return NotCounted.ONE_TIME
    if recurrence.metered:
        return NotCounted.METERED
    if item.trial_end is not None and item.trial_end > now:
        return NotCounted.ON_TRIAL
    if price.tiered or price.currency != currency:
        price = with_listed_details(price, listed_prices.get(price.id))
    amounts = _amounts_in(price, currency)
    if amounts is None:
        return NotCounted.CURRENCY_OPTION_MISSING
    quantity = UNSTATED_QUANTITY if item.quantity is None else item.quantity
    amount = period_amount(price, amounts, quantity)
    if isinstance(amount, NotCounted):
        return amount
    factor = monthly_factor(recurrence.interval, recurrence.interval_count)
    if factor is None:
        return NotCounted.UNKNOWN_INTERVAL
    if abs(amount * factor) > LARGEST_MONTHLY_AMOUNT:
        return NotCounted.TOO_LARGE
    return ItemAmount(
        price=price,
        quantity=quantity,
        interval=recurrence.interval,
        interval_count=recurrence.interval_count,
        factor=factor,
        period_amount=amount,
        monthly=amount * factor,
    )


def _amounts_in(price: Price, currency: str) -> PriceAmounts | None:
    """Never the embedded amount when the currencies differ: it is a number of another currency (stripe_facts 0.9)."""
    if price.currency == currency:
        return price.amounts
    return None if price.currency_options is None else price.currency_options.get(currency)


def period_amount(price: Price, amounts: PriceAmounts, quantity: int) -> Fraction | NotCounted:
    """Exact minor units per period for ``quantity`` units, by whatever scheme ``price`` has."""
    if quantity < 0:
        return NotCounted.INVALID_QUANTITY
    if price.tiered:
        return _tiered_amount(price.tiers_mode, amounts.tiers, quantity)
    if amounts.unit_amount is None:
        return NotCounted.NO_UNIT_AMOUNT
    return amounts.unit_amount * _packages(quantity, price.package)


def _packages(quantity: int, rule: PackageRule | None) -> int:
    if rule is None:
        return quantity
    whole, rest = divmod(quantity, rule.divide_by)
    return whole + 1 if rest and rule.round_up else whole


def _tiered_amount(mode: str | None, tiers: tuple[Tier, ...] | None, quantity: int) -> Fraction | NotCounted:
    if not tiers:
        return NotCounted.TIERS_UNKNOWN
    if mode == "graduated":
        return _graduated(tiers, quantity)
    if mode == "volume":
        return _volume(tiers, quantity)
    return NotCounted.TIERS_MODE_UNKNOWN


def _graduated(tiers: tuple[Tier, ...], quantity: int) -> Fraction | NotCounted:
    """Each tier prices the units inside it, and adds its flat fee once a unit is in it; the first always does."""
    total = tiers[0].flat_amount or ZERO
    below = 0
    for position, tier in enumerate(tiers):
        upper = quantity if tier.up_to is None else min(quantity, tier.up_to)
        inside = upper - below
        if inside > 0:
            total += inside * (tier.unit_amount or ZERO)
            if position:
                total += tier.flat_amount or ZERO
            below = upper
        if below >= quantity:
            return total
    return NotCounted.ABOVE_LAST_TIER


def _volume(tiers: tuple[Tier, ...], quantity: int) -> Fraction | NotCounted:
    """The tier that holds the whole quantity prices every unit and adds its own flat fee only."""
    for tier in tiers:
        if tier.up_to is None or quantity <= tier.up_to:
            return quantity * (tier.unit_amount or ZERO) + (tier.flat_amount or ZERO)
    return NotCounted.ABOVE_LAST_TIER
