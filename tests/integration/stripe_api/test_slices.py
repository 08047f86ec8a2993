"""The slicing of lists, against a pure list and any order of answers: nothing is lost, little is asked twice."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clynto.adapters.stripe_api.slices import (
    PAGE_SIZE,
    NoProgress,
    PageOutline,
    Slice,
    SliceBoard,
    SliceRequest,
)
from clynto.domain.moments import UnixTime
from clynto.domain.time_span import Span

NOW = 1_795_000_000
YEAR = 365 * 86_400


class PureList:
    """A list as Stripe keeps it: newest first, filtered by time, with an object as cursor."""

    def __init__(self, created: Sequence[int]) -> None:
        ordered = sorted(created, reverse=True)
        self.entries = [(f"id_{number}", second) for number, second in enumerate(ordered)]
        self._place = {identity: place for place, (identity, _) in enumerate(self.entries)}
        self.calls = 0

    def page(self, asked: SliceRequest) -> PageOutline:
        self.calls += 1
        start = self._place[asked.cursor] + 1 if asked.cursor is not None else 0
        fitting = [entry for entry in self.entries[start:] if asked.since <= entry[1] <= asked.until]
        shown = fitting[:PAGE_SIZE]
        return PageOutline(
            ids=tuple(identity for identity, _ in shown),
            created=tuple(UnixTime(second) for _, second in shown),
            has_more=len(fitting) > PAGE_SIZE,
        )


class Reading:
    """Several readers at once, whose answers come back in an order that ``chance`` decides."""

    def __init__(self, stripe: PureList, spans: Sequence[Span], *, readers: int, chance: random.Random) -> None:
        self.stripe = stripe
        self.board = SliceBoard(spans)
        self.idle = readers
        self.chance = chance
        self.running: list[tuple[Slice, SliceRequest]] = []
        self.seen: set[str] = set()
        self.covered: list[Span] = []
        self.busy: list[int] = []

    def run(self) -> None:
        while True:
            while self.idle and (taken := self.board.take(may_split=self.chance.random() < 0.9)) is not None:
                self.idle -= 1
                self.running.append((taken, self.board.request(taken)))
            if not self.running:
                assert self.board.finished
                return
            self.busy.append(len(self.running))
            taken, asked = self.running.pop(self.chance.randrange(len(self.running)))
            page = self.stripe.page(asked)
            self.seen |= {identity for identity in page.ids if identity is not None}
            for span in self.board.answered(taken, asked, page):
                self.covered.append(span)
                # Whoever is killed now starts again outside of what is covered: it must all have been seen.
                inside = {one for one, second in self.stripe.entries if span.since <= second <= span.until}
                assert inside <= self.seen
            if taken.done:
                self.idle += 1
            else:
                self.running.append((taken, self.board.request(taken)))


def _is_covered(covered: Sequence[Span], whole: Span) -> bool:
    reached = whole.since - 1
    for span in sorted(covered, key=lambda span: span.since):
        if span.since > reached + 1:
            return False
        reached = UnixTime(max(reached, span.until))
    return reached >= whole.until


@st.composite
def creation_times(draw: st.DrawFn) -> list[int]:
    """Objects spread evenly, in bursts within a second or a few, and mixtures of both."""
    oldest = NOW - draw(st.sampled_from([0, 1, 50, 86_400, YEAR, 12 * YEAR]))
    created: list[int] = []
    for _ in range(draw(st.integers(0, 5))):
        middle = draw(st.integers(oldest, NOW))
        width = draw(st.sampled_from([0, 1, 10, 86_400, YEAR]))
        count = draw(st.sampled_from([1, 2, 99, 100, 101, 199, 200, 250, 700]))
        chance = random.Random(draw(st.integers(0, 2**32)))
        created += [min(max(middle - chance.randint(0, width), oldest), NOW) for _ in range(count)]
    return created


@settings(deadline=None, max_examples=150)
@given(
    created=creation_times(),
    readers=st.integers(1, 9),
    seed=st.integers(0, 2**32),
    since=st.sampled_from([0, NOW - YEAR]),
)
def test_no_object_is_lost_whatever_the_distribution(created: list[int], readers: int, seed: int, since: int) -> None:
    stripe = PureList(created)
    whole = Span(UnixTime(since), UnixTime(NOW))
    reading = Reading(stripe, [whole], readers=readers, chance=random.Random(seed))
    reading.run()
    assert reading.seen == {identity for identity, second in stripe.entries if second >= since}
    assert _is_covered(reading.covered, whole)
    pages = -(-len(reading.seen) // PAGE_SIZE)
    assert stripe.calls <= pages * 1.05 + 10


@settings(deadline=None, max_examples=50)
@given(
    created=creation_times(), cuts=st.lists(st.integers(NOW - YEAR, NOW - 1), max_size=5), seed=st.integers(0, 2**32)
)
def test_given_spans_are_all_read(created: list[int], cuts: list[int], seed: int) -> None:
    stripe = PureList(created)
    edges = [-1, *sorted(set(cuts)), NOW]
    spans = [Span(UnixTime(before + 1), UnixTime(edge)) for before, edge in pairwise(edges)]
    reading = Reading(stripe, spans, readers=4, chance=random.Random(seed))
    reading.run()
    assert reading.seen == {identity for identity, _ in stripe.entries}
    assert _is_covered(reading.covered, Span(UnixTime(0), UnixTime(NOW)))


@pytest.mark.parametrize(
    ("name", "spread"),
    [
        ("evenly over a year", lambda chance: NOW - chance.randint(0, YEAR)),
        ("a growing business", lambda chance: NOW - min(int(chance.expovariate(1 / YEAR)), 12 * YEAR)),
        ("once a month at midnight", lambda chance: NOW - 30 * 86_400 * chance.randint(0, 12)),
        ("every night", lambda chance: NOW - 86_400 * chance.randint(0, 364) - chance.randint(0, 600)),
    ],
)
def test_a_long_list_takes_hardly_more_calls_than_pages(name: str, spread: Callable[[random.Random], int]) -> None:
    chance = random.Random(3)
    stripe = PureList([spread(chance) for _ in range(10_000)])
    reading = Reading(stripe, [Span(UnixTime(0), UnixTime(NOW))], readers=8, chance=chance)
    reading.run()
    assert len(reading.seen) == 10_000
    assert stripe.calls <= 100 * 1.05 + 5


def test_readers_share_a_long_list() -> None:
    chance = random.Random(5)
    stripe = PureList([NOW - chance.randint(0, YEAR) for _ in range(30_000)])
    reading = Reading(stripe, [Span(UnixTime(0), UnixTime(NOW))], readers=8, chance=chance)
    reading.run()
    assert sum(reading.busy) / len(reading.busy) > 4


def _board() -> tuple[SliceBoard, Slice]:
    board = SliceBoard([Span(UnixTime(0), UnixTime(NOW))])
    taken = board.take()
    assert taken is not None
    return board, taken


def _outline(*entries: tuple[str | None, int | None], more: bool = True) -> PageOutline:
    return PageOutline(
        ids=tuple(identity for identity, _ in entries),
        created=tuple(None if second is None else UnixTime(second) for _, second in entries),
        has_more=more,
    )


def test_an_empty_page_that_promises_more_is_no_progress() -> None:
    board, taken = _board()
    with pytest.raises(NoProgress):
        board.answered(taken, board.request(taken), _outline())


def test_a_repeating_page_is_no_progress() -> None:
    board, taken = _board()
    board.answered(taken, board.request(taken), _outline(("a", 50), ("b", 40)))
    with pytest.raises(NoProgress):
        board.answered(taken, board.request(taken), _outline(("a", 50), ("b", 40)))


def test_pages_that_take_turns_are_no_progress() -> None:
    board, taken = _board()
    for page in (_outline(("a", 50), ("b", 40)), _outline(("c", 30), ("d", 20))):
        board.answered(taken, board.request(taken), page)
    with pytest.raises(NoProgress):
        board.answered(taken, board.request(taken), _outline(("a", 50), ("b", 40)))


def test_objects_of_another_time_are_not_what_was_asked_for() -> None:
    board, taken = _board()
    with pytest.raises(NoProgress):
        board.answered(taken, board.request(taken), _outline(("a", NOW + 1)))


def test_a_page_that_is_not_in_order_is_read_to_its_end_by_one_reader() -> None:
    board, taken = _board()
    assert board.answered(taken, board.request(taken), _outline(("a", 10), ("b", 40))) == ()
    assert board.take() is None
    assert board.answered(taken, board.request(taken), _outline(("c", 90), more=False)) == (
        Span(UnixTime(0), UnixTime(NOW)),
    )


def test_an_object_without_a_readable_time_does_not_end_the_list() -> None:
    board, taken = _board()
    board.answered(taken, board.request(taken), _outline(("a", 40), ("b", None)))
    assert board.request(taken).cursor == "b"


def test_a_vanished_cursor_goes_on_from_the_second_reached() -> None:
    board, taken = _board()
    board.answered(taken, board.request(taken), _outline(("a", 50), ("b", 40)))
    board.vanished(taken)
    asked = board.request(taken)
    assert (asked.since, asked.until, asked.cursor) == (0, 40, None)
    assert board.answered(taken, asked, _outline(("c", 40), ("a2", 40), more=False)) == (
        Span(UnixTime(0), UnixTime(40)),
    )


def test_cursors_that_vanish_for_ever_are_no_progress() -> None:
    board, taken = _board()
    with pytest.raises(NoProgress):
        board.vanished(taken)
