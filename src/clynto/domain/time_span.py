"""Stretches of creation time, for reading lists in slices and for knowing what is still to be read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clynto.domain.moments import UnixTime


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From ``since`` to ``until``, both seconds inclusive."""

    since: UnixTime
    until: UnixTime

    @property
    def seconds(self) -> int:
        """How many seconds lie inside."""
        return self.until - self.since + 1


def subtract(spans: Iterable[Span], covered: Iterable[Span]) -> tuple[Span, ...]:
    """What is left of ``spans`` once ``covered`` is taken away; sorted, empty stretches left out."""
    left = [span for span in spans if span.since <= span.until]
    for gone in covered:
        kept: list[Span] = []
        for span in left:
            if gone.until < span.since or gone.since > span.until:
                kept.append(span)
                continue
            if span.since < gone.since:
                kept.append(Span(span.since, UnixTime(gone.since - 1)))
            if span.until > gone.until:
                kept.append(Span(UnixTime(gone.until + 1), span.until))
        left = kept
    return tuple(sorted(left))


def total_seconds(spans: Sequence[Span]) -> int:
    """The length of all spans together."""
    return sum(span.seconds for span in spans)
