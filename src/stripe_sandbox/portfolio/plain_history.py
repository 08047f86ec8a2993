"""A quick way to very many invoices: uniform customers whose monthly history is written down instead of played.

For benchmarks: the last subscription period is live and goes on with the clock like any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from stripe_sandbox.billing_dates import DAY, add_months
from stripe_sandbox.company import Company
from stripe_sandbox.portfolio.catalog import Catalog
from stripe_sandbox.records import Customer, Invoice, InvoiceLine, PaymentBehaviour, Subscription, SubscriptionItem

if TYPE_CHECKING:
    from stripe_sandbox.world import World

_UNIT = 1_200  # minor units of the plan `team_month`


def add_plain_customers(
    world: World,
    catalog: Catalog,
    now: int,
    customers: int,
    invoices_each: int,
    companies: Iterator[tuple[str, str]],
) -> None:
    """Add that many customers, each with one monthly subscription and `invoices_each` paid invoices up to `now`."""
    price = catalog.prices["team_month"]
    waiting: list[Invoice] = []
    for number in range(customers):
        name, domain = next(companies)
        world.companies.append(Company(name, domain))
        # The newest period of each began on one of the last 28 days.
        newest = now - (number % 28) * DAY - number % 3_600 - 60
        starts = [add_months(newest, -back) for back in range(invoices_each - 1, -1, -1)]
        customer = _customer(world, name, f"billing@{domain}", starts[0])
        subscription = _subscription(world, customer, price, starts, seats=number % 40 + 1)
        waiting.extend(_invoices(world, customer, subscription, starts))
        world.schedule(subscription.period_end, world.renewing.renew, subscription.id)
    waiting.sort(key=lambda invoice: invoice.created)
    for invoice in waiting:
        world.store.add_invoice(invoice)


def _customer(world: World, name: str, email: str, created: int) -> Customer:
    identity = world.new_id("cus")
    customer = Customer(
        id=identity,
        created=created,
        name=name,
        email=email,
        currency="usd",
        invoice_prefix=identity[-8:].upper(),
        payment=PaymentBehaviour(),
    )
    return world.store.customers.add(customer)


def _subscription(world: World, customer: Customer, price: str, starts: list[int], *, seats: int) -> Subscription:
    identity = world.new_id("sub")
    item = SubscriptionItem(
        id=world.new_id("si"),
        created=starts[0],
        subscription=identity,
        price=price,
        quantity=seats,
        period_start=starts[-1],
        period_end=add_months(starts[0], len(starts)),
        period_number=len(starts),
    )
    world.store.items[item.id] = item
    subscription = Subscription(
        id=identity,
        created=starts[0],
        customer=customer.id,
        currency="usd",
        status="active",
        start_date=starts[0],
        billing_cycle_anchor=starts[0],
        items=[item],
    )
    return world.store.add_subscription(subscription)


def _invoices(world: World, customer: Customer, subscription: Subscription, starts: list[int]) -> Iterator[Invoice]:
    item = subscription.items[0]
    seats = item.quantity or 0
    amount = seats * _UNIT
    unit = Decimal(_UNIT)
    for number, start in enumerate(starts, start=1):
        line = InvoiceLine(
            id=world.new_id("il"),
            amount=amount,
            currency="usd",
            description=f"{seats} × Team",
            quantity=seats,
            period_start=start,
            period_end=add_months(starts[0], number),
            price=item.price,
            unit_amount=unit,
            subscription=subscription.id,
            subscription_item=item.id,
        )
        invoice = Invoice(
            id=world.new_id("in"),
            created=start,
            customer=customer.id,
            currency="usd",
            lines=[line],
            period_start=start,
            period_end=start,
            status="paid",
            subscription=subscription.id,
            billing_reason="subscription_create" if number == 1 else "subscription_cycle",
            number=f"{customer.invoice_prefix}-{number:04d}",
            subtotal=amount,
            total=amount,
            amount_due=amount,
            amount_paid=amount,
            attempt_count=1,
            auto_advance=False,
            finalized_at=start,
            paid_at=start,
            ending_balance=0,
            customer_name=customer.name,
            customer_email=customer.email,
        )
        subscription.latest_invoice = invoice.id
        customer.next_invoice_number = number + 1
        yield invoice
