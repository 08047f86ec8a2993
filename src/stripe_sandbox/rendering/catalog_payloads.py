"""Payloads of products, prices, plans, coupons and discounts."""

from __future__ import annotations

from decimal import Decimal

from stripe_sandbox.object_store import ObjectStore
from stripe_sandbox.records import Coupon, CurrencyAmounts, Discount, Json, Price, Product
from stripe_sandbox.rendering.api_versions import Shape


def product_payload(store: ObjectStore, product: Product, shape: Shape) -> Json:
    """Render a product; a deleted one is only its tombstone."""
    if product.deleted:
        return {"id": product.id, "object": "product", "deleted": True}
    payload: Json = {
        "id": product.id,
        "object": "product",
        "active": product.active,
        "created": product.created,
        "default_price": product.default_price,
        "description": product.description,
        "images": [],
        "livemode": store.account.livemode,
        "metadata": product.metadata,
        "name": product.name,
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "type": "service",
        "unit_label": product.unit_label,
        "updated": product.updated or product.created,
        "url": None,
    }
    if shape >= Shape.V2024_06:
        payload["marketing_features"] = []
    else:
        payload["attributes"] = []
    if shape >= Shape.ENDIVE:
        payload["tax_details"] = None
    return payload


def decimal_text(amount: Decimal | None) -> str | None:
    """Write a decimal as Stripe does: plain digits, no exponent, no trailing zeros."""
    if amount is None:
        return None
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def whole_amount(amount: Decimal | None) -> int | None:
    """Return the amount if it is a whole minor unit; Stripe leaves the integer field null otherwise."""
    return int(amount) if amount is not None and amount == amount.to_integral_value() else None


def tier_payloads(amounts: CurrencyAmounts) -> list[Json]:
    """Render the tiers of a price in one currency."""
    return [
        {
            "flat_amount": whole_amount(tier.flat_amount),
            "flat_amount_decimal": decimal_text(tier.flat_amount),
            "unit_amount": whole_amount(tier.unit_amount),
            "unit_amount_decimal": decimal_text(tier.unit_amount),
            "up_to": tier.up_to,
        }
        for tier in amounts.tiers
    ]


def currency_option_payloads(price: Price, *, with_tiers: bool) -> Json:
    """Render what the price costs in each of its currencies, which Stripe shows only when expanded."""
    options: Json = {}
    for currency, amounts in price.amounts.items():
        options[currency] = {
            "custom_unit_amount": _custom_amount(price),
            "tax_behavior": price.tax_behavior,
            "unit_amount": whole_amount(amounts.unit_amount),
            "unit_amount_decimal": decimal_text(amounts.unit_amount),
        }
        if with_tiers and amounts.tiers:
            options[currency]["tiers"] = tier_payloads(amounts)
    return options


def _custom_amount(price: Price) -> Json | None:
    return {"maximum": None, "minimum": None, "preset": None} if price.custom_amount else None


def _rounding(price: Price) -> Json | None:
    if price.divide_by is None:
        return None
    return {"divide_by": price.divide_by, "round": "up" if price.round_up else "down"}


def price_payload(store: ObjectStore, price: Price, shape: Shape) -> Json:
    """Render a price in its default currency, without tiers and currency options (those need an expand)."""
    amounts = price.amounts[price.currency]
    recurring: Json | None = None
    if price.interval is not None:
        recurring = {
            "interval": price.interval,
            "interval_count": price.interval_count,
            "trial_period_days": None,
            "usage_type": "metered" if price.metered else "licensed",
        }
        if shape < Shape.BASIL:
            recurring["aggregate_usage"] = "sum" if price.metered else None
        if shape >= Shape.V2024_06:
            recurring["meter"] = _meter(price, shape)
    return {
        "id": price.id,
        "object": "price",
        "active": price.active,
        "billing_scheme": "tiered" if price.tiers_mode else "per_unit",
        "created": price.created,
        "currency": price.currency,
        "custom_unit_amount": _custom_amount(price),
        "livemode": store.account.livemode,
        "lookup_key": price.lookup_key,
        "metadata": price.metadata,
        "nickname": price.nickname,
        "product": price.product,
        "recurring": recurring,
        "tax_behavior": price.tax_behavior,
        "tiers_mode": price.tiers_mode,
        "transform_quantity": _rounding(price),
        "type": "recurring" if price.interval else "one_time",
        "unit_amount": whole_amount(amounts.unit_amount),
        "unit_amount_decimal": decimal_text(amounts.unit_amount),
    }


def _meter(price: Price, shape: Shape) -> str | None:
    # Before basil metered prices could use usage records, without a meter object.
    return f"mtr_{price.id.removeprefix('price_')}" if price.metered and shape >= Shape.BASIL else None


def plan_payload(store: ObjectStore, price: Price, shape: Shape) -> Json:
    """Render a recurring price as its legacy twin."""
    amounts = price.amounts[price.currency]
    payload: Json = {
        "id": price.id,
        "object": "plan",
        "active": price.active,
        "amount": whole_amount(amounts.unit_amount),
        "amount_decimal": decimal_text(amounts.unit_amount),
        "billing_scheme": "tiered" if price.tiers_mode else "per_unit",
        "created": price.created,
        "currency": price.currency,
        "interval": price.interval,
        "interval_count": price.interval_count,
        "livemode": store.account.livemode,
        "metadata": price.metadata,
        "nickname": price.nickname,
        "product": price.product,
        "tiers_mode": price.tiers_mode,
        "transform_usage": _rounding(price),
        "trial_period_days": None,
        "usage_type": "metered" if price.metered else "licensed",
    }
    if shape < Shape.BASIL:
        payload["aggregate_usage"] = "sum" if price.metered else None
    if shape >= Shape.V2024_06:
        payload["meter"] = _meter(price, shape)
    return payload


def coupon_payload(store: ObjectStore, coupon: Coupon) -> Json:
    """Render a coupon without `applies_to` and `currency_options`, which need an expand."""
    percent = coupon.percent_off
    return {
        "id": coupon.id,
        "object": "coupon",
        "amount_off": coupon.amounts_off.get(coupon.currency or ""),
        "created": coupon.created,
        "currency": coupon.currency,
        "duration": coupon.duration,
        "duration_in_months": coupon.duration_in_months,
        "livemode": store.account.livemode,
        "max_redemptions": None,
        "metadata": {},
        "name": coupon.name,
        # The one number Stripe sends as a JSON float. It is a percentage, not money.
        "percent_off": None if percent is None else float(percent),
        "redeem_by": coupon.redeem_by,
        "times_redeemed": coupon.times_redeemed,
        "valid": coupon.valid,
    }


def discount_payload(store: ObjectStore, discount: Discount, shape: Shape) -> Json:
    """Render a discount: with its coupon inside up to basil, with only the coupon's id from clover on."""
    payload: Json = {
        "id": discount.id,
        "object": "discount",
        "checkout_session": None,
        "customer": discount.customer,
        "end": discount.end,
        "invoice": None,
        "invoice_item": None,
        "promotion_code": None,
        "start": discount.start,
        "subscription": discount.subscription,
    }
    if shape >= Shape.V2024_06:
        payload["subscription_item"] = discount.subscription_item
    if shape >= Shape.CLOVER:
        payload["customer_account"] = None
        payload["source"] = {"type": "coupon", "coupon": discount.coupon}
    else:
        payload["coupon"] = coupon_payload(store, store.coupons[discount.coupon])
    return payload
