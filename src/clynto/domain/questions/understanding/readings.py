"""From what a question says to the one typed query that it asks."""

from __future__ import annotations

from clynto.domain.questions.filters import ChurnedIn
from clynto.domain.questions.lists import (
    USUAL_LIMIT,
    InvoiceOrder,
    Invoices,
    InvoiceWord,
    Received,
    Signals,
    Subscriptions,
    SubscriptionWord,
    UnmatchedCustomers,
)
from clynto.domain.questions.periods import Direction, Period, Rolling, Unit, is_a_course
from clynto.domain.questions.query import (
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
    Movements,
    Movers,
    Order,
    Query,
    Topic,
    Trajectory,
    Whether,
)
from clynto.domain.questions.understanding.gathering import THIS_MONTH, Gathered, Unreadable, words_of
from clynto.domain.questions.understanding.invoice_words import invoices_of
from clynto.domain.questions.understanding.lexicon import Tag
from clynto.domain.questions.understanding.movement_words import movements_of
from clynto.domain.questions.understanding.portfolio_readings import metric_of, period_of, portfolio_of
from clynto.domain.questions.understanding.portfolio_words import (
    lists_accounts,
)
from clynto.domain.questions.understanding.signal_words import one_name, signals_of, signals_of_one
from clynto.domain.questions.understanding.subscription_words import subscriptions_of
from clynto.domain.signals import SignalType

USUAL_PAST = Rolling(3, Unit.MONTH, Direction.LAST)
"""Over which a change is explained if no period is named: long enough to hold the last renewal of most plans."""
_ASKING = (Tag.WHICH, Tag.TOTAL, Tag.ALL, Tag.ITS, Tag.FOLLOW_UP, Tag.ABOUT, Tag.WILL)
_HELD = Rolling(12, Unit.MONTH, Direction.LAST)
"""As far back as invoices are surely held."""
_DEVELOPED = ("develop", "evolv")
_ASKED_PLAINLY = (Tag.ITS, Tag.ACCOUNTS, Tag.FOLLOW_UP, Tag.WHICH)
_ADDED = ("sum", "sum of", "combined", "altogether", "in total", "total", "overall")
_MOVING = (Tag.CHANGED, Tag.FELL, Tag.ROSE)


def reading_of(said: Gathered) -> Query:
    """The query. Raises ``Unreadable`` if there is none, or if a word would have to be ignored."""
    query = _query(said)
    said.take(*_ASKING, Tag.ACCOUNTS, Tag.HOW_MANY, Tag.STATUS_NAME, Tag.LIVE)
    left = words_of(chunk for chunk in said.left if chunk.tag is not Tag.FILLER) or _without_effect(said, query)
    if said.periods and not left and query == Figure(Metric.ACCOUNTS):
        raise ValueError("how many accounts there were is not kept; those that are new or churned in a period are")
    if said.periods and not left and isinstance(query, Accounts | Figure) and query.filters:
        raise ValueError("conditions on accounts are known for now and not for the past; signals and invoices tell")
    if left or said.periods:
        raise Unreadable(*(left or said.period_words))
    return query


def _query(said: Gathered) -> Query:
    for reading in (_of_some_kind, _of_lists, _of_plans_and_subscriptions):
        found = reading(said)
        if found is not None:
            return found
    return _about_account(said) if said.names else portfolio_of(said)


def _of_some_kind(said: Gathered) -> Query | None:
    """What a word of its own asks for: an explanation, a comparison, a course."""
    told = signals_of_one(said)
    if told is not None:
        return told
    if said.has(Tag.WHY, Tag.COMPUTED) and said.names:
        return _explanation(said)
    if said.take(Tag.COMPARE):
        return _comparison(said)
    if said.take(Tag.TRAJECTORY) or (said.by_month and said.periods) or _asks_how_it_went(said):
        return _trajectory(said)
    if said.take(Tag.RECEIVED):
        return _received(said)
    if said.take(Tag.LAST_PAYMENT):
        # "When did Acme last pay?": its newest paid invoice tells.
        usual = 1 if said.names else USUAL_LIMIT
        # Its last invoice may have been paid before an older one, so they go by when they were paid.
        return Invoices(one_name(said), InvoiceWord.PAID, limit=said.limit or usual, paid=_HELD)
    return None


def _received(said: Gathered) -> Query:
    """``How much did we collect in October?``, of everybody or of one account."""
    if len(said.names) > 1:
        raise ValueError("what was received is told of one account at a time")
    if said.metrics:
        raise Unreadable(said.metrics[0].value)
    account = one_name(said)
    period = period_of(said, None)
    if period is None and account is not None:
        return Invoices(account, InvoiceWord.PAID)
    if period is None:
        raise ValueError("say in which period it was received; what was paid in all is the lifetime value")
    said.take(Tag.ACCOUNTS, Tag.INVOICES)
    if said.grouping not in (None, Grouping.CURRENCY) or said.has(Tag.PLAN_NAME, Tag.PLAN, Tag.PRODUCT):
        raise ValueError(
            "what was received is told by currency and by account alone, since one invoice can bill several plans; "
            "by plan there is the MRR"
        )
    # The parts in each currency are told in any case.
    said.grouping = None
    currencies = list(dict.fromkeys(chunk.value for chunk in said.take_all(Tag.CURRENCY)))
    if len(currencies) > 1:
        raise Unreadable(*currencies)
    currency = next(iter(currencies), None)
    if said.order is not None:
        # "The largest payments in October" are invoices, and which ones is told of one account.
        order = InvoiceOrder.LARGEST if said.order is Order.HIGHEST else InvoiceOrder.SMALLEST
        limit = said.limit or USUAL_LIMIT
        return Invoices(account, InvoiceWord.PAID, None, limit, order, currency, paid=period)
    return Received(period, account, currency)


