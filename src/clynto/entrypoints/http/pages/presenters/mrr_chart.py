"""Geometry of the charts in whole units of their view boxes. Exact figures in, whole coordinates out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from clynto.application.queries.mrr_history import HistoryShown, MovementShown, PointShown
from clynto.domain.money import half_up
from clynto.domain.mrr_history import Confidence
from clynto.entrypoints.http.pages.presenters.moments import month_text
from clynto.entrypoints.http.pages.presenters.money import money_text, signed_money_text, with_currency

WIDTH, HEIGHT = 640, 250
"""Close to the width it is shown at, so that its words are about as large as those around it."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 78, 16, 14, 178
_BARS_MIDDLE, _BARS_HALF = 212, 20
_WITHOUT_BARS = 204
"""The height of a chart that shows no changes: months stand right beneath the curve."""
_GROWTH = ("new", "expansion", "reactivation")
_STEPS = (Fraction(1), Fraction(3, 2), *map(Fraction, (2, 3, 4, 5, 6, 8, 10)))
SPARK_WIDTH, SPARK_HEIGHT = 72, 20
_UNITS = ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "k"))
"""What an axis is told in."""
_IN_FULL_BELOW = 10_000


@dataclass(frozen=True, slots=True)
class ChartPoint:
    """One month. ``bars`` are (x, y, height, grew)."""

    x: int
    y: int
    label: str
    axis: str
    amount: str
    observed: bool
    live: bool
    movements: tuple[str, ...]
    bars: tuple[tuple[int, int, int, bool], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MrrChart:
    """``grid`` are (y, label). ``first`` and ``last`` are for the sentence that tells the chart."""

    width: int
    height: int
    points: tuple[ChartPoint, ...]
    line: str
    area: str
    grid: tuple[tuple[int, str], ...]
    left: int
    right: int
    middle: int
    has_movements: bool
    sentence: str
    name: str


def mrr_chart(history: HistoryShown, name: str = "MRR") -> MrrChart | None:
    """The chart of MRR, or of the ARR that the history's figures are; None if there never was any revenue."""
    values = [point.mrr.value for point in history.points]
    if not any(values):
        return None
    top = _round_ceiling(max(values))
    xs = _xs(len(values))
    ys = [_BOTTOM - half_up(value * (_BOTTOM - _TOP) / top) for value in values]
    largest = max((abs(movement.amount.value) for movement in history.movements), default=Fraction(0))
    points = tuple(
        _point(point, x, y, [m for m in history.movements if m.month == point.month], largest)
        for point, x, y in zip(history.points, xs, ys, strict=True)
    )
    line = " ".join(f"{'L' if index else 'M'}{x} {y}" for index, (x, y) in enumerate(zip(xs, ys, strict=True)))
    currency = history.points[-1].mrr.currency
    first, last = points[0], points[-1]
    until = "now" if last.live else f"in {last.label}"
    return MrrChart(
        width=WIDTH,
        height=HEIGHT if largest else _WITHOUT_BARS,
        points=points,
        line=line,
        area=f"{line} L{xs[-1]} {_BOTTOM} L{xs[0]} {_BOTTOM} Z",
        grid=tuple(
            (_BOTTOM - half_up(Fraction(part * (_BOTTOM - _TOP), 2)), label)
            for part, label in enumerate(axis(top, currency))
        ),
        left=_LEFT,
        right=WIDTH - _RIGHT,
        middle=_BARS_MIDDLE,
        has_movements=bool(largest),
        sentence=f"{name} from {first.amount} in {first.label} to {last.amount} {until}, month by month.",
        name=name,
    )


def sparkline(values: Sequence[Fraction]) -> str | None:
    """The path of a small line without axes; None if there is nothing to compare."""
    if len(values) < 2 or not any(values):
        return None
    # A line of twenty pixels: floats place it as well as fractions, and fifty of them stand on a page.
    heights = [float(value) for value in values]
    low, high = min(heights), max(heights)
    inner, width = SPARK_HEIGHT - 4, SPARK_WIDTH - 2
    scale = inner / (high - low) if high > low else 0.0
    base = inner if scale else inner // 2
    last = len(heights) - 1
    points = (
        f"{1 + round(index * width / last)} {2 + base - round((height - low) * scale)}"
        for index, height in enumerate(heights)
    )
    return "M" + "L".join(points)


def _point(point: PointShown, x: int, y: int, movements: Sequence[MovementShown], largest: Fraction) -> ChartPoint:
    month = point.month
    return ChartPoint(
        x=x,
        y=y,
        label=month_text(month.year, month.month),
        axis=month_text(month.year, month.month).split(" ", 1)[0],
        amount=money_text(point.mrr),
        observed=point.confidence is Confidence.OBSERVED,
        live=point.is_live,
        movements=tuple(f"{m.type.capitalize()} {signed_money_text(m.amount)}" for m in movements),
        bars=_bars(x, movements, largest),
        notes=tuple(note.replace("_", " ") for note in point.notes),
    )


def _bars(x: int, movements: Sequence[MovementShown], largest: Fraction) -> tuple[tuple[int, int, int, bool], ...]:
    """Growth stands on the middle line, loss hangs from it."""
    bars = []
    grown = sum((abs(m.amount.value) for m in movements if m.type in _GROWTH), start=Fraction(0))
    lost = sum((abs(m.amount.value) for m in movements if m.type not in _GROWTH), start=Fraction(0))
    for amount, grew in ((grown, True), (lost, False)):
        if amount:
            height = min(max(2, half_up(amount * _BARS_HALF / largest)), _BARS_HALF)
            bars.append((x - 6, _BARS_MIDDLE - height if grew else _BARS_MIDDLE, height, grew))
    return tuple(bars)


def _xs(count: int) -> list[int]:
    width = WIDTH - _LEFT - _RIGHT - 24
    return [_LEFT + 12 + (half_up(Fraction(index * width, count - 1)) if count > 1 else 0) for index in range(count)]


def _round_ceiling(value: Fraction) -> Fraction:
    """The next round figure at or above ``value``, so that the line fills the picture."""
    power = Fraction(1)
    while power * 10 <= value:
        power *= 10
    while power > value > 0:
        power /= 10
    return next(power * step for step in _STEPS if power * step >= value)


def axis(top: Fraction, currency: str | None) -> Iterator[str]:
    """Labels of nothing, half and all of ``top``: ``$0``, ``$7.5k``, ``$15k``. Their place is narrow, and the exact
    figures stand in the table below."""
    size, unit = next((one for one in _UNITS if top >= max(one[0], _IN_FULL_BELOW)), (1, ""))
    for part in range(3):
        value = top * part / 2 / size
        text = _short(value)
        if unit and "." in text:
            text = text.rstrip("0")
        yield with_currency(text, currency, unit=unit if value else "")


def _short(value: Fraction) -> str:
    """Axis labels carry no decimals that say nothing."""
    if value.denominator == 1:
        return str(value.numerator)
    hundredths = half_up(value * 100)
    return f"{hundredths // 100}.{hundredths % 100:02d}"
