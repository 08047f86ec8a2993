"""Time."""

from typing import Protocol

from clynto.domain.moments import UnixMicros


class Clock(Protocol):
    """The only source of "now"."""

    def now(self) -> UnixMicros:
        """The present moment in UTC; never runs backwards within one process."""
        ...
