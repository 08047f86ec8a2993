"""How long a list takes whose answers come with the latency of a real network: hardly longer than its pages at the
allowed rate (architecture decision 8). Time is counted, not waited for."""

from __future__ import annotations

import heapq
import random
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence

import pytest

from clynto.adapters.stripe_api.slices import PAGE_SIZE, PageOutline, Slice, SliceBoard, SliceRequest
from clynto.domain.moments import UnixTime
from clynto.domain.time_span import Span

NOW = 1_795_000_000
DAY = 86_400
YEAR = 365 * DAY
PER_SECOND = 25
READERS = 12
PACED_AFTER = 0.1

Latency = Callable[[], float]


class Clocked:
    """Readers of one list in counted time: each sends when the pace allows, and waits as long as ``latency`` says."""

    def __init__(self, created: Sequence[int], latency: Latency) -> None:
        self.created = sorted(created)
        self.board = SliceBoard([Span(UnixTime(NOW - YEAR), UnixTime(NOW))])
        self.latency = latency
        self.now = self.next_sending = 0.0
        self.calls = 0
        self.idle = 1
        self.paced = False
        self.answers: list[tuple[float, int, Slice, SliceRequest, float]] = []

    def seconds(self) -> float:
        """Read to the end."""
        self._take()
        hired = 1
        while self.answers:
            self.now, _, taken, asked, waited = heapq.heappop(self.answers)
            self.paced = waited > PACED_AFTER
            self.board.answered(taken, asked, self._page(asked))
            self.idle += READERS - hired
            hired = READERS
            if taken.done:
                self.idle += 1
            else:
                self._send(taken)
            self._take()
        assert self.board.finished
        return self.now

    def _take(self) -> None:
        while self.idle and (taken := self.board.take(may_split=not self.paced)) is not None:
            self.idle -= 1
            self._send(taken)

    def _send(self, taken: Slice) -> None:
        sent = max(self.now, self.next_sending)
        self.next_sending = sent + 1 / PER_SECOND
        self.calls += 1
        answered = sent + self.latency()
        heapq.heappush(self.answers, (answered, self.calls, taken, self.board.request(taken), sent - self.now))

    def _page(self, asked: SliceRequest) -> PageOutline:
        first = bisect_left(self.created, asked.since)
        end = bisect_right(self.created, asked.until) if asked.cursor is None else int(asked.cursor)
        shown = range(end - 1, max(first, end - PAGE_SIZE) - 1, -1)
        return PageOutline(
            ids=tuple(str(place) for place in shown),
            created=tuple(UnixTime(self.created[place]) for place in shown),
            has_more=end - PAGE_SIZE > first,
        )


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("spread", "longest"),
    [
        pytest.param(lambda chance: NOW - chance.randint(0, YEAR), 1.35, id="evenly"),
        pytest.param(lambda chance: NOW - int(YEAR * (1 - chance.random() ** 0.5)), 1.35, id="a growing business"),
        pytest.param(
            lambda chance: NOW - 30 * DAY * chance.randint(0, 11) - min(int(chance.expovariate(0.5 / DAY)), 29 * DAY),
            2.5,
            id="mostly on the first days of a month",
        ),
    ],
)
def test_a_list_takes_hardly_longer_than_its_pages_at_the_allowed_rate(
    spread: Callable[[random.Random], int], longest: float, seed: int
) -> None:
    chance = random.Random(seed)
    created = [spread(chance) for _ in range(30_000)]
    reading = Clocked(created, latency=lambda: 0.3 * chance.lognormvariate(0, 0.5))
    pages = len(created) // PAGE_SIZE
    assert reading.seconds() <= longest * pages / PER_SECOND
    assert reading.calls <= 1.05 * pages + 1


@pytest.mark.parametrize("seed", range(5))
def test_a_network_without_whims_costs_next_to_nothing(seed: int) -> None:
    chance = random.Random(seed)
    # Every customer is billed once a month.
    first_bills = [chance.randint(0, 30 * DAY - 1) for _ in range(2_500)]
    created = [NOW - first - 30 * DAY * month for first in first_bills for month in range(12)]
    reading = Clocked(created, latency=lambda: 0.12)
    assert reading.seconds() <= 1.08 * len(created) / PAGE_SIZE / PER_SECOND
