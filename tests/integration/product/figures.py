"""What every account has to show, worked out from the pretended Stripe's own truth without any code of the product."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import Any

from tests.integration.product.installation import Api
from tests.integration.product.seller import Seller

from stripe_sandbox.records import ENDED_STATUSES, Invoice, Subscription

_DIGITS = {"JPY": 0, "KWD": 3}


def amount_text(minor: Fraction, currency: str) -> str:
    """Minor units as the API writes them: major units with the currency's own decimals, halves away from zero."""
    digits = _DIGITS.get(currency, 2)
    whole = int(abs(minor) + Fraction(1, 2))
    sign = "-" if minor < 0 and whole else ""
    if not digits:
        return f"{sign}{whole}"
    return f"{sign}{whole // 10**digits}.{whole % 10**digits:0{digits}d}"


def differences(api: Api, seller: Seller, basis: str = "list") -> list[str]:
    """Every figure of every account that is not what it should be; empty is right."""
    expected = seller.world.truth()["companies"]
    lifetime = _lifetime_values(seller)
    rows = api.everything("/accounts")
    wrong = [f"{len(rows)} accounts instead of {len(expected)}"] if len(rows) != len(expected) else []
    for row in rows:
        domain = row["domain"]
        truth = expected[domain]
        said: dict[str, Any] = {
            "mrr": _without_zeros(row["mrr"]["by_currency"]),
            "payment_status": row["payment_status"],
            "live_subscriptions": row["live_subscriptions"],
            "lifetime_value": _without_zeros(row["lifetime_value"]["by_currency"]),
        }
        right = {
            "mrr": _texts({code: Fraction(row[basis]) for code, row in truth["mrr"].items()}),
            "payment_status": truth["payment_status"],
            "live_subscriptions": truth["live_subscriptions"],
            "lifetime_value": _texts(lifetime.get(domain, {})),
        }
        wrong += [f"{domain} {what}: {said[what]} != {right[what]}" for what in right if said[what] != right[what]]
    return wrong


def explanation_faults(api: Api, account_id: str) -> list[str]:
    """Where the lines of an account's explanation do not add up to its MRR exactly."""
    told = api.get(f"/accounts/{account_id}/billing/mrr-explanation")
    sums: dict[str, Fraction] = {}
    for line in told["lines"]:
        currency = line["result"]["currency"]
        sums[currency] = sums.get(currency, Fraction(0)) + Fraction(line["result_exact"])
    added, shown = _texts(sums), _without_zeros(told["mrr"]["by_currency"])
    return [] if added == shown else [f"{account_id}: {added} != {shown}"]


def _texts(amounts: dict[str, Fraction]) -> dict[str, str]:
    return _without_zeros({code.upper(): amount_text(minor, code.upper()) for code, minor in amounts.items()})


def _without_zeros(amounts: dict[str, str]) -> dict[str, str]:
    return {code: text for code, text in sorted(amounts.items()) if Fraction(text)}


def _window_start(seller: Seller) -> int:
    today = dt.datetime.fromtimestamp(seller.world.now, dt.UTC).date()
    begins = dt.datetime(today.year - 1, today.month, min(today.day, 28), tzinfo=dt.UTC)
    return int(begins.timestamp())


def subscriptions_read(seller: Seller) -> list[Subscription]:
    """What a sync holds: every subscription that is not over, and those that ended in the last 12 months."""
    since = _window_start(seller)
    return [
        subscription
        for subscription in seller.world.store.subscriptions
        if subscription.test_clock is None and (subscription.ended_at is None or subscription.ended_at >= since)
    ]


def invoices_read(seller: Seller) -> list[Invoice]:
    """What a sync holds: invoices of 12 months and back to the oldest running period, and open ones of any age."""
    running = [
        item.period_start
        for subscription in subscriptions_read(seller)
        if subscription.status not in ENDED_STATUSES
        for item in subscription.items
    ]
    since = min([_window_start(seller), *running])
    return [
        invoice
        for invoice in seller.world.store.invoices
        if invoice.test_clock is None and (invoice.created >= since or invoice.status == "open")
    ]


def _lifetime_values(seller: Seller) -> dict[str, dict[str, Fraction]]:
    """Per company: what was paid on the invoices that a sync reads."""
    company_of = {
        customer_id: domain
        for domain, truth in seller.world.truth()["companies"].items()
        for customer_id in truth["customers"]
    }
    found: dict[str, dict[str, Fraction]] = {}
    for invoice in invoices_read(seller):
        domain = company_of.get(invoice.customer)
        if domain is not None:
            sums = found.setdefault(domain, {})
            earned = Fraction(invoice.amount_paid - invoice.post_payment_credit)
            sums[invoice.currency] = sums.get(invoice.currency, Fraction(0)) + earned
    return found
