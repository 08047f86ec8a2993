"""Products, prices and legacy plans to domain records (stripe_facts 2.1, 2.2)."""

from __future__ import annotations

from typing import Any

from clynto.adapters.stripe_api.payload_reading import (
    FaultsOf,
    JsonObject,
    currency,
    exact_amount,
    expanded,
    flag,
    integer,
    is_deleted,
    json_list,
    json_object,
    name,
    object_with_id,
    reference,
    storable,
    word,
    wrong,
)
from clynto.domain.catalogue import PackageRule, Price, PriceAmounts, Product, Recurrence, Tier

PRODUCT = "product"
PRICE = "price"


def map_product(payload: object) -> Product:
    """A product, or its tombstone. Raises ``UnusablePayload``."""
    product, product_id = object_with_id(payload, PRODUCT)
    with FaultsOf(PRODUCT, product_id):
        deleted = is_deleted(product)
        return Product(
            id=product_id,
            name=name(product, "name") or product_id,
            active=flag(product, "active") and not deleted,
            deleted=deleted,
        )


def map_price(payload: object) -> Price:
    """A price or its legacy twin, the plan. Raises ``UnusablePayload``."""
    price, price_id = object_with_id(payload, PRICE)
    with FaultsOf(PRICE, price_id):
        return read_price(price, price_id)


def read_price(price: JsonObject, price_id: str) -> Price:
    """Read a price, also where it is embedded. A plan names some things differently and is always recurring."""
    is_plan = "recurring" not in price and "interval" in price
    recurring = price if is_plan else json_object(price, "recurring")
    unit_stem = "amount" if is_plan else "unit_amount"
    package, package_is_sound = _package(json_object(price, "transform_usage" if is_plan else "transform_quantity"))
    amounts = _amounts(price, unit_stem)
    if not package_is_sound:
        amounts = PriceAmounts(unit_amount=None, tiers=amounts.tiers)
    return Price(
        id=price_id,
        product_id=reference(price, "product"),
        currency=currency(price) or "",
        active=flag(price, "active") and not is_deleted(price),
        nickname=name(price, "nickname"),
        tiered=word(price, "billing_scheme") == "tiered",
        tiers_mode=word(price, "tiers_mode"),
        amounts=amounts,
        currency_options=_currency_options(price),
        package=package,
        recurrence=None if recurring is None or word(price, "type") == "one_time" else _recurrence(recurring),
        tax_inclusive=word(price, "tax_behavior") == "inclusive",
    )


def embedded_price(holder: JsonObject) -> Price | None:
    """The price inside a subscription item or an old invoice line, else its legacy twin; None if only ids are there."""
    embedded = expanded(holder, "price") or expanded(holder, "plan")
    if embedded is None:
        return None
    price_id = word(embedded, "id")
    if price_id is None:
        raise wrong("price.id", "an id")
    return read_price(embedded, price_id)


def _recurrence(recurring: JsonObject) -> Recurrence:
    count = integer(recurring, "interval_count")
    return Recurrence(
        interval=word(recurring, "interval") or "",
        interval_count=1 if count is None else count,
        metered=word(recurring, "usage_type") == "metered",
    )


def _package(rule: JsonObject | None) -> tuple[PackageRule | None, bool]:
    """The package rule, and whether it can be calculated with."""
    if rule is None:
        return None, True
    size, rounding = integer(rule, "divide_by"), word(rule, "round")
    if size is None or size < 1 or rounding not in ("up", "down"):
        return None, False
    return PackageRule(divide_by=size, round_up=rounding == "up"), True


def _amounts(holder: JsonObject, unit_stem: str) -> PriceAmounts:
    tiers = json_list(holder, "tiers")
    return PriceAmounts(
        unit_amount=exact_amount(holder, unit_stem),
        tiers=None if tiers is None else _tiers(tiers),
    )


def _tiers(entries: list[Any]) -> tuple[Tier, ...]:
    tiers = [_tier(entry) for entry in entries]
    tiers.sort(key=lambda tier: (tier.up_to is None, tier.up_to or 0))
    return tuple(tiers)


def _tier(entry: object) -> Tier:
    if not isinstance(entry, dict):
        raise wrong("tiers", "an array of objects")
    up_to = None if entry.get("up_to") == "inf" else integer(entry, "up_to")
    # Plans and the oldest prices write the unit amount of a tier as ``amount``.
    stem = "amount" if "unit_amount" not in entry and "amount" in entry else "unit_amount"
    return Tier(up_to=up_to, unit_amount=exact_amount(entry, stem), flat_amount=exact_amount(entry, "flat_amount"))


def _currency_options(price: JsonObject) -> dict[str, PriceAmounts] | None:
    options = json_object(price, "currency_options")
    if options is None:
        return None
    mapped = {}
    for code in options:
        option = json_object(options, code)
        if option is not None:
            mapped[storable(code).upper()] = _amounts(option, "unit_amount")
    return mapped
