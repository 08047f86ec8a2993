"""How a benchmark says what it measured: one line a figure, with its ratio to the limit it is held to."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass

_LINE = re.compile(
    r"^ *(?P<name>.+?):? +(?:p95 )?(?P<measured>[\d.,]+) (?P<unit>\S+) = (?P<ratio>[\d.]+) x the limit of "
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value and its limit, both in ``unit``. ``at_least`` says that more is better."""

    name: str
    measured: float
    limit: float
    unit: str
    at_least: bool = False

    @property
    def ratio(self) -> float:
        """How much of the limit is used up; for a figure of which more is better, how often the limit is reached."""
        return self.measured / self.limit

    @property
    def kept(self) -> bool:
        """Whether the limit is kept."""
        return self.ratio >= 1 if self.at_least else self.ratio <= 1

    @property
    def line(self) -> str:
        """The figure as it is printed, and read again by ``run_all``."""
        word = "at least " if self.at_least else ""
        mark = "" if self.kept else "   MISSED"
        return (
            f"{self.name}: {_short(self.measured)} {self.unit} = {self.ratio:.2f} x the limit of "
            f"{word}{_short(self.limit)} {self.unit}{mark}"
        )


def show(figures: Iterable[Figure]) -> None:
    """Print them, with the load of the machine, without which nobody can judge them."""
    load = os.getloadavg()[0]
    for figure in figures:
        print(figure.line, flush=True)
    print(f"(load of the machine in the last minute: {load:.1f} on {os.cpu_count()} cores)", flush=True)


def lines_with_figures(output: str) -> list[str]:
    """Those lines of a benchmark's output that hold a figure against a limit."""
    return [line.strip() for line in output.splitlines() if _LINE.match(line)]


def percentile(values: Iterable[float], hundredths: int) -> float:
    """The value that ``hundredths`` of a hundred do not exceed."""
    ordered = sorted(values)
    if not ordered:
        return float("nan")
    place = max(0, -(-len(ordered) * hundredths // 100) - 1)
    return ordered[place]


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"
