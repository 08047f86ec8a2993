"""Words for currencies."""

from __future__ import annotations

SAFE_CURRENCY_WORDS = {
    "usd": "USD", "dollar": "USD", "eur": "EUR", "euro": "EUR", "gbp": "GBP", "pound": "GBP", "sterling": "GBP",
    "jpy": "JPY", "yen": "JPY", "chf": "CHF", "franc": "CHF", "aud": "AUD", "cad": "CAD", "sek": "SEK", "nok": "NOK",
    "dkk": "DKK", "pln": "PLN", "inr": "INR", "rupee": "INR", "brl": "BRL", "mxn": "MXN", "nzd": "NZD", "sgd": "SGD",
    "hkd": "HKD", "kwd": "KWD", "krw": "KRW", "zar": "ZAR", "czk": "CZK", "huf": "HUF", "ils": "ILS", "aed": "AED",
}  # fmt: skip
"""Words that are a currency in any letter case; other codes count in capital letters only (TRY, ALL, TOP)."""
