"""What the invented seller sells: plans, add-ons and coupons of every kind of pricing that Stripe has."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from stripe_sandbox.records import Coupon, CurrencyAmounts, Price, Product, Tier

if TYPE_CHECKING:
    from stripe_sandbox.world import World


@dataclass(slots=True)
class Catalog:
    """Ids of the prices and coupons by short names such as `team_month`."""

    prices: dict[str, str] = field(default_factory=dict)
    products: dict[str, str] = field(default_factory=dict)


def _flat(amount: int | str) -> CurrencyAmounts:
    return CurrencyAmounts(unit_amount=Decimal(amount))


def _tiers(*tiers: tuple[int | None, int | str, int | None]) -> CurrencyAmounts:
    """Return tiers written as (up to, unit amount, flat amount)."""
    steps = [Tier(up_to, Decimal(unit), None if flat is None else Decimal(flat)) for up_to, unit, flat in tiers]
    return CurrencyAmounts(tiers=tuple(steps))


_PRODUCTS = {
    "starter": ("Starter", "seat"),
    "team": ("Team", "seat"),
    "business": ("Business", "seat"),
    "enterprise": ("Enterprise", "seat"),
    "support": ("Premium support", None),
    "storage": ("Extra storage", "GB"),
    "api": ("API calls", "call"),
    "messages": ("Message pack", "message"),
    "addon": ("Connector", None),
    "onboarding": ("Onboarding", None),
    "legacy": ("Classic (2022)", "seat"),
}

#: Short name: product, amounts by currency, and what differs from a plain monthly per-unit price.
_PRICES: dict[str, tuple[str, dict[str, CurrencyAmounts], dict[str, Any]]] = {
    "starter_month": ("starter", {"usd": _flat(1900)}, {}),
    "starter_year": ("starter", {"usd": _flat(19000)}, {"interval": "year"}),
    "starter_free": ("starter", {"usd": _flat(0)}, {"nickname": "Free"}),
    "team_month": (
        "team",
        {"usd": _flat(1200), "eur": _flat(1100), "gbp": _flat(950)},
        {"nickname": "Team monthly", "lookup_key": "team_monthly"},
    ),
    "team_year": ("team", {"usd": _flat(12000), "eur": _flat(11000)}, {"interval": "year"}),
    "team_quarter": ("team", {"usd": _flat(3400)}, {"interval_count": 3, "nickname": "Team quarterly"}),
    "business_month": ("business", {"usd": _flat(2900)}, {"nickname": "Business monthly"}),
    "business_year": ("business", {"usd": _flat(29900)}, {"interval": "year"}),
    "business_week": ("business", {"usd": _flat(999)}, {"interval": "week"}),
    "business_two_weeks": ("business", {"usd": _flat(1990)}, {"interval": "week", "interval_count": 2}),
    "business_eur_inclusive": ("business", {"eur": _flat(2700)}, {"tax_behavior": "inclusive"}),
    "enterprise_graduated": (
        "enterprise",
        {"usd": _tiers((10, 5000, 20000), (50, 4000, None), (None, 3000, 10000))},
        {"tiers_mode": "graduated"},
    ),
    "enterprise_volume": (
        "enterprise",
        {"usd": _tiers((5, 700, None), (10, 650, None), (None, 600, 1500))},
        {"tiers_mode": "volume"},
    ),
    "enterprise_volume_year": (
        "enterprise",
        {"usd": _tiers((25, 60000, None), (None, 48000, 100000))},
        {"tiers_mode": "volume", "interval": "year"},
    ),
    "enterprise_two_years": (
        "enterprise",
        {"usd": _flat(1200000)},
        {"interval": "year", "interval_count": 2},
    ),
    "day_pass": ("starter", {"usd": _flat(100)}, {"interval": "day"}),
    "thirty_days": ("starter", {"usd": _flat(3000)}, {"interval": "day", "interval_count": 30}),
    "support_month": ("support", {"usd": _flat(9900)}, {}),
    "support_year": ("support", {"usd": _flat(99000)}, {"interval": "year"}),
    "storage_decimal": ("storage", {"usd": _flat("2.5")}, {"nickname": "Storage per GB"}),
    "messages_pack": ("messages", {"usd": _flat(2000)}, {"divide_by": 10}),
    "messages_pack_down": ("messages", {"usd": _flat(1500)}, {"divide_by": 100, "round_up": False}),
    "api_metered": ("api", {"usd": _flat("0.05")}, {"metered": True}),
    "onboarding_once": ("onboarding", {"usd": _flat(150000)}, {"interval": None}),
    "pay_what_you_want": ("support", {"usd": CurrencyAmounts()}, {"custom_amount": True}),
    "team_month_jpy": ("team", {"jpy": _flat(1800)}, {}),
    "team_year_jpy": ("team", {"jpy": _flat(10000)}, {"interval": "year"}),
    "team_month_kwd": ("team", {"kwd": _flat(3500)}, {}),
    "legacy_month": ("legacy", {"usd": _flat(800)}, {"nickname": "Classic"}),
    "legacy_year_eur": ("legacy", {"eur": _flat(8500)}, {"interval": "year"}),
    **{f"connector_{n}": ("addon", {"usd": _flat(100 * n + 50)}, {}) for n in range(1, 26)},
}

_COUPONS: dict[str, dict[str, Any]] = {
    "WELCOME50": {"duration": "once", "percent_off": Decimal(50)},
    "PARTNER20": {"duration": "forever", "percent_off": Decimal(20)},
    "ODD333": {"duration": "forever", "percent_off": Decimal("33.3")},
    "HALFYEAR25": {"duration": "repeating", "duration_in_months": 6, "percent_off": Decimal(25)},
    "QUARTER10": {"duration": "repeating", "duration_in_months": 3, "percent_off": Decimal(10)},
    "TENOFF": {
        "duration": "forever",
        "amounts_off": {"usd": 1000, "eur": 900, "gbp": 800},
        "currency": "usd",
    },
    "YEARLY120": {"duration": "forever", "amounts_off": {"usd": 12000}, "currency": "usd"},
    "FREEFOREVER": {"duration": "forever", "percent_off": Decimal(100)},
    "SUPPORTONLY": {"duration": "forever", "percent_off": Decimal(40)},
    "OLDCAMPAIGN": {"duration": "forever", "percent_off": Decimal(15), "valid": False},
}


def create_catalog(world: World) -> Catalog:
    """Put the seller's products, prices and coupons into the world, at its present second."""
    catalog = Catalog()
    for short, (name, unit) in _PRODUCTS.items():
        product = Product(id=world.new_id("prod"), created=world.now, name=name, unit_label=unit)
        world.store.products.add(product)
        catalog.products[short] = product.id
    for short, (owner, amounts, details) in _PRICES.items():
        price = Price(
            id=world.new_id("price"),
            created=world.now,
            product=catalog.products[owner],
            currency=next(iter(amounts)),
            amounts=amounts,
            **details,
        )
        world.store.prices.add(price)
        catalog.prices[short] = price.id
        product = world.store.products[price.product]
        product.default_price = product.default_price or price.id
    for coupon_id, details in _COUPONS.items():
        products = (catalog.products["support"],) if coupon_id == "SUPPORTONLY" else ()
        name = coupon_id.title()
        world.store.coupons.add(Coupon(id=coupon_id, created=world.now, name=name, products=products, **details))
    return catalog
