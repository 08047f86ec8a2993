"""Makes invoices and moves them from draft to their end. Amounts in minor units, times in Unix seconds."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from stripe_sandbox.billing_dates import DAY
from stripe_sandbox.life_cycle.discounting import discount_lines
from stripe_sandbox.pricing import exact_amount, round_half_up
from stripe_sandbox.records import Customer, Invoice, InvoiceLine, Price, Subscription, SubscriptionItem

if TYPE_CHECKING:
    from stripe_sandbox.world import World


class Invoicing:
    """Creation, finalisation and the ways an invoice ends without being charged."""

    def __init__(self, world: World) -> None:
        self._world = world

    # --- lines ---

    def period_lines(
        self, subscription: Subscription, item: SubscriptionItem, start: int, end: int, *, free: bool = False
    ) -> list[InvoiceLine]:
        """Return the lines that bill one period of an item; a trial's are there but cost nothing (`free`)."""
        price = self._world.store.prices[item.price]
        quantity = item.usage_per_period if price.metered else 1 if item.quantity is None else item.quantity
        if not free and price.tiers_mode == "graduated":
            return self._tier_lines(subscription, item, price, quantity, start, end)
        amounts = price.amounts.get(subscription.currency)
        exact = Fraction(0) if free else exact_amount(price, subscription.currency, quantity)
        text = f"{quantity} × {self._product_name(price)}"
        if free:
            text = f"Trial period for {self._product_name(price)}"
        unit = amounts.unit_amount if amounts else None
        amount = round_half_up(exact or Fraction(0))
        return [self._line(subscription, item, amount, unit, quantity, start, end, text)]

    def _tier_lines(
        self,
        subscription: Subscription,
        item: SubscriptionItem,
        price: Price,
        quantity: int,
        start: int,
        end: int,
    ) -> list[InvoiceLine]:
        """Return one line per tier reached, as Stripe bills graduated prices."""
        lines = []
        floor = 0
        for number, tier in enumerate(price.amounts[subscription.currency].tiers, start=1):
            top = quantity if tier.up_to is None else min(quantity, tier.up_to)
            units = top - floor
            unit = tier.unit_amount or Decimal(0)
            amount = round_half_up(Fraction(unit) * units + Fraction(tier.flat_amount or 0))
            text = f"{units} × {self._product_name(price)} (tier {number})"
            lines.append(self._line(subscription, item, amount, unit, units, start, end, text))
            if top == quantity:
                break
            floor = top
        return lines

    def _line(
        self,
        subscription: Subscription,
        item: SubscriptionItem,
        amount: int,
        unit: Decimal | None,
        quantity: int,
        start: int,
        end: int,
        text: str,
    ) -> InvoiceLine:
        return InvoiceLine(
            id=self._world.new_id("il"),
            amount=amount,
            currency=subscription.currency,
            description=text,
            quantity=quantity,
            period_start=start,
            period_end=end,
            price=item.price,
            unit_amount=unit,
            subscription=subscription.id,
            subscription_item=item.id,
        )

    def proration_line(
        self,
        subscription: Subscription,
        item: SubscriptionItem,
        price_id: str,
        quantity: int | None,
        *,
        credit: bool,
    ) -> InvoiceLine:
        """Return the charge or credit for the rest of the item's period, in proportion to the seconds left."""
        world = self._world
        price = world.store.prices[price_id]
        exact = exact_amount(price, subscription.currency, quantity or 0) or Fraction(0)
        left = Fraction(item.period_end - world.now, max(item.period_end - item.period_start, 1))
        amount = round_half_up(exact * left) * (-1 if credit else 1)
        day = datetime.fromtimestamp(world.now, UTC).strftime("%d %b %Y")
        words = "Unused time on" if credit else "Remaining time on"
        amounts = price.amounts.get(subscription.currency)
        line = self._line(
            subscription,
            item,
            amount,
            amounts.unit_amount if amounts else None,
            quantity or 0,
            world.now,
            item.period_end,
            f"{words} {quantity} × {self._product_name(price)} after {day}",
        )
        line.price = price_id
        line.proration = True
        line.invoice_item = world.new_id("ii")
        return line

    def _product_name(self, price: Price) -> str:
        return self._world.store.products[price.product].name

    # --- creation ---

    def for_subscription(
        self, subscription: Subscription, lines: list[InvoiceLine], reason: str, period: tuple[int, int]
    ) -> Invoice:
        """Create a draft with these lines, less the discounts at work now, and make it the latest invoice."""
        world = self._world
        discount_lines(world.store, subscription, lines, world.now)
        customer = world.store.customers[subscription.customer]
        invoice = self._draft(customer, subscription.currency, lines, reason, period)
        invoice.subscription = subscription.id
        invoice.collection_method = subscription.collection_method
        invoice.test_clock = subscription.test_clock
        world.store.add_invoice(invoice)
        subscription.latest_invoice = invoice.id
        world.emit("invoice.created", invoice)
        return invoice

    def one_off(
        self, customer: Customer, currency: str, lines: list[InvoiceLine], days_until_due: int | None
    ) -> Invoice:
        """Create a draft outside any subscription; emailed if it has days until due, else charged."""
        world = self._world
        invoice = self._draft(customer, currency, lines, "manual", (world.now, world.now))
        if days_until_due is not None:
            invoice.collection_method = "send_invoice"
            invoice.due_date = world.now + days_until_due * DAY
        world.store.add_invoice(invoice)
        world.emit("invoice.created", invoice)
        return invoice

    def _draft(
        self,
        customer: Customer,
        currency: str,
        lines: list[InvoiceLine],
        reason: str,
        period: tuple[int, int],
    ) -> Invoice:
        world = self._world
        per_discount: dict[str, int] = {}
        for line in lines:
            for discount, amount in line.discount_amounts:
                per_discount[discount] = per_discount.get(discount, 0) + amount
        subtotal = sum(line.amount for line in lines)
        total = subtotal - sum(per_discount.values())
        if customer.currency is None:
            customer.currency = currency
            customer.revision += 1
        return Invoice(
            id=world.new_id("in"),
            created=world.now,
            customer=customer.id,
            currency=currency,
            lines=lines,
            period_start=period[0],
            period_end=period[1],
            billing_reason=reason,
            subtotal=subtotal,
            total=total,
            discount_amounts=tuple(per_discount.items()),
            amount_due=max(total, 0),
            customer_name=customer.name,
            customer_email=customer.email,
        )

    # --- ends ---

    def finalize(self, invoice_id: str) -> None:
        """Number a draft, take the customer's credit into account, and start collecting it."""
        world = self._world
        invoice = world.store.invoices[invoice_id]
        if invoice.status != "draft" or not invoice.auto_advance:
            return
        customer = world.store.customers[invoice.customer]
        self._open(invoice, customer)
        if invoice.amount_due == 0:
            world.charging.settle(invoice)
        elif invoice.collection_method == "charge_automatically":
            world.charging.attempt(invoice.id)
        else:
            self._email(invoice, customer)

    def _open(self, invoice: Invoice, customer: Customer) -> None:
        world = self._world
        with world.changing(invoice):
            invoice.status = "open"
            invoice.finalized_at = world.now
            invoice.number = f"{customer.invoice_prefix}-{customer.next_invoice_number:04d}"
            customer.next_invoice_number += 1
            invoice.starting_balance = customer.balance
            invoice.ending_balance = self._apply_balance(invoice, customer)
            subscription = world.store.subscriptions.get(invoice.subscription or "")
            if invoice.collection_method == "send_invoice" and invoice.due_date is None:
                days = subscription.days_until_due if subscription else None
                invoice.due_date = world.now + (30 if days is None else days) * DAY
        customer.revision += 1
        world.emit("invoice.finalized", invoice)

    def _apply_balance(self, invoice: Invoice, customer: Customer) -> int:
        if invoice.total < 0:
            invoice.amount_due = 0
            customer.balance += invoice.total
        elif customer.balance < 0:
            used = min(invoice.total, -customer.balance)
            invoice.amount_due = invoice.total - used
            customer.balance += used
        return customer.balance

    def _email(self, invoice: Invoice, customer: Customer) -> None:
        world = self._world
        world.emit("invoice.sent", invoice)
        if invoice.due_date is not None:
            world.schedule(invoice.due_date, world.charging.fall_due, invoice.id)
        days = customer.payment.emailed_invoice_days
        if days is not None:
            world.schedule(world.now + days * DAY, world.charging.pay_by_transfer, invoice.id)

    def void(self, invoice: Invoice) -> None:
        """Declare an open invoice a mistake."""
        world = self._world
        with world.changing(invoice):
            invoice.status = "void"
            invoice.voided_at = world.now
            invoice.next_payment_attempt = None
            invoice.auto_advance = False
        world.emit("invoice.voided", invoice)
        world.charging.reconsider(invoice)

    def mark_uncollectible(self, invoice: Invoice, reason: str) -> None:
        """Give up on an open invoice; it can still be paid later."""
        world = self._world
        with world.changing(invoice):
            invoice.status = "uncollectible"
            invoice.uncollectible_at = world.now
            invoice.uncollectible_reason = reason
            invoice.next_payment_attempt = None
            invoice.auto_advance = False
        world.emit("invoice.marked_uncollectible", invoice)
        world.charging.reconsider(invoice)