def _asks_how_it_went(said: Gathered) -> bool:
    """``How has MRR developed since January?`` and ``Acme's MRR since March``: the way there, not only its end."""
    if not all(is_a_course(period) for period in said.periods):
        return False
    if any(chunk.text.casefold().startswith(_DEVELOPED) for chunk in said.left if chunk.tag is Tag.CHANGED):
        return not lists_accounts(said)
    one_figure = len(said.names) == 1 and len(said.metrics) == 1 and said.metrics[0] in RECURRING
    return bool(said.periods) and one_figure and all(chunk.tag in _ASKED_PLAINLY for chunk in said.left)


def _of_lists(said: Gathered) -> Query | None:
    """Invoices, signals, and what made MRR change."""
    asked = signals_of(said, lists_accounts(said))
    if asked is not None:
        return asked
    if said.has(Tag.INVOICES, Tag.DAYS_LATE):
        return invoices_of(said, lists_accounts(said)) or portfolio_of(said)
    if said.has(Tag.WHY) and not said.names and said.has(*_MOVING):
        return _movements_explained(said)
    return movements_of(said, lists_accounts(said))


def _of_plans_and_subscriptions(said: Gathered) -> Query | None:
    if _asks_for_a_plan(said):
        # "Which plan brings most MRR?": the groups answer, the highest among them.
        said.take(Tag.PLAN, Tag.PRODUCT)
        said.grouping, said.order = Grouping.PLAN, None
    if said.has(Tag.UNMATCHED) and _asks_for_customers(said):
        return _unmatched(said)
    if len(said.names) > 1 and any(chunk.text.casefold() in _ADDED for chunk in said.left if chunk.tag is Tag.TOTAL):
        raise ValueError("figures of two accounts are compared and not added")
    if len(said.names) > 1 and not said.has(*_MOVING, Tag.RENEWAL, Tag.CANCELING):
        said.take(Tag.BOUND)
        return _comparison(said)
    if said.names and said.has(Tag.TRIAL) and not said.has(Tag.SUBSCRIPTIONS):
        said.take(Tag.TRIAL)
        return AccountFact(one_name(said) or "", Fact.TRIAL)
    if _asks_for_subscriptions(said):
        return subscriptions_of(said, lists_accounts(said))
    moneyed = said.metrics or said.order is not None or _asks_how_much(said)
    if said.has(*_MOVING) or (said.has(Tag.LOST, Tag.GAINED) and moneyed):
        return _movement(said)
    return None


def _asks_how_much(said: Gathered) -> bool:
    """``How much did we lose in October?`` asks for the money that went, not for what those who left pay now."""
    return said.has(Tag.TOTAL) and not said.names and not lists_accounts(said)


def _without_effect(said: Gathered, query: Query) -> tuple[str, ...]:
    """What was understood and yet changes nothing in this kind of query: "unpaid invoices over 500"."""
    kept = isinstance(query, Accounts | Figure)
    bounds = (said.range_words, said.health_words, said.owed_words, said.paid_words)
    lost = [words for words in bounds if words and not kept]
    if said.limit is not None and getattr(query, "limit", None) != said.limit:
        lost.append(said.limit_words)
    if said.grouping is not None and getattr(query, "grouping", None) is None:
        lost.append(f"by {said.grouping.value.replace('_', ' ')}")
    if said.order_words and isinstance(query, Signals):
        lost.append(said.order_words)
    return tuple(lost)


def _asks_for_a_plan(said: Gathered) -> bool:
    ranked = said.order is not None and said.limit is None
    if not ranked or not said.has(Tag.PLAN, Tag.PRODUCT) or said.names or said.has(Tag.PLAN_NAME, Tag.NOT):
        return False
    if not said.metrics:
        # "The most popular plan", "which plan has the most customers?"
        said.metrics.append(Metric.ACCOUNTS)
        said.take(Tag.ACCOUNTS)
    return not said.has(Tag.ACCOUNTS)


def _asks_for_subscriptions(said: Gathered) -> bool:
    if said.has(Tag.SUBSCRIPTIONS):
        # "Accounts with a Team subscription" are accounts on a plan.
        return not (lists_accounts(said) and said.has(Tag.PLAN_NAME))
    return said.has(Tag.PLAN, Tag.PRODUCT) and bool(said.names) and not said.metrics


def _recurring(said: Gathered) -> Metric:
    metric = metric_of(said)
    if metric not in RECURRING:
        raise Unreadable(metric.value)
    return metric


