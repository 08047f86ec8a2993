"""Spans of creation time, the sync window, and the drift report."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clynto.domain.moments import UnixTime
from clynto.domain.sync_window import window_start
from clynto.domain.time_span import Span, subtract, total_seconds

seconds = st.integers(0, 60)
spans = st.builds(lambda a, b: Span(UnixTime(min(a, b)), UnixTime(max(a, b))), seconds, seconds)


def _inside(many: tuple[Span, ...] | list[Span]) -> set[int]:
    return {second for span in many for second in range(span.since, span.until + 1)}


@given(st.lists(spans, max_size=4), st.lists(spans, max_size=4))
def test_subtracting_leaves_exactly_what_was_not_covered(held: list[Span], covered: list[Span]) -> None:
    left = subtract(held, covered)
    assert _inside(left) == _inside(held) - _inside(covered)
    assert list(left) == sorted(left)


@given(spans)
def test_a_span_counts_its_seconds(span: Span) -> None:
    assert total_seconds([span]) == len(_inside([span]))


def _at(*day: int) -> UnixTime:
    return UnixTime(int(dt.datetime(*day, tzinfo=dt.UTC).timestamp()))  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("now", "start"),
    [
        (_at(2026, 11, 22, 23, 59, 59), _at(2025, 11, 22)),
        (_at(2028, 2, 29, 12), _at(2027, 2, 28)),
        (_at(2026, 1, 1), _at(2025, 1, 1)),
    ],
)
def test_the_window_begins_on_the_same_day_last_year(now: UnixTime, start: UnixTime) -> None:
    """Guarantee H15."""
    assert window_start(now) == start
