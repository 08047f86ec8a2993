"""What a price costs for a quantity: exact fractions of a minor unit.

Follows Stripe's description of tiers and packages: `volume` prices the whole quantity at the tier that holds it,
`graduated` prices the units inside each tier; a tier's flat fee is due once the tier is reached.
"""

from __future__ import annotations

from fractions import Fraction

from stripe_sandbox.records import CurrencyAmounts, Price, Tier


def exact_amount(price: Price, currency: str, quantity: int) -> Fraction | None:
    """Return the amount of one period in minor units of `currency`, or None where the price does not say it."""
    amounts = price.amounts.get(currency)
    if amounts is None:
        return None
    units = quantity
    if price.divide_by is not None:
        whole, rest = divmod(quantity, price.divide_by)
        units = whole + (1 if rest and price.round_up else 0)
    if price.tiers_mode == "volume":
        return _volume(amounts, units)
    if price.tiers_mode == "graduated":
        return _graduated(amounts, units)
    return None if amounts.unit_amount is None else Fraction(amounts.unit_amount) * units


def round_half_up(amount: Fraction) -> int:
    """Round to a whole minor unit, halves away from zero, as an invoice line does."""
    sign = -1 if amount < 0 else 1
    return sign * int((abs(amount) * 2 + 1) // 2)


def _unit(tier: Tier) -> Fraction:
    return Fraction(tier.unit_amount or 0)


def _flat(tier: Tier) -> Fraction:
    return Fraction(tier.flat_amount or 0)


def _volume(amounts: CurrencyAmounts, units: int) -> Fraction | None:
    for tier in amounts.tiers:
        if tier.up_to is None or units <= tier.up_to:
            return _unit(tier) * units + _flat(tier)
    return None


def _graduated(amounts: CurrencyAmounts, units: int) -> Fraction | None:
    total = Fraction(0)
    floor = 0
    for tier in amounts.tiers:
        top = units if tier.up_to is None else min(units, tier.up_to)
        total += _unit(tier) * (top - floor) + _flat(tier)
        if tier.up_to is None or units <= tier.up_to:
            return total
        floor = tier.up_to
    return None
