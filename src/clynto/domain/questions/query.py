"""The closed set of questions that Larry can answer, as typed queries (issue "Larry", typed query language).

Accounts are referred to by name, id or domain; a reference is resolved, exactly, when the query runs.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from clynto.domain.questions.filters import (
    SUBSCRIPTION_FILTERS,
    Filter,
    InCurrency,
    WithSignal,
    canonical,
    canonical_filters,
    check_currency,
    check_name,
)
from clynto.domain.questions.lists import (
    USUAL_LIMIT,
    Invoices,
    Received,
    Signals,
    Subscriptions,
    UnmatchedCustomers,
    check_limit,
    check_optional_name,
)
from clynto.domain.questions.periods import Direction, Period, Rolling, Unit

USUAL_MONTHS = 12


class Metric(enum.StrEnum):
    """What is measured over accounts. ``arr_at_risk`` is the ARR of accounts that are overdue or failed."""

    MRR = "mrr"
    ARR = "arr"
    ARR_AT_RISK = "arr_at_risk"
    OUTSTANDING = "outstanding"
    LIFETIME_VALUE = "lifetime_value"
    ACCOUNTS = "accounts"
    HEALTH = "health"


RECURRING = (Metric.MRR, Metric.ARR)
RANKABLE = (Metric.MRR, Metric.ARR, Metric.OUTSTANDING, Metric.LIFETIME_VALUE, Metric.HEALTH)
_BY_PART = (Metric.MRR, Metric.ARR, Metric.ARR_AT_RISK, Metric.ACCOUNTS)
MONEY_METRICS = (Metric.MRR, Metric.ARR, Metric.ARR_AT_RISK, Metric.OUTSTANDING, Metric.LIFETIME_VALUE)


class Statistic(enum.StrEnum):
    """The sum, or the sum divided by the number of accounts."""

    TOTAL = "total"
    AVERAGE = "average"


class Grouping(enum.StrEnum):
    """What a figure is split by."""

    PAYMENT_STATUS = "payment_status"
    PLAN = "plan"
    CURRENCY = "currency"
    INTERVAL = "interval"
    HEALTH = "health"


class Order(enum.StrEnum):
    """Which end of a list comes first."""

    HIGHEST = "highest"
    LOWEST = "lowest"


class Fact(enum.StrEnum):
    """What is told of one account."""

    OVERVIEW = "overview"
    MRR = "mrr"
    ARR = "arr"
    ARR_AT_RISK = "arr_at_risk"
    OUTSTANDING = "outstanding"
    LIFETIME_VALUE = "lifetime_value"
    PAYMENT_STATUS = "payment_status"
    RENEWAL = "renewal"
    HEALTH = "health"
    TRIAL = "trial"
    CHURN = "churn"


class Move(enum.StrEnum):
    """Which way MRR moved."""

    FALL = "fall"
    RISE = "rise"


class MovementKind(enum.StrEnum):
    """What made MRR change. ``new`` are also accounts that came back: nothing was paid at the start."""

    NEW = "new"
    EXPANSION = "expansion"
    CONTRACTION = "contraction"
    CHURN = "churn"


class Topic(enum.StrEnum):
    """What is explained of one account."""

    STATUS = "status"
    MRR = "mrr"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class Accounts:
    """The accounts that meet all conditions, ranked by a metric.

    ``period``: by MRR or ARR as it was at the end of it, zero left out. Conditions are known for now alone, so
    that none goes with it.
    """

    filters: tuple[Filter, ...] = ()
    metric: Metric = Metric.MRR
    order: Order = Order.HIGHEST
    limit: int = USUAL_LIMIT
    period: Period | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "filters", canonical_filters(self.filters))
        check_limit(self.limit)
        if self.metric not in RANKABLE:
            raise ValueError(f"accounts are ranked by one of {', '.join(RANKABLE)}")
        _check_parts(self.metric, self.filters)
        if self.period is not None:
            if self.metric not in RECURRING:
                raise ValueError("only MRR and ARR are known for the past")
            if self.filters:
                raise ValueError("conditions on accounts are known for now and not for the past")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure over the accounts that meet all conditions, or one for each group.

    ``period`` with ARR at risk: payment problems that arose in it. With MRR and ARR over all accounts, in one currency
    or by currency: the value at its end. Nothing else takes one.
    """

    metric: Metric
    statistic: Statistic = Statistic.TOTAL
    filters: tuple[Filter, ...] = ()
    grouping: Grouping | None = None
    period: Period | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "filters", canonical_filters(self.filters))
        if (self.metric is Metric.HEALTH) is not (self.statistic is Statistic.AVERAGE):
            if self.metric is Metric.HEALTH:
                raise ValueError("health scores are averaged, not added")
            if self.metric is Metric.ACCOUNTS:
                raise ValueError("a number of accounts has no average")
        _check_parts(self.metric, self.filters)
        if self.grouping in (Grouping.PLAN, Grouping.INTERVAL) and self.metric not in _BY_PART:
            raise ValueError("by plan and interval there are only MRR, ARR, ARR at risk and numbers of accounts")
        if self.grouping is Grouping.CURRENCY and self.metric is Metric.HEALTH:
            raise ValueError("a health score has no currency")
        if self.period is not None:
            self._check_period()

    def _check_period(self) -> None:
        if self.metric is Metric.ARR_AT_RISK:
            if any(isinstance(condition, WithSignal) for condition in self.filters):
                raise ValueError("a period of ARR at risk is about its own signals, so no others can be asked for")
            return
        by_currency = self.grouping is Grouping.CURRENCY and not self.filters
        in_one = self.grouping is None and [type(condition) for condition in self.filters] == [InCurrency]
        whole = by_currency or in_one or not (self.filters or self.grouping)
        if self.metric not in RECURRING or not whole or self.statistic is Statistic.AVERAGE:
            raise ValueError(
                "the past is kept as total MRR and ARR over all accounts, by currency, and account by account"
            )


