"""From what a question says to the one typed query that it asks."""

from __future__ import annotations

from collections.abc import Sequence

from clynto.domain.questions.filters import Filter, SignalStanding, StatusWord
from clynto.domain.questions.periods import Direction, Period, Rolling, Unit
from clynto.domain.questions.query import (
    RANKABLE,
    RECURRING,
    USUAL_LIMIT,
    AccountFact,
    Accounts,
    Change,
    CompareAccounts,
    ComparePeriods,
    Explain,
    Fact,
    Figure,
    Grouping,
    Invoices,
    InvoiceWord,
    Metric,
    Move,
    Movers,
    Order,
    Query,
    Signals,
    Statistic,
    Subscriptions,
    SubscriptionWord,
    Topic,
    Trajectory,
    UnmatchedCustomers,
)
from clynto.domain.questions.understanding.gathering import THIS_MONTH, Gathered, Unreadable, words_of
from clynto.domain.questions.understanding.lexicon import Tag
from clynto.domain.questions.understanding.portfolio_words import (
    deduplicated,
    join_health_order,
    join_risk,
    lost_or_gained,
)
from clynto.domain.questions.understanding.subscription_words import happened_to_subscriptions

USUAL_PAST = Rolling(3, Unit.MONTH, Direction.LAST)
"""Over which a change is explained if no period is named: long enough to hold the last renewal of most plans."""
_ASKING = (Tag.WHICH, Tag.TOTAL, Tag.ALL, Tag.ITS, Tag.FOLLOW_UP, Tag.ABOUT, Tag.WILL)
_ONE = ("account", "customer", "client", "company", "logo")
_MOVING = (Tag.CHANGED, Tag.FELL, Tag.ROSE)


def reading_of(said: Gathered) -> Query:
    """The query. Raises ``Unreadable`` if there is none, or if a word would have to be ignored."""
    query = _query(said)
    said.take(*_ASKING, Tag.ACCOUNTS, Tag.HOW_MANY, Tag.STATUS_NAME, Tag.LIVE)
    left = words_of(chunk for chunk in said.left if chunk.tag is not Tag.FILLER) or _without_effect(said, query)
    if left or said.periods:
        raise Unreadable(*(left or said.period_words))
    return query


def _query(said: Gathered) -> Query:
    if said.has(Tag.WHY, Tag.COMPUTED) and said.names:
        return _explanation(said)
    if said.take(Tag.COMPARE):
        return _comparison(said)
    if said.take(Tag.TRAJECTORY):
        return _trajectory(said)
    if said.take(Tag.LAST_PAYMENT):
        # "When did Acme last pay?": its newest paid invoice tells.
        usual = 1 if said.names else USUAL_LIMIT
        return Invoices(_one_name(said), InvoiceWord.PAID, limit=said.limit or usual)
    if said.has(Tag.INVOICES):
        return _invoices(said)
    if said.has(Tag.SIGNALS) and not _lists_accounts(said) and not said.metrics:
        return _signals(said)
    if _asks_for_a_plan(said):
        # "Which plan brings most MRR?": the groups answer, the highest among them.
        said.take(Tag.PLAN, Tag.PRODUCT)
        said.grouping, said.order = Grouping.PLAN, None
    if said.has(Tag.UNMATCHED) and _asks_for_customers(said):
        return _unmatched(said)
    if said.has(Tag.SUBSCRIPTIONS) or (said.has(Tag.PLAN, Tag.PRODUCT) and said.names and not said.metrics):
        return _subscriptions(said)
    if said.has(*_MOVING) or (said.has(Tag.LOST, Tag.GAINED) and said.metrics):
        return _movement(said)
    return _about_account(said) if said.names else _portfolio(said)


def _without_effect(said: Gathered, query: Query) -> tuple[str, ...]:
    """What was understood and yet changes nothing in this kind of query: "unpaid invoices over 500"."""
    kept = isinstance(query, Accounts | Figure)
    lost = [words for words in (said.range_words, said.health_words) if words and not kept]
    if said.limit is not None and getattr(query, "limit", None) != said.limit:
        lost.append(said.limit_words)
    if said.grouping is not None and getattr(query, "grouping", None) is None:
        lost.append(f"by {said.grouping.value.replace('_', ' ')}")
    if said.order_words and isinstance(query, Invoices | Signals):
        lost.append(said.order_words)
    return tuple(lost)


def _asks_for_a_plan(said: Gathered) -> bool:
    ranked = bool(said.metrics) and said.order is not None and said.limit is None
    return ranked and said.has(Tag.PLAN, Tag.PRODUCT) and not (said.names or said.has(Tag.PLAN_NAME, Tag.ACCOUNTS))


