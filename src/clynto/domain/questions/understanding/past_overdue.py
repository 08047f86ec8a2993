"""``Which accounts were overdue last month?``: of the past nothing but signals tell, so those are asked."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import replace

from clynto.domain.questions.filters import StatusWord
from clynto.domain.questions.periods import Between, Direction, Period, Rolling, Since, span_of
from clynto.domain.questions.understanding.chunks import Chunk, TimeMeant
from clynto.domain.questions.understanding.lexicon import Tag

_WAS = re.compile(r"\b(was|were|wasn't|weren't|been|had)\b", re.IGNORECASE)
_ALL_THE_WHILE = re.compile(
    r"\b(since|throughout|all (of )?(last|this)|for (the )?(whole|entire|last|past))\b", re.IGNORECASE
)
"""Overdue without an end to it: being so at some time says less."""
_AT_THE_END = re.compile(r"\b(at|by) (the )?end of\b|\bas of\b", re.IGNORECASE)
_BESIDE = frozenset({Tag.WHICH, Tag.HOW_MANY, Tag.ACCOUNTS, Tag.ALL, Tag.ITS, Tag.NAME, Tag.STATUS, Tag.FOLLOW_UP}) | {
    Tag.PLAN_NAME,
    Tag.PLAN,
    Tag.PRODUCT,
    Tag.CURRENCY,
}
"""What else may be said. Plans and currencies are those of now, and the answer says so; an amount or a further state
would be taken for one of then."""


def with_past_overdue(question: str, chunks: Sequence[Chunk], today: dt.date) -> list[Chunk]:
    """The same with "overdue" as it was at some time, where that is asked for."""
    times = [chunk for chunk in chunks if chunk.tag in (Tag.PERIOD, Tag.ANY_TIME)]
    states = [chunk for chunk in chunks if chunk.tag is Tag.STATUS]
    others = {chunk.tag for chunk in chunks} - _BESIDE - {Tag.PERIOD, Tag.ANY_TIME}
    if len(times) != 1 or [state.value for state in states] != [StatusWord.OVERDUE] or others:
        return list(chunks)
    if _ALL_THE_WHILE.search(question) or not _is_past(question, times[0], today):
        return list(chunks)
    kept = [chunk for chunk in chunks if chunk not in (*times, *states)]
    place = next((i for i, chunk in enumerate(kept) if chunk.start > states[0].start), len(kept))
    asked = replace(states[0], tag=Tag.WAS_OVERDUE)
    if times[0].tag is Tag.PERIOD and _AT_THE_END.search(question):
        last = span_of(times[0].value.past, today).last
        times = [replace(times[0], value=TimeMeant(Between(last, last), Between(last, last)))]
    return [*kept[:place], asked, *times, *kept[place:]]


def _is_past(question: str, time: Chunk, today: dt.date) -> bool:
    was = _WAS.search(question) is not None
    if time.tag is Tag.ANY_TIME:
        return was
    period: Period = time.value.past
    if isinstance(period, Since):
        return False
    back = isinstance(period, Rolling) and period.direction is Direction.LAST
    return was or back or span_of(period, today).last < today
