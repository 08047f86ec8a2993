"""How old a stored fact is, and where it comes from (architecture decision 4; guarantees 2).

A fact is as old as the moment its request was *sent*, never as the moment it was answered or written, since
anything may have changed while the answer travelled. An event is as old as its ``created`` second. A question that
was asked because of an event is younger than that event, although both may lie in the same second.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from clynto.domain.moments import MICROS_PER_SECOND, UnixMicros, UnixTime


class Source(enum.StrEnum):
    """Who told us."""

    API = "api"
    EVENT = "event"
    ANSWER = "answer"
    """The API too, asked with the object's newest event in hand: that is what settles a tie."""


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

    @classmethod
    def of_answer(cls, request_sent: UnixMicros, newest_event: UnixTime) -> Provenance:
        """A picture that was asked for with an event of the second ``newest_event`` in hand.

        Never older than that event, even where our clock is behind Stripe's; and never of a later second than it is,
        since what happens next may still happen within this one.
        """
        return cls(as_of=UnixMicros(max(request_sent, newest_event * MICROS_PER_SECOND)), source=Source.ANSWER)

    @property
    def is_read(self) -> bool:
        """The API gave this picture, not an event."""
        return self.source is not Source.EVENT


def age_against(new: Provenance, held: Provenance | None) -> Age:
    """Tell whether ``new`` may replace ``held``.

    Two reads are ordered by their microseconds; of two answers that our slow clock gave the same moment, the later
    one counts. As soon as an event takes part, its whole second counts: it may have happened anywhere inside it, so
    pictures that share that second are tied, unless the new one is the answer to the question about it.
    """
    if held is None:
        return Age.NEWER
    if new.is_read and held.is_read:
        settles = new.source is Source.ANSWER and new.as_of == held.as_of
        return Age.NEWER if new.as_of > held.as_of or settles else Age.OLDER
    new_second, held_second = new.as_of // MICROS_PER_SECOND, held.as_of // MICROS_PER_SECOND
    if new_second == held_second:
        return Age.NEWER if new.source is Source.ANSWER else Age.TIED
    return Age.NEWER if new_second > held_second else Age.OLDER
