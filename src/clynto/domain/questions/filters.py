"""Conditions on accounts that a question can name; all of a query's hold together (issue "Larry", filters)."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from clynto.domain.health import FULL_SCORE
from clynto.domain.questions.periods import Period
from clynto.domain.signals import SignalType

LONGEST_NAME = 300
FINEST_AMOUNT = 1000
"""No currency has more than three decimals."""
LARGEST_AMOUNT = 10**12
_CURRENCY = re.compile(r"[A-Z]{3}")
_INTERVAL = re.compile(r"(day|week|month|year)|([2-9]|[1-9]\d{1,2}) (days|weeks|months|years)")


class StatusWord(enum.StrEnum):
    """Payment statuses as the accounts table filters them; ``none`` is the dash."""

    PAID = "paid"
    OVERDUE = "overdue"
    FAILED = "failed"
    NONE = "none"


class SignalStanding(enum.StrEnum):
    """Whether a signal is open, resolved by Stripe's news, or dismissed by a person."""

    OPEN = "open"
    RESOLVED = "resolved"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class PaymentStatusIs:
    """The account's payment status is one of these."""

    statuses: tuple[StatusWord, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "statuses", canonical(self.statuses))
        if not self.statuses:
            raise ValueError("name at least one payment status")


@dataclass(frozen=True, slots=True)
class OnPlan:
    """Has a counted subscription whose plan is called so (letter case aside); money is that of such subscriptions."""

    name: str

    def __post_init__(self) -> None:
        check_name(self.name)


@dataclass(frozen=True, slots=True)
class HasProduct:
    """Has a counted subscription that contains the product called so; money is that of such subscriptions."""

    name: str

    def __post_init__(self) -> None:
        check_name(self.name)


@dataclass(frozen=True, slots=True)
class NotOnPlan:
    """Has no counted subscription whose plan is called so (letter case aside); accounts without any are among them."""

    name: str

    def __post_init__(self) -> None:
        check_name(self.name)


@dataclass(frozen=True, slots=True)
class WithoutProduct:
    """Has no counted subscription with the product called so; accounts without any subscription are among them."""

    name: str

    def __post_init__(self) -> None:
        check_name(self.name)


@dataclass(frozen=True, slots=True)
class InCurrency:
    """Has MRR in this currency (upper case); money is the part in it, never converted."""

    currency: str

    def __post_init__(self) -> None:
        check_currency(self.currency)


@dataclass(frozen=True, slots=True)
class PaidEvery:
    """Has a counted subscription billed every ``month``, ``year``, ``3 months`` ...; money is that of such ones."""

    interval: str

    def __post_init__(self) -> None:
        if not _INTERVAL.fullmatch(self.interval):
            raise ValueError("an interval is day, week, month, year, or a count of them such as 3 months")


@dataclass(frozen=True, slots=True)
class AmountRange:
    """A shown amount in major units: more than ``above`` or at least ``minimum``, less than ``below`` or at most
    ``maximum``. Raises ``ValueError`` for two lower or two upper bounds, for none, and for an empty range."""

    minimum: Fraction | None = None
    above: Fraction | None = None
    maximum: Fraction | None = None
    below: Fraction | None = None

    def __post_init__(self) -> None:
        given = [bound for bound in self.bounds if bound is not None]
        if not given:
            raise ValueError("a range of amounts needs a bound")
        if any(bound < 0 or bound > LARGEST_AMOUNT or FINEST_AMOUNT % bound.denominator for bound in given):
            raise ValueError("an amount is a positive decimal number with at most three decimals")
        if (self.minimum is not None and self.above is not None) or (
            self.maximum is not None and self.below is not None
        ):
            raise ValueError("a range of amounts has one lower and one upper bound at most")
        low = self.minimum if self.minimum is not None else self.above
        high = self.maximum if self.maximum is not None else self.below
        if low is not None and high is not None and low > high:
            raise ValueError("the range is empty")

    @property
    def bounds(self) -> tuple[Fraction | None, Fraction | None, Fraction | None, Fraction | None]:
        """At least, more than, at most, less than."""
        return self.minimum, self.above, self.maximum, self.below


@dataclass(frozen=True, slots=True)
class MrrRange(AmountRange):
    """The shown MRR in major units: more than above or at least minimum, less than below or at most maximum. Beside a
    condition on the currency it is the MRR in that currency, unconverted."""


@dataclass(frozen=True, slots=True)
class OutstandingRange(AmountRange):
    """What is left to pay on open invoices, in major units, bounded as in mrr_range. With a currency (upper case) what
    is left to pay in it, unconverted. Accounts that owe nothing are not selected, whatever the bounds."""

    currency: str | None = None

    def __post_init__(self) -> None:
        # A base of a class with slots is not found by ``super()`` alone: the decorator makes the class anew.
        AmountRange.__post_init__(self)
        if self.currency is not None:
            check_currency(self.currency)


@dataclass(frozen=True, slots=True)
class LifetimeRange(AmountRange):
    """What was paid in all, in major units, bounded as in mrr_range. With a currency (upper case) what was paid in it,
    unconverted. Accounts that never paid are not selected, whatever the bounds."""

    currency: str | None = None

    def __post_init__(self) -> None:
        AmountRange.__post_init__(self)
        if self.currency is not None:
            check_currency(self.currency)


