"""What stands behind an account's figures, computed plainly from what is stored."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import floor

from clynto.adapters.memory.cursors import decode, encode
from clynto.adapters.memory.database import Transaction
from clynto.domain.account_billing import SubscriptionBilling
from clynto.domain.customer import StripeCustomer
from clynto.domain.invoice import NOT_SHOWN
from clynto.domain.money import ZERO, MoneyBag
from clynto.domain.subscription import Subscription
from clynto.ports.read_models import CustomerRow, CustomersPage, InvoiceRow, SubscriptionRow


class MemoryBillingDetails:
    """See ``ports.read_models.BillingDetails``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def customers(self, *, matched: bool | None, text: str, limit: int, after: str | None) -> CustomersPage:
        """Stripe customers, highest MRR first, then by id."""
        sought = text.casefold()
        rows = [self._customer_row(customer) for customer, _ in self._transaction.records.customers.values()]
        placed = [
            (-_whole_mrr(row), row.id, row)
            for row in rows
            if matched in (None, row.match is not None and row.match.account_id is not None)
            and any(sought in (word or "").casefold() for word in (row.name, row.email, row.id))
        ]
        ordered = sorted(placed, key=lambda entry: entry[:2])
        query = ["customers", str(matched), text]
        if after is not None:
            value, row_id = decode(after, query, int)
            ordered = [entry for entry in ordered if entry[:2] > (value or 0, row_id)]
        page = ordered[:limit]
        more = bool(page) and len(ordered) > len(page)
        return CustomersPage(
            rows=tuple(row for _, _, row in page), next_cursor=encode(query, page[-1][:2]) if more else None
        )

    def subscriptions_of(self, account_id: str) -> Sequence[SubscriptionRow]:
        """Live ones first, then by MRR; ended ones newest first."""
        records = self._transaction.records
        computed = [
            (records.subscriptions[billing.subscription_id][0], billing)
            for customer, owner in records.customer_billing.values()
            if owner == account_id
            for billing in customer.subscriptions
            if billing.subscription_id in records.subscriptions
        ]
        return [_subscription_row(*pair) for pair in sorted(computed, key=_live_first)]

    def invoices_of(self, account_id: str, *, limit: int) -> Sequence[InvoiceRow]:
        """The newest invoices of the account, drafts left out, deleted ones too."""
        records = self._transaction.records
        customers = {match.customer_id for match in records.matches.values() if match.account_id == account_id}
        shown = [
            invoice
            for invoice, _ in records.invoices.values()
            if invoice.customer_id in customers and invoice.status not in NOT_SHOWN
        ]
        newest_first = sorted(shown, key=lambda invoice: (invoice.created, invoice.id), reverse=True)
        return [InvoiceRow.of(invoice) for invoice in newest_first[:limit]]

    def _customer_row(self, customer: StripeCustomer) -> CustomerRow:
        records = self._transaction.records
        match = records.matches.get(customer.id)
        account = None if match is None or match.account_id is None else records.accounts.get(match.account_id)
        computed = records.customer_billing.get(customer.id)
        return CustomerRow(
            id=customer.id,
            name=customer.name,
            email=customer.email,
            deleted=customer.deleted,
            match=match,
            account_name=None if account is None else account.name,
            list_mrr=MoneyBag.empty() if computed is None else computed[0].list_mrr,
            net_mrr=MoneyBag.empty() if computed is None else computed[0].net_mrr,
            payment_status=None if computed is None else computed[0].payment_status,
        )


def _whole_mrr(row: CustomerRow) -> int:
    return floor(sum((amount for _, amount in row.list_mrr), start=ZERO))


def _live_first(pair: tuple[Subscription, SubscriptionBilling]) -> tuple[bool, Fraction, bool, int, str]:
    subscription, billing = pair
    if not subscription.is_ended:
        return False, -billing.list_mrr, False, 0, subscription.id
    created = subscription.created
    return True, ZERO, created is None, -(created or 0), subscription.id


def _subscription_row(subscription: Subscription, billing: SubscriptionBilling) -> SubscriptionRow:
    scheduled = subscription.cancellation_is_scheduled
    period_end = subscription.current_period_end
    renews = not subscription.is_ended and not scheduled
    return SubscriptionRow(
        id=subscription.id,
        customer_id=subscription.customer_id,
        status=subscription.status,
        plan_name=billing.plan_name,
        quantity=billing.quantity,
        interval=billing.interval,
        currency=billing.currency,
        list_mrr=billing.list_mrr,
        net_mrr=billing.net_mrr,
        counted=billing.counted,
        partial=billing.partial,
        renewal_at=period_end if renews else None,
        cancel_at=(period_end if subscription.cancel_at is None else subscription.cancel_at) if scheduled else None,
        created=subscription.created,
    )
