"""Ready-made rows for pages, the JSON API and Larry: set-based, indexed, keyset-paged."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from clynto.domain.account_billing import PaymentStatus
from clynto.domain.invoice import Invoice
from clynto.domain.matching import MatchDecision
from clynto.domain.moments import UnixMicros, UnixTime
from clynto.domain.money import MoneyBag


class AccountSort(enum.StrEnum):
    """Sortable columns. Missing values come last in both directions; ties are broken by ascending account id.

    Names, first domains and outside ids compare by ``casefold`` and code point, payment statuses by severity. MRR and
    ARR go by the sort key given to ``BillingStore.put_accounts`` and are missing where none was, so also where an
    account was never computed; lifetime value and what MRR changed go by ``AccountPlaces``.
    """

    NAME = "name"
    MRR = "mrr"
    ARR = "arr"
    PAYMENT_STATUS = "payment_status"
    HEALTH_SCORE = "health_score"
    RENEWAL_AT = "renewal_at"
    MRR_CHANGE_30 = "mrr_change_30"
    MRR_CHANGE_90 = "mrr_change_90"
    MRR_CHANGE_12_MONTHS = "mrr_change_12_months"
    DOMAIN = "domain"
    LIFETIME_VALUE = "lifetime_value"
    EXTERNAL_ID = "external_id"


TEXT_SORTS = frozenset({AccountSort.NAME, AccountSort.DOMAIN, AccountSort.EXTERNAL_ID})
"""Orders of words; the others are orders of numbers."""


class StatusFilter(enum.StrEnum):
    """Filter on the Payment Status column."""

    PAID = "paid"
    OVERDUE = "overdue"
    FAILED = "failed"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class AccountsQuery:
    """``text`` matches the name or a domain by ``casefold``, literally, anywhere inside. ``after`` is a cursor that a
    former page returned for the same sort, direction, filters and text."""

    sort: AccountSort = AccountSort.NAME
    descending: bool = False
    statuses: frozenset[StatusFilter] = frozenset()
    text: str = ""
    limit: int = 50
    after: str | None = None


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One line of the accounts table."""

    id: str
    name: str
    domains: tuple[str, ...]
    external_id: str | None
    list_mrr: MoneyBag
    net_mrr: MoneyBag
    partial: bool
    payment_status: PaymentStatus | None
    health_score: int | None
    renewal_at: UnixTime | None
    lifetime_value: MoneyBag
    oldest_invoice_at: UnixTime | None
    live_subscriptions: int
    customers: int
    as_of: UnixMicros | None
    computed_at: UnixMicros | None


@dataclass(frozen=True, slots=True)
class AccountsPage:
    """``next_cursor`` None: this was the last page."""

    rows: tuple[AccountRow, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class AccountsTotals:
    """Exact sums over all rows a query selects (cursor and limit left out).

    ``by_status`` always has every word of ``StatusFilter``."""

    accounts: int
    list_mrr: MoneyBag
    net_mrr: MoneyBag
    by_status: dict[str, int]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Exact MRR of matched and of unmatched Stripe customers, so that totals can say what they leave out.

    Money follows the account that a computed row was stored with, as the accounts' own figures do; customers are
    counted by their match, tombstones left out. ``matched_customers`` None: they were not counted."""

    matched_list: MoneyBag
    matched_net: MoneyBag
    unmatched_list: MoneyBag
    unmatched_net: MoneyBag
    matched_customers: int | None
    unmatched_customers: int


class AccountsTable(Protocol):
    """The accounts of one workspace with their billing."""

    def page(self, query: AccountsQuery) -> AccountsPage:
        """One page. Raises ``InvalidInput`` for a cursor that does not fit the query."""
        ...

    def page_with_totals(self, query: AccountsQuery) -> tuple[AccountsPage, AccountsTotals]:
        """What ``page`` and ``totals`` answer, for less than both. Raises ``InvalidInput`` like ``page``."""
        ...

    def row(self, account_id: str) -> AccountRow | None:
        """One account."""
        ...

    def rows(self, account_ids: Sequence[str]) -> Sequence[AccountRow]:
        """These accounts, in their order; those that are not there are left out."""
        ...

    def totals(self, query: AccountsQuery) -> AccountsTotals:
        """Sums for the filters of ``query``."""
        ...

    def coverage(self, *, counted: bool = True) -> Coverage:
        """How much of Stripe's MRR is matched. Matched customers are only ``counted`` where somebody wants to know:
        they are nearly all there are."""
        ...


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """One Stripe customer with its match and what it pays. ``account_name`` None: unmatched."""

    id: str
    name: str | None
    email: str | None
    deleted: bool
    match: MatchDecision | None
    account_name: str | None
    list_mrr: MoneyBag
    net_mrr: MoneyBag
    payment_status: PaymentStatus | None


@dataclass(frozen=True, slots=True)
class CustomersPage:
    """``next_cursor`` None: this was the last page."""

    rows: tuple[CustomerRow, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    """One subscription for the Billing tab."""

    id: str
    customer_id: str | None
    status: str
    plan_name: str
    quantity: int | None
    interval: str | None
    currency: str
    list_mrr: Fraction
    net_mrr: Fraction
    counted: bool
    partial: bool
    renewal_at: UnixTime | None
    cancel_at: UnixTime | None
    created: UnixTime | None


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """One invoice for the Billing tab; amounts in minor units."""

    id: str
    number: str | None
    status: str
    currency: str
    amount_due: int
    amount_paid: int
    amount_remaining: int
    created_at: UnixTime
    due_date: UnixTime | None
    paid_at: UnixTime | None
    attempt_count: int
    next_payment_attempt: UnixTime | None
    subscription_id: str | None

    @classmethod
    def of(cls, invoice: Invoice) -> InvoiceRow:
        """What is shown of ``invoice``."""
        return cls(
            id=invoice.id,
            number=invoice.number,
            status=invoice.status,
            currency=invoice.currency,
            amount_due=invoice.amount_due,
            amount_paid=invoice.amount_paid,
            amount_remaining=invoice.amount_remaining,
            created_at=invoice.created,
            due_date=invoice.due_date,
            paid_at=invoice.paid_at,
            attempt_count=invoice.attempt_count,
            next_payment_attempt=invoice.next_payment_attempt,
            subscription_id=invoice.subscription_id,
        )


class BillingDetails(Protocol):
    """What stands behind an account's figures."""

    def customers(self, *, matched: bool | None, text: str, limit: int, after: str | None) -> CustomersPage:
        """Stripe customers, highest MRR first, then by id.

        The list MRR counts, currencies added plainly, in whole minor units; never computed is zero. ``text`` is sought
        in name, email and id as in ``AccountsQuery``. Raises ``InvalidInput`` for a cursor that does not fit."""
        ...

    def subscriptions_of(self, account_id: str) -> Sequence[SubscriptionRow]:
        """All computed subscriptions of the account: live ones first, by list MRR, highest first; ended ones newest
        first by ``created``. Ties go by id.

        ``renewal_at`` is None for ended ones and where a cancellation is scheduled; then ``cancel_at`` tells the
        day it ends (the end of the period if only the flag is set), and else is None."""
        ...

    def invoices_of(self, account_id: str, *, limit: int) -> Sequence[InvoiceRow]:
        """The newest invoices of the customers matched to the account (by ``created``, then by id). Drafts are
        left out, deleted ones too."""
        ...
