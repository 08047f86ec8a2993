"""What a question leaves out because the one before it said it: the account, the period, the accounts it found."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import replace

from clynto.domain.questions.filters import ChurnedIn, NewIn, WithSignal
from clynto.domain.questions.lists import Received
from clynto.domain.questions.periods import Period
from clynto.domain.questions.query import (
    AccountFact,
    Accounts,
    Fact,
    Figure,
    Metric,
    Payers,
    Query,
    accounts_named_by,
)
from clynto.domain.questions.understanding.chunks import Chunk, TimeMeant
from clynto.domain.questions.understanding.lexicon import Tag

_MOVED = frozenset({Tag.LOST, Tag.GAINED, Tag.FELL, Tag.ROSE, Tag.EXPANSION, Tag.CONTRACTION})
_RANKING = frozenset({Tag.WHICH, Tag.ORDER, Tag.FOLLOW_UP})
_SUM = frozenset({Tag.TOTAL, Tag.METRIC, Tag.FOLLOW_UP})
_NARROWING = frozenset({Tag.CURRENCY, Tag.BOUND, Tag.AMOUNT, Tag.BETWEEN, Tag.RANGE, Tag.FOLLOW_UP})
_OF_ACCOUNTS = frozenset({Tag.INVOICES, Tag.SIGNALS, Tag.SUBSCRIPTIONS})
_NO_LISTS_OF_THOSE = (
    "invoices, signals and subscriptions are told of one account or of all, and not of the ones in a list"
)
_FROM_WHOM = re.compile(
    r"\W*(and )?((from )?who(m)?|(from )?which (accounts|customers|clients)|(by|per) (account|customer|client))\b"
    r"( was (it|that) from| paid( us)?| did (it|that) come from)?( the)?( most| least)?\W*",
    re.IGNORECASE,
)
_METRIC_OF = {
    Fact.MRR: Metric.MRR,
    Fact.ARR: Metric.ARR,
    Fact.OUTSTANDING: Metric.OUTSTANDING,
    Fact.LIFETIME_VALUE: Metric.LIFETIME_VALUE,
}


def with_period_before(chunks: Sequence[Chunk], previous: Query | None) -> list[Chunk]:
    """``Who churned in October?`` and then ``how much MRR did we lose?``: in October."""
    tags = {chunk.tag for chunk in chunks}
    period = None if previous is None else _period_of(previous)
    if period is None or not tags & _MOVED or tags & {Tag.PERIOD, Tag.NAME}:
        return list(chunks)
    end = chunks[-1].end
    return [*chunks, Chunk(Tag.PERIOD, TimeMeant(period, period), end, end)]


def with_other_account(chunks: Sequence[Chunk], previous: Query | None) -> list[Chunk]:
    """``What is Acme's ARR?`` and then ``versus Globex?``: both accounts by that figure."""
    tags = [chunk.tag for chunk in chunks]
    named = () if previous is None else accounts_named_by(previous)
    bare = set(tags) <= {Tag.COMPARE, Tag.NAME, Tag.FOLLOW_UP, Tag.ITS} and tags.count(Tag.NAME) == 1
    if Tag.COMPARE not in tags or len(named) != 1 or not bare or not isinstance(previous, AccountFact):
        return list(chunks)
    start, end = chunks[0].start, chunks[-1].end
    first = Chunk(Tag.NAME, named[0], start, start, named[0])
    metric = Chunk(Tag.METRIC, _METRIC_OF.get(previous.fact, Metric.MRR), end, end)
    return [first, *(chunk for chunk in chunks if chunk.tag is not Tag.ITS), metric]


def of_the_account_before(chunks: Sequence[Chunk], previous: Query) -> list[Chunk] | None:
    """``What is Acme's MRR?`` and then ``any unpaid?``: of Acme. None: nobody was named, or somebody is."""
    named = accounts_named_by(previous)
    if len(named) != 1 or any(chunk.tag in (Tag.NAME, Tag.ALL) for chunk in chunks):
        return None
    start = chunks[0].start
    return [Chunk(Tag.NAME, named[0], start, start, named[0]), *chunks]


def narrows_alone(chunks: Sequence[Chunk], previous: Query) -> bool:
    """``In EUR?``, said of Acme's MRR: never of all accounts, even where it makes no question about Acme."""
    return bool(accounts_named_by(previous)) and {chunk.tag for chunk in chunks} <= _NARROWING


def is_about_the_list(chunks: Sequence[Chunk], previous: Query) -> bool:
    """``Who is the biggest?``, ``total MRR?``: of the accounts that the question before found."""
    tags = {chunk.tag for chunk in chunks}
    if not isinstance(previous, Accounts | Figure) or not previous.filters:
        return False
    ranked = Tag.ORDER in tags and Tag.WHICH in tags and tags <= _RANKING
    return ranked or (isinstance(previous, Accounts) and {Tag.TOTAL, Tag.METRIC} <= tags <= _SUM)


def asks_for_lists_of_those(chunks: Sequence[Chunk], previous: Query | None, about: str | None) -> str | None:
    """``Show their invoices``, said of several accounts, and ``the top 3 customers' invoices``: why there is no such
    list. None: it is not asked for."""
    tags = {chunk.tag for chunk in chunks}
    if _of_some_accounts(chunks):
        return _NO_LISTS_OF_THOSE
    one = about is not None or (previous is not None and bool(accounts_named_by(previous)))
    several = isinstance(previous, Accounts | Figure | Payers) and not one
    return _NO_LISTS_OF_THOSE if several and Tag.ITS in tags and tags & _OF_ACCOUNTS and Tag.NAME not in tags else None


def _of_some_accounts(chunks: Sequence[Chunk]) -> bool:
    """``The top 3 customers' invoices``, ``invoices of overdue accounts``."""
    nouns = [chunk for chunk in chunks if chunk.tag is Tag.INVOICES]
    for first, second in itertools.pairwise(chunks):
        if second.tag is not Tag.ACCOUNTS or first.end != second.start or not second.text.casefold().endswith("s"):
            continue
        behind, ahead = any(n.start == second.end for n in nouns), any(n.end <= first.start for n in nouns)
        ranked, narrowed = first.tag in (Tag.TOP, Tag.AMOUNT, Tag.ORDER), first.tag in (Tag.STATUS, Tag.PLAN_NAME)
        if (ranked and (behind or ahead)) or (narrowed and ahead):
            return True
    return False


def payers_before(question: str, previous: Query | None) -> Payers | None:
    """``How much did we collect in October?`` and then ``from whom?``."""
    if not isinstance(previous, Received) or _FROM_WHOM.fullmatch(question) is None:
        return None
    if previous.account is not None and "paid" not in question.casefold():
        return None
    found = Payers(previous.period, currency=previous.currency)
    return replace(found, order=found.order.LOWEST) if "least" in question.casefold() else found


def _period_of(query: Query) -> Period | None:
    filters = query.filters if isinstance(query, Accounts | Figure) else ()
    dated = [condition.period for condition in filters if isinstance(condition, ChurnedIn | NewIn | WithSignal)]
    own: Period | None = getattr(query, "period", None)
    return own or (dated[0] if len(dated) == 1 else None)