@dataclass(frozen=True, slots=True)
class AccountFact:
    """One fact of one account; MRR and ARR also at the end of a period."""

    account: str
    fact: Fact = Fact.OVERVIEW
    period: Period | None = None

    def __post_init__(self) -> None:
        check_name(self.account)
        if self.period is not None and self.fact not in (Fact.MRR, Fact.ARR):
            raise ValueError("only MRR and ARR are known for the past")


@dataclass(frozen=True, slots=True)
class Whether:
    """Whether one account meets all conditions: yes or no. Bounds of MRR beside a currency are of the MRR in it."""

    account: str
    filters: tuple[Filter, ...]

    def __post_init__(self) -> None:
        check_name(self.account)
        object.__setattr__(self, "filters", canonical_filters(self.filters))
        if not self.filters:
            raise ValueError("say what the account may be")


@dataclass(frozen=True, slots=True)
class Change:
    """How MRR or ARR changed over a period, for one account or all."""

    metric: Metric
    period: Period
    account: str | None = None

    def __post_init__(self) -> None:
        _check_recurring(self.metric)
        check_optional_name(self.account)


@dataclass(frozen=True, slots=True)
class Movers:
    """The accounts whose MRR fell or rose most over a period."""

    move: Move
    period: Period
    limit: int = USUAL_LIMIT

    def __post_init__(self) -> None:
        check_limit(self.limit)


@dataclass(frozen=True, slots=True)
class Trajectory:
    """MRR or ARR at month ends, and now if the period reaches it."""

    metric: Metric = Metric.MRR
    account: str | None = None
    period: Period = Rolling(USUAL_MONTHS, Unit.MONTH, Direction.LAST)  # noqa: RUF009 - frozen

    def __post_init__(self) -> None:
        _check_recurring(self.metric)
        check_optional_name(self.account)


