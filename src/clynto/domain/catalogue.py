"""What a seller offers: products and prices, as far as recurring revenue needs them (stripe_facts 2.1, 2.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Product:
    """A Stripe product; ``name`` is the plan name people know."""

    id: str
    name: str
    active: bool
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Recurrence:
    """How often a price is due: every ``interval_count`` ``interval`` (``day``, ``week``, ``month``, ``year``).

    An interval Stripe may invent later is kept as written and treated as unknown.
    """

    interval: str
    interval_count: int
    metered: bool


@dataclass(frozen=True, slots=True)
class Tier:
    """One step of a tiered price; amounts are exact minor units, ``up_to`` is inclusive and None is open-ended."""

    up_to: int | None
    unit_amount: Fraction | None
    flat_amount: Fraction | None


@dataclass(frozen=True, slots=True)
class PriceAmounts:
    """The amounts of a price in one currency.

    ``unit_amount`` is exact minor units or None where there is none; ``tiers`` None means that they were not
    read (Stripe leaves them out unless expanded), which is not the same as an empty list.
    """

    unit_amount: Fraction | None
    tiers: tuple[Tier, ...] | None


@dataclass(frozen=True, slots=True)
class PackageRule:
    """``transform_quantity``: the quantity is divided by ``divide_by`` and rounded to whole packages."""

    divide_by: int
    round_up: bool


@dataclass(frozen=True, slots=True)
class Price:
    """A Stripe price (or its legacy twin, the plan).

    ``currency`` and the keys of ``currency_options`` are upper case. ``currency_options`` None means that they
    were not read. ``tiers_mode`` is ``graduated`` or ``volume`` for tiered prices. ``recurrence`` None is a
    one-time price. ``tax_inclusive`` says that the amount has tax inside (billing rules, section 1).
    """

    id: str
    product_id: str | None
    currency: str
    active: bool
    nickname: str | None
    tiered: bool
    tiers_mode: str | None
    amounts: PriceAmounts
    currency_options: Mapping[str, PriceAmounts] | None
    package: PackageRule | None
    recurrence: Recurrence | None
    tax_inclusive: bool = False


def with_listed_details(embedded: Price, listed: Price | None) -> Price:
    """Complete the price on a subscription item with what only the price list carries.

    Stripe embeds the price without tiers and currency options (stripe_facts, trap 14); both are immutable enough
    to be taken from the list. Everything else stays as embedded, because the item is what is billed.
    """
    if listed is None or listed.id != embedded.id:
        return embedded
    amounts = embedded.amounts
    if amounts.tiers is None and listed.amounts.tiers is not None:
        amounts = PriceAmounts(unit_amount=amounts.unit_amount, tiers=listed.amounts.tiers)
    options = embedded.currency_options if embedded.currency_options is not None else listed.currency_options
    if amounts is embedded.amounts and options is embedded.currency_options:
        return embedded
    return Price(
        id=embedded.id,
        product_id=embedded.product_id,
        currency=embedded.currency,
        active=embedded.active,
        nickname=embedded.nickname,
        tiered=embedded.tiered,
        tiers_mode=embedded.tiers_mode,
        amounts=amounts,
        currency_options=options,
        package=embedded.package,
        recurrence=embedded.recurrence,
        tax_inclusive=embedded.tax_inclusive,
    )
