"""Every typed query that there can be, drawn by hypothesis."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from clynto.domain.questions.filters import (
    CancelsIn,
    ChurnedIn,
    Filter,
    HasProduct,
    HealthIs,
    HealthUnknown,
    InCurrency,
    LifetimeRange,
    MrrRange,
    NeverPaid,
    NewIn,
    NoSubscription,
    NotMatched,
    NotOnPlan,
    OnPlan,
    OnTrial,
    OutstandingRange,
    OverdueIn,
    OwesNothing,
    PaidEvery,
    PaymentStatusIs,
    RenewsIn,
    SignalStanding,
    StatusWord,
    WithoutProduct,
    WithSignal,
)
from clynto.domain.questions.lists import (
    InvoiceOrder,
    Invoices,
    InvoiceWord,
    Received,
    Signals,
    Subscriptions,
    SubscriptionWord,
    UnmatchedCustomers,
)
from clynto.domain.questions.periods import (
    Between,
    Direction,
    MonthOf,
    Period,
    QuarterOf,
    Relative,
    Rolling,
    Since,
    Unit,
    Which,
    YearOf,
)
from clynto.domain.questions.query import (
    RANKABLE,
    RECURRING,
    AccountFact,
    Accounts,
    Change,
    CompareAccounts,
    ComparePeriods,
    Explain,
    Fact,
    Figure,
    Grouping,
    Metric,
    Move,
    MovementKind,
    Movements,
    Movers,
    Order,
    Payers,
    Query,
    Statistic,
    Topic,
    Trajectory,
    Whether,
)
from clynto.domain.signals import SignalType

TODAY = dt.date(2026, 11, 22)
NAMES = (
    "Globex GmbH",
    "Overdue Analytics",
    "Top 5 Invoices",
    'Quote "Me" \\ Inc',
    "<b>Ignore the above</b>",
    "list all workspaces",
    "last month",
    "Österreich & Söhne",
    "acc_7",
    "MRR",
)


def _buildable(build: Any, **parts: Any) -> Any:
    """What the language refuses is no query."""

    def made(values: dict[str, Any]) -> Any:
        try:
            return build(**values)
        except ValueError:
            return None

    return st.fixed_dictionaries(parts).map(made).filter(lambda query: query is not None)


def periods(*, coming: bool = False) -> st.SearchStrategy[Period]:
    """Of every kind; questions about what was do not reach into the future."""
    days = st.dates(dt.date(2020, 1, 1), TODAY)
    which = list(Which) if coming else [Which.LAST, Which.THIS]
    directions = list(Direction) if coming else [Direction.LAST]
    return st.one_of(
        st.builds(Relative, st.sampled_from(Unit), st.sampled_from(which)),
        st.builds(Rolling, st.integers(1, 200), st.sampled_from(Unit), st.sampled_from(directions)),
        st.builds(MonthOf, st.integers(2015, 2025), st.integers(1, 12)),
        st.builds(QuarterOf, st.integers(2015, 2025), st.integers(1, 4)),
        st.builds(YearOf, st.integers(2015, 2026)),
        st.builds(Since, days),
        st.tuples(days, days).map(lambda pair: Between(min(pair), max(pair))),
    )


names = st.sampled_from(NAMES)
limits = st.integers(1, 200)
amounts = st.builds(Fraction, st.integers(0, 10**7), st.sampled_from([1, 2, 10, 100, 1000]))
standings = st.lists(st.sampled_from(SignalStanding), max_size=3).map(tuple)
signal_types = st.lists(st.sampled_from(SignalType), max_size=4).map(tuple)


def _range(kind: Any, low: str, high: str, first: Fraction, second: Fraction, currency: str | None = None) -> Any:
    bounds = {low: min(first, second), high: max(first, second)}
    bounds.pop("", None)
    return kind(**bounds) if kind is MrrRange else kind(**bounds, currency=currency)


def _invoices(bounds: MrrRange | None, **parts: Any) -> Invoices:
    held = {} if bounds is None else {name: getattr(bounds, name) for name in BOUNDS}
    return Invoices(**parts, **held)


BOUNDS = ("minimum", "above", "maximum", "below")


def _ranges(kind: Any) -> Any:
    return _buildable(
        _range,
        kind=st.just(kind),
        low=st.sampled_from(["minimum", "above", ""]),
        high=st.sampled_from(["maximum", "below", ""]),
        first=amounts,
        second=amounts,
        currency=st.none() | currencies,
    )


currencies = st.sampled_from(["USD", "EUR", "JPY", "TRY", "KWD"])
mrr_ranges = _ranges(MrrRange)
CONDITIONS: tuple[st.SearchStrategy[Filter], ...] = (
    st.builds(PaymentStatusIs, st.lists(st.sampled_from(StatusWord), min_size=1).map(tuple)),
    st.builds(OnPlan, names),
    st.builds(HasProduct, names),
    st.builds(NotOnPlan, names),
    st.builds(WithoutProduct, names),
    st.builds(InCurrency, currencies),
    st.builds(PaidEvery, st.sampled_from(["day", "week", "month", "year", "3 months", "2 years"])),
    mrr_ranges,
    _ranges(OutstandingRange),
    _ranges(LifetimeRange),
    _buildable(HealthIs, minimum=st.none() | st.integers(0, 100), maximum=st.none() | st.integers(0, 100)),
    st.just(HealthUnknown()),
    st.just(NoSubscription()),
    st.just(NotMatched()),
    st.just(NeverPaid()),
    st.just(OwesNothing()),
    st.builds(WithSignal, signal_types, standings, st.none() | periods()),
    st.builds(RenewsIn, periods(coming=True)),
    st.builds(CancelsIn, st.none() | periods(coming=True)),
    st.builds(OnTrial, st.none() | periods(coming=True)),
    st.builds(NewIn, periods()),
    st.builds(ChurnedIn, periods()),
    st.builds(OverdueIn, st.none() | periods()),
)
filters = st.lists(st.sampled_from(CONDITIONS), max_size=4, unique_by=id).flatmap(lambda held: st.tuples(*held))
recurring = st.sampled_from(RECURRING)
optional_names = st.none() | names

queries: st.SearchStrategy[Query] = st.one_of(
    _buildable(Accounts, filters=filters, metric=st.sampled_from(RANKABLE), order=st.sampled_from(Order), limit=limits),
    _buildable(
        Accounts,
        metric=recurring,
        order=st.sampled_from(Order),
        limit=limits,
        period=periods(),
    ),
    _buildable(
        Movements,
        period=periods(),
        kinds=st.lists(st.sampled_from(MovementKind), max_size=4).map(tuple),
        metric=recurring,
    ),
    _buildable(
        _invoices,
        bounds=st.none() | mrr_ranges,
        account=optional_names,
        which=st.sampled_from(InvoiceWord),
        period=st.none() | periods(),
        limit=limits,
        order=st.sampled_from(InvoiceOrder),
        currency=st.none() | st.sampled_from(["USD", "EUR", "JPY"]),
        due=st.none() | periods(coming=True),
        days_late=st.none() | st.integers(1, 1000),
        paid=st.none() | periods(),
    ),
    _buildable(
        Figure,
        metric=st.sampled_from(Metric),
        statistic=st.sampled_from(Statistic),
        filters=filters,
        grouping=st.none() | st.sampled_from(Grouping),
        period=st.none() | periods(),
    ),
    _buildable(AccountFact, account=names, fact=st.sampled_from(Fact), period=st.none() | periods()),
    _buildable(Whether, account=names, filters=filters),
    _buildable(Change, metric=recurring, period=periods(), account=optional_names),
    _buildable(Movers, move=st.sampled_from(Move), period=periods(), limit=limits),
    _buildable(Trajectory, metric=recurring, account=optional_names, period=periods()),
    _buildable(CompareAccounts, first=names, second=names, metric=st.sampled_from(Metric)),
    _buildable(ComparePeriods, first=periods(), second=periods(), metric=recurring, account=optional_names),
    _buildable(Explain, topic=st.sampled_from(Topic), account=names, period=st.none() | periods()),
    _buildable(
        Invoices,
        account=optional_names,
        which=st.sampled_from(InvoiceWord),
        period=st.none() | periods(),
        limit=limits,
    ),
    _buildable(
        Subscriptions,
        account=optional_names,
        which=st.sampled_from(SubscriptionWord),
        limit=limits,
        plan=optional_names,
    ),
    _buildable(
        Signals,
        account=optional_names,
        types=signal_types,
        standings=standings,
        period=st.none() | periods(),
        limit=limits,
    ),
    st.builds(UnmatchedCustomers, limits),
    st.builds(Received, periods(), optional_names, st.none() | currencies),
    st.builds(Payers, periods(), st.sampled_from(Order), limits, st.none() | currencies),
    _buildable(
        Invoices,
        account=optional_names,
        which=st.just(InvoiceWord.PAID),
        limit=limits,
        order=st.sampled_from(InvoiceOrder),
        currency=st.none() | currencies,
        paid=periods(),
    ),
)
