"""The same objects as Stripe writes them in old and in new API versions (stripe_facts 1.2)."""

from __future__ import annotations

from typing import Any

Payload = dict[str, Any]

PRICE: Payload = {
    "id": "price_a",
    "object": "price",
    "active": True,
    "billing_scheme": "per_unit",
    "currency": "usd",
    "product": "prod_a",
    "recurring": {"interval": "month", "interval_count": 3, "usage_type": "licensed"},
    "type": "recurring",
    "unit_amount": 1000,
    "unit_amount_decimal": "1000",
}
PLAN: Payload = {
    "id": "price_a",
    "object": "plan",
    "active": True,
    "amount": 1000,
    "amount_decimal": "1000",
    "billing_scheme": "per_unit",
    "currency": "usd",
    "interval": "month",
    "interval_count": 3,
    "product": "prod_a",
    "usage_type": "licensed",
}
COUPON: Payload = {"id": "co_1", "object": "coupon", "duration": "forever", "percent_off": 33.3}

OLD_SUBSCRIPTION: Payload = {
    "id": "sub_1",
    "object": "subscription",
    "status": "active",
    "customer": "cus_1",
    "created": 5,
    "start_date": 5,
    "current_period_start": 10,
    "current_period_end": 20,
    "cancel_at_period_end": False,
    "discount": {"id": "di_1", "object": "discount", "coupon": COUPON, "start": 1, "end": None},
    "items": {"data": [{"id": "si_1", "quantity": 2, "plan": PLAN}], "has_more": False},
    "latest_invoice": "in_1",
}
NEW_SUBSCRIPTION: Payload = {
    "id": "sub_1",
    "object": "subscription",
    "status": "active",
    "currency": "usd",
    "customer": {"id": "cus_1", "object": "customer", "deleted": True},
    "customer_account": None,
    "created": 5,
    "start_date": 5,
    "cancel_at_period_end": False,
    "discounts": [
        {
            "id": "di_1",
            "object": "discount",
            "source": {"type": "coupon", "coupon": COUPON},
            "start": 1,
            "end": None,
        }
    ],
    "items": {
        "data": [
            {
                "id": "si_1",
                "quantity": 2,
                "price": {**PRICE, "product": {"id": "prod_a", "object": "product", "name": "Pro"}},
                "current_period_start": 10,
                "current_period_end": 20,
                "discounts": [],
                "current_trial": None,
            }
        ],
        "has_more": False,
    },
    "latest_invoice": {"id": "in_1", "object": "invoice"},
    "status_details": None,
}

MONEY: Payload = {
    "id": "in_1",
    "object": "invoice",
    "customer": "cus_1",
    "number": "A-1",
    "status": "open",
    "currency": "usd",
    "amount_due": 1900,
    "amount_paid": 400,
    "amount_remaining": 1500,
    "post_payment_credit_notes_amount": 0,
    "collection_method": "charge_automatically",
    "attempt_count": 1,
    "next_payment_attempt": None,
    "due_date": None,
    "created": 50,
    "billing_reason": "subscription_cycle",
    "status_transitions": {"finalized_at": 51, "paid_at": None, "voided_at": None, "marked_uncollectible_at": None},
}
OLD_LINES = [
    {
        "id": "il_1",
        "type": "subscription",
        "amount": 2000,
        "currency": "usd",
        "quantity": 2,
        "period": {"start": 10, "end": 20},
        "subscription": "sub_1",
        "subscription_item": "si_1",
        "proration": False,
        "price": PRICE,
        "plan": PLAN,
        "discount_amounts": [{"amount": 100, "discount": "di_1"}],
    },
    {
        "id": "il_2",
        "type": "invoiceitem",
        "amount": -100,
        "currency": "usd",
        "quantity": 1,
        "period": {"start": 10, "end": 20},
        "subscription": "sub_1",
        "subscription_item": "si_1",
        "proration": True,
        "price": PRICE,
    },
    {
        "id": "il_3",
        "type": "invoiceitem",
        "amount": 5,
        "currency": "usd",
        "quantity": 1,
        "period": {"start": 50, "end": 50},
        "proration": False,
        "price": None,
    },
]
NEW_LINES = [
    {
        "id": "il_1",
        "amount": 2000,
        "currency": "usd",
        "quantity": 2,
        "period": {"start": 10, "end": 20},
        "parent": {
            "type": "subscription_item_details",
            "invoice_item_details": None,
            "subscription_item_details": {
                "subscription": "sub_1",
                "subscription_item": "si_1",
                "proration": False,
            },
        },
        "pricing": {
            "type": "price_details",
            "price_details": {"price": PRICE, "product": "prod_a"},
            "unit_amount_decimal": "1000",
        },
        "discount_amounts": [{"amount": 100, "discount": "di_1"}],
    },
    {
        "id": "il_2",
        "amount": -100,
        "currency": "usd",
        "quantity": 1,
        "period": {"start": 10, "end": 20},
        "parent": {
            "type": "subscription_item_details",
            "subscription_item_details": {"subscription": "sub_1", "subscription_item": "si_1", "proration": True},
        },
        "pricing": {"price_details": {"price": PRICE, "product": "prod_a"}, "unit_amount_decimal": "1000"},
    },
    {
        "id": "il_3",
        "amount": 5,
        "currency": "usd",
        "quantity": 1,
        "period": {"start": 50, "end": 50},
        "parent": {
            "type": "invoice_item_details",
            "invoice_item_details": {"invoice_item": "ii_1", "proration": False},
        },
        "pricing": None,
    },
]
OLD_INVOICE = {**MONEY, "subscription": "sub_1", "lines": {"data": OLD_LINES, "has_more": False}}
NEW_INVOICE = {
    **MONEY,
    "parent": {"type": "subscription_details", "subscription_details": {"subscription": {"id": "sub_1"}}},
    "lines": {"data": NEW_LINES, "has_more": False},
}
