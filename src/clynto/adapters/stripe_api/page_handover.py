"""Hands pages from the threads that read them to the one that stores them, a few at a time."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class PageHandover(Generic[T]):
    """A bounded queue that ends when all readers are done, and at once when one of them fails.

    At most ``room`` pages wait, whatever the size of the Stripe account: memory stays flat (guarantees D12).
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._changed = threading.Condition()
        self._pages: deque[T] = deque()
        self._readers = 0
        self._failure: BaseException | None = None
        self._closed = threading.Event()

    @property
    def closed(self) -> bool:
        """Whether nobody takes pages any more. Cheap enough to be asked all the time."""
        return self._closed.is_set()

    def expect(self, reader: Future[None]) -> None:
        """Count one more reader, until it is done."""
        with self._changed:
            self._readers += 1
        reader.add_done_callback(self._reader_done)

    def put(self, page: T) -> None:
        """Leave a page; waits while there is no room. After the end it is dropped."""
        with self._changed:
            self._changed.wait_for(lambda: self.closed or len(self._pages) < self._room)
            if not self.closed:
                self._pages.append(page)
                self._changed.notify_all()

    def take(self) -> T | None:
        """The next page, or None when all is read. Raises what a reader failed with, before any further page."""
        with self._changed:
            self._changed.wait_for(lambda: self._failure is not None or self._pages or self._readers == 0)
            if self._failure is not None:
                raise self._failure
            page = self._pages.popleft() if self._pages else None
            self._changed.notify_all()
            return page

    def close(self) -> None:
        """Let the readers know that nobody waits for them."""
        with self._changed:
            self._closed.set()
            self._pages.clear()
            self._changed.notify_all()

    def _reader_done(self, reader: Future[None]) -> None:
        failure = None if reader.cancelled() else reader.exception()
        with self._changed:
            self._readers -= 1
            if failure is not None and self._failure is None and not self.closed:
                self._failure = failure
                self._closed.set()
            self._changed.notify_all()
