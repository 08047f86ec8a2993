"""Which payload shape an API version has.

Stripe's shapes changed at named releases; the seven sampled here are those of `stripe_shapes.json`. A version between
two of them gets the older shape, and anything before 2024-06-20 gets that of 2022-11-15.
"""

from __future__ import annotations

import re
from enum import IntEnum


class Shape(IntEnum):
    """Payload families, oldest first; comparisons read as "since"."""

    V2022_11 = 0
    V2024_06 = 1
    ACACIA = 2
    BASIL = 3
    CLOVER = 4
    DAHLIA = 5
    ENDIVE = 6


#: The API version of each shape that the tests compare with Stripe's published types.
SAMPLED_VERSIONS: dict[Shape, str] = {
    Shape.V2022_11: "2022-11-15",
    Shape.V2024_06: "2024-06-20",
    Shape.ACACIA: "2025-02-24.acacia",
    Shape.BASIL: "2025-08-27.basil",
    Shape.CLOVER: "2026-02-25.clover",
    Shape.DAHLIA: "2026-08-26.dahlia",
    Shape.ENDIVE: "2026-10-28.endive",
}

NEWEST_VERSION = SAMPLED_VERSIONS[Shape.ENDIVE]

_FIRST_DATE = (
    ("2026-09-30", Shape.ENDIVE),
    ("2026-03-25", Shape.DAHLIA),
    ("2025-09-30", Shape.CLOVER),
    ("2025-03-31", Shape.BASIL),
    ("2024-09-30", Shape.ACACIA),
    ("2024-06-20", Shape.V2024_06),
    ("2011-01-01", Shape.V2022_11),
)
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z]+)?\Z")


def shape_of(api_version: str) -> Shape:
    """Return the shape of a version such as `2025-08-27.basil`; ValueError if that is no API version."""
    if _VERSION.match(api_version):
        for first_date, shape in _FIRST_DATE:
            if api_version[:10] >= first_date:
                return shape
    raise ValueError(f"Invalid Stripe API version: {api_version}")
