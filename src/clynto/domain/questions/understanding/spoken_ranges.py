"""Ranges with both ends in one: ``100-300``, ``$1k–$3k``, ``from 100 to 300``, ``in the 100 to 300 range``."""

from __future__ import annotations

from collections.abc import Sequence

from clynto.domain.questions.understanding.chunks import Chunk
from clynto.domain.questions.understanding.lexicon import Tag
from clynto.domain.questions.understanding.words import Token

_TO = ("to", "till", "until", "through")
_LAST_DAY = 31
_COUNTED = frozenset({Tag.ACCOUNTS, Tag.INVOICES, Tag.SUBSCRIPTIONS, Tag.SIGNALS, Tag.UNKNOWN})
"""Behind a range these say that so many of them are meant, and no amount."""


def with_ranges(chunks: Sequence[Chunk]) -> list[Chunk]:
    """The same with two amounts that are one range as such, and fillers still in it."""
    found = _joined(chunks)
    found = [_checked(found, place) for place in range(len(found))]
    return [chunk for place, chunk in enumerate(found) if not _only_opens(found, place)]


def _joined(chunks: Sequence[Chunk]) -> list[Chunk]:
    found: list[Chunk] = []
    place = 0
    while place < len(chunks):
        taken = _range_at(chunks, place)
        if taken is None:
            found.append(chunks[place])
            place += 1
            continue
        opened = found[-1] if found else None
        if opened is not None and opened.tag is Tag.BOUND and opened.text.casefold() == "from":
            found.pop()
        joined, place = taken
        found += joined
    return found


def _range_at(chunks: Sequence[Chunk], place: int) -> tuple[list[Chunk], int] | None:
    """``100 EUR to 300``: the range and its currency, and where they end."""
    first, before = chunks[place], chunks[place - 1] if place else None
    if first.tag is not Tag.AMOUNT or (before is not None and before.tag is Tag.TOP):
        return None
    place += 1
    units = [chunk for chunk in chunks[place : place + 1] if chunk.tag is Tag.CURRENCY]
    place += len(units)
    words = ("and",) if before is not None and before.tag is Tag.BETWEEN else _TO
    if place + 1 >= len(chunks) or chunks[place].text.casefold() not in words or chunks[place].tag is not Tag.FILLER:
        return None
    last = chunks[place + 1]
    if last.tag is not Tag.AMOUNT:
        return None
    ends = (first.value, last.value)
    return [Chunk(Tag.RANGE, ends, first.start, last.end, f"{first.text} to {last.text}"), *units], place + 2


def _checked(chunks: Sequence[Chunk], place: int) -> Chunk:
    """``1-15 October`` are days and ``5-10 accounts`` so many accounts: neither is a range of amounts."""
    chunk = chunks[place]
    if chunk.tag is not Tag.RANGE or any(end.scaled for end in chunk.value):
        return chunk
    before, behind = chunks[place - 1] if place else None, chunks[place + 1] if place + 1 < len(chunks) else None
    dated = any(beside is not None and beside.tag is Tag.PERIOD for beside in (before, behind))
    counted = behind is not None and behind.tag in _COUNTED and (before is None or before.tag is not Tag.METRIC)
    if (dated and max(_amounts(chunk)) <= _LAST_DAY) or counted or (before is not None and before.tag is Tag.TOP):
        return Chunk(Tag.UNKNOWN, chunk.text, chunk.start, chunk.end, chunk.text)
    return chunk


def _only_opens(chunks: Sequence[Chunk], place: int) -> bool:
    """``Between`` and ``in the … range`` around a range say it once more."""
    if chunks[place].tag is not Tag.BETWEEN:
        return False
    beside = [chunk for chunk in chunks[max(place - 1, 0) : place + 2] if chunk.tag is Tag.RANGE]
    return bool(beside)


def _amounts(chunk: Chunk) -> list[int]:
    ends: tuple[Token, Token] = chunk.value
    return [int(end.amount or 0) for end in ends]
