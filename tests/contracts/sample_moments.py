"""The present of all samples, and moments and ages near it."""

from __future__ import annotations

from clynto.domain.moments import MICROS_PER_SECOND, UnixMicros, UnixTime
from clynto.domain.provenance import Provenance

SECOND = UnixTime(1_790_000_000)
MOMENT = UnixMicros(SECOND * MICROS_PER_SECOND)


def second(offset: int = 0) -> UnixTime:
    """A second near the samples' present."""
    return UnixTime(SECOND + offset)


def moment(seconds: int = 0, micros: int = 0) -> UnixMicros:
    """A moment near the samples' present."""
    return UnixMicros(MOMENT + seconds * MICROS_PER_SECOND + micros)


def read_at(seconds: int = 0, micros: int = 0) -> Provenance:
    """A picture from a request sent at that moment."""
    return Provenance.of_read(moment(seconds, micros))


def event_at(seconds: int = 0) -> Provenance:
    """A picture from an event created in that second."""
    return Provenance.of_event(second(seconds))


def answer_at(seconds: int = 0, micros: int = 0, *, about: int = 0) -> Provenance:
    """A picture asked for at that moment with an event of the second ``about`` in hand."""
    return Provenance.of_answer(moment(seconds, micros), second(about))