@dataclass(frozen=True, slots=True)
class CompareAccounts:
    """One metric of two accounts."""

    first: str
    second: str
    metric: Metric = Metric.MRR

    def __post_init__(self) -> None:
        check_name(self.first)
        check_name(self.second)
        if self.metric not in (Metric.MRR, Metric.ARR, Metric.OUTSTANDING, Metric.LIFETIME_VALUE):
            raise ValueError("accounts are compared by MRR, ARR, outstanding amount or lifetime value")


@dataclass(frozen=True, slots=True)
class ComparePeriods:
    """MRR or ARR at the end of two periods, for one account or all."""

    first: Period
    second: Period
    metric: Metric = Metric.MRR
    account: str | None = None

    def __post_init__(self) -> None:
        _check_recurring(self.metric)
        check_optional_name(self.account)


@dataclass(frozen=True, slots=True)
class Explain:
    """Why an account has its payment status, how its MRR is computed, or why it changed over a period."""

    topic: Topic
    account: str
    period: Period | None = None

    def __post_init__(self) -> None:
        check_name(self.account)
        if (self.topic is Topic.CHANGE) is not (self.period is not None):
            raise ValueError("a change, and nothing else, is explained over a period")


@dataclass(frozen=True, slots=True)
class Movements:
    """What made MRR or ARR change over a period: new, expansion, contraction and churn, each summed over all accounts
    between the two ends of it (none named: all kinds). A move to another currency is churn in one and new in the
    other (billing rules 6.2)."""

    period: Period
    kinds: tuple[MovementKind, ...] = ()
    metric: Metric = Metric.MRR

    def __post_init__(self) -> None:
        object.__setattr__(self, "kinds", canonical(self.kinds))
        if len(self.kinds) == len(MovementKind):
            object.__setattr__(self, "kinds", ())
        _check_recurring(self.metric)


@dataclass(frozen=True, slots=True)
class Payers:
    """The accounts that paid an invoice in a period, by what they paid in it (``order``: most or least first), by when
    it was paid and not by when invoices were created. ``currency``: in that one alone, as that of invoices."""

    period: Period
    order: Order = Order.HIGHEST
    limit: int = USUAL_LIMIT
    currency: str | None = None

    def __post_init__(self) -> None:
        check_limit(self.limit)
        if self.currency is not None:
            check_currency(self.currency)


Query = (
    Accounts
    | Figure
    | AccountFact
    | Whether
    | Change
    | Movers
    | Movements
    | Trajectory
    | CompareAccounts
    | ComparePeriods
    | Explain
    | Invoices
    | Received
    | Payers
    | Subscriptions
    | Signals
    | UnmatchedCustomers
)
QUERY_TYPES: tuple[type[Query], ...] = (
    Accounts,
    Figure,
    AccountFact,
    Whether,
    Change,
    Movers,
    Movements,
    Trajectory,
    CompareAccounts,
    ComparePeriods,
    Explain,
    Invoices,
    Received,
    Payers,
    Subscriptions,
    Signals,
    UnmatchedCustomers,
)


def accounts_named_by(query: Query) -> tuple[str, ...]:
    """The references to accounts in ``query``, in their order."""
    if isinstance(query, CompareAccounts):
        return query.first, query.second
    account: str | None = getattr(query, "account", None)
    return () if account is None else (account,)


def _check_parts(metric: Metric, filters: tuple[Filter, ...]) -> None:
    """Debts and lifetime value are not kept by plan, so a part of them cannot be told."""
    if metric in (*RECURRING, Metric.ARR_AT_RISK, Metric.ACCOUNTS, Metric.HEALTH):
        return
    if any(isinstance(condition, SUBSCRIPTION_FILTERS) for condition in filters):
        raise ValueError("outstanding amounts and lifetime value are not known by plan, product or interval")


def _check_recurring(metric: Metric) -> None:
    if metric not in RECURRING:
        raise ValueError("only MRR and ARR are known over time")
