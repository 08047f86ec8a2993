"""From what a question says to a query over many accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from clynto.domain.questions.filters import SUBSCRIPTION_FILTERS, Filter, InCurrency, MrrRange
from clynto.domain.questions.lists import USUAL_LIMIT
from clynto.domain.questions.periods import Period, is_a_course
from clynto.domain.questions.query import (
    RANKABLE,
    RECURRING,
    Accounts,
    Figure,
    Grouping,
    Metric,
    Order,
    Query,
    Statistic,
    Trajectory,
)
from clynto.domain.questions.understanding.gathering import Gathered, Unreadable, words_of
from clynto.domain.questions.understanding.lexicon import Tag
from clynto.domain.questions.understanding.portfolio_words import (
    deduplicated,
    join_health_order,
    join_risk,
    lists_accounts,
    lost_or_gained,
)
from clynto.domain.questions.understanding.spoken_bounds import LATE

_IN_ALL = ("in total", "altogether", "overall")
_ONE = ("account", "customer", "client", "company", "logo")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """``listed``: which ones, or the ends of a ranking; ``accounts``: they are named; ``summed``: in total;
    ``everything``: of all."""

    listed: bool
    accounts: bool
    summed: bool
    everything: bool


def metric_of(said: Gathered, usual: Metric = Metric.MRR) -> Metric:
    """Take out the one metric. Raises ``Unreadable`` for several."""
    if len(said.metrics) > 1:
        raise Unreadable(*(metric.value for metric in said.metrics))
    return said.metrics.pop() if said.metrics else usual


def period_of(said: Gathered, usual: Period | None) -> Period | None:
    """Take out the first period."""
    return said.periods.pop(0) if said.periods else usual


def portfolio_of(said: Gathered) -> Query:
    """Many accounts: which ones, how many, or what they bring. Raises ``Unreadable``."""
    if said.take(Tag.UNPAID) and not said.metrics:
        # "Which accounts have not paid?" asks for those that owe.
        said.metrics.append(Metric.OUTSTANDING)
    if _asks_what_is_late(said):
        said.metrics.append(Metric.OUTSTANDING)
    if said.has(Tag.ABOUT) and not said.metrics and said.grouping is None and not said.has(Tag.ACCOUNTS, Tag.WHICH):
        # "Give me an overview".
        return Figure(Metric.MRR, grouping=Grouping.PAYMENT_STATUS)
    if said.top_words == "first" and said.limit is None:
        # "Who renews first?": accounts are put in order by figures, and not by when something happens.
        raise Unreadable(said.top_words)
    how_many = said.take(Tag.HOW_MANY) or Metric.ACCOUNTS in said.metrics
    said.metrics = [metric for metric in said.metrics if metric is not Metric.ACCOUNTS]
    average = said.take(Tag.AVERAGE)
    lost_or_gained(said)
    wanted = _Wanted(
        listed=said.has(Tag.WHICH) or said.order is not None or said.limit is not None,
        accounts=lists_accounts(said),
        summed=said.has(Tag.TOTAL) and not _of_each(said),
        everything=said.has(Tag.ALL),
    )
    if said.order is not None and said.limit is None and _asks_for_one(said):
        said.limit = 1
    join_risk(said)
    join_health_order(said)
    filters = deduplicated(said.filters())
    if not average and _asks_who_paid_then(said, filters, wanted, how_many=how_many):
        return _who_paid_then(said)
    if not (said.metrics or how_many or average):
        said.metrics += _bounded(said, filters)
        if said.metrics and said.grouping is None and not _sums(said):
            return Accounts(filters, said.metrics.pop(), said.order or Order.HIGHEST, said.limit or USUAL_LIMIT)
    metric = metric_of(said, Metric.ACCOUNTS if how_many else Metric.MRR) if said.metrics or how_many else None
    if wanted.accounts and metric is None and said.grouping is not None and not (wanted.summed or average):
        # "Accounts by plan" asks how many there are of each.
        how_many, metric = True, Metric.ACCOUNTS
    if how_many:
        return _counted(said, metric, filters)
    if average or (metric is Metric.HEALTH and not wanted.listed):
        return Figure(metric or Metric.MRR, Statistic.AVERAGE, filters, said.grouping, period_of(said, None))
    return _listed_or_summed(said, metric, filters, wanted)


def _sums(said: Gathered) -> bool:
    """``Paid over 50k in total`` says once more that all payments are meant."""
    return any(chunk.text.casefold() not in _IN_ALL for chunk in said.left if chunk.tag is Tag.TOTAL)


def _bounded(said: Gathered, filters: tuple[Filter, ...]) -> list[Metric]:
    """``Who owes more than 1000?`` is ranked by what they owe, unless an MRR is bounded too."""
    if said.mrr is not None or any(isinstance(condition, SUBSCRIPTION_FILTERS) for condition in filters):
        return []
    if said.paid_in_all is not None and said.periods:
        raise ValueError("what was paid in a period is told of one account, or of all together, and bounds nothing")
    if said.owed is not None:
        return [Metric.OUTSTANDING]
    return [] if said.paid_in_all is None else [Metric.LIFETIME_VALUE]


def _counted(said: Gathered, metric: Metric | None, filters: tuple[Filter, ...]) -> Query:
    if metric is Metric.OUTSTANDING and said.grouping is None:
        # "How many accounts have not paid?": the list begins with their number.
        return Accounts(filters, metric)
    if metric is not Metric.ACCOUNTS:
        raise Unreadable("how many")
    return Figure(Metric.ACCOUNTS, filters=filters, grouping=said.grouping)


def _listed_or_summed(said: Gathered, metric: Metric | None, filters: tuple[Filter, ...], wanted: _Wanted) -> Query:
    wants_list = (wanted.listed or (wanted.accounts and not wanted.summed)) and said.grouping is None
    if (
        wants_list
        and metric in (*RANKABLE, None)
        and not (wanted.summed and not said.order)
        and (wanted.accounts or filters or wanted.listed)
    ):
        if not (wanted.accounts or filters or said.order or said.limit or wanted.everything):
            return _figure(said, metric, filters)
        past = period_of(said, None) if said.order is not None or said.limit is not None else None
        order, limit = said.order or Order.HIGHEST, said.limit or USUAL_LIMIT
        return Accounts(filters, metric or Metric.MRR, order, limit, past)
    if metric is None and said.grouping is None and not filters:
        if _says_all_accounts(said):
            return Accounts()
        raise Unreadable(*(words_of(said.left) or ("",)))
    if metric is None and said.grouping is None and not wanted.summed:
        return Accounts(filters, Metric.MRR, said.order or Order.HIGHEST, said.limit or USUAL_LIMIT)
    return _figure(said, metric, filters)


def _asks_who_paid_then(said: Gathered, filters: tuple[Filter, ...], wanted: _Wanted, *, how_many: bool) -> bool:
    if len(said.periods) != 1 or said.grouping is not None or wanted.summed:
        return False
    if filters:
        return filters == (MrrRange(above=Fraction(0)),) and not said.metrics and (wanted.accounts or how_many)
    one_by_one = wanted.accounts and (wanted.listed or _of_each(said))
    return len(said.metrics) == 1 and said.metrics[0] in RECURRING and one_by_one and not how_many


def _who_paid_then(said: Gathered) -> Query:
    """``How many paying customers at the end of Q3?``: those that had MRR then, and the answer says how many."""
    metric = said.metrics.pop() if said.metrics else Metric.MRR
    return Accounts((), metric, said.order or Order.HIGHEST, said.limit or USUAL_LIMIT, said.periods.pop(0))


def _of_each(said: Gathered) -> bool:
    """``How much does each customer pay?`` asks for all of them, one by one."""
    return any(chunk.text.casefold().startswith("each ") for chunk in said.left if chunk.tag is Tag.ACCOUNTS)


def _asks_for_one(said: Gathered) -> bool:
    """``Which account has the highest MRR`` asks for a single one."""
    nouns = [chunk.text.casefold().split()[-1] for chunk in said.left if chunk.tag in (Tag.ACCOUNTS, Tag.PAYING)]
    return bool(nouns) and all(noun in _ONE for noun in nouns)


def _asks_what_is_late(said: Gathered) -> bool:
    """``How much is overdue?`` asks for the money that is."""
    late = {chunk.value for chunk in said.left if chunk.tag is Tag.STATUS}
    plain = not said.metrics and not lists_accounts(said) and not said.has(Tag.NOT, Tag.WHICH)
    return plain and bool(late) and late <= set(LATE) and said.has(Tag.TOTAL) and not said.names


def _says_all_accounts(said: Gathered) -> bool:
    nouns = ("account", "customer", "client", "compan")
    return any(noun in chunk.text.casefold() for chunk in said.left if chunk.tag is Tag.ALL for noun in nouns)


def _figure(said: Gathered, metric: Metric | None, filters: tuple[Filter, ...]) -> Query:
    grouping: Grouping | None = said.grouping
    if metric in RECURRING and not (filters or grouping or said.has(Tag.TOTAL)) and _is_a_course(said.periods):
        return Trajectory(metric, None, said.periods.pop(0))
    if (
        metric in RECURRING
        and not said.has(Tag.TOTAL)
        and _is_a_course(said.periods)
        and _tells_then(filters, grouping)
    ):
        # "MRR in EUR this year" asks how it went, of which one end says nothing.
        raise ValueError("how MRR went is told over all accounts and of one; by currency, for the end of a period")
    return Figure(metric or Metric.MRR, Statistic.TOTAL, filters, grouping, period_of(said, None))


def _tells_then(filters: tuple[Filter, ...], grouping: Grouping | None) -> bool:
    in_one = [type(condition) for condition in filters] == [InCurrency] and grouping is None
    return in_one or (grouping is Grouping.CURRENCY and not filters)


def _is_a_course(periods: Sequence[Period]) -> bool:
    """``MRR over the last 6 months`` asks for its course, ``MRR last month`` for one figure."""
    return any(is_a_course(held) for held in periods)
