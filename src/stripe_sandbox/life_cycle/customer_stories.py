"""Things that happen to customers, their invoices and the seller's catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_sandbox.billing_dates import add_months
from stripe_sandbox.records import ENDED_STATUSES, Customer, Discount, Invoice, InvoiceLine, PaymentBehaviour
from stripe_sandbox.rendering.api_versions import shape_of
from stripe_sandbox.rendering.catalog_payloads import discount_payload

if TYPE_CHECKING:
    from stripe_sandbox.world import World


class CustomerStories:
    """Stories about a customer, an invoice, a price or a product."""

    def __init__(self, world: World) -> None:
        self._world = world

    # --- customers ---

    def new_customer(
        self,
        name: str | None,
        email: str | None,
        *,
        payment: PaymentBehaviour | None = None,
        description: str | None = None,
        metadata: dict[str, str] | None = None,
        test_clock: str | None = None,
    ) -> Customer:
        """Create a customer; without `payment` it has a card that works."""
        world = self._world
        with world.on_request():
            identity = world.new_id("cus")
            customer = Customer(
                id=identity,
                created=world.now,
                name=name,
                email=email,
                description=description,
                invoice_prefix=identity[-8:].upper(),
                payment=payment or PaymentBehaviour(),
                metadata=metadata or {},
                test_clock=test_clock,
            )
            world.store.customers.add(customer)
            world.emit("customer.created", customer)
            return customer

    def change_email(self, customer: str, email: str | None) -> None:
        """Give a customer another address, or none."""
        world = self._world
        with world.on_request():
            target = world.store.customers[customer]
            with world.changing(target, "customer.updated"):
                target.email = email

    def rename_customer(self, customer: str, name: str | None) -> None:
        """Give a customer another name, or none."""
        world = self._world
        with world.on_request():
            target = world.store.customers[customer]
            with world.changing(target, "customer.updated"):
                target.name = name

    def delete_customer(self, customer: str) -> None:
        """Delete a customer: its subscriptions are canceled, it leaves the list, a tombstone stays by id."""
        world = self._world
        with world.on_request():
            target = world.store.customers[customer]
            for subscription in world.store.subscriptions_of.get(customer, []):
                if subscription.status not in ENDED_STATUSES:
                    world.renewing.end(subscription, "cancellation_requested")
            world.emit("customer.deleted", target)
            target.deleted = True
            target.revision += 1
            world.store.customers.unlist(target)

    def discount_customer(self, customer: str, coupon: str) -> Discount:
        """Start a discount on everything a customer buys, where no subscription has one of its own."""
        world = self._world
        with world.on_request():
            target = world.store.customers[customer]
            rules = world.store.coupons[coupon]
            months = rules.duration_in_months if rules.duration == "repeating" else None
            discount = Discount(
                id=world.new_id("di"),
                coupon=coupon,
                start=world.now,
                end=add_months(world.now, months) if months else None,
                customer=customer,
            )
            world.store.discounts[discount.id] = discount
            with world.changing(target, "customer.updated"):
                target.discount = discount
            world.emit_payload(
                "customer.discount.created",
                discount.id,
                lambda version: discount_payload(world.store, discount, shape_of(version)),
            )
            return discount

    # --- payments ---

    def fail_next_payments(self, customer: str, times: int = 1) -> None:
        """Have the customer's next charges refused; -1 refuses until `recover`."""
        self._world.store.customers[customer].payment.refusals_left = times

    def remove_payment_method(self, customer: str) -> None:
        """Leave the customer without any way to be charged."""
        world = self._world
        with world.on_request():
            target = world.store.customers[customer]
            with world.changing(target, "customer.updated"):
                target.payment.has_payment_method = False

    def recover(self, customer: str) -> None:
        """Give the customer a working card and charge everything open."""
        world = self._world
        with world.on_request():
            target = world.store.customers[customer]
            with world.changing(target, "customer.updated"):
                target.payment.refusals_left = 0
                target.payment.has_payment_method = True
            for invoice in list(world.store.invoices_of_customer.get(customer, [])):
                if invoice.status == "open":
                    world.charging.settle(invoice)

    def pay_now(self, invoice: str) -> None:
        """Pay one open or uncollectible invoice by hand, which does not count as an attempt."""
        with self._world.on_request():
            self._world.charging.settle(self._invoice(invoice))

    def pay_out_of_band(self, invoice: str) -> None:
        """Mark an invoice paid outside Stripe: `invoice.paid` comes, `invoice.payment_succeeded` does not."""
        with self._world.on_request():
            self._world.charging.settle(self._invoice(invoice), outside_stripe=True)

    def void_invoice(self, invoice: str) -> None:
        """Declare an open invoice a mistake."""
        with self._world.on_request():
            self._world.invoicing.void(self._invoice(invoice))

    def mark_uncollectible(self, invoice: str) -> None:
        """Give up on an open invoice."""
        with self._world.on_request():
            self._world.invoicing.mark_uncollectible(self._invoice(invoice), "user_forgiven")

    def credit_note(self, invoice: str, amount: int) -> None:
        """Credit `amount` minor units: off what is open, or given back if the invoice is paid."""
        world = self._world
        with world.on_request():
            target = self._invoice(invoice)
            with world.changing(target, "invoice.updated"):
                if target.status == "paid":
                    target.post_payment_credit += amount
                    return
                target.pre_payment_credit += amount
                target.amount_due -= amount
            if target.amount_remaining <= 0:
                world.charging.settle(target)

    def invoice_once(
        self,
        customer: str,
        amounts: list[tuple[str, int]],
        *,
        currency: str = "usd",
        days_until_due: int | None = None,
        price: str | None = None,
    ) -> Invoice:
        """Bill a customer outside any subscription: rows of (text, minor units), emailed or charged."""
        world = self._world
        with world.on_request():
            lines = [
                InvoiceLine(
                    id=world.new_id("il"),
                    amount=amount,
                    currency=currency,
                    description=text,
                    quantity=1,
                    period_start=world.now,
                    period_end=world.now,
                    price=price,
                    invoice_item=world.new_id("ii"),
                )
                for text, amount in amounts
            ]
            owner = world.store.customers[customer]
            invoice = world.invoicing.one_off(owner, currency, lines, days_until_due)
            world.invoicing.finalize(invoice.id)
            return invoice

    def _invoice(self, invoice_id: str) -> Invoice:
        return self._world.store.invoices[invoice_id]

    # --- catalogue ---

    def archive_price(self, price: str) -> None:
        """Take a price out of sale; subscriptions on it go on."""
        world = self._world
        with world.on_request():
            target = world.store.prices[price]
            with world.changing(target, "price.updated"):
                target.active = False
            world.store.catalog_revision += 1

    def archive_product(self, product: str) -> None:
        """Take a product out of sale; its prices and subscriptions go on."""
        world = self._world
        with world.on_request():
            target = world.store.products[product]
            with world.changing(target, "product.updated"):
                target.active = False
                target.updated = world.now

    def rename_product(self, product: str, name: str) -> None:
        """Give a product, and so its plans on screen, another name."""
        world = self._world
        with world.on_request():
            target = world.store.products[product]
            with world.changing(target, "product.updated"):
                target.name = name
                target.updated = world.now

    def delete_product(self, product: str) -> None:
        """Delete a product; a tombstone stays by id."""
        world = self._world
        with world.on_request():
            target = world.store.products[product]
            world.emit("product.deleted", target)
            target.deleted = True
            target.revision += 1
            world.store.products.unlist(target)
