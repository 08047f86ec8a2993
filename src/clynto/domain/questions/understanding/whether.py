"""Questions on one account that are answered with yes or no: "is Acme on Team?", "does Acme pay more than 500?"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from clynto.domain.questions.filters import Filter, MrrRange, OutstandingRange, PaymentStatusIs, StatusWord
from clynto.domain.questions.query import Metric, Whether
from clynto.domain.questions.understanding.chunks import Chunk
from clynto.domain.questions.understanding.gathering import Gathered, Unreadable
from clynto.domain.questions.understanding.lexicon import Tag
from clynto.domain.questions.understanding.portfolio_words import deduplicated

PAYS = ("pay", "pays", "paying")
"""Forms of the verb that ask for what is paid now."""
_OWES = ("owe", "owes", "owing")
_OPENING = re.compile(r"\W*((and|so|but|then)\W+)?(is|are|isn't|does|do|has|have)\b", re.IGNORECASE)
_WITH_PERIOD = (Tag.RENEWAL, Tag.CHURNED)
"""Events that are asked for as they are, and not in this month, where no period is named."""
_BESIDE = (Tag.ACCOUNTS, Tag.ITS, Tag.FOLLOW_UP, Tag.STATUS_NAME, Tag.METRIC)
_SUBJECT = (Tag.NAME, Tag.ITS, Tag.METRIC, Tag.STATUS_NAME)


def whether_of(question: str, chunks: Sequence[Chunk]) -> Whether | None:
    """The query; None if something else is asked, or if a word would have to be ignored."""
    asks = _OPENING.match(question) is not None or any(chunk.tag is Tag.WAS_OVERDUE for chunk in chunks)
    if not asks or sum(chunk.tag is Tag.NAME for chunk in chunks) != 1:
        return None
    negated = any(chunk.tag is Tag.NOT for chunk in chunks[:1])
    if negated or _names_a_kind_of_signal(chunks):
        return None
    try:
        return _read(chunks)
    except (Unreadable, ValueError):
        return None


def _read(chunks: Sequence[Chunk]) -> Whether | None:
    said = Gathered(chunks)
    if any(said.has(tag) and tag not in said.event_periods for tag in _WITH_PERIOD):
        return None
    filters: list[Filter] = []
    if _asks_whether_it_pays(chunks):
        # Who owes what is due brings MRR, and does not pay.
        filters = [PaymentStatusIs((StatusWord.PAID,)), MrrRange(above=Fraction(0))]
        said.metrics.clear()
    elif said.take(Tag.LIVE):
        filters = [MrrRange(above=Fraction(0))]
    if said.has(Tag.CURRENCY) and any(chunk.text.casefold() in PAYS for chunk in chunks):
        # "Does Globex pay in euros?" says nothing of how much.
        said.metrics = [metric for metric in said.metrics if metric is not Metric.MRR]
    if said.owed is None and _asks_whether_it_owes(chunks):
        filters.append(OutstandingRange(above=Fraction(0)))
        said.metrics = [metric for metric in said.metrics if metric is not Metric.OUTSTANDING]
    filters += said.filters()
    said.take(*_BESIDE)
    lost = said.periods or said.metrics or said.limit or said.order or said.grouping
    if not filters or lost or said.left:
        return None
    return Whether(said.names[0], deduplicated(filters))


def _asks_whether_it_pays(chunks: Sequence[Chunk]) -> bool:
    pays = any(chunk.text.casefold() in PAYS for chunk in chunks)
    return pays and all(chunk.tag in _SUBJECT for chunk in chunks)


def _asks_whether_it_owes(chunks: Sequence[Chunk]) -> bool:
    """``Does Acme owe us anything?``, and not how much."""
    plain = all(chunk.tag in (Tag.NAME, Tag.ITS, Tag.METRIC, Tag.ALL) for chunk in chunks)
    return plain and any(chunk.text.casefold() in _OWES for chunk in chunks if chunk.tag is Tag.METRIC)


def _names_a_kind_of_signal(chunks: Sequence[Chunk]) -> bool:
    """``Has Acme downgraded?``: the signals, which tell when and how, answer better."""
    tags = {chunk.tag for chunk in chunks}
    return Tag.SIGNAL_TYPE in tags and Tag.SIGNALS not in tags
