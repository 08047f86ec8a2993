"""A customer who pays one plain monthly price: small enough to do the sums in the head."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from tests.contracts.samples import a_customer, a_price, a_subscription, an_invoice, an_item, second

from clynto.domain.catalogue import Price, PriceAmounts, Product
from clynto.domain.customer import StripeCustomer
from clynto.domain.invoice import Invoice
from clynto.domain.moments import UnixTime
from clynto.domain.subscription import Subscription
from clynto.ports.stripe_reading import StripeRecord

MONTH = 30 * 86_400


def plain_price(price_id: str = "price_team", cents: int = 5000, **changes: Any) -> Price:
    """So many cents a month for each seat."""
    return a_price(
        price_id,
        product_id="prod_team",
        tiered=False,
        tiers_mode=None,
        amounts=PriceAmounts(unit_amount=Fraction(cents), tiers=None),
        currency_options=None,
        package=None,
        tax_inclusive=False,
        **changes,
    )


def plain_customer(number: int, email: str | None, **changes: Any) -> StripeCustomer:
    """A customer without a discount of its own."""
    return a_customer(f"cus_{number}", email=email, discount=None, created=second(-number * 1000), **changes)


def plain_subscription(number: int, seats: int = 1, **changes: Any) -> Subscription:
    """Active, without discounts, trials or pauses, in a period that began a day ago."""
    item = an_item(
        f"si_{number}",
        price=changes.pop("price", plain_price()),
        quantity=seats,
        discounts=(),
        trial_end=None,
        period_start=second(-86_400),
        period_end=second(MONTH - 86_400),
    )
    filled: dict[str, Any] = {
        "customer_id": f"cus_{number}",
        "items": (item,),
        "discounts": (),
        "canceled_at": None,
        "cancellation_reason": None,
        "trial_end": None,
        "collection_pause": None,
        "pause_reason": None,
        "latest_invoice_id": f"in_{number}",
        "created": second(-number * 1000),
        **changes,
    }
    return a_subscription(f"sub_{number}", **filled)


def paid_invoice(number: int, cents: int = 5000, **changes: Any) -> Invoice:
    """Settled yesterday."""
    filled: dict[str, Any] = {
        "customer_id": f"cus_{number}",
        "subscription_id": f"sub_{number}",
        "status": "paid",
        "amount_due": cents,
        "amount_paid": cents,
        "amount_remaining": 0,
        "next_payment_attempt": None,
        "due_date": None,
        "created": second(-86_400 - number),
        "paid_at": second(-86_000),
        "lines": (),
        **changes,
    }
    return an_invoice(f"in_{number}", **filled)


def paying(number: int, email: str | None, seats: int = 1) -> tuple[StripeRecord, ...]:
    """Customer, subscription and paid invoice."""
    return (
        plain_customer(number, email),
        plain_subscription(number, seats),
        paid_invoice(number, seats * 5000),
    )


def catalogue() -> tuple[StripeRecord, ...]:
    """The one product and its price."""
    return Product("prod_team", "Team", active=True), plain_price()


CATALOGUE_CREATED = UnixTime(second(-10_000_000))
