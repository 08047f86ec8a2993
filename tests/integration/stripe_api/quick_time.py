"""The moment at which the tests' Stripe accounts stand, and time that passes without waiting."""

from __future__ import annotations

import threading
import time

from clynto.domain.moments import UnixMicros, UnixTime
from clynto.domain.time_span import Span

NOW = 1_795_000_000
EVERYTHING = Span(UnixTime(0), UnixTime(NOW))


class SkippedTime:
    """Time in which waiting costs nothing: ``sleep`` only moves the clock. Seconds."""

    def __init__(self) -> None:
        self._slept = 0.0
        self._lock = threading.Lock()
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._slept += seconds
            self.pauses.append(seconds)

    def monotonic(self) -> float:
        return time.monotonic() + self._slept


class WallClock:
    """The real time."""

    def now(self) -> UnixMicros:
        return UnixMicros(time.time_ns() // 1000)