def _one_name(said: Gathered) -> str | None:
    if len(said.names) > 1:
        raise Unreadable(*said.names)
    return said.names[0] if said.names else None


def _metric(said: Gathered, usual: Metric = Metric.MRR) -> Metric:
    if len(said.metrics) > 1:
        raise Unreadable(*(metric.value for metric in said.metrics))
    return said.metrics.pop() if said.metrics else usual


def _period(said: Gathered, usual: Period | None) -> Period | None:
    return said.periods.pop(0) if said.periods else usual


def _recurring(said: Gathered) -> Metric:
    metric = _metric(said)
    if metric not in RECURRING:
        raise Unreadable(metric.value)
    return metric


def _explanation(said: Gathered) -> Query:
    account = _one_name(said) or ""
    computed = said.take(Tag.COMPUTED)
    said.take(Tag.WHY, Tag.ACCOUNTS)
    if said.take(Tag.LOST, Tag.GAINED, *_MOVING) or said.periods:
        _recurring(said)
        period = _period(said, USUAL_PAST) or USUAL_PAST
        return Explain(Topic.CHANGE, account, period)
    if Metric.HEALTH in said.metrics or said.has(Tag.HEALTH_RANGE):
        said.take(Tag.HEALTH_RANGE)
        _metric(said)
        return AccountFact(account, Fact.HEALTH)
    if computed or said.metrics:
        _recurring(said)
        return Explain(Topic.MRR, account)
    said.take(Tag.SIGNAL_TYPE, Tag.SIGNALS, Tag.INVOICES, Tag.UNPAID)
    said.statuses()
    return Explain(Topic.STATUS, account)


def _comparison(said: Gathered) -> Query:
    metric = _metric(said)
    said.take(*_MOVING, Tag.LOST, Tag.GAINED)
    if len(said.periods) == 1 and len(said.names) < 2:
        said.periods.insert(0, THIS_MONTH)
    if len(said.periods) == 2:
        first, second = said.periods
        said.periods.clear()
        return ComparePeriods(first, second, metric, _one_name(said))
    if len(said.names) != 2:
        raise Unreadable("compare")
    return CompareAccounts(said.names[0], said.names[1], metric)


def _trajectory(said: Gathered) -> Query:
    metric = _recurring(said)
    said.take(*_MOVING)
    usual = Rolling(12, Unit.MONTH, Direction.LAST)
    return Trajectory(metric, _one_name(said), _period(said, usual) or usual)


def _invoices(said: Gathered) -> Query:
    single = all(chunk.text.casefold() in ("invoice", "bill") for chunk in said.take_all(Tag.INVOICES))
    said.take(Tag.HOW_MANY)
    if said.take(Tag.LATEST) and single and said.names:
        # "Has Acme paid its last invoice?": the invoice itself tells.
        said.take(Tag.UNPAID)
        said.statuses()
        return Invoices(_one_name(said), limit=said.limit or 1)
    which = InvoiceWord.ANY
    states = [chunk.value for chunk in said.take_all(Tag.INVOICE_STATE)]
    statuses = said.statuses()
    types = said.take(Tag.SIGNAL_TYPE)
    if states:
        which = InvoiceWord(states[0])
    elif StatusWord.OVERDUE in statuses:
        which = InvoiceWord.OVERDUE
    elif said.take(Tag.UNPAID) or Metric.OUTSTANDING in said.metrics or StatusWord.FAILED in statuses or types:
        which = InvoiceWord.UNPAID
    elif said.has(Tag.STANDING):
        which = _open_invoices(said)
    elif StatusWord.PAID in statuses:
        which = InvoiceWord.PAID
    if Metric.OUTSTANDING in said.metrics:
        said.metrics.remove(Metric.OUTSTANDING)
    if said.metrics:
        raise Unreadable(said.metrics[0].value)
    if _lists_accounts(said) and which is InvoiceWord.UNPAID and not statuses and not said.names:
        said.metrics.append(Metric.OUTSTANDING)
        return _portfolio(said)
    said.take(Tag.NEW)
    period = _period(said, said.event_periods.get(Tag.NEW))
    return Invoices(_one_name(said), which, period, said.limit or USUAL_LIMIT)


def _open_invoices(said: Gathered) -> InvoiceWord:
    if [chunk.value for chunk in said.take_all(Tag.STANDING)] != [SignalStanding.OPEN]:
        raise Unreadable("invoices")
    return InvoiceWord.UNPAID


