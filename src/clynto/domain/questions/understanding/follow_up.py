"""A question that only says what is different from the one before: "and last month?", "what about Globex?"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from fractions import Fraction
from typing import Any

from clynto.domain.questions.filters import (
    CancelsIn,
    ChurnedIn,
    Filter,
    LifetimeRange,
    MrrRange,
    NewIn,
    OnTrial,
    OutstandingRange,
    OverdueIn,
    PaymentStatusIs,
    RenewsIn,
    StatusWord,
    WithSignal,
)
from clynto.domain.questions.lists import USUAL_LIMIT, InvoiceOrder, Invoices, Received, Signals
from clynto.domain.questions.periods import Period, Since, Which, is_a_course
from clynto.domain.questions.query import (
    RECURRING,
    AccountFact,
    Accounts,
    CompareAccounts,
    ComparePeriods,
    Fact,
    Figure,
    Grouping,
    Metric,
    Order,
    Payers,
    Query,
    Statistic,
    Trajectory,
    Whether,
    accounts_named_by,
)
from clynto.domain.questions.understanding.chunks import Chunk, TimeMeant
from clynto.domain.questions.understanding.gathering import Gathered, Unreadable, words_of
from clynto.domain.questions.understanding.invoice_words import invoices_narrowed
from clynto.domain.questions.understanding.lexicon import Tag
from clynto.domain.questions.understanding.spoken_bounds import LATE

_FRAGMENT = frozenset(
    {
        Tag.NAME,
        Tag.PERIOD,
        Tag.CURRENCY,
        Tag.PLAN_NAME,
        Tag.PLAN,
        Tag.PRODUCT,
        Tag.INTERVAL,
        Tag.STATUS,
        Tag.TOP,
        Tag.TRIAL,
        Tag.ORDER,
        Tag.AMOUNT,
        Tag.METRIC,
        Tag.GROUPING,
        Tag.HEALTH_RANGE,
        Tag.BOUND,
        Tag.BETWEEN,
        Tag.RANGE,
        Tag.FOLLOW_UP,
        Tag.ALL,
        Tag.SIGNAL_TYPE,
        Tag.STANDING,
        Tag.UNPAID,
        Tag.INVOICE_STATE,
    }
)
_COUNTING = frozenset({Tag.HOW_MANY, Tag.ITS, Tag.FOLLOW_UP})
"""``That``, ``them`` and ``those``: nothing that could be counted by itself."""
_THOSE = re.compile(
    r"\b(them|they|their)\b|\b(of|are|is|in|list|show|do) (all )?(those|these)\b|\b(is|in) (all )?that\W*$",
    re.IGNORECASE,
)
_MARKED_BY = frozenset({"and", "also", "but", "or", "same", "only", "just"})
_DATED_FILTERS = (RenewsIn, CancelsIn, OnTrial, NewIn, ChurnedIn, WithSignal, OverdueIn)
_OVERDUE = (PaymentStatusIs((StatusWord.OVERDUE,)),)
_FACTS = {
    Metric.MRR: Fact.MRR,
    Metric.ARR: Fact.ARR,
    Metric.ARR_AT_RISK: Fact.ARR_AT_RISK,
    Metric.OUTSTANDING: Fact.OUTSTANDING,
    Metric.LIFETIME_VALUE: Fact.LIFETIME_VALUE,
    Metric.HEALTH: Fact.HEALTH,
}


_OVER_TIME = {Fact.MRR: Metric.MRR, Fact.ARR: Metric.ARR}


def is_fragment(chunks: Sequence[Chunk]) -> bool:
    """Says too little to stand alone."""
    tags = {chunk.tag for chunk in chunks}
    whole = {Tag.NAME, Tag.METRIC} <= tags or {Tag.METRIC, Tag.GROUPING} <= tags or {Tag.METRIC, Tag.ALL} <= tags
    return bool(tags) and tags <= _FRAGMENT and not whole


def how_many_of(previous: Query, chunks: Sequence[Chunk]) -> Query | None:
    """``How many is that?`` counts what was asked for before, and not all accounts. None: something else is asked."""
    tags = {chunk.tag for chunk in chunks}
    if Tag.HOW_MANY not in tags or tags - _COUNTING:
        return None
    plain = isinstance(previous, Accounts | Figure) and previous.period is None
    if plain and isinstance(previous, Accounts | Figure) and previous.metric in (*RECURRING, Metric.ACCOUNTS):
        return Figure(Metric.ACCOUNTS, filters=previous.filters)
    # The number stands in the answer that was given.
    return previous


def is_about_those(question: str, chunks: Sequence[Chunk], previous: Query) -> bool:
    """``How much MRR is that?``, ``their total ARR``: of what the question before found, which named no account."""
    tags = {chunk.tag for chunk in chunks}
    named = any(True for _ in accounts_named_by(previous))
    return (
        not named and not tags & {Tag.NAME, Tag.ACCOUNTS, Tag.SIGNALS, Tag.INVOICES} and bool(_THOSE.search(question))
    )


def among_those(previous: Query, asked: Query) -> Query:
    """``asked`` of the accounts that met the conditions of ``previous``. Raises ``Unreadable`` if conditions do not
    tell which those were: they were the first of a ranking, or moved, or were no accounts."""
    if not isinstance(previous, Accounts | Figure) or previous.period is not None:
        raise Unreadable("that")
    if isinstance(previous, Accounts) and previous.limit != USUAL_LIMIT:
        raise ValueError(
            "no condition tells which those were: they were the first of a list, so ask for that list whole"
        )
    if not isinstance(asked, Accounts | Figure):
        raise Unreadable("that")
    kinds = tuple(type(condition) for condition in asked.filters)
    meant = _meant_by_the_metric(previous)
    kept = [condition for condition in meant if not (kinds and isinstance(condition, kinds))]
    return replace(asked, filters=(*kept, *asked.filters))


def first_of_those(previous: Query, asked: Query) -> Query | None:
    """``Top 5 of those``: the first in the order that they were shown in. None: something else is asked."""
    if not isinstance(previous, Accounts) or not isinstance(asked, Accounts) or asked.filters:
        return None
    if asked.limit == USUAL_LIMIT or asked.limit > previous.limit or asked.order is not previous.order:
        return None
    return replace(previous, limit=asked.limit)


def _meant_by_the_metric(previous: Accounts | Figure) -> tuple[Filter, ...]:
    """Its conditions, and those that go without saying: ARR is at risk of accounts that are late, and who owes nothing
    is not among those that owe."""
    kinds = {type(condition) for condition in previous.filters}
    if previous.metric is Metric.ARR_AT_RISK and PaymentStatusIs not in kinds:
        return (*previous.filters, PaymentStatusIs(LATE))
    if previous.metric is Metric.OUTSTANDING and OutstandingRange not in kinds:
        return (*previous.filters, OutstandingRange(above=Fraction(0)))
    return previous.filters


def is_marked(question: str, chunks: Sequence[Chunk]) -> bool:
    """Begins as a continuation does."""
    first = question.casefold().split()[:1]
    return any(chunk.tag is Tag.FOLLOW_UP for chunk in chunks) or bool(first and first[0].strip(",") in _MARKED_BY)


def continued(previous: Query, chunks: Sequence[Chunk]) -> Query:
    """``previous`` with what the new question says differently. Raises ``Unreadable`` if that makes no query."""
    ahead = [chunk.value for chunk in chunks if chunk.tag is Tag.PERIOD]
    said = Gathered(chunks)
    said.take(Tag.FOLLOW_UP, Tag.ALL, Tag.ITS, Tag.ACCOUNTS, Tag.WHICH, Tag.TOTAL)
    named = said.names or said.periods or said.event_periods or said.metrics or said.left
    bounded = (said.mrr, said.health, said.owed, said.paid_in_all)
    shaped = said.limit or said.order or said.grouping or any(held is not None for held in bounded)
    if not (named or shaped):
        raise Unreadable("that")
    _rebound(previous, said)
    try:
        query = _renamed(previous, said)
        query = _dated(query, said, ahead)
        query = _measured(query, said)
        query = _signal_kinds(query, said)
        query = _in_currency(query, said)
        query = invoices_narrowed(query, said) if isinstance(query, Invoices) else query
        query = _filtered(query, said.filters())
        query = _split(query, said.grouping)
        query = _ordered(query, said)
    except ValueError as fault:
        raise Unreadable(str(fault)) from fault
    left = words_of(said.left)
    if left or said.periods or said.metrics:
        raise Unreadable(*(left or ("that",)))
    return query


def _rebound(previous: Query, said: Gathered) -> None:
    """``And more than 1000?``, ``in EUR?``: of what was bounded before, where that was no MRR."""
    filters = previous.filters if isinstance(previous, Accounts | Figure | Whether) else ()
    ranges = [condition for condition in filters if isinstance(condition, OutstandingRange | LifetimeRange)]
    if len(ranges) != 1 or any(isinstance(condition, MrrRange) for condition in filters):
        return
    former, kind = ranges[0], type(ranges[0])
    currencies = said.take_all(Tag.CURRENCY)
    currency = currencies[0].value if currencies else former.currency
    bounds = former.bounds
    if said.mrr is not None and said.amounts and said.owed is None:
        bounds, said.mrr, said.range_words = said.mrr.bounds, None, ""
    changed = kind(*bounds, currency)
    if isinstance(changed, OutstandingRange):
        said.owed = said.owed or (changed if changed != former else None)
    else:
        said.paid_in_all = said.paid_in_all or (changed if changed != former else None)


def _has(query: Query, name: str) -> bool:
    return any(field.name == name for field in fields(query))


def _with(query: Query, **changes: Any) -> Query:
    for name in changes:
        if not _has(query, name):
            raise Unreadable(name)
    changed: Query = replace(query, **changes)
    return changed


def _renamed(query: Query, said: Gathered) -> Query:
    if not said.names:
        return query
    if len(said.names) > 1:
        raise Unreadable(*said.names)
    name = said.names[0]
    if isinstance(query, Payers):
        return Received(query.period, name, query.currency)
    if isinstance(query, CompareAccounts):
        return replace(query, second=name)
    if isinstance(query, Figure | Accounts):
        fact = _FACTS.get(query.metric, Fact.OVERVIEW)
        period = query.period if isinstance(query, Figure) and query.metric in RECURRING else None
        return AccountFact(name, fact if isinstance(query, Figure) else Fact.OVERVIEW, period)
    return _with(query, account=name)


def _dated(query: Query, said: Gathered, ahead: Iterable[TimeMeant]) -> Query:
    if not said.periods:
        return query
    period = said.periods.pop(0)
    if isinstance(query, ComparePeriods):
        return replace(query, second=period)
    if isinstance(query, Invoices) and query.paid is not None:
        return replace(query, paid=period)
    if isinstance(query, Whether) or (isinstance(query, Accounts | Figure) and _is_about_now(query)):
        later = next((meant.ahead for meant in ahead), period)
        return replace(query, filters=_redated(query.filters, period, later))
    if is_a_course(period) and isinstance(query, AccountFact) and query.fact in _OVER_TIME:
        return Trajectory(_OVER_TIME[query.fact], query.account, period)
    if is_a_course(period) and isinstance(query, Figure) and query.metric in RECURRING and _is_plain(query):
        return Trajectory(query.metric, None, period)
    if is_a_course(period) and isinstance(query, Figure) and query.metric in RECURRING:
        raise Unreadable("that period")
    return _with(query, period=period)


def _is_plain(query: Figure) -> bool:
    return query.statistic is Statistic.TOTAL and query.grouping is None and not query.filters


def _is_about_now(query: Accounts | Figure) -> bool:
    """Has conditions, so that it cannot be asked of the past, or a period of its own within them."""
    return bool(query.filters) and (isinstance(query, Accounts) or _dated_in(query.filters))


def _dated_in(filters: Iterable[Filter]) -> bool:
    return any(isinstance(condition, _DATED_FILTERS) for condition in filters)


def _redated(filters: tuple[Filter, ...], past: Period, ahead: Period) -> tuple[Filter, ...]:
    dated = [condition for condition in filters if isinstance(condition, _DATED_FILTERS)]
    if filters == _OVERDUE and not (isinstance(past, Since) or getattr(past, "which", None) is Which.THIS):
        # Of the past the signals tell who was overdue.
        return (OverdueIn(past),)
    if len(dated) != 1:
        raise Unreadable("that period")
    changed: Filter = replace(dated[0], period=ahead if isinstance(dated[0], RenewsIn | CancelsIn | OnTrial) else past)
    return tuple(changed if condition is dated[0] else condition for condition in filters)


def _measured(query: Query, said: Gathered) -> Query:
    if not said.metrics:
        return query
    metric = said.metrics.pop()
    if isinstance(query, AccountFact):
        period = query.period if metric in RECURRING else None
        return replace(query, fact=_FACTS.get(metric, Fact.OVERVIEW), period=period)
    return _with(query, metric=metric)


def _signal_kinds(query: Query, said: Gathered) -> Query:
    if not isinstance(query, Signals):
        return query
    types = tuple(chunk.value for chunk in said.take_all(Tag.SIGNAL_TYPE))
    standings = tuple(chunk.value for chunk in said.take_all(Tag.STANDING))
    if types:
        query = replace(query, types=types)
    return replace(query, standings=standings) if standings else query


def _in_currency(query: Query, said: Gathered) -> Query:
    """``And in EUR?``, of what was received, and of those who paid."""
    currencies = said.take_all(Tag.CURRENCY) if isinstance(query, Received | Payers) else []
    return _with(query, currency=currencies[0].value) if currencies else query


def _filtered(query: Query, filters: Sequence[Filter]) -> Query:
    if not filters:
        return query
    if not isinstance(query, Accounts | Figure | Whether):
        raise Unreadable("that condition")
    kinds = tuple(type(condition) for condition in filters)
    kept = [condition for condition in query.filters if not isinstance(condition, kinds)]
    return replace(query, filters=(*kept, *filters))


def _split(query: Query, grouping: Grouping | None) -> Query:
    if grouping is None:
        return query
    if isinstance(query, Accounts):
        return Figure(query.metric, filters=query.filters, grouping=grouping)
    return _with(query, grouping=grouping)


def _ordered(query: Query, said: Gathered) -> Query:
    if said.limit is not None:
        if isinstance(query, Figure) and query.grouping is None:
            query = Accounts(query.filters, Metric.MRR if query.metric is Metric.ACCOUNTS else query.metric)
        query = _with(query, limit=said.limit)
    if said.order is not None and isinstance(query, Accounts | Payers):
        query = replace(query, order=said.order)
    if isinstance(query, Invoices) and said.top_words == "first":
        query = replace(query, order=InvoiceOrder.OLDEST)
    if said.order_words and isinstance(query, Invoices):
        by_amount = InvoiceOrder.LARGEST if said.order is Order.HIGHEST else InvoiceOrder.SMALLEST
        query = replace(query, order=by_amount)
    return query
