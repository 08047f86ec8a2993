"""Two units of time that must never be mixed up.

Stripe writes whole seconds; our own observations need more, because several changes fall into one second
(stripe_facts: ``event.created`` has one-second resolution).
"""

from typing import NewType

UnixTime = NewType("UnixTime", int)
"""Whole seconds since 1970 in UTC, as Stripe writes them."""

UnixMicros = NewType("UnixMicros", int)
"""Microseconds since 1970 in UTC: when one of our own requests was sent, when we wrote a row."""

MICROS_PER_SECOND = 1_000_000


def seconds_of(moment: UnixMicros) -> UnixTime:
    """The whole second in which ``moment`` lies."""
    return UnixTime(moment // MICROS_PER_SECOND)


def start_of_second(moment: UnixTime) -> UnixMicros:
    """The first microsecond of the second ``moment``."""
    return UnixMicros(moment * MICROS_PER_SECOND)