def _signals(said: Gathered) -> Query:
    condition = said.signal_filter()
    if condition is None:
        raise Unreadable("signals")
    said.take(Tag.NEW, Tag.HOW_MANY, Tag.LATEST)
    standings = condition.standings
    return Signals(_one_name(said), condition.types, standings, condition.period, said.limit or USUAL_LIMIT)


def _unmatched(said: Gathered) -> Query:
    said.take(Tag.UNMATCHED)
    _recurring(said)
    return UnmatchedCustomers(said.limit or USUAL_LIMIT)


def _asks_for_customers(said: Gathered) -> bool:
    """Customers are Stripe's, accounts are Clynto's; only here the difference matters."""
    if said.names:
        return False
    subjects = [chunk.text.casefold() for chunk in said.left if chunk.tag in (Tag.ACCOUNTS, Tag.ALL)]
    if any("account" in text for text in subjects):
        return False
    return bool(said.metrics) or any("customer" in text for text in subjects)


def _subscriptions(said: Gathered) -> Query:
    said.take(Tag.SUBSCRIPTIONS, Tag.PLAN, Tag.PRODUCT, Tag.HOW_MANY)
    live, ended = said.take(Tag.LIVE), said.take(Tag.ENDED)
    if said.limit is not None and _lists_accounts(said) and not said.names:
        # "Accounts with two subscriptions": how many an account has is no condition here.
        raise Unreadable(said.limit_words)
    happened = happened_to_subscriptions(said)
    if happened is not None:
        return happened
    types = said.take_all(Tag.SIGNAL_TYPE)
    which = SubscriptionWord.LIVE
    if said.take(Tag.CANCELING):
        which = SubscriptionWord.CANCELING
    elif live and ended:
        which = SubscriptionWord.ANY
    elif ended or types or said.take(Tag.CHURNED):
        which = SubscriptionWord.ENDED
    if said.has(Tag.ALL) and not (live or ended or types):
        which = SubscriptionWord.ANY if which is SubscriptionWord.LIVE else which
    return Subscriptions(_one_name(said), which, said.limit or USUAL_LIMIT)


def _movement(said: Gathered) -> Query:
    fell = said.has(Tag.FELL, Tag.LOST)
    directed = fell or said.has(Tag.ROSE, Tag.GAINED)
    lost = said.has(Tag.LOST) and not said.has(*_MOVING)
    listed = _lists_accounts(said) or said.limit is not None or said.order is not None or lost
    said.take(*_MOVING, Tag.LOST, Tag.GAINED)
    metric = _recurring(said)
    period = _period(said, THIS_MONTH) or THIS_MONTH
    if listed and directed and not said.names:
        said.order = None
        return Movers(Move.FALL if fell else Move.RISE, period, said.limit or USUAL_LIMIT)
    if listed and not said.names:
        raise Unreadable("change")
    return Change(metric, period, _one_name(said))


_FACT_OF_METRIC = {
    Metric.MRR: Fact.MRR,
    Metric.ARR: Fact.ARR,
    Metric.ARR_AT_RISK: Fact.ARR_AT_RISK,
    Metric.OUTSTANDING: Fact.OUTSTANDING,
    Metric.LIFETIME_VALUE: Fact.LIFETIME_VALUE,
    Metric.HEALTH: Fact.HEALTH,
}


def _about_account(said: Gathered) -> Query:
    account = _one_name(said) or ""
    if said.has(Tag.SIGNAL_TYPE):
        condition = said.signal_filter()
        if condition is None:
            raise Unreadable("signals")
        standings = () if not said.has(Tag.SIGNALS) and condition.period is None else condition.standings
        return Signals(account, condition.types, standings, condition.period)
    if said.take(Tag.CANCELING):
        return Subscriptions(account, SubscriptionWord.CANCELING)
    if said.take(Tag.CHURNED):
        return Signals(account, (), ())
    if said.take(Tag.NO_SUBSCRIPTION):
        return Subscriptions(account)
    return AccountFact(account, *_fact(said))


