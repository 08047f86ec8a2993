"""How old a stored fact is, and where it comes from (architecture decision 4; guarantees 2).

A fact is as old as the moment its request was *sent*, never as the moment it was answered or written, since
anything may have changed while the answer travelled. An event is as old as its ``created`` second.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from clynto.domain.moments import MICROS_PER_SECOND, UnixMicros, UnixTime


class Source(enum.StrEnum):
    """Who told us."""

    API = "api"
    EVENT = "event"


class Age(enum.StrEnum):
    """How a new picture of an object relates to the one we hold."""

    NEWER = "newer"
    OLDER = "older"
    TIED = "tied"
    """Within the same second: only asking Stripe again can tell."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """When a picture of an object was true."""

    as_of: UnixMicros
    source: Source

    @classmethod
    def of_read(cls, request_sent: UnixMicros) -> Provenance:
        """A picture read from the API with a request sent at ``request_sent``."""
        return cls(as_of=request_sent, source=Source.API)

    @classmethod
    def of_event(cls, created: UnixTime) -> Provenance:
        """A picture carried by an event that Stripe created in the second ``created``."""
        return cls(as_of=UnixMicros(created * MICROS_PER_SECOND), source=Source.EVENT)


def age_against(new: Provenance, held: Provenance | None) -> Age:
    """Tell whether ``new`` may replace ``held``.

    Two reads are ordered by their microseconds. As soon as an event takes part, its whole second counts: it may
    have happened anywhere inside it, so pictures that share that second are tied.
    """
    if held is None:
        return Age.NEWER
    if new.source is Source.API and held.source is Source.API:
        return Age.NEWER if new.as_of > held.as_of else Age.OLDER
    new_second, held_second = new.as_of // MICROS_PER_SECOND, held.as_of // MICROS_PER_SECOND
    if new_second == held_second:
        return Age.TIED
    return Age.NEWER if new_second > held_second else Age.OLDER
