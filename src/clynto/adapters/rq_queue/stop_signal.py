"""How a running job learns that its process has been asked to stop (guarantees E13)."""

from __future__ import annotations

import time

_SLICE_SECONDS = 0.1


class StopSignal:
    """Set once, by SIGTERM or SIGINT; asked by jobs between two pages, which then checkpoint and return.

    It holds no lock: ``set`` runs in a signal handler, which may have interrupted the very thread that would hold it.
    """

    def __init__(self) -> None:
        self._stopping = False

    def set(self) -> None:
        """Ask for the stop."""
        self._stopping = True

    def is_set(self) -> bool:
        """Whether the process should stop."""
        return self._stopping

    def still_wanted(self) -> bool:
        """The opposite, in the words of ``StripeReaders.open``."""
        return not self._stopping

    def wait(self, seconds: float) -> bool:
        """Sleep for ``seconds``, or less if the stop comes; whether it came."""
        until = time.monotonic() + seconds
        while not self._stopping and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, _SLICE_SECONDS))
        return self._stopping
