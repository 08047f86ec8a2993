"""Where an amount stands among others, as one integer that a database column holds and an index orders (ADR 0011).

Amounts know no limit, columns do: 64 bits. Up to four trillion major units a place is exact to the millionth. Beyond,
it is exact to the million, and what no column could tell apart any more stands together at the end.
"""

from __future__ import annotations

MILLIONTHS = 1_000_000
"""Places in one major unit."""

FINE_UP_TO = 4 * 10**18
"""The last place that is exact: four trillion major units, more than a customer pays a month or a question can name."""

COARSE_STEP = 10**12
"""Beyond, one place stands for a million major units."""

LAST_PLACE = 2**63 - 2
"""One below the largest integer of 64 bits, which is kept for "no value"."""


def held_place(place: int) -> int:
    """``place`` as a column of 64 bits holds it. A larger amount never comes to stand before a smaller one."""
    size = abs(place)
    if size > FINE_UP_TO:
        size = min(FINE_UP_TO + (size - FINE_UP_TO) // COARSE_STEP, LAST_PLACE)
    return size if place >= 0 else -size
