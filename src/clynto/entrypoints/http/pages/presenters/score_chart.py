"""Geometry of the chart of the health score: a line in steps, since a score stands until it changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from clynto.domain.money import half_up
from clynto.entrypoints.http.pages.presenters.moments import MomentShown, of_micros
from clynto.ports.health import ScorePoint

WIDTH, HEIGHT = 960, 150
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 16, 12, 118
_GRID = (0, 50, 100)
_BEST = 100


@dataclass(frozen=True, slots=True)
class ScoreDot:
    """Where a score began."""

    x: int
    y: int
    moment: MomentShown
    score: int
    reason: str


@dataclass(frozen=True, slots=True)
class ScoreChart:
    """``lines`` are paths, one for each stretch with a score; ``grid`` are (y, label). ``begins`` and ``sentence`` tell
    the time that the picture spans."""

    width: int
    height: int
    left: int
    right: int
    dots: tuple[ScoreDot, ...]
    lines: tuple[str, ...]
    grid: tuple[tuple[int, str], ...]
    begins: MomentShown
    sentence: str


def score_chart(history: Sequence[ScorePoint], now: int) -> ScoreChart | None:
    """``history`` newest first, ``now`` in microseconds since 1970; None while there never was a score."""
    points = sorted(history, key=lambda point: point.at)
    while points and points[0].score is None:
        points.pop(0)
    if not points:
        return None
    begun, until = points[0].at, max(now, points[-1].at + 1)

    def x_of(moment: int) -> int:
        return _LEFT + half_up(Fraction((moment - begun) * (WIDTH - _LEFT - _RIGHT), until - begun))

    dots: list[ScoreDot] = []
    stretches: list[str] = []
    ends = [*(point.at for point in points[1:]), until]
    scored = False
    for point, end in zip(points, ends, strict=True):
        if point.score is not None:
            x, y = x_of(point.at), _y_of(point.score)
            dots.append(ScoreDot(x, y, of_micros(point.at), point.score, point.reason))
            if scored:
                stretches[-1] += f" V{y} H{x_of(end)}"
            else:
                stretches.append(f"M{x} {y} H{x_of(end)}")
        scored = point.score is not None
    return ScoreChart(
        width=WIDTH,
        height=HEIGHT,
        left=_LEFT,
        right=WIDTH - _RIGHT,
        dots=tuple(dots),
        lines=tuple(stretches),
        grid=tuple((_y_of(score), str(score)) for score in _GRID),
        begins=dots[0].moment,
        sentence=_sentence(dots, has_score_now=points[-1].score is not None),
    )


def _y_of(score: int) -> int:
    return _BOTTOM - half_up(Fraction(score * (_BOTTOM - _TOP), _BEST))


def _sentence(dots: Sequence[ScoreDot], *, has_score_now: bool) -> str:
    first, last = dots[0], dots[-1]
    changes = len(dots) - 1
    times = "once" if changes == 1 else f"{changes} times"
    told = f"Health score since {first.moment.day}"
    told += f": {first.score}, changed {times}" if changes else f": {first.score}"
    if changes:
        told += f", last to {last.score} on {last.moment.day}"
    return f"{told}." if has_score_now else f"{told}. There is no score now."
