"""A clock that a test moves."""

from __future__ import annotations

from clynto.domain.moments import MICROS_PER_SECOND, UnixMicros

DEFAULT_START = UnixMicros(1_790_000_000 * MICROS_PER_SECOND)


class SettableClock:
    """See ``ports.clock.Clock``. It stands still until it is moved."""

    def __init__(self, start: UnixMicros = DEFAULT_START) -> None:
        self._now = start

    def now(self) -> UnixMicros:
        """The moment it was set to."""
        return self._now

    def advance(self, *, seconds: int = 0, micros: int = 0) -> UnixMicros:
        """Move on, and tell the new moment. Raises ``ValueError`` for a move backwards."""
        return self.set(UnixMicros(self._now + seconds * MICROS_PER_SECOND + micros))

    def set(self, moment: UnixMicros) -> UnixMicros:
        """Move to ``moment``. Raises ``ValueError`` for a move backwards."""
        if moment < self._now:
            raise ValueError("a clock never runs backwards")
        self._now = moment
        return moment
