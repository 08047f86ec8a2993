"""``Clock`` on the machine's time, and on a time that runs ahead of it for the demo."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from clynto.domain.moments import MICROS_PER_SECOND, UnixMicros
from clynto.ports.clock import Clock


class SystemClock:
    """The machine's time in UTC. When the machine's clock is set back, it stands still until that has caught up."""

    def __init__(self, *, nanoseconds: Callable[[], int] = time.time_ns) -> None:
        self._nanoseconds = nanoseconds
        self._lock = threading.Lock()
        self._latest = 0

    def now(self) -> UnixMicros:
        """The present moment; never runs backwards within one process."""
        with self._lock:
            self._latest = max(self._latest, self._nanoseconds() // 1_000)
            return UnixMicros(self._latest)


class OffsetClock:
    """Another clock, ahead of it by as many seconds as ``offset_seconds`` says at that moment.

    Lets the demo's product follow the sandbox when its clock is moved. An offset that shrinks makes this clock stand
    still until the other one has caught up.
    """

    def __init__(self, clock: Clock, offset_seconds: Callable[[], int]) -> None:
        self._clock = clock
        self._offset_seconds = offset_seconds
        self._lock = threading.Lock()
        self._latest = 0

    def now(self) -> UnixMicros:
        """The present moment with the offset; never runs backwards within one process."""
        with self._lock:
            moved = self._clock.now() + self._offset_seconds() * MICROS_PER_SECOND
            self._latest = max(self._latest, moved)
            return UnixMicros(self._latest)


class OffsetFile:
    """Whole seconds in a small text file, read again when the file was changed.

    No file means 0. A file that is just being written, or holds no number, leaves the last offset in force.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._seconds = 0

    def __call__(self) -> int:
        """The offset in seconds."""
        try:
            found = self._path.stat()
            seen = (found.st_ino, found.st_mtime_ns, found.st_size)
            if seen != self._seen:
                self._seconds = int(self._path.read_text("ascii"))
                self._seen = seen
        except FileNotFoundError:
            self._seen, self._seconds = None, 0
        except ValueError:
            return self._seconds
        return self._seconds
