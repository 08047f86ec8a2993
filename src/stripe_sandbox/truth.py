"""What a correct reader of the account must show, computed from the sandbox's own model.

Written straight from the billing rules and on purpose without any code of the product: monthly recurring revenue (MRR)
as exact fractions of a minor unit, payment status, lifetime value. A reader that does not hold an
`invoice.payment_failed` event for a first attempt without a planned retry may see one status later than shown here.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING

from stripe_sandbox.billing_dates import DAY
from stripe_sandbox.life_cycle.discounting import runs_at, subscription_level
from stripe_sandbox.object_store import ObjectStore
from stripe_sandbox.pricing import exact_amount
from stripe_sandbox.records import (
    ENDED_STATUSES,
    Customer,
    Discount,
    Invoice,
    Json,
    Price,
    Subscription,
    SubscriptionItem,
)

if TYPE_CHECKING:
    from stripe_sandbox.world import World

#: Statuses that count in MRR; a failed card does not end the agreement.
COUNTED = frozenset({"active", "past_due"})
#: Periods of each interval in a year; a month is a twelfth of it.
_PER_YEAR = {"day": 365, "week": 52, "month": 12, "year": 1}
_SEVERITY = {"failed": 3, "overdue": 2, "paid": 1}


def monthly_factor(price: Price) -> Fraction:
    """Return how many of the price's periods fall into a month."""
    return Fraction(_PER_YEAR[price.interval or "month"], 12 * price.interval_count)


def list_mrr(store: ObjectStore, subscription: Subscription, now: int) -> tuple[Fraction, bool]:
    """Return price times quantity a month in minor units, and whether an amount was unknown."""
    shares, unknown = _item_shares(store, subscription, now)
    return sum((share for _, share in shares), Fraction(0)), unknown


def net_mrr(store: ObjectStore, subscription: Subscription, now: int) -> Fraction:
    """Return the monthly amount in minor units less running discounts and pauses that give the period away."""
    if subscription.status not in COUNTED or _given_away(subscription, now):
        return Fraction(0)
    shares, _ = _item_shares(store, subscription, now)
    left: dict[str, Fraction] = {}
    for item, share in shares:
        left[item.id] = share
        for discount in _recurring(store, item.discounts, now):
            _reduce(store, subscription, discount, [item], left)
    items = [item for item, _ in shares]
    for discount in _recurring(store, subscription_level(store, subscription), now):
        _reduce(store, subscription, discount, items, left)
    return sum(left.values(), Fraction(0))


def _item_shares(
    store: ObjectStore, subscription: Subscription, now: int
) -> tuple[list[tuple[SubscriptionItem, Fraction]], bool]:
    shares = []
    unknown = False
    if subscription.status in COUNTED:
        for item in subscription.items:
            price = store.prices[item.price]
            if price.metered or price.interval is None or (item.trial_end or 0) > now:
                continue
            quantity = 1 if item.quantity is None else item.quantity
            amount = exact_amount(price, subscription.currency, quantity)
            unknown = unknown or amount is None
            shares.append((item, (amount or Fraction(0)) * monthly_factor(price)))
    return shares, unknown


def _given_away(subscription: Subscription, now: int) -> bool:
    pause = subscription.pause_collection
    if pause is None or pause.behavior == "keep_as_draft":
        return False
    return pause.resumes_at is None or pause.resumes_at > now


def _recurring(store: ObjectStore, discounts: Iterable[Discount], now: int) -> list[Discount]:
    return [d for d in discounts if store.coupons[d.coupon].duration != "once" and runs_at(d, now)]


def _reduce(
    store: ObjectStore,
    subscription: Subscription,
    discount: Discount,
    items: list[SubscriptionItem],
    left: dict[str, Fraction],
) -> None:
    coupon = store.coupons[discount.coupon]
    hit = [i for i in items if not coupon.products or store.prices[i.price].product in coupon.products]
    if coupon.percent_off is not None:
        for item in hit:
            left[item.id] *= 1 - Fraction(coupon.percent_off) / 100
        return
    total = sum((left[item.id] for item in hit), Fraction(0))
    amount = coupon.amounts_off.get(subscription.currency)
    if not total or amount is None:
        return
    factor = max(monthly_factor(store.prices[item.price]) for item in hit)
    keep = 1 - min(total, amount * factor) / total
    for item in hit:
        left[item.id] *= keep


def subscription_says(subscription: Subscription, invoices: list[Invoice]) -> str | None:
    """Return what a subscription says about payment: paid, overdue, failed or nothing."""
    match subscription.status:
        case "active":
            return "paid"
        case "unpaid":
            return "failed"
        case "past_due":
            exhausted = any(
                i.status == "open" and i.attempt_count >= 2 and i.next_payment_attempt is None for i in invoices
            )
            return "failed" if exhausted else "overdue"
        case "incomplete":
            return None if invoices and all(i.attempt_count == 0 for i in invoices) else "failed"
        case "trialing":
            return "paid" if any(i.amount_paid > 0 for i in invoices) else None
        case "paused":
            by_failure = subscription.paused_type in ("first_payment_failure", "final_payment_failure")
            return "failed" if by_failure else None
    return None


