"""How long it takes to assess 100,000 subscriptions on one core: MRR on both bases, payment status, renewal, plan.

The domain alone, without a database: every price kind, discounts, every status, and the invoices that can decide a
payment status. Run: ``python -m benchmarks.recompute``.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from benchmarks.figures import Figure, show

from clynto.domain.billing_assessment import assess_customer
from clynto.domain.catalogue import PackageRule, Price, PriceAmounts, Product, Recurrence, Tier
from clynto.domain.customer import StripeCustomer
from clynto.domain.discount import Coupon, Discount
from clynto.domain.invoice import Invoice
from clynto.domain.moments import MICROS_PER_SECOND, UnixMicros, UnixTime
from clynto.domain.subscription import Subscription, SubscriptionItem

LIMIT_SECONDS = 10
NOW = UnixTime(1_790_000_000)
DAY = 86_400
STATUSES = ["active"] * 80 + ["past_due"] * 6 + ["trialing"] * 5 + ["canceled"] * 6 + ["unpaid", "paused", "incomplete"]
INTERVALS = [("month", 1)] * 6 + [("year", 1)] * 3 + [("month", 3), ("week", 1), ("day", 30)]


@dataclass(frozen=True, slots=True)
class Portfolio:
    """What one customer holds."""

    customer: StripeCustomer
    subscriptions: tuple[Subscription, ...]
    invoices: tuple[Invoice, ...]


def _prices() -> list[Price]:
    prices = []
    for number, (interval, count) in enumerate(INTERVALS * 3):
        tiered = number % 5 == 4
        tiers = (Tier(10, Fraction(900), None), Tier(50, Fraction(750), Fraction(500)), Tier(None, Fraction(600), None))
        unit = None if tiered else Fraction(1_000 + 137 * number) / (1 if number % 3 else 7)
        prices.append(
            Price(
                id=f"price_{number}",
                product_id=f"prod_{number % 4}",
                currency="USD" if number % 6 else "EUR",
                active=True,
                nickname=None,
                tiered=tiered,
                tiers_mode=("volume" if number % 2 else "graduated") if tiered else None,
                amounts=PriceAmounts(unit, tiers if tiered else None),
                currency_options=None,
                package=PackageRule(10, round_up=True) if number % 7 == 6 else None,
                recurrence=Recurrence(interval, count, metered=number % 11 == 10),
                tax_inclusive=False,
            )
        )
    return prices


def _portfolios(count: int) -> Iterator[Portfolio]:
    draw = random.Random(11)
    prices = _prices()
    coupon = Coupon("co_1", "forever", Fraction(10), None, None, {}, None)
    for number in range(count):
        customer = StripeCustomer(id=f"cus_{number}", email=f"billing@c{number}.example", name=None, created=NOW)
        first = draw.choice(prices)
        same = [price for price in prices if price.currency == first.currency]
        items = tuple(
            SubscriptionItem(
                id=f"si_{number}_{place}",
                price=first if place == 0 else draw.choice(same),
                quantity=draw.randrange(1, 90),
                discounts=(),
                trial_end=None,
                deleted=False,
                period_end=UnixTime(NOW + draw.randrange(1, 300) * DAY),
            )
            for place in range(draw.choice((1, 1, 1, 2, 3)))
        )
        subscription = Subscription(
            id=f"sub_{number}",
            customer_id=customer.id,
            status=draw.choice(STATUSES),
            currency=first.currency,
            created=UnixTime(NOW - 400 * DAY),
            start_date=UnixTime(NOW - 400 * DAY),
            items=items,
            items_complete=True,
            discounts=(Discount("di_1", coupon, None, None),) if number % 8 == 0 else (),
            cancel_at_period_end=number % 40 == 0,
            cancel_at=None,
            collection_pause=None,
            pause_reason=None,
        )
        invoices = tuple(_invoices(number, customer.id, subscription, draw))
        yield Portfolio(customer, (subscription,), invoices)


def _invoices(number: int, customer_id: str, subscription: Subscription, draw: random.Random) -> Iterator[Invoice]:
    """The newest paid one, and an open one of those that are behind."""
    for place, status in enumerate(("paid", "open") if subscription.status in ("past_due", "unpaid") else ("paid",)):
        due = draw.randrange(1_000, 90_000)
        yield Invoice(
            id=f"in_{number}_{place}",
            customer_id=customer_id,
            subscription_id=subscription.id,
            number=None,
            status=status,
            currency=subscription.currency,
            amount_due=due,
            amount_paid=due if status == "paid" else 0,
            amount_remaining=0 if status == "paid" else due,
            post_payment_credit=0,
            collection_method="charge_automatically",
            attempt_count=1 + place,
            next_payment_attempt=UnixTime(NOW + DAY) if number % 2 else None,
            retry_known=True,
            due_date=None,
            created=UnixTime(NOW - (20 - place) * DAY),
            finalized_at=UnixTime(NOW - (20 - place) * DAY),
            paid_at=None,
            voided_at=None,
            uncollectible_at=None,
            uncollectible_reason=None,
            billing_reason=None,
            last_failed_at=None,
        )


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subscriptions", type=int, default=100_000)
    chosen = parser.parse_args()
    portfolios = list(_portfolios(chosen.subscriptions))
    listed = {price.id: price for price in _prices()}
    products = {f"prod_{number}": Product(f"prod_{number}", f"Plan {number}", active=True) for number in range(4)}
    now = UnixMicros(NOW * MICROS_PER_SECOND)
    started = time.process_time()
    counted = 0
    for held in portfolios:
        billing = assess_customer(held.customer, held.subscriptions, held.invoices, listed, {}, products, now, now)
        counted += bool(billing.list_mrr.amounts)
    taken = (time.process_time() - started) * 100_000 / chosen.subscriptions
    print(f"  {counted} of {chosen.subscriptions} subscriptions bring recurring revenue")
    show([Figure("assess 100,000 subscriptions on one core", taken, LIMIT_SECONDS, "s")])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