def _explanation(said: Gathered) -> Query:
    account = one_name(said) or ""
    computed = said.take(Tag.COMPUTED)
    said.take(Tag.WHY, Tag.ACCOUNTS)
    if said.take(Tag.CHURNED, Tag.CANCELING) or SignalType.SUBSCRIPTION_CANCELED in said.kinds_of_signals():
        said.take(Tag.SIGNAL_TYPE)
        return Signals(account, (SignalType.SUBSCRIPTION_CANCELED,), ())
    if said.take(Tag.LOST, Tag.GAINED, *_MOVING) or said.periods:
        _recurring(said)
        period = period_of(said, USUAL_PAST) or USUAL_PAST
        return Explain(Topic.CHANGE, account, period)
    if Metric.HEALTH in said.metrics or said.has(Tag.HEALTH_RANGE):
        said.take(Tag.HEALTH_RANGE)
        metric_of(said)
        return AccountFact(account, Fact.HEALTH)
    if computed or said.metrics:
        _recurring(said)
        return Explain(Topic.MRR, account)
    said.take(Tag.SIGNAL_TYPE, Tag.SIGNALS, Tag.INVOICES, Tag.UNPAID)
    said.statuses()
    return Explain(Topic.STATUS, account)


def _comparison(said: Gathered) -> Query:
    metric = metric_of(said)
    said.take(*_MOVING, Tag.LOST, Tag.GAINED)
    if len(said.periods) == 1 and len(said.names) < 2:
        said.periods.insert(0, THIS_MONTH)
    if len(said.periods) == 2:
        first, second = said.periods
        said.periods.clear()
        return ComparePeriods(first, second, metric, one_name(said))
    if len(said.names) != 2:
        raise Unreadable("compare" if len(said.names) < 2 else "more than two accounts at a time")
    return CompareAccounts(said.names[0], said.names[1], metric)


def _movements_explained(said: Gathered) -> Query:
    """``Why did MRR drop?``: what came and went tells."""
    said.take(Tag.WHY, *_MOVING)
    metric = _recurring(said)
    return Movements(period_of(said, THIS_MONTH) or THIS_MONTH, (), metric)


def _trajectory(said: Gathered) -> Query:
    metric = _recurring(said)
    said.take(*_MOVING)
    usual = Rolling(12, Unit.MONTH, Direction.LAST)
    return Trajectory(metric, one_name(said), period_of(said, usual) or usual)


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


def _movement(said: Gathered) -> Query:
    fell = said.has(Tag.FELL, Tag.LOST)
    directed = fell or said.has(Tag.ROSE, Tag.GAINED)
    lost = said.has(Tag.LOST) and not said.has(*_MOVING)
    said.take(Tag.BY_AMOUNT)
    listed = lists_accounts(said) or said.limit is not None or said.order is not None or lost
    said.take(*_MOVING, Tag.LOST, Tag.GAINED)
    metric = _recurring(said)
    period = period_of(said, THIS_MONTH) or THIS_MONTH
    if listed and directed and not said.names:
        said.order = None
        return Movers(Move.FALL if fell else Move.RISE, period, said.limit or USUAL_LIMIT)
    if listed and not said.names:
        raise Unreadable("change")
    return Change(metric, period, one_name(said))


_FACT_OF_METRIC = {
    Metric.MRR: Fact.MRR,
    Metric.ARR: Fact.ARR,
    Metric.ARR_AT_RISK: Fact.ARR_AT_RISK,
    Metric.OUTSTANDING: Fact.OUTSTANDING,
    Metric.LIFETIME_VALUE: Fact.LIFETIME_VALUE,
    Metric.HEALTH: Fact.HEALTH,
}


def _about_account(said: Gathered) -> Query:
    account = one_name(said) or ""
    if said.has(Tag.SIGNAL_TYPE):
        condition = said.signal_filter()
        if condition is None:
            raise Unreadable("signals")
        standings = () if not said.has(Tag.SIGNALS) and condition.period is None else condition.standings
        return Signals(account, condition.types, standings, condition.period)
    if said.take(Tag.CANCELING):
        return Subscriptions(account, SubscriptionWord.CANCELING)
    if said.take(Tag.CHURNED):
        churned = said.event_periods.get(Tag.CHURNED)
        return AccountFact(account, Fact.CHURN) if churned is None else Whether(account, (ChurnedIn(churned),))
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
    if said.take(Tag.UNPAID, Tag.OWES_NOTHING):
        return Fact.OUTSTANDING, None
    if said.take(Tag.NEVER_PAID):
        return Fact.LIFETIME_VALUE, None
    if said.statuses() or (said.take(Tag.STATUS_NAME) and not said.metrics):
        if said.metrics:
            raise Unreadable(said.metrics[0].value)
        return Fact.PAYMENT_STATUS, None
    if len(said.metrics) > 1 and set(said.metrics) <= set(RECURRING):
        said.metrics.clear()
    if not said.metrics:
        return Fact.OVERVIEW, None
    fact = _FACT_OF_METRIC.get(metric_of(said))
    if fact is None:
        raise Unreadable("accounts")
    return fact, period_of(said, None)