def _fact(said: Gathered) -> tuple[Fact, Period | None]:
    if said.take(Tag.RENEWAL):
        # "Does Acme renew next month?" is answered by the day on which it renews.
        return Fact.RENEWAL, None
    at_risk = said.has(Tag.AT_RISK)
    if at_risk and set(said.metrics) <= {Metric.ARR, Metric.MRR} and said.metrics:
        said.take(Tag.AT_RISK)
        said.metrics.clear()
        return Fact.ARR_AT_RISK, None
    if said.has(Tag.HEALTH_RANGE, Tag.HEALTH_UNKNOWN):
        said.take(Tag.HEALTH_RANGE, Tag.HEALTH_UNKNOWN)
        return Fact.HEALTH, None
    if said.has(Tag.UNPAID):
        said.take(Tag.UNPAID)
        return Fact.OUTSTANDING, None
    if said.statuses() or (said.take(Tag.STATUS_NAME) and not said.metrics):
        if said.metrics:
            raise Unreadable(said.metrics[0].value)
        return Fact.PAYMENT_STATUS, None
    if len(said.metrics) > 1 and set(said.metrics) <= set(RECURRING):
        said.metrics.clear()
    if not said.metrics:
        return Fact.OVERVIEW, None
    fact = _FACT_OF_METRIC.get(_metric(said))
    if fact is None:
        raise Unreadable("accounts")
    return fact, _period(said, None)


def _lists_accounts(said: Gathered) -> bool:
    """Asks for accounts by name: "which accounts", "who", "top 5 customers"."""
    return said.has(Tag.ACCOUNTS) or any(c.text.casefold() in ("who", "whose") for c in said.left if c.tag is Tag.WHICH)


def _asks_for_one(said: Gathered) -> bool:
    """``Which account has the highest MRR`` asks for a single one."""
    nouns = [chunk.text.casefold() for chunk in said.left if chunk.tag is Tag.ACCOUNTS]
    return bool(nouns) and all(noun in _ONE for noun in nouns)


def _portfolio(said: Gathered) -> Query:
    if said.take(Tag.UNPAID) and not said.metrics:
        # "Which accounts have not paid?" asks for those that owe.
        said.metrics.append(Metric.OUTSTANDING)
    how_many = said.take(Tag.HOW_MANY) or Metric.ACCOUNTS in said.metrics
    said.metrics = [metric for metric in said.metrics if metric is not Metric.ACCOUNTS]
    average = said.take(Tag.AVERAGE)
    summed = said.has(Tag.TOTAL)
    lost_or_gained(said)
    listed = said.has(Tag.WHICH) or said.order is not None or said.limit is not None
    accounts, everything = _lists_accounts(said), said.has(Tag.ALL)
    if said.order is not None and said.limit is None and _asks_for_one(said):
        said.limit = 1
    join_risk(said)
    join_health_order(said)
    filters = deduplicated(said.filters())
    metric = _metric(said, Metric.ACCOUNTS if how_many else Metric.MRR) if said.metrics or how_many else None
    if accounts and metric is None and said.grouping is not None and not (summed or average):
        # "Accounts by plan" asks how many there are of each.
        how_many, metric = True, Metric.ACCOUNTS
    if how_many:
        if metric is not Metric.ACCOUNTS:
            raise Unreadable("how many")
        return Figure(Metric.ACCOUNTS, filters=filters, grouping=said.grouping)
    if average or (metric is Metric.HEALTH and not listed):
        return Figure(metric or Metric.MRR, Statistic.AVERAGE, filters, said.grouping, _period(said, None))
    wants_list = (listed or (accounts and not summed)) and said.grouping is None
    if (
        wants_list
        and metric in (*RANKABLE, None)
        and not (summed and not said.order)
        and (accounts or filters or listed)
    ):
        if not (accounts or filters or said.order or said.limit or everything):
            return _figure(said, metric, filters)
        return Accounts(filters, metric or Metric.MRR, said.order or Order.HIGHEST, said.limit or USUAL_LIMIT)
    if metric is None and said.grouping is None and not filters:
        raise Unreadable(*(words_of(said.left) or ("",)))
    if metric is None and said.grouping is None and not summed:
        return Accounts(filters, Metric.MRR, said.order or Order.HIGHEST, said.limit or USUAL_LIMIT)
    return _figure(said, metric, filters)


def _figure(said: Gathered, metric: Metric | None, filters: tuple[Filter, ...]) -> Query:
    grouping: Grouping | None = said.grouping
    if metric in RECURRING and not (filters or grouping or said.has(Tag.TOTAL)) and _spans_months(said.periods):
        return Trajectory(metric, None, said.periods.pop(0))
    return Figure(metric or Metric.MRR, Statistic.TOTAL, filters, grouping, _period(said, None))


def _spans_months(periods: Sequence[Period]) -> bool:
    """``MRR over the last 6 months`` asks for its course, ``MRR last month`` for one figure."""
    return any(isinstance(held, Rolling) and held.unit is Unit.MONTH and held.count > 1 for held in periods)
