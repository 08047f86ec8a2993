"""Things people do to a subscription: sign up, change seats or plans, cancel, pause, get a discount."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from stripe_sandbox.billing_dates import DAY, add_months, boundary
from stripe_sandbox.records import (
    ENDED_STATUSES,
    Discount,
    PauseBehavior,
    PauseCollection,
    RetryEnd,
    Subscription,
    SubscriptionItem,
)
from stripe_sandbox.rendering.api_versions import shape_of
from stripe_sandbox.rendering.catalog_payloads import discount_payload

if TYPE_CHECKING:
    from stripe_sandbox.world import World

CancelWhen = Literal["flag", "date"]


class SubscriptionStories:
    """Stories about one subscription; each emits the events Stripe would, as caused by an API request."""

    def __init__(self, world: World) -> None:
        self._world = world

    def _running(self, subscription_id: str) -> Subscription:
        """Return a subscription that has not ended; nothing can be done to one that has."""
        subscription = self._world.store.subscriptions[subscription_id]
        if subscription.status in ENDED_STATUSES:
            raise ValueError(f"{subscription_id} has ended")
        return subscription

    def new_subscription(
        self,
        customer: str,
        prices: Sequence[tuple[str, int | None]],
        *,
        currency: str | None = None,
        trial_days: int = 0,
        trial_without_method: Literal["cancel", "create_invoice", "pause"] = "create_invoice",
        days_until_due: int | None = None,
        cancel_at: int | None = None,
        coupons: Sequence[str] = (),
        item_coupons: dict[int, str] | None = None,
        usage_per_period: int = 0,
        charge_now: bool = True,
        flexible: bool = True,
        retry_end: RetryEnd | None = None,
        pause_on_first_failure: bool = False,
        description: str | None = None,
        metadata: dict[str, str] | None = None,
        test_clock: str | None = None,
    ) -> Subscription:
        """Sign a customer up for `prices`, each (price id, quantity; None for metered).

        `days_until_due` makes it an emailed subscription. `item_coupons` maps an item's index to a coupon id.
        """
        world = self._world
        with world.on_request():
            owner = world.store.customers[customer]
            first = world.store.prices[prices[0][0]]
            trial_end = world.now + trial_days * DAY if trial_days else None
            subscription = Subscription(
                id=world.new_id("sub"),
                created=world.now,
                customer=customer,
                currency=currency or first.currency,
                status="incomplete",
                start_date=world.now,
                billing_cycle_anchor=trial_end or world.now,
                items=[],
                collection_method="charge_automatically" if days_until_due is None else "send_invoice",
                days_until_due=days_until_due,
                trial_start=world.now if trial_end else None,
                trial_end=trial_end,
                trial_without_method=trial_without_method,
                cancel_at=cancel_at,
                flexible=flexible,
                retry_end=retry_end,
                pause_on_first_failure=pause_on_first_failure,
                description=description,
                test_clock=test_clock or owner.test_clock,
                metadata=metadata or {},
            )
            for price_id, quantity in prices:
                item = self._new_item(subscription, price_id, quantity)
                item.usage_per_period = usage_per_period if quantity is None else 0
                subscription.items.append(item)
            for coupon in coupons:
                subscription.discounts.append(self._discount(coupon, subscription))
            for index, coupon in (item_coupons or {}).items():
                item = subscription.items[index]
                item.discounts.append(self._discount(coupon, subscription, item))
            world.renewing.start(subscription, charge_now=charge_now)
            return subscription

    def _new_item(self, subscription: Subscription, price_id: str, quantity: int | None) -> SubscriptionItem:
        world = self._world
        price = world.store.prices[price_id]
        anchor = subscription.billing_cycle_anchor
        number = 0
        end = anchor  # during a trial the first period ends with it
        while end <= world.now:
            number += 1
            end = boundary(anchor, price.interval or "month", price.interval_count, number)
        item = SubscriptionItem(
            id=world.new_id("si"),
            created=world.now,
            subscription=subscription.id,
            price=price_id,
            quantity=quantity,
            period_start=world.now,
            period_end=end,
            period_number=number,
        )
        world.store.items[item.id] = item
        return item

    def _discount(self, coupon_id: str, subscription: Subscription, item: SubscriptionItem | None = None) -> Discount:
        world = self._world
        coupon = world.store.coupons[coupon_id]
        months = coupon.duration_in_months
        discount = Discount(
            id=world.new_id("di"),
            coupon=coupon_id,
            start=world.now,
            end=add_months(world.now, months) if months and coupon.duration == "repeating" else None,
            customer=subscription.customer,
            subscription=subscription.id,
            subscription_item=item.id if item else None,
        )
        coupon.times_redeemed += 1
        coupon.revision += 1
        world.store.discounts[discount.id] = discount
        return discount

    # --- size ---

    def cut_seats(self, subscription: str, quantity: int, *, item: int = 0, prorate: bool = True) -> None:
        """Set the seats of an item (by index); with `prorate` the difference goes on the next invoice."""
        world = self._world
        with world.on_request():
            target = self._running(subscription)
            with world.changing(target, "customer.subscription.updated"):
                changed = target.items[item]
                self._prorate(target, changed, changed.price, quantity, prorate=prorate)
                changed.quantity = quantity

    add_seats = cut_seats

    def switch_plan(
        self,
        subscription: str,
        price: str,
        *,
        quantity: int | None = None,
        item: int = 0,
        prorate: bool = True,
    ) -> None:
        """Move an item to another price. Another billing interval starts a new period and bills it at once."""
        world = self._world
        with world.on_request():
            target = self._running(subscription)
            new = world.store.prices[price]
            with world.changing(target, "customer.subscription.updated"):
                changed = target.items[item]
                old = world.store.prices[changed.price]
                seats = changed.quantity if quantity is None else quantity
                same_rhythm = (old.interval, old.interval_count) == (new.interval, new.interval_count)
                if target.status == "trialing" or same_rhythm:
                    self._prorate(target, changed, price, seats, prorate=prorate)
                    changed.price, changed.quantity = price, seats
                    return
                if prorate:
                    credit = world.invoicing.proration_line(
                        target, changed, changed.price, changed.quantity, credit=True
                    )
                    target.pending_lines.append(credit)
                changed.price, changed.quantity = price, seats
                self._bill_new_rhythm(target)

    def _bill_new_rhythm(self, target: Subscription) -> None:
        world = self._world
        target.billing_cycle_anchor = world.now
        lines, target.pending_lines = target.pending_lines, []
        for item in target.items:
            price = world.store.prices[item.price]
            item.period_start, item.period_number = world.now, 1
            item.period_end = boundary(world.now, price.interval or "month", price.interval_count, 1)
            if not price.metered:
                lines = lines + world.invoicing.period_lines(target, item, item.period_start, item.period_end)
        invoice = world.invoicing.for_subscription(target, lines, "subscription_update", (world.now, world.now))
        world.invoicing.finalize(invoice.id)
        world.schedule(target.period_end, world.renewing.renew, target.id)

    def _prorate(
        self,
        target: Subscription,
        item: SubscriptionItem,
        price: str,
        quantity: int | None,
        *,
        prorate: bool,
    ) -> None:
        if not prorate or target.status == "trialing" or item.quantity is None or quantity is None:
            return
        invoicing = self._world.invoicing
        target.pending_lines.append(invoicing.proration_line(target, item, item.price, item.quantity, credit=True))
        target.pending_lines.append(invoicing.proration_line(target, item, price, quantity, credit=False))

    def add_item(self, subscription: str, price: str, quantity: int | None = 1) -> SubscriptionItem:
        """Put one more price on a subscription; the rest of its period goes on the next invoice."""
        world = self._world
        with world.on_request():
            target = self._running(subscription)
            with world.changing(target, "customer.subscription.updated"):
                item = self._new_item(target, price, quantity)
                target.items.append(item)
                if quantity is not None and target.status != "trialing":
                    line = world.invoicing.proration_line(target, item, price, quantity, credit=False)
                    target.pending_lines.append(line)
            world.schedule(target.period_end, world.renewing.renew, target.id)
            return item

    def remove_item(self, subscription: str, item: int) -> None:
        """Take an item (by index) off a subscription, crediting what was paid ahead."""
        world = self._world
        with world.on_request():
            target = self._running(subscription)
            with world.changing(target, "customer.subscription.updated"):
                gone = target.items.pop(item)
                if gone.quantity is not None and target.status != "trialing":
                    line = world.invoicing.proration_line(target, gone, gone.price, gone.quantity, credit=True)
                    target.pending_lines.append(line)

    def start_item_trial(self, subscription: str, item: int, days: int) -> None:
        """Put one item of a running subscription on trial (2026-09-30.endive and later)."""
        world = self._world
        with world.on_request():
            target = self._running(subscription)
            with world.changing(target, "customer.subscription.updated"):
                target.items[item].trial_start = world.now
                target.items[item].trial_end = world.now + days * DAY

    # --- cancellation ---

    def schedule_cancel(
        self,
        subscription: str,
        when: CancelWhen = "flag",
        *,
        at: int | None = None,
        feedback: str | None = None,
    ) -> None:
        """Cancel at the period's end, in either encoding: the flag, or only a date as flexible billing does."""
        world = self._world
        with world.on_request():
            target = self._running(subscription)
            with world.changing(target, "customer.subscription.updated"):
                if when == "flag":
                    target.cancel_at_period_end = True
                if when == "date" or not target.flexible:
                    target.cancel_at = at or target.period_end
                    world.schedule(target.cancel_at, world.renewing.cancel_if_due, target.id)
                target.canceled_at = world.now
                target.cancellation_reason = "cancellation_requested"
                target.cancellation_feedback = feedback

    def undo_cancel(self, subscription: str) -> None:
        """Take a scheduled cancellation back."""
        world = self._world
        with world.on_request():
            target = self._running(subscription)
            with world.changing(target, "customer.subscription.updated"):
                target.cancel_at_period_end = False
                target.cancel_at = target.canceled_at = None
                target.cancellation_reason = target.cancellation_feedback = None

    def cancel_now(self, subscription: str, reason: str = "cancellation_requested") -> None:
        """End a subscription at once."""
        with self._world.on_request():
            self._world.renewing.end(self._running(subscription), reason)

    # --- pauses ---

    def pause_collection(self, subscription: str, behavior: PauseBehavior = "void", *, days: int | None = None) -> None:
        """Stop collecting while invoices go on; for `days`, or until resumed."""
        world = self._world
        with world.on_request():
            target = self._running(subscription)
            with world.changing(target, "customer.subscription.updated"):
                resumes = None if days is None else world.now + days * DAY
                target.pause_collection = PauseCollection(behavior=behavior, resumes_at=resumes)
            if resumes is not None:
                world.schedule(resumes, world.renewing.resume_collection, target.id, resumes)

    def pause_subscription(self, subscription: str) -> None:
        """Put the whole subscription on hold by request (2026-09-30.endive and later)."""
        with self._world.on_request():
            self._world.charging.pause(self._running(subscription), "pause_requested")

    def resume(self, subscription: str) -> None:
        """Lift a collection pause, or bring a paused subscription back with a new billing period."""
        world = self._world
        with world.on_request():
            target = self._running(subscription)
            was_paused = target.status == "paused"
            with world.changing(target, "customer.subscription.updated"):
                target.pause_collection = None
                if was_paused:
                    target.status = "active"
                    target.paused_type = target.paused_at = None
            if was_paused:
                world.emit("customer.subscription.resumed", target)
                world.renewing.restart_periods(target)

    # --- discounts ---

    def apply_coupon(self, subscription: str, coupon: str, *, item: int | None = None) -> Discount:
        """Start a discount on a subscription, or on one of its items (by index)."""
        world = self._world
        with world.on_request():
            target = self._running(subscription)
            with world.changing(target, "customer.subscription.updated"):
                row = None if item is None else target.items[item]
                discount = self._discount(coupon, target, row)
                (target.discounts if row is None else row.discounts).append(discount)
            self._discount_event("customer.discount.created", discount)
            return discount

    def remove_coupon(self, subscription: str) -> None:
        """End every discount of a subscription and its items."""
        world = self._world
        with world.on_request():
            target = self._running(subscription)
            gone = [*target.discounts, *(d for item in target.items for d in item.discounts)]
            with world.changing(target, "customer.subscription.updated"):
                target.discounts = []
                for item in target.items:
                    item.discounts = []
            for discount in gone:
                self._discount_event("customer.discount.deleted", discount)

    def _discount_event(self, event_type: str, discount: Discount) -> None:
        store = self._world.store

        def render(version: str) -> dict[str, Any]:
            return discount_payload(store, discount, shape_of(version))

        self._world.emit_payload(event_type, discount.id, render)
