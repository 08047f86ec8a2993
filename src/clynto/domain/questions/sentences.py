"""An English question for every typed query, such that Larry understands it back to the same query."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from clynto.domain.questions.filters import Filter
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
from clynto.domain.questions.periods import Period, is_a_course
from clynto.domain.questions.phrases import (
    bounds_phrase,
    condition_phrase,
    either,
    period_phrase,
    quoted,
    signals_phrase,
    when_phrase,
)
from clynto.domain.questions.query import (
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

METRIC_WORDS = {
    Metric.MRR: "MRR",
    Metric.ARR: "ARR",
    Metric.ARR_AT_RISK: "ARR at risk",
    Metric.OUTSTANDING: "outstanding amount",
    Metric.LIFETIME_VALUE: "lifetime value",
    Metric.ACCOUNTS: "number of accounts",
    Metric.HEALTH: "health score",
}
FACT_WORDS = {
    Fact.MRR: "MRR",
    Fact.ARR: "ARR",
    Fact.ARR_AT_RISK: "ARR at risk",
    Fact.OUTSTANDING: "outstanding amount",
    Fact.LIFETIME_VALUE: "lifetime value",
    Fact.PAYMENT_STATUS: "payment status",
    Fact.HEALTH: "health score",
}
GROUPING_WORDS = {
    Grouping.PAYMENT_STATUS: "by payment status",
    Grouping.PLAN: "by plan",
    Grouping.CURRENCY: "by currency",
    Grouping.INTERVAL: "by billing interval",
    Grouping.HEALTH: "by health",
}
INVOICE_WORDS = {
    InvoiceWord.ANY: "",
    InvoiceWord.UNPAID: "unpaid ",
    InvoiceWord.OVERDUE: "overdue ",
    InvoiceWord.PAID: "paid ",
    InvoiceWord.UNCOLLECTIBLE: "uncollectible ",
    InvoiceWord.VOID: "void ",
}
INVOICE_ORDER_WORDS = {
    InvoiceOrder.NEWEST: "newest ",
    InvoiceOrder.OLDEST: "oldest ",
    InvoiceOrder.LARGEST: "largest ",
    InvoiceOrder.SMALLEST: "smallest ",
}
MOVEMENT_WORDS = {
    MovementKind.NEW: "new",
    MovementKind.EXPANSION: "expansion",
    MovementKind.CONTRACTION: "contraction",
    MovementKind.CHURN: "churned",
}
SUBSCRIPTION_WORDS = {
    SubscriptionWord.LIVE: "live ",
    SubscriptionWord.CANCELING: "canceling ",
    SubscriptionWord.TRIALING: "trialing ",
    SubscriptionWord.PAST_DUE: "past due ",
    SubscriptionWord.ENDED: "ended ",
    SubscriptionWord.ANY: "live and ended ",
}


def sentence_of(query: Query) -> str:
    """The question. Account references, plans and products stand in quotes, so that nothing else can claim them."""
    match query:
        case Accounts(filters, metric, order, limit, at):
            ranked = f"{order.value} {METRIC_WORDS[metric]}{_behind(at)}"
            return f"Show the top {limit} accounts by {ranked}{_conditions(filters)}"
        case Movers(move, period, limit):
            moved = "fell" if move is Move.FALL else "rose"
            return f"Show the top {limit} accounts whose MRR {moved} most {period_phrase(period)}"
        case Figure():
            return _figure(query)
        case AccountFact(account, fact, period):
            return _fact(account, fact, period)
        case Invoices():
            return _invoices(query)
        case Received(period, account, currency):
            payer = "" if account is None else f" from {quoted(account)}"
            unit = "" if currency is None else f" in {currency}"
            return f"How much was received{payer}{unit} {period_phrase(period)}?"
        case Payers(period, order, limit, currency):
            most = "most" if order is Order.HIGHEST else "least"
            unit = "" if currency is None else f" in {currency}"
            return f"Show the top {limit} accounts that paid {most}{unit} {period_phrase(period)}"
        case Subscriptions(account, which, limit, plan):
            on_plan = "" if plan is None else f" on the plan {quoted(plan)}"
            return f"Show the top {limit} {SUBSCRIPTION_WORDS[which]}subscriptions{_of(account)}{on_plan}"
        case Signals(account, types, standings, period, limit):
            return f"Show the top {limit} {signals_phrase(types, standings)}{_of(account)} {when_phrase(period)}"
        case Whether(account, filters):
            return f"Is {quoted(account)} an account{_conditions(filters)}?"
        case UnmatchedCustomers(limit):
            return f"Show the top {limit} unmatched Stripe customers"
        case _:
            return _over_time(query)


def _over_time(
    query: Change | Movements | Trajectory | CompareAccounts | ComparePeriods | Explain,
) -> str:
    match query:
        case Movements(period, kinds, metric):
            named = either(MOVEMENT_WORDS[kind] for kind in kinds or MovementKind)
            return f"How much {named} {METRIC_WORDS[metric]} was there {period_phrase(period)}?"
        case Change(metric, period, account):
            return f"How did the {METRIC_WORDS[metric]}{_of_some(account)} change {period_phrase(period)}?"
        case Trajectory(metric, account, period):
            return f"Show the trajectory of the {METRIC_WORDS[metric]}{_of_some(account)} {period_phrase(period)}"
        case CompareAccounts(first, second, metric):
            return f"Compare the {METRIC_WORDS[metric]} of {quoted(first)} with {quoted(second)}"
        case ComparePeriods(first_period, second_period, metric, account):
            return (
                f"Compare the {METRIC_WORDS[metric]}{_of_some(account)} "
                f"{period_phrase(first_period)} with {period_phrase(second_period)}"
            )
        case Explain(topic, account, period):
            if topic is Topic.STATUS:
                return f"Why does {quoted(account)} have its payment status?"
            if period is None:
                return f"How is the MRR of {quoted(account)} computed?"
            return f"Why did the MRR of {quoted(account)} change {period_phrase(period)}?"
    assert_never(query)


def _figure(query: Figure) -> str:
    conditions = _conditions(query.filters)
    grouping = f" {GROUPING_WORDS[query.grouping]}" if query.grouping is not None else ""
    period = _behind(query.period)
    if query.metric is Metric.ACCOUNTS:
        return f"How many accounts are there{grouping}{conditions}?"
    words = METRIC_WORDS[query.metric]
    statistic = "average " if query.statistic is Statistic.AVERAGE else "total "
    # The figure's own period stands first: behind a condition it would be taken for that condition's.
    return f"What is the {statistic}{words}{period} of all accounts{grouping}{conditions}?"


def _invoices(query: Invoices) -> str:
    words = f"{INVOICE_ORDER_WORDS[query.order]}{INVOICE_WORDS[query.which]}"
    return f"Show the top {query.limit} {words}invoices{_of(query.account)}{_invoice_conditions(query)}"


def _invoice_conditions(query: Invoices) -> str:
    parts = []
    if query.currency is not None:
        parts.append(f"in {query.currency}")
    if query.is_bounded:
        parts.append(f"of {amount_bounds(query)}")
    if query.days_late is not None:
        parts.append(f"at least {query.days_late} days late")
    if query.due is not None:
        parts.append(f"due {period_phrase(query.due)}")
    if query.paid is not None:
        parts.append(f"paid {period_phrase(query.paid)}")
    if query.period is not None:
        parts.append(f"created {period_phrase(query.period)}")
    return "".join(f" {part}" for part in parts)


def amount_bounds(query: Invoices) -> str:
    """``more than 500 and at most 1000``."""
    return bounds_phrase(*query.bounds)


def _fact(account: str, fact: Fact, period: Period | None) -> str:
    when = _behind(period)
    if fact is Fact.OVERVIEW:
        return f"Tell me about {quoted(account)}"
    if fact is Fact.RENEWAL:
        return f"When does {quoted(account)} renew?"
    if fact is Fact.CHURN:
        return f"Has {quoted(account)} churned?"
    if fact is Fact.TRIAL:
        return f"When does the trial of {quoted(account)} end?"
    # Over such a period the MRR is asked for as it went, unless its total is.
    total = "total " if period is not None and is_a_course(period) else ""
    return f"What is the {total}{FACT_WORDS[fact]} of {quoted(account)}{when}?"


def _conditions(filters: Sequence[Filter]) -> str:
    return "".join(f", {condition_phrase(condition)}" for condition in filters)


def _behind(period: Period | None) -> str:
    return "" if period is None else f" {period_phrase(period)}"


def _of(account: str | None) -> str:
    return f" of {quoted(account)}" if account is not None else ""


def _of_some(account: str | None) -> str:
    return _of(account) if account is not None else " of all accounts"
