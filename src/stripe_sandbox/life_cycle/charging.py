"""Collects invoices: charges, refusals, retries, due dates, and what follows for the subscription."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_sandbox.billing_dates import DAY
from stripe_sandbox.records import Customer, Invoice, Subscription

if TYPE_CHECKING:
    from stripe_sandbox.world import World

_FAILURE_PAUSES = frozenset({"first_payment_failure", "final_payment_failure"})


class Charging:
    """Everything between an open invoice and its money."""

    def __init__(self, world: World) -> None:
        self._world = world

    def attempt(self, invoice_id: str) -> None:
        """Charge an open invoice the way its customer's payment method behaves now."""
        world = self._world
        invoice = world.store.invoices[invoice_id]
        if invoice.status != "open":
            return
        customer = world.store.customers[invoice.customer]
        payment = customer.payment
        if payment.settlement_days > 0:
            self._start_debit(invoice, payment.settlement_days)
        elif not payment.has_payment_method or payment.refusals_left != 0:
            if payment.refusals_left > 0:
                payment.refusals_left -= 1
            self._refuse(invoice, customer)
        else:
            self.settle(invoice, counted_attempt=True)

    def retry(self, invoice_id: str, planned: int) -> None:
        """Run the automatic retry planned for that second, unless the plan has changed since."""
        if self._world.store.invoices[invoice_id].next_payment_attempt == planned:
            self.attempt(invoice_id)

    def _start_debit(self, invoice: Invoice, days: int) -> None:
        world = self._world
        with world.changing(invoice, "invoice.updated"):
            invoice.attempt_count += 1
            invoice.next_payment_attempt = None
        world.schedule(world.now + days * DAY, self.pay_by_transfer, invoice.id)
        subscription = world.store.subscriptions.get(invoice.subscription or "")
        if subscription is not None and subscription.status == "incomplete":
            # A bank debit in processing lets the subscription start.
            self._set_status(subscription, "active")

    def pay_by_transfer(self, invoice_id: str) -> None:
        """Settle an emailed invoice or a bank debit when the money comes, if it is still open."""
        invoice = self._world.store.invoices[invoice_id]
        if invoice.status == "open":
            self.settle(invoice)

    # --- money came ---

    def settle(self, invoice: Invoice, *, counted_attempt: bool = False, outside_stripe: bool = False) -> None:
        """Mark an invoice paid in full and bring its subscription back where it belongs."""
        world = self._world
        with world.changing(invoice, "invoice.updated"):
            remaining = invoice.amount_remaining
            invoice.status = "paid"
            invoice.paid_at = world.now
            invoice.amount_paid = invoice.amount_due
            invoice.next_payment_attempt = None
            invoice.auto_advance = False
            if counted_attempt:
                invoice.attempt_count += 1
            if outside_stripe:
                invoice.paid_off_stripe = remaining
            elif remaining:
                invoice.charge = world.new_id("ch")
        world.emit("invoice.paid", invoice)
        if not outside_stripe:
            world.emit("invoice.payment_succeeded", invoice)
        customer = world.store.customers[invoice.customer]
        if customer.delinquent:
            with world.changing(customer, "customer.updated"):
                customer.delinquent = False
        self.reconsider(invoice)

    def reconsider(self, invoice: Invoice) -> None:
        """After an invoice left the open state: let its subscription start or recover, if nothing else holds it."""
        world = self._world
        subscription = world.store.subscriptions.get(invoice.subscription or "")
        if subscription is None:
            return
        if subscription.status == "incomplete" and invoice.status == "paid":
            self._set_status(subscription, "active")
        failed = subscription.status in ("past_due", "unpaid") or (
            subscription.status == "paused" and subscription.paused_type in _FAILURE_PAUSES
        )
        if failed and not self._owes(subscription):
            was_paused = subscription.status == "paused"
            self._set_status(subscription, "active")
            if was_paused:
                world.emit("customer.subscription.resumed", subscription)
                world.renewing.restart_periods(subscription)

    def _owes(self, subscription: Subscription) -> bool:
        now = self._world.now
        return any(
            invoice.status == "open"
            and invoice.amount_remaining > 0
            and (invoice.attempt_count > 0 or (invoice.due_date is not None and invoice.due_date <= now))
            for invoice in self._world.store.invoices_of_subscription.get(subscription.id, [])
        )

    # --- money did not come ---

    def _refuse(self, invoice: Invoice, customer: Customer) -> None:
        world = self._world
        subscription = world.store.subscriptions.get(invoice.subscription or "")
        first_payment = subscription is not None and subscription.status == "incomplete"
        pauses = subscription is not None and subscription.pause_on_first_failure and not first_payment
        with world.changing(invoice, "invoice.updated"):
            invoice.attempt_count += 1
            retries = world.settings.retry_days
            more = invoice.attempt_count <= len(retries) and not first_payment and not pauses
            if more:
                planned = world.now + retries[invoice.attempt_count - 1] * DAY
                invoice.next_payment_attempt = planned
                world.schedule(planned, self.retry, invoice.id, planned)
            else:
                invoice.next_payment_attempt = None
        world.emit("invoice.payment_failed", invoice)
        if not customer.delinquent:
            with world.changing(customer, "customer.updated"):
                customer.delinquent = True
        if subscription is None or first_payment:
            return
        if pauses:
            self.pause(subscription, "first_payment_failure")
        elif subscription.status == "active":
            self._set_status(subscription, "past_due")
        if not more and not pauses:
            self._after_last_retry(subscription)

    def _after_last_retry(self, subscription: Subscription) -> None:
        world = self._world
        end = subscription.retry_end or world.settings.retry_end
        if subscription.status not in ("active", "past_due"):
            return
        if end == "cancel":
            world.renewing.end(subscription, "payment_failed")
        elif end == "unpaid":
            self._set_status(subscription, "unpaid")
        elif end == "pause":
            self.pause(subscription, "final_payment_failure")

    def fall_due(self, invoice_id: str) -> None:
        """Turn the subscription of an emailed invoice past due when the due date goes by unpaid."""
        invoice = self._world.store.invoices[invoice_id]
        if invoice.status != "open":
            return
        subscription = self._world.store.subscriptions.get(invoice.subscription or "")
        if subscription is not None and subscription.status == "active":
            self._set_status(subscription, "past_due")

    def pause(self, subscription: Subscription, paused_type: str) -> None:
        """Put a subscription on hold: no more invoices until it is resumed."""
        world = self._world
        with world.changing(subscription, "customer.subscription.updated"):
            subscription.status = "paused"
            subscription.paused_type = paused_type
            subscription.paused_at = world.now
        world.emit("customer.subscription.paused", subscription)

    def _set_status(self, subscription: Subscription, status: str) -> None:
        with self._world.changing(subscription, "customer.subscription.updated"):
            subscription.status = status
            if status != "paused":
                subscription.paused_type = None
                subscription.paused_at = None
