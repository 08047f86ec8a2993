"""Prices as compact arrays. Positions are never reused; a new field is appended and read with a default."""

from __future__ import annotations

from typing import Any

from clynto.adapters.sql.documents import exact, fraction
from clynto.domain.catalogue import PackageRule, Price, PriceAmounts, Recurrence, Tier


def pack_recurrence(recurrence: Recurrence | None) -> list[Any] | None:
    """How often something is due."""
    return None if recurrence is None else [recurrence.interval, recurrence.interval_count, recurrence.metered]


def unpack_recurrence(packed: list[Any] | None) -> Recurrence | None:
    """What ``pack_recurrence`` was given."""
    return None if packed is None else Recurrence(packed[0], packed[1], packed[2])


def pack_price(price: Price) -> list[Any]:
    """A price with tiers and currency options."""
    options = price.currency_options
    package = price.package
    return [
        price.id,
        price.product_id,
        price.currency,
        price.active,
        price.nickname,
        price.tiered,
        price.tiers_mode,
        _pack_amounts(price.amounts),
        None if options is None else {currency: _pack_amounts(amounts) for currency, amounts in options.items()},
        None if package is None else [package.divide_by, package.round_up],
        pack_recurrence(price.recurrence),
        price.tax_inclusive,
    ]


def unpack_price(packed: list[Any]) -> Price:
    """What ``pack_price`` was given."""
    options, package = packed[8], packed[9]
    return Price(
        id=packed[0],
        product_id=packed[1],
        currency=packed[2],
        active=packed[3],
        nickname=packed[4],
        tiered=packed[5],
        tiers_mode=packed[6],
        amounts=_unpack_amounts(packed[7]),
        currency_options=None if options is None else {code: _unpack_amounts(held) for code, held in options.items()},
        package=None if package is None else PackageRule(package[0], package[1]),
        recurrence=unpack_recurrence(packed[10]),
        tax_inclusive=packed[11],
    )


def _pack_amounts(amounts: PriceAmounts) -> list[Any]:
    tiers = amounts.tiers
    packed = None if tiers is None else [[t.up_to, exact(t.unit_amount), exact(t.flat_amount)] for t in tiers]
    return [exact(amounts.unit_amount), packed]


def _unpack_amounts(packed: list[Any]) -> PriceAmounts:
    tiers = packed[1]
    return PriceAmounts(
        unit_amount=fraction(packed[0]),
        tiers=None if tiers is None else tuple(Tier(t[0], fraction(t[1]), fraction(t[2])) for t in tiers),
    )
