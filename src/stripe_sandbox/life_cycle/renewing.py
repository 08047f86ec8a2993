"""Starts, renews, pauses and ends subscriptions as their dates come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_sandbox.billing_dates import DAY, boundary
from stripe_sandbox.life_cycle.discounting import drop_used_up
from stripe_sandbox.records import ENDED_STATUSES, Invoice, InvoiceLine, Subscription, SubscriptionItem

if TYPE_CHECKING:
    from stripe_sandbox.world import World

_RENEWING = frozenset({"active", "past_due", "unpaid"})


class Renewing:
    """The dated side of a subscription's life."""

    def __init__(self, world: World) -> None:
        self._world = world

    # --- start ---

    def start(self, subscription: Subscription, *, charge_now: bool = True) -> None:
        """List a new subscription and bill its first period, or begin its trial.

        `charge_now` False leaves the first invoice open and unattempted, as a checkout does before the card is typed.
        """
        world = self._world
        world.store.add_subscription(subscription)
        for item in subscription.items:
            world.store.items[item.id] = item
        trial = subscription.trial_end
        emailed = subscription.collection_method == "send_invoice"
        if trial is not None:
            subscription.status = "trialing"
            world.schedule(trial - 3 * DAY, self.announce_trial_end, subscription.id, trial)
            world.schedule(trial, self.end_trial, subscription.id)
        else:
            subscription.status = "active" if emailed else "incomplete"
        if subscription.cancel_at is not None:
            world.schedule(subscription.cancel_at, self.cancel_if_due, subscription.id)
        invoice = self._bill_first_period(subscription, free=trial is not None)
        world.emit("customer.subscription.created", subscription)
        if invoice is not None and (charge_now or trial is not None or emailed):
            world.invoicing.finalize(invoice.id)
        elif invoice is not None:
            self._open_without_charge(invoice)
        elif subscription.status == "incomplete":
            self._change_status(subscription, "active")
        if subscription.status == "incomplete":
            world.schedule(world.now + world.settings.incomplete_after, self.expire_incomplete, subscription.id)
        self._plan_renewal(subscription)

    def _bill_first_period(self, subscription: Subscription, *, free: bool) -> Invoice | None:
        lines = self._period_lines(subscription, subscription.items, free=free)
        if not lines:
            return None
        now = self._world.now
        with self._world.changing(subscription):
            invoice = self._world.invoicing.for_subscription(subscription, lines, "subscription_create", (now, now))
            if not free:
                self._use_up_discounts(subscription)
        return invoice

    def _period_lines(
        self, subscription: Subscription, items: list[SubscriptionItem], *, free: bool = False
    ) -> list[InvoiceLine]:
        """Return the lines for the coming period of licensed items; metered ones are billed afterwards."""
        store = self._world.store
        lines: list[InvoiceLine] = []
        for item in items:
            if not store.prices[item.price].metered:
                lines += self._world.invoicing.period_lines(
                    subscription, item, item.period_start, item.period_end, free=free
                )
        return lines

    def _open_without_charge(self, invoice: Invoice) -> None:
        with self._world.changing(invoice):
            invoice.status = "open"
            invoice.finalized_at = self._world.now
            customer = self._world.store.customers[invoice.customer]
            invoice.number = f"{customer.invoice_prefix}-{customer.next_invoice_number:04d}"
            customer.next_invoice_number += 1
        self._world.emit("invoice.finalized", invoice)

    def expire_incomplete(self, subscription_id: str) -> None:
        """End a subscription whose first invoice was never paid; the invoice becomes void."""
        world = self._world
        subscription = world.store.subscriptions[subscription_id]
        if subscription.status != "incomplete":
            return
        with world.changing(subscription, "customer.subscription.updated"):
            subscription.status = "incomplete_expired"
            subscription.ended_at = world.now
        for invoice in world.store.invoices_of_subscription.get(subscription_id, []):
            if invoice.status == "open":
                world.invoicing.void(invoice)

    # --- renewal ---

    def _plan_renewal(self, subscription: Subscription) -> None:
        self._world.schedule(subscription.period_end, self.renew, subscription.id)

    def renew(self, subscription_id: str) -> None:
        """Begin the next period of every item whose period is over, and bill it."""
        world = self._world
        subscription = world.store.subscriptions[subscription_id]
        due = [item for item in subscription.items if item.period_end <= world.now]
        if subscription.status not in _RENEWING or not due:
            return
        if subscription.cancel_at_period_end or self._ends_now(subscription):
            self.end(subscription, None)
            return
        with world.changing(subscription, "customer.subscription.updated"):
            lines = self._roll_over(subscription, due)
            if lines:
                self._bill(subscription, lines, due[0])
        self._plan_renewal(subscription)

    def _ends_now(self, subscription: Subscription) -> bool:
        return subscription.cancel_at is not None and subscription.cancel_at <= self._world.now

    def _roll_over(self, subscription: Subscription, due: list[SubscriptionItem]) -> list[InvoiceLine]:
        world = self._world
        lines = subscription.pending_lines
        subscription.pending_lines = []
        for item in due:
            price = world.store.prices[item.price]
            if price.metered:
                lines = lines + world.invoicing.period_lines(subscription, item, item.period_start, item.period_end)
            item.period_start = item.period_end
            item.period_number += 1
            item.period_end = boundary(
                subscription.billing_cycle_anchor,
                price.interval or "month",
                price.interval_count,
                item.period_number,
            )
            if item.trial_end is not None and item.trial_end <= world.now:
                item.trial_start = item.trial_end = None
        return lines + self._period_lines(subscription, due)

    def _bill(self, subscription: Subscription, lines: list[InvoiceLine], item: SubscriptionItem) -> None:
        world = self._world
        period = (item.period_start, item.period_start)
        invoice = world.invoicing.for_subscription(subscription, lines, "subscription_cycle", period)
        self._use_up_discounts(subscription)
        pause = subscription.pause_collection
        if subscription.status == "unpaid" or (pause and pause.behavior == "keep_as_draft"):
            invoice.auto_advance = False
        elif pause is not None:
            world.schedule(world.now + world.settings.finalize_after, self.write_off_paused, invoice.id)
        else:
            world.schedule(world.now + world.settings.finalize_after, world.invoicing.finalize, invoice.id)

    def _use_up_discounts(self, subscription: Subscription) -> None:
        world = self._world
        subscription.discounts = drop_used_up(world.store, subscription.discounts, world.now)
        for item in subscription.items:
            if item.discounts:
                item.discounts = drop_used_up(world.store, item.discounts, world.now)

    def write_off_paused(self, invoice_id: str) -> None:
        """Finalise an invoice made while collection is paused, and void it or mark it uncollectible at once."""
        world = self._world
        invoice = world.store.invoices[invoice_id]
        subscription = world.store.subscriptions[invoice.subscription or ""]
        if invoice.status != "draft":
            return
        if subscription.pause_collection is None:
            world.invoicing.finalize(invoice_id)
            return
        self._open_without_charge(invoice)
        if subscription.pause_collection.behavior == "void":
            world.invoicing.void(invoice)
        else:
            world.invoicing.mark_uncollectible(invoice, "subscription_paused")

    # --- trial ---

    def announce_trial_end(self, subscription_id: str, trial_end: int) -> None:
        """Emit the three-days warning, unless the trial was changed or ended before."""
        subscription = self._world.store.subscriptions[subscription_id]
        if subscription.status == "trialing" and subscription.trial_end == trial_end:
            self._world.emit("customer.subscription.trial_will_end", subscription)

    def end_trial(self, subscription_id: str) -> None:
        """Begin the paid life of a subscription, or pause or cancel it when there is no way to charge it."""
        world = self._world
        subscription = world.store.subscriptions[subscription_id]
        if subscription.status != "trialing" or (subscription.trial_end or 0) > world.now:
            return
        if subscription.cancel_at_period_end or self._ends_now(subscription):
            self.end(subscription, None)
            return
        customer = world.store.customers[subscription.customer]
        missing = not customer.payment.has_payment_method and subscription.collection_method == "charge_automatically"
        if missing and subscription.trial_without_method == "cancel":
            self.end(subscription, None)
        elif missing and subscription.trial_without_method == "pause":
            world.charging.pause(subscription, "trial_end_without_payment_method")
        else:
            self._begin_paid_life(subscription)

    def _begin_paid_life(self, subscription: Subscription) -> None:
        world = self._world
        with world.changing(subscription, "customer.subscription.updated"):
            subscription.status = "active"
            lines = self._roll_over(subscription, subscription.items)
            if lines:
                self._bill(subscription, lines, subscription.items[0])
        self._plan_renewal(subscription)

    # --- pause and end ---

    def restart_periods(self, subscription: Subscription) -> None:
        """Count periods afresh from now and bill the first one, as resuming with a new anchor does."""
        world = self._world
        with world.changing(subscription, "customer.subscription.updated"):
            subscription.billing_cycle_anchor = world.now
            for item in subscription.items:
                item.period_number = 0
                item.period_end = world.now
            lines = self._roll_over(subscription, subscription.items)
            if lines:
                self._bill(subscription, lines, subscription.items[0])
        self._plan_renewal(subscription)

    def resume_collection(self, subscription_id: str, planned: int) -> None:
        """Lift a collection pause at its planned end, unless it was changed since."""
        world = self._world
        subscription = world.store.subscriptions[subscription_id]
        pause = subscription.pause_collection
        if pause is not None and pause.resumes_at == planned:
            with world.changing(subscription, "customer.subscription.updated"):
                subscription.pause_collection = None

    def cancel_if_due(self, subscription_id: str) -> None:
        """End a subscription whose cancellation date has come."""
        subscription = self._world.store.subscriptions[subscription_id]
        if subscription.status not in ENDED_STATUSES and self._ends_now(subscription):
            self.end(subscription, None)

    def end(self, subscription: Subscription, reason: str | None) -> None:
        """Cancel for good: no more attempts on its open invoices, and `customer.subscription.deleted`."""
        world = self._world
        with world.changing(subscription):
            subscription.status = "canceled"
            subscription.ended_at = world.now
            if subscription.canceled_at is None:
                subscription.canceled_at = world.now
            if reason is not None:
                subscription.cancellation_reason = reason
            subscription.paused_type = None
        for invoice in world.store.invoices_of_subscription.get(subscription.id, []):
            if invoice.status in ("open", "draft") and invoice.auto_advance:
                with world.changing(invoice, "invoice.updated"):
                    invoice.auto_advance = False
                    invoice.next_payment_attempt = None
        world.emit("customer.subscription.deleted", subscription)

    def _change_status(self, subscription: Subscription, status: str) -> None:
        with self._world.changing(subscription, "customer.subscription.updated"):
            subscription.status = status
