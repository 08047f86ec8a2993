"""Whose turn it is to write to a SQLite database that several processes share (ADR 0037).

SQLite knows no queue: who finds the database locked sleeps up to a tenth of a second and tries again, while who has
just committed begins anew at once. A worker that stores page after page so keeps a delivery waiting for many seconds.
Here everybody stands in line: a writer holds the *gate* until it holds the *floor*, so whoever gives the floor back
finds the next one at the gate before it. Both are locks on files beside the database, which the kernel lifts from a
process that dies. Whoever wrote for long while others waited stays away for a moment as well, because deliveries come
a few at a time: with one short write for each long one they would be acknowledged no faster than batches are worked
off. The locks only order who asks SQLite; what excludes writers from each other is SQLite's own lock, so a
turn that does not come within a few seconds is taken anyway.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

PATIENCE_SECONDS = 3.0
"""Longer than a page takes to store, shorter than a delivery may take."""
LONG_SECONDS = 0.03
"""Longer than it takes to store some deliveries: who writes for so long steps back, if others wait."""
STEPS_BACK_SECONDS = 0.05
"""At most, and at most half as long as it wrote."""
_FIRST_LOOK_SECONDS = 0.0005
_LONGEST_LOOK_SECONDS = 0.004


class WriteTurns:
    """The line of writers of one database file."""

    def __init__(self, database: str, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._gate = f"{database}-gate"
        self._floor = f"{database}-floor"
        self._patience_seconds = patience_seconds
        self._threads = threading.Lock()
        self._back_at = 0.0

    @contextmanager
    def turn(self) -> Iterator[None]:
        """The block may write, in its turn. A line that does not move delays it by ``patience_seconds`` at most."""
        time.sleep(max(0.0, self._back_at - time.monotonic()))
        until = time.monotonic() + self._patience_seconds
        # One of each process is enough at the gate.
        mine = self._threads.acquire(timeout=self._patience_seconds)
        try:
            floor = self._floor_by(until)
        finally:
            if mine:
                self._threads.release()
        began = time.monotonic()
        try:
            yield
        finally:
            wrote = time.monotonic() - began
            if wrote >= LONG_SECONDS and self._somebody_waits():
                self._back_at = time.monotonic() + min(wrote / 2, STEPS_BACK_SECONDS)
            _give_back(floor)

    def _somebody_waits(self) -> bool:
        gate = _taken(self._gate, 0.0)
        _give_back(gate)
        return gate is None

    def _floor_by(self, until: float) -> int | None:
        gate = _taken(self._gate, until)
        try:
            return _taken(self._floor, until)
        finally:
            _give_back(gate)


_lines: dict[str, WriteTurns] = {}


def line_of(engine: Engine) -> WriteTurns:
    """The line of an engine's database file, one for the whole process."""
    return line_at(str(engine.url.database))


def line_at(database: str) -> WriteTurns:
    """The line of the file with this path."""
    return _lines.get(database) or _lines.setdefault(database, WriteTurns(database))


# Another thread of the parent may have stood at the gate when the process forked.
os.register_at_fork(after_in_child=_lines.clear)


def _taken(path: str, until: float) -> int | None:
    """An open file with the lock, or None when time is up or the folder takes no file."""
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return None
    pause = _FIRST_LOOK_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                os.close(file)
                return None
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_LOOK_SECONDS)
        else:
            return file


def _give_back(file: int | None) -> None:
    if file is not None:
        # Said, not left to the closing: a process forked meanwhile holds the same file open.
        fcntl.flock(file, fcntl.LOCK_UN)
        os.close(file)
