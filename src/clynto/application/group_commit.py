"""Store events that arrive at the same time in one transaction, so that they share one flush to disk.

A durable commit costs a disk flush, far more than the insert. Whoever comes while another commit is under way waits
for the next one together with all others; nobody waits longer than two commits.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from clynto.ports.webhooks import ArrivedEvent, EventIntake

MOST_AT_ONCE = 256


class _Waiting:
    """One caller's events and what became of them."""

    __slots__ = ("done", "error", "events", "new")

    def __init__(self, events: Sequence[ArrivedEvent]) -> None:
        self.events = events
        self.done = False
        self.new = 0
        self.error: BaseException | None = None


class GroupCommit:
    """An ``EventIntake`` before another one. The first caller that finds nobody storing does it for all who wait."""

    def __init__(self, intake: EventIntake) -> None:
        self._intake = intake
        self._turn = threading.Condition()
        self._waiting: list[_Waiting] = []
        self._storing = False

    def store(self, events: Sequence[ArrivedEvent]) -> int:
        """Return once ``events`` are committed. What fails for the group is tried again for each caller alone."""
        own = _Waiting(events)
        with self._turn:
            self._waiting.append(own)
            while self._storing and not own.done:
                self._turn.wait()
            if own.done:
                return self._result(own)
            self._storing = True
            others = [waiting for waiting in self._waiting if waiting is not own]
            group, self._waiting = [own, *others[: MOST_AT_ONCE - 1]], others[MOST_AT_ONCE - 1 :]
        try:
            self._store_group(group)
        finally:
            with self._turn:
                self._storing = False
                for waiting in group:
                    waiting.done = True
                self._turn.notify_all()
        return self._result(own)

    def _store_group(self, group: Sequence[_Waiting]) -> None:
        if len(group) == 1:
            self._store_alone(group[0])
            return
        try:
            self._intake.store([event for waiting in group for event in waiting.events])
        except Exception:  # noqa: BLE001 - one caller's bad event must not fail the others: each gets its own answer
            for waiting in group:
                self._store_alone(waiting)
            return
        for waiting in group:
            waiting.new = len(waiting.events)

    def _store_alone(self, waiting: _Waiting) -> None:
        try:
            waiting.new = self._intake.store(waiting.events)
        except Exception as error:  # noqa: BLE001 - carried to the caller whose events these are
            waiting.error = error

    @staticmethod
    def _result(own: _Waiting) -> int:
        if own.error is not None:
            raise own.error
        return own.new
