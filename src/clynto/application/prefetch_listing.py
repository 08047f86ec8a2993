"""Read a list ahead of its turn, so that a sync takes as long as its slowest list and not as all of them together.

The buffer is bounded: memory does not grow with the size of the Stripe account (guarantees D12).
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing

from clynto.ports.stripe_reading import Listing, Page, Span, StripeReader

PAGES_AHEAD = 48
_POLL_SECONDS = 0.2


class _Ended:
    """Marks the end of a list, good or bad."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


class PrefetchedListing:
    """Iterate it to get the pages; what went wrong while reading is raised there. ``stop`` ends the reading.

    With ``after`` nothing is asked for until that list was read to its end: what moves from the one list to the
    other meanwhile is then in the second at the latest.
    """

    def __init__(
        self, reader: StripeReader, listing: Listing, spans: Sequence[Span], *, after: PrefetchedListing | None = None
    ) -> None:
        self.listing = listing
        self._after = after
        self._read_out = threading.Event()
        self._reader = reader
        self._spans = tuple(spans)
        self._buffer: queue.Queue[Page | _Ended] = queue.Queue(maxsize=PAGES_AHEAD)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._read, name=f"prefetch-{listing.value}", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Stop reading and wait for the thread to end."""
        self._stopped.set()
        while self._thread.is_alive():
            self._discard_waiting()
            self._thread.join(timeout=_POLL_SECONDS)

    def wait_until_read(self, given_up: threading.Event) -> None:
        """Wait until the last request of this list was answered, or failed, or until ``given_up``."""
        while not given_up.is_set() and not self._read_out.wait(_POLL_SECONDS):
            continue

    def __iter__(self) -> Iterator[Page]:
        while True:
            got = self._buffer.get()
            if isinstance(got, _Ended):
                if got.error is not None:
                    raise got.error
                return
            yield got

    def _read(self) -> None:
        error: BaseException | None = None
        if self._after is not None:
            self._after.wait_until_read(self._stopped)
        try:
            # closing() ends the reader's own threads at once when this one is told to stop.
            with closing(self._reader.pages(self.listing, self._spans)) as pages:
                for page in pages:
                    if not self._hand_over(page):
                        return
        except Exception as caught:  # noqa: BLE001 - carried to the consuming thread and raised there
            error = caught
        finally:
            self._read_out.set()
        self._hand_over(_Ended(error))

    def _hand_over(self, what: Page | _Ended) -> bool:
        while not self._stopped.is_set():
            try:
                self._buffer.put(what, timeout=_POLL_SECONDS)
            except queue.Full:
                continue
            return True
        return False

    def _discard_waiting(self) -> None:
        while True:
            try:
                self._buffer.get_nowait()
            except queue.Empty:
                return
