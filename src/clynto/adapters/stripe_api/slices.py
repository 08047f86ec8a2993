"""Cuts a list into slices of creation time that are read side by side (architecture decision 8). Pure: no I/O.

Stripe lists newest first and can be filtered by ``created`` (stripe_facts 3), so a list falls apart into independent
slices. How the objects lie in time is not known beforehand; it is learnt from the pages as they come, and whoever has
nothing to do takes over the older part of what another still has before it.

Three rules keep every object: both ends of a slice are inclusive, because ``created`` only has whole seconds; inside a
slice the cursor, not the time, leads from page to page, so any number of objects may share a second; and a slice ends
only on ``has_more: false`` or once it has passed into another slice's time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from clynto.domain.moments import UnixTime
from clynto.domain.time_span import Span

PAGE_SIZE = 100
_FEWEST_PAGES_WORTH_SPLITTING = 3
_FIRST_PAGES_KEPT = 4
_PAGES_REMEMBERED = 8
_FREE_WASTE = 4
_WASTE_SHARE = 33
"""Each slice ends on a page that is not full. Splitting stops when that wastes more than so many pages, plus one in so
many of those read (guarantees D12: calls at most 1.05 times the least possible)."""
_VANISHED_CURSORS_BORNE = 5


class NoProgress(Exception):
    """The list repeats itself, promises more without giving any, or holds what was not asked for."""


@dataclass(frozen=True, slots=True)
class SliceRequest:
    """The filter and cursor of one page; both seconds are inclusive."""

    since: UnixTime
    until: UnixTime
    cursor: str | None


@dataclass(frozen=True, slots=True)
class PageOutline:
    """What slicing needs of a page: the ids and creation seconds in the order they came (None: not readable)."""

    ids: tuple[str | None, ...]
    created: tuple[UnixTime | None, ...]
    has_more: bool


@dataclass(slots=True, eq=False)
class Slice:
    """A stretch of creation time on its way from ``until`` down to ``since``.

    ``low`` is the oldest second reached; ``cursor`` the last object read. ``seconds_per_page`` is the density of the
    neighbourhood it was cut from. ``in_order`` turns False when a page was not sorted by creation: then nothing is
    concluded from times any more and only ``has_more: false`` ends it.
    """

    since: UnixTime
    until: UnixTime
    low: UnixTime
    seconds_per_page: int | None = None
    cursor: str | None = None
    in_order: bool = True
    done: bool = False
    pages: int = 0
    marks: deque[UnixTime] = field(default_factory=lambda: deque(maxlen=_PAGES_REMEMBERED + 1))
    last_ids: frozenset[str] = frozenset()
    cursors: set[str] = field(default_factory=set)
    vanished: int = 0

    def pace(self) -> int | None:
        """How many seconds of creation time a page takes here, at least 1; None if nothing is known yet."""
        if len(self.marks) >= 2:
            return max((self.marks[0] - self.marks[-1]) // (len(self.marks) - 1), 1)
        return self.seconds_per_page

    def pages_ahead(self) -> int:
        """An estimate of the pages still to come."""
        pace = self.pace()
        return 0 if pace is None or self.done or not self.in_order else (self.low - self.since) // pace


class SliceBoard:
    """Who reads what. Not safe for threads by itself: its user holds a lock around each call."""

    def __init__(self, spans: Sequence[Span]) -> None:
        newest_first = sorted(spans, key=lambda span: span.until, reverse=True)
        self._waiting = deque(
            Slice(since=span.since, until=span.until, low=span.until)
            for span in newest_first
            if span.since <= span.until
        )
        self._taken: list[Slice] = []
        self._pages_read = 0
        self._cuts = 0
        self._hundredths_wasted = 0

    @property
    def finished(self) -> bool:
        """Whether every slice is read to its end."""
        return not self._waiting and not self._taken

    @property
    def waiting(self) -> int:
        """How many slices nobody reads yet."""
        return len(self._waiting)

    def take(self, *, may_split: bool = True) -> Slice | None:
        """A slice to read from now on: one that waits, else the older part of the longest one. None: nothing to do
        at the moment."""
        if self._waiting:
            taken = self._waiting.popleft()
        else:
            older = self._split() if may_split else None
            if older is None:
                return None
            taken = older
        self._taken.append(taken)
        return taken

    def request(self, taken: Slice) -> SliceRequest:
        """What to ask next for this slice."""
        return SliceRequest(since=taken.since, until=taken.until, cursor=taken.cursor)

    def answered(self, taken: Slice, asked: SliceRequest, page: PageOutline) -> tuple[Span, ...]:
        """Take note of a page; return the time that is complete with it. Raises ``NoProgress``."""
        self._demand_progress(taken, asked, page)
        self._pages_read += 1
        taken.pages += 1
        self._hundredths_wasted += _wasted(taken, page)
        reached = taken.low
        self._advance(taken, page)
        if not page.has_more:
            self._finish(taken)
            complete_to = taken.until if not taken.in_order else reached
            return (Span(asked.since, complete_to),)
        if not taken.in_order:
            return ()
        if taken.low < taken.since:
            self._finish(taken)
        # The oldest second of the page may go on behind it, so it only counts once it is passed.
        return (Span(UnixTime(taken.low + 1), reached),) if taken.low < reached else ()

    def vanished(self, taken: Slice) -> None:
        """The cursor's object is gone: go on from the second reached, whose objects then come again (stripe_facts 3).

        Raises ``NoProgress`` when this happens again and again without any page in between.
        """
        taken.vanished += 1
        if taken.vanished > _VANISHED_CURSORS_BORNE or taken.cursor is None:
            raise NoProgress
        taken.cursor = None
        taken.last_ids = frozenset()
        taken.cursors.clear()
        if taken.in_order:
            taken.until = taken.low

    def _demand_progress(self, taken: Slice, asked: SliceRequest, page: PageOutline) -> None:
        if page.has_more and (not page.ids or page.ids[-1] is None):
            raise NoProgress
        if any(second is not None and not asked.since <= second <= asked.until for second in page.created):
            raise NoProgress
        if not taken.last_ids.isdisjoint(page.ids) or not taken.cursors.isdisjoint(page.ids):
            raise NoProgress

    def _advance(self, taken: Slice, page: PageOutline) -> None:
        seconds = [second for second in page.created if second is not None]
        sorted_down = all(newer >= older for newer, older in pairwise(seconds))
        if not sorted_down or len(seconds) < len(page.ids) or any(second > taken.low for second in seconds[:1]):
            taken.in_order = False
        if page.ids and page.has_more:
            last = page.ids[-1]
            taken.cursor = last
            taken.last_ids = frozenset(entry for entry in page.ids if entry is not None)
            if last is not None:
                taken.cursors.add(last)
            taken.vanished = 0
        if seconds and taken.in_order:
            if not taken.marks:
                taken.marks.append(seconds[0])
            taken.marks.append(seconds[-1])
            taken.low = seconds[-1]

    def _finish(self, taken: Slice) -> None:
        taken.done = True
        self._taken.remove(taken)

    def _split(self) -> Slice | None:
        unread = sum(1 for taken in self._taken if not taken.pages)
        if unread >= self._pages_read or self._expected_waste() > self._allowed_waste():
            return None
        longest = max(self._taken, key=Slice.pages_ahead, default=None)
        if longest is None:
            return None
        ahead, pace = longest.pages_ahead(), longest.pace()
        if pace is None or ahead < _FEWEST_PAGES_WORTH_SPLITTING:
            return None
        # Nobody knows how far the objects reach, so a first cut is near. Each later one is twice as far away: a few
        # cuts reach the end of any list, and those that are left make its parts even, instead of many near ones that
        # use up what may be wasted while one reader is left alone with the rest.
        kept = min((ahead + 1) // 2, _FIRST_PAGES_KEPT << self._cuts)
        cut = max(longest.low - kept * pace, longest.since)
        if cut >= longest.low:
            return None
        older = Slice(since=longest.since, until=UnixTime(cut), low=UnixTime(cut), seconds_per_page=pace)
        longest.since = UnixTime(cut + 1)
        self._cuts += 1
        return older

    def _expected_waste(self) -> int:
        # A slice ends on a page that is half full on average.
        return self._hundredths_wasted + len(self._taken) * PAGE_SIZE // 2

    def _allowed_waste(self) -> int:
        return _FREE_WASTE * PAGE_SIZE + self._pages_read * PAGE_SIZE // _WASTE_SHARE


def _wasted(taken: Slice, page: PageOutline) -> int:
    """How many places of the page were empty, or taken by objects that another slice reads as well."""
    foreign = sum(1 for second in page.created if second is not None and second < taken.since)
    return max(PAGE_SIZE - len(page.ids), 0) + foreign
