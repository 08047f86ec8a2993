"""Calendar arithmetic of billing periods, in Unix seconds UTC.

Every boundary is counted from the anchor and never from the boundary before it, so an anchor on the 31st gives
28 February and then 31 March again.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime

from stripe_sandbox.records import Interval

HOUR = 3_600
DAY = 86_400


def add_months(moment: int, months: int) -> int:
    """Return the same day and time `months` later, or the last day of that month if it is shorter."""
    start = datetime.fromtimestamp(moment, UTC)
    year, month0 = divmod(start.year * 12 + start.month - 1 + months, 12)
    day = min(start.day, monthrange(year, month0 + 1)[1])
    return int(start.replace(year=year, month=month0 + 1, day=day).timestamp())


def boundary(anchor: int, interval: Interval, interval_count: int, number: int) -> int:
    """Return the end of the period `number` (1 is the first one) counted from `anchor`."""
    steps = interval_count * number
    if interval == "month":
        return add_months(anchor, steps)
    if interval == "year":
        return add_months(anchor, 12 * steps)
    return anchor + steps * (7 * DAY if interval == "week" else DAY)
