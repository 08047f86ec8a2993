"""All that one Stripe customer pays, from the facts we hold (billing rules 2 to 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clynto.domain.account_billing import CustomerBilling, SubscriptionBilling
from clynto.domain.catalogue import Price, Product
from clynto.domain.customer import StripeCustomer
from clynto.domain.discount_readings import DiscountReading, with_readable_discounts
from clynto.domain.invoice import Invoice
from clynto.domain.lifetime_value import lifetime_value, oldest_invoice_at
from clynto.domain.moments import UnixMicros, UnixTime, seconds_of
from clynto.domain.payment_status import assess_payment_status
from clynto.domain.plan_context import interval_text, plan_name, product_ids, seat_count
from clynto.domain.recurring_revenue import RecurringRevenue, SubscriptionRevenue, subscription_revenue, sum_of
from clynto.domain.subscription import Subscription, SubscriptionStatus

RENEWING_STATUSES = frozenset(
    {SubscriptionStatus.ACTIVE.value, SubscriptionStatus.PAST_DUE.value, SubscriptionStatus.TRIALING.value}
)
"""Statuses in which Stripe goes on to the next period by itself."""


def renewal_of(subscription: Subscription) -> UnixTime | None:
    """When the next period begins; None if it will not, since a scheduled cancellation comes first.

    The earliest end of a running period over the items (stripe_facts 2.4, "Renewal date").
    """
    period_end = subscription.current_period_end
    if period_end is None or subscription.status not in RENEWING_STATUSES or subscription.cancel_at_period_end:
        return None
    ends_first = subscription.cancel_at is not None and subscription.cancel_at <= period_end
    return None if ends_first else period_end


def customer_revenue(
    customer: StripeCustomer,
    subscriptions: Sequence[Subscription],
    listed_prices: Mapping[str, Price],
    discount_readings: Mapping[str, DiscountReading],
    now: UnixTime,
) -> RecurringRevenue:
    """The explained revenue of ``customer``, line by line; the arguments are those of ``assess_customer``."""
    return sum_of(
        subscription_revenue(
            with_readable_discounts(subscription, discount_readings.get(subscription.id)),
            listed_prices=listed_prices,
            customer_discount=customer.discount,
            now=now,
        )
        for subscription in sorted(subscriptions, key=lambda held: held.id)
    )


def assess_customer(
    customer: StripeCustomer,
    subscriptions: Sequence[Subscription],
    invoices: Sequence[Invoice],
    listed_prices: Mapping[str, Price],
    discount_readings: Mapping[str, DiscountReading],
    products: Mapping[str, Product],
    now: UnixMicros,
    as_of: UnixMicros,
) -> CustomerBilling:
    """Everything about what ``customer`` pays at ``now``.

    ``subscriptions`` and ``invoices`` are the customer's own, in any order. ``listed_prices`` and ``products`` are
    keyed by id, ``discount_readings`` by subscription id. ``as_of`` is the age of the oldest fact among them.
    """
    moment = seconds_of(now)
    by_id = {subscription.id: subscription for subscription in subscriptions}
    revenue = customer_revenue(customer, subscriptions, listed_prices, discount_readings, moment)
    return CustomerBilling(
        customer_id=customer.id,
        list_mrr=revenue.list_mrr,
        net_mrr=revenue.net_mrr,
        partial=revenue.partial,
        payment_status=assess_payment_status(subscriptions, invoices, moment).status,
        renewal_at=min((at for at in map(renewal_of, subscriptions) if at is not None), default=None),
        lifetime_value=lifetime_value(invoices),
        oldest_invoice_at=oldest_invoice_at(invoices),
        live_subscriptions=sum(not subscription.is_ended for subscription in subscriptions),
        subscriptions=tuple(
            subscription_billing(by_id[brings.subscription_id], brings, products) for brings in revenue.subscriptions
        ),
        as_of=as_of,
        computed_at=now,
    )


def subscription_billing(
    subscription: Subscription, brings: SubscriptionRevenue, products: Mapping[str, Product]
) -> SubscriptionBilling:
    """The row of one subscription with its plan in words."""
    return SubscriptionBilling(
        subscription_id=subscription.id,
        customer_id=subscription.customer_id,
        currency=subscription.currency,
        counted=brings.counted,
        list_mrr=brings.list_mrr,
        net_mrr=brings.net_mrr,
        partial=brings.partial,
        plan_name=plan_name(subscription, products),
        quantity=seat_count(subscription),
        interval=interval_text(subscription),
        product_ids=product_ids(subscription),
        notes=brings.notes,
        net_notes=brings.net_notes,
    )