@dataclass(frozen=True, slots=True)
class WithSignal:
    """A signal of one of the types (none named: any) in one of the standings (none named: any) that occurred in the
    period (None: ever)."""

    types: tuple[SignalType, ...] = ()
    standings: tuple[SignalStanding, ...] = (SignalStanding.OPEN,)
    period: Period | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "types", canonical(self.types))
        object.__setattr__(self, "standings", canonical_standings(self.standings))


@dataclass(frozen=True, slots=True)
class RenewsIn:
    """The account's next renewal lies in the period."""

    period: Period


@dataclass(frozen=True, slots=True)
class CancelsIn:
    """A cancellation is scheduled to take effect in the period (None: at any time)."""

    period: Period | None = None


@dataclass(frozen=True, slots=True)
class OnTrial:
    """Has a subscription in its trial, which ends in the period (None: at any time)."""

    period: Period | None = None


@dataclass(frozen=True, slots=True)
class NewIn:
    """No MRR at the start of the period and some at its end."""

    period: Period


@dataclass(frozen=True, slots=True)
class ChurnedIn:
    """MRR at the start of the period and none at its end."""

    period: Period


@dataclass(frozen=True, slots=True)
class OverdueIn:
    """A payment_overdue signal was open at some time in the period (None: at any time), whatever became of it: a
    subscription was past due then. It is no payment status of a past day, which is not kept."""

    period: Period | None = None


@dataclass(frozen=True, slots=True)
class HealthIs:
    """A known health score from ``minimum`` through ``maximum`` (0 to 100)."""

    minimum: int | None = None
    maximum: int | None = None

    def __post_init__(self) -> None:
        low, high = self.minimum, self.maximum
        if low is None and high is None:
            raise ValueError("a health range needs a bound")
        if not 0 <= (low or 0) <= (FULL_SCORE if high is None else high) <= FULL_SCORE:
            raise ValueError("health scores are between 0 and 100, the lower one first")


@dataclass(frozen=True, slots=True)
class HealthUnknown:
    """No pillar contributes to the health score."""


@dataclass(frozen=True, slots=True)
class NoSubscription:
    """Has no live subscription."""


@dataclass(frozen=True, slots=True)
class NotMatched:
    """No Stripe customer is matched to the account."""


@dataclass(frozen=True, slots=True)
class NeverPaid:
    """Has an invoice (be it a draft) or a live subscription, and a lifetime value of zero in every currency."""


@dataclass(frozen=True, slots=True)
class OwesNothing:
    """Nothing is left to pay on open invoices; accounts without a Stripe customer are among them."""


Filter = (
    PaymentStatusIs
    | OnPlan
    | HasProduct
    | NotOnPlan
    | WithoutProduct
    | InCurrency
    | PaidEvery
    | MrrRange
    | OutstandingRange
    | LifetimeRange
    | HealthIs
    | HealthUnknown
    | NoSubscription
    | NotMatched
    | NeverPaid
    | OwesNothing
    | WithSignal
    | RenewsIn
    | CancelsIn
    | OnTrial
    | NewIn
    | ChurnedIn
    | OverdueIn
)
FILTER_TYPES: tuple[type[Filter], ...] = (
    PaymentStatusIs,
    OnPlan,
    HasProduct,
    NotOnPlan,
    WithoutProduct,
    InCurrency,
    PaidEvery,
    MrrRange,
    OutstandingRange,
    LifetimeRange,
    HealthIs,
    HealthUnknown,
    NoSubscription,
    NotMatched,
    NeverPaid,
    OwesNothing,
    WithSignal,
    RenewsIn,
    CancelsIn,
    OnTrial,
    NewIn,
    ChurnedIn,
    OverdueIn,
)
"""In the order in which a query holds them."""
SUBSCRIPTION_FILTERS = (OnPlan, HasProduct, PaidEvery)
"""Filters that select not only accounts but the subscriptions whose money a figure counts."""

Word = TypeVar("Word", bound=enum.StrEnum)


def canonical(words: Iterable[Word]) -> tuple[Word, ...]:
    """Each word once, in the order of their enumeration."""
    held = list(words)
    return tuple(member for member in type(held[0]) if member in held) if held else ()


def canonical_standings(standings: Iterable[SignalStanding]) -> tuple[SignalStanding, ...]:
    """As ``canonical``; all of them say the same as none of them."""
    held = canonical(standings)
    return () if len(held) == len(SignalStanding) else held


def canonical_filters(filters: Iterable[Filter]) -> tuple[Filter, ...]:
    """In the fixed order. Raises ``ValueError`` if a kind of condition is given twice."""
    held = sorted(filters, key=lambda condition: FILTER_TYPES.index(type(condition)))
    if len({type(condition) for condition in held}) != len(held):
        raise ValueError("a query has at most one condition of a kind")
    if any(isinstance(c, HealthIs) for c in held) and any(isinstance(c, HealthUnknown) for c in held):
        raise ValueError("a health score cannot be unknown and in a range")
    return tuple(held)


def check_currency(currency: str) -> None:
    """Raise ``ValueError`` for what is no code of a currency."""
    if not _CURRENCY.fullmatch(currency):
        raise ValueError("a currency is three capital letters")


def check_name(name: str) -> None:
    """Raise ``ValueError`` for a name that nothing can have."""
    if not name.strip() or len(name) > LONGEST_NAME or name != name.strip() or not name.isprintable():
        raise ValueError(f"a name is printable text of 1 to {LONGEST_NAME} characters without blanks around it")
