"""Recompute what customers and their accounts pay: the second half of the one road (architecture, Data flow).

Sync, webhooks, manual matches and settings all end here. Everything is computed from the stored facts, never by
adding differences, so doing it twice changes nothing (guarantees H7).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from clynto.application.account_places import places_of, renew_places
from clynto.application.customer_facts import CustomerFacts
from clynto.application.rebuild_history import rebuild_points
from clynto.application.score_health import score_accounts
from clynto.application.shown_figures import ShownFigures
from clynto.domain.account_billing import CustomerBilling, add_up
from clynto.domain.billing_assessment import assess_customer
from clynto.domain.connection import Connection
from clynto.domain.customer import StripeCustomer
from clynto.domain.moments import UnixMicros, UnixTime, seconds_of
from clynto.domain.money import MoneyBag
from clynto.ports.clock import Clock
from clynto.ports.stripe_facts import PaidTotals
from clynto.ports.unit_of_work import UnitOfWork

BATCH = 200
"""Customers recomputed in one transaction: enough to amortise the commit, short enough for others to get in."""


class RecomputeBilling:
    """Works inside the caller's unit of work and does not commit.

    Facts are read under the lock of the ledgers, which whoever stores news of a workspace holds: else what was computed
    from facts of a moment ago could be written over what an event has just changed. A caller who writes anything first
    takes the lock before that, so that two never wait for each other.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def moment(self, connection: Connection) -> UnixMicros:
        """The moment that figures are computed for: now, or the disconnect that froze them (guide, Disconnect)."""
        return connection.moment_of_figures(self._clock.now())

    def customers(
        self,
        uow: UnitOfWork,
        customer_ids: Iterable[str],
        *,
        facts: CustomerFacts | None = None,
        left: Iterable[str] = (),
    ) -> None:
        """Recompute these customers and every account they belong to, or have just ``left``.

        At most ``BATCH`` at a time is wise. ``facts`` are those of the same customers, where the caller has read them.
        """
        ids = sorted(set(customer_ids))
        if not ids:
            return
        uow.ledgers.lock()
        now = self.moment(uow.connections.get())
        billings = self._assess(uow, facts or CustomerFacts.read(uow, ids), now)
        matches = uow.matches.get_many(ids)
        account_of = {i: matches[i].account_id if i in matches else None for i in ids}
        uow.billing.put_customers(billings, account_of)
        self.accounts(uow, {account for account in account_of.values() if account is not None} | set(left))

    def accounts(self, uow: UnitOfWork, account_ids: Iterable[str]) -> None:
        """Add up the accounts from their customers' computed rows."""
        ids = sorted(set(account_ids))
        if not ids:
            return
        uow.ledgers.lock()
        now = self.moment(uow.connections.get())
        figures = ShownFigures.of(uow, now)
        held = uow.billing.customers_of_accounts(ids)
        sums = [add_up(account_id, held.get(account_id, ()), computed_at=now) for account_id in ids]
        points = score_accounts(uow, {billing.account_id: billing for billing in sums}, at=now)
        uow.billing.put_accounts(
            [(billing, figures.sort_key(billing)) for billing in sums],
            {point.account_id: point.score for point in points},
            places_of(uow, figures, {billing.account_id: billing for billing in sums}, self._clock.now()),
        )
        uow.health.put_scores(points)

    def history(self, uow: UnitOfWork, account_ids: Iterable[str]) -> None:
        """Rebuild the month points of accounts that gained or lost a customer: its past came or went with it."""
        ids, now = sorted(set(account_ids)), self._clock.now()
        rebuild_points(uow, ids, now=seconds_of(self.moment(uow.connections.get())))
        renew_places(uow, ShownFigures.of(uow, now), ids, now)

    def _assess(self, uow: UnitOfWork, facts: CustomerFacts, now: UnixMicros) -> list[CustomerBilling]:
        customers = uow.customers.get_many(facts.ids)
        totals = _by_customer(uow.invoices.paid_totals(facts.ids))
        held = [subscription.id for of_one in facts.subscriptions.values() for subscription, _ in of_one]
        readings = uow.subscriptions.discounts(held)
        billings = []
        for customer_id in facts.ids:
            customer, provenance = customers.get(customer_id) or (_unknown(customer_id), None)
            own = facts.subscriptions.get(customer_id, ())
            ages = [age.as_of for _, age in own] + ([provenance.as_of] if provenance else [])
            billing = assess_customer(
                customer,
                [subscription for subscription, _ in own],
                [invoice for invoice, _ in facts.invoices.get(customer_id, ())],
                facts.prices,
                readings,
                facts.products,
                now,
                UnixMicros(min(ages, default=now)),
            )
            billings.append(_with_totals(billing, totals.get(customer_id, [])))
        return billings


def _by_customer(totals: Iterable[PaidTotals]) -> dict[str, list[PaidTotals]]:
    grouped: dict[str, list[PaidTotals]] = {}
    for total in totals:
        grouped.setdefault(total.customer_id, []).append(total)
    return grouped


def _with_totals(billing: CustomerBilling, totals: Sequence[PaidTotals]) -> CustomerBilling:
    """Lifetime value rests on every invoice, not only on those that decide the status (billing rules, section 4)."""
    lifetime = MoneyBag.empty()
    for total in totals:
        lifetime = lifetime + MoneyBag.of(total.currency, total.amount_paid - total.post_payment_credit)
    oldest = min((total.oldest_created for total in totals), default=None)
    return replace(billing, lifetime_value=lifetime, oldest_invoice_at=None if oldest is None else UnixTime(oldest))


def _unknown(customer_id: str) -> StripeCustomer:
    return StripeCustomer(id=customer_id, email=None, name=None, created=None)