def invoice_says(invoice: Invoice, subscription: Subscription | None, siblings: list[Invoice], now: int) -> str | None:
    """Return what an invoice adds: overdue, failed or nothing. `siblings` are its subscription's invoices."""
    if subscription is not None and subscription.status in ENDED_STATUSES:
        return None
    if invoice.status == "uncollectible":
        later = any(i.status == "paid" and i.created > invoice.created for i in siblings)
        by_pause = invoice.uncollectible_reason == "subscription_paused"
        return "failed" if subscription is not None and not later and not by_pause else None
    if invoice.status != "open" or invoice.amount_remaining <= 0:
        return None
    if subscription is not None and subscription.status == "past_due":
        return None
    if invoice.collection_method == "send_invoice":
        return "overdue" if invoice.due_date is not None and invoice.due_date < now else None
    return "failed" if _rejected(invoice, subscription, now) else None


def _rejected(invoice: Invoice, subscription: Subscription | None, now: int) -> bool:
    tries = invoice.attempt_count
    if tries >= 2:
        return True
    if tries == 0:
        return False
    return (
        invoice.next_payment_attempt is not None
        or (subscription is not None and subscription.status in ("past_due", "unpaid"))
        or (invoice.finalized_at is not None and now - invoice.finalized_at >= 14 * DAY)
    )


def customer_truth(world: World, customer: Customer) -> Json:
    """Return the figures of one customer."""
    store, now = world.store, world.now
    subscriptions = store.subscriptions_of.get(customer.id, [])
    invoices = store.invoices_of_customer.get(customer.id, [])
    mrr: dict[str, dict[str, Fraction]] = {}
    said: list[str | None] = []
    partial = False
    for subscription in subscriptions:
        own = store.invoices_of_subscription.get(subscription.id, [])
        said.append(subscription_says(subscription, own))
        if subscription.status in COUNTED:
            listed, unknown = list_mrr(store, subscription, now)
            partial = partial or unknown
            row = mrr.setdefault(subscription.currency, {"list": Fraction(0), "net": Fraction(0)})
            row["list"] += listed
            row["net"] += net_mrr(store, subscription, now)
    lifetime: dict[str, int] = {}
    for invoice in invoices:
        owner = store.subscriptions.get(invoice.subscription or "")
        siblings = store.invoices_of_subscription.get(invoice.subscription or "", [])
        said.append(invoice_says(invoice, owner, siblings, now))
        earned = invoice.amount_paid - invoice.post_payment_credit
        lifetime[invoice.currency] = lifetime.get(invoice.currency, 0) + earned
    statuses = sorted((s for s in said if s is not None), key=_SEVERITY.__getitem__)
    return {
        "mrr": mrr,
        "payment_status": statuses[-1] if statuses else None,
        "lifetime_value": lifetime,
        "live_subscriptions": sum(s.status not in ENDED_STATUSES for s in subscriptions),
        "partial": partial,
    }


def company_domain(known: set[str], customer: Customer) -> str | None:
    """Return which of the `known` company domains the customer's address is on, be it on a subdomain."""
    if customer.email is None or customer.deleted or "@" not in customer.email:
        return None
    labels = customer.email.strip().lower().rsplit("@", 1)[1].split(".")
    for start in range(len(labels) - 1):
        if (domain := ".".join(labels[start:])) in known:
            return domain
    return None


def _written(mrr: dict[str, dict[str, Fraction]]) -> Json:
    return {
        currency: {basis: f"{v.numerator}/{v.denominator}" for basis, v in row.items()}
        for currency, row in sorted(mrr.items())
    }


def truth_of(world: World) -> Json:
    """Return the whole expectation: `now`, `customers` by id, `companies` by domain; money in minor units."""
    known = {company.domain for company in world.companies}
    customers: Json = {}
    gathered: dict[str, list[tuple[str, Json]]] = {domain: [] for domain in known}
    everyone = {*world.store.subscriptions_of, *world.store.invoices_of_customer}
    everyone.update(customer.id for customer in world.store.customers)
    for customer_id in sorted(everyone):
        customer = world.store.customers[customer_id]
        if customer.test_clock is not None:
            continue  # not in a plain list, so a plain reader never sees it
        figures = customer_truth(world, customer)
        domain = company_domain(known, customer)
        if domain is not None:
            gathered[domain].append((customer_id, figures))
        customers[customer_id] = {
            "name": customer.name,
            "email": customer.email,
            "deleted": customer.deleted,
            "company_domain": domain,
            "matches": domain is not None,
            **figures,
            "mrr": _written(figures["mrr"]),
        }
    companies = {company.domain: _company_truth(company.name, gathered[company.domain]) for company in world.companies}
    return {"now": world.now, "customers": customers, "companies": companies}


def _company_truth(name: str, members: list[tuple[str, Json]]) -> Json:
    mrr: dict[str, dict[str, Fraction]] = {}
    lifetime: dict[str, int] = {}
    for _, figures in members:
        for currency, row in figures["mrr"].items():
            sums = mrr.setdefault(currency, {"list": Fraction(0), "net": Fraction(0)})
            for basis, value in row.items():
                sums[basis] += value
        for currency, amount in figures["lifetime_value"].items():
            lifetime[currency] = lifetime.get(currency, 0) + amount
    statuses = [figures["payment_status"] for _, figures in members if figures["payment_status"]]
    return {
        "name": name,
        "customers": [customer_id for customer_id, _ in members],
        "matches": bool(members),
        "mrr": _written(mrr),
        "payment_status": max(statuses, key=_SEVERITY.__getitem__, default=None),
        "lifetime_value": lifetime,
        "live_subscriptions": sum(figures["live_subscriptions"] for _, figures in members),
        "partial": any(figures["partial"] for _, figures in members),
    }
