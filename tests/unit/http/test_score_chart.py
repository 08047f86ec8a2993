"""The chart of the health score: steps between 0 and 100, gaps while there is no score."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from clynto.domain.moments import MICROS_PER_SECOND, UnixMicros
from clynto.entrypoints.http.pages.presenters.score_chart import score_chart
from clynto.ports.health import ScorePoint

DAY = 86_400 * MICROS_PER_SECOND
BEGAN = 1_790_000_000 * MICROS_PER_SECOND
NOW = BEGAN + 100 * DAY


def point(day: int, score: int | None) -> ScorePoint:
    """The score from that day on."""
    return ScorePoint("acc_1", UnixMicros(BEGAN + day * DAY), score, f"since day {day}")


def test_no_chart_without_any_score() -> None:
    assert score_chart([], NOW) is None
    assert score_chart([point(0, None)], NOW) is None


def test_a_score_stands_until_the_next_one_and_the_last_until_now() -> None:
    chart = score_chart([point(50, 0), point(0, 100)], NOW)

    assert chart is not None
    middle = (chart.left + chart.right) // 2
    assert chart.lines == (f"M{chart.left} 12 H{middle} V118 H{chart.right}",)
    assert [(dot.x, dot.y, dot.reason) for dot in chart.dots] == [
        (chart.left, 12, "since day 0"),
        (middle, 118, "since day 50"),
    ]
    assert chart.sentence == "Health score since 21 Sept 2026: 100, changed once, last to 0 on 10 Nov 2026."


def test_while_there_is_no_score_there_is_no_line() -> None:
    chart = score_chart([point(75, None), point(50, 50), point(25, None), point(0, 50), point(-9, None)], NOW)

    assert chart is not None
    assert len(chart.lines) == len(chart.dots) == 2
    assert chart.dots[0].x == chart.left
    assert chart.sentence.endswith("There is no score now.")


@given(
    st.lists(
        st.tuples(st.integers(-4_000, 200), st.none() | st.integers(0, 100)), max_size=50, unique_by=lambda one: one[0]
    )
)
def test_nothing_leaves_the_picture_and_time_runs_to_the_right(told: list[tuple[int, int | None]]) -> None:
    chart = score_chart([point(*one) for one in sorted(told, reverse=True)], NOW)
    if chart is None:
        assert all(score is None for _, score in told)
        return
    xs = [dot.x for dot in chart.dots]
    assert xs == sorted(xs)
    for line in chart.lines:
        across = [int(x) for x in re.findall(r"[MH](\d+)", line)]
        assert across == sorted(across)
        assert across[0] >= chart.left
        assert across[-1] <= chart.right
        assert all(12 <= int(y) <= 118 for pair in re.findall(r"V(\d+)|M\d+ (\d+)", line) for y in pair if y)
