"""Typed queries for lists of Stripe's objects: invoices, subscriptions, signals, customers without an account."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from fractions import Fraction

from clynto.domain.questions.filters import (
    AmountRange,
    SignalStanding,
    canonical,
    canonical_standings,
    check_currency,
    check_name,
)
from clynto.domain.questions.periods import LONGEST_COUNT, Period
from clynto.domain.signals import SignalType

USUAL_LIMIT = 20
LARGEST_LIMIT = 200
"""As for every list of the product (contract, HTTP API)."""


class InvoiceWord(enum.StrEnum):
    """``unpaid`` is open with money left to pay; ``overdue`` is unpaid with a due date that has passed."""

    ANY = "any"
    UNPAID = "unpaid"
    OVERDUE = "overdue"
    PAID = "paid"
    UNCOLLECTIBLE = "uncollectible"
    VOID = "void"


OWED = (InvoiceWord.UNPAID, InvoiceWord.OVERDUE)


class InvoiceOrder(enum.StrEnum):
    """By when they were created, or by their amount: what is left to pay on unpaid ones, else what was billed."""

    NEWEST = "newest"
    OLDEST = "oldest"
    LARGEST = "largest"
    SMALLEST = "smallest"


BY_AMOUNT = (InvoiceOrder.LARGEST, InvoiceOrder.SMALLEST)


class SubscriptionWord(enum.StrEnum):
    """``live`` is everything not ended; ``canceling`` has a cancellation scheduled; ``trialing`` and ``past_due`` are
    the statuses that Stripe calls so."""

    LIVE = "live"
    CANCELING = "canceling"
    TRIALING = "trialing"
    PAST_DUE = "past_due"
    ENDED = "ended"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Invoices:
    """Invoices created in the period; drafts are never shown.

    ``minimum``, ``above``, ``maximum`` and ``below`` bound the amount that ``order`` goes by, in major units of each
    invoice's own currency. ``due`` is when they have to be paid, ``days_late`` for how many whole days that has been
    over at least. Unpaid and overdue invoices alone are due. Over all accounts other ones are bounded, and told by
    currency, in the order of their amounts alone. ``paid`` is when they were paid, of paid ones on which anything was;
    newest and oldest then go by that, and over all accounts nothing but a currency goes with it.
    """

    account: str | None = None
    which: InvoiceWord = InvoiceWord.ANY
    period: Period | None = None
    limit: int = USUAL_LIMIT
    order: InvoiceOrder = InvoiceOrder.NEWEST
    currency: str | None = None
    minimum: Fraction | None = None
    above: Fraction | None = None
    maximum: Fraction | None = None
    below: Fraction | None = None
    due: Period | None = None
    days_late: int | None = None
    paid: Period | None = None

    def __post_init__(self) -> None:
        check_limit(self.limit)
        check_optional_name(self.account)
        if self.currency is not None:
            check_currency(self.currency)
        self._check_payment()
        if self.is_bounded:
            AmountRange(*self.bounds)
        if self.due is not None and self.which not in OWED:
            raise ValueError("only unpaid and overdue invoices are due")
        narrowed = (self.is_bounded or self.currency is not None) and self.order not in BY_AMOUNT
        if narrowed and self.which not in OWED and self.account is None and self.paid is None:
            raise ValueError("over all accounts invoices are bounded in the order of their amounts alone")
        if self.days_late is not None:
            if self.which is not InvoiceWord.OVERDUE:
                raise ValueError("only overdue invoices are late by days")
            if not 1 <= self.days_late <= LONGEST_COUNT:
                raise ValueError(f"days late are between 1 and {LONGEST_COUNT}")

    def _check_payment(self) -> None:
        if self.paid is None:
            return
        if self.which is not InvoiceWord.PAID:
            raise ValueError("only paid invoices were paid in a period")
        if self.account is None and (self.is_bounded or self.period is not None or self.order in BY_AMOUNT):
            raise ValueError("over all accounts invoices paid in a period are told by when they were paid alone")

    @property
    def is_bounded(self) -> bool:
        """Whether the amount is bounded."""
        return any(bound is not None for bound in self.bounds)

    @property
    def bounds(self) -> tuple[Fraction | None, Fraction | None, Fraction | None, Fraction | None]:
        """At least, more than, at most, less than."""
        return self.minimum, self.above, self.maximum, self.below


@dataclass(frozen=True, slots=True)
class Received:
    """What was paid on invoices in a period, by when it was paid and not by when they were created, by currency: of one
    account, or of everybody, Stripe customers without an account included. ``currency``: in that one alone."""

    period: Period
    account: str | None = None
    currency: str | None = None

    def __post_init__(self) -> None:
        check_optional_name(self.account)
        if self.currency is not None:
            check_currency(self.currency)


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """Subscriptions of matched customers, highest MRR first. ``plan`` is compared letter case aside."""

    account: str | None = None
    which: SubscriptionWord = SubscriptionWord.LIVE
    limit: int = USUAL_LIMIT
    plan: str | None = None

    def __post_init__(self) -> None:
        check_limit(self.limit)
        check_optional_name(self.account)
        check_optional_name(self.plan)


@dataclass(frozen=True, slots=True)
class Signals:
    """Churn signals, newest first, that occurred in the period."""

    account: str | None = None
    types: tuple[SignalType, ...] = ()
    standings: tuple[SignalStanding, ...] = (SignalStanding.OPEN,)
    period: Period | None = None
    limit: int = USUAL_LIMIT

    def __post_init__(self) -> None:
        object.__setattr__(self, "types", canonical(self.types))
        object.__setattr__(self, "standings", canonical_standings(self.standings))
        check_limit(self.limit)
        check_optional_name(self.account)


@dataclass(frozen=True, slots=True)
class UnmatchedCustomers:
    """Stripe customers without an account, highest MRR first, and what they pay."""

    limit: int = USUAL_LIMIT

    def __post_init__(self) -> None:
        check_limit(self.limit)


def check_limit(limit: int) -> None:
    """Raise ``ValueError`` for a number of rows that no answer shows."""
    if not 1 <= limit <= LARGEST_LIMIT:
        raise ValueError(f"a limit is between 1 and {LARGEST_LIMIT}")


def check_optional_name(name: str | None) -> None:
    """Raise ``ValueError`` for a name that nothing can have."""
    if name is not None:
        check_name(name)
