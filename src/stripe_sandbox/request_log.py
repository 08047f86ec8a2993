"""What the sandbox was asked, by whom and how often."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter, deque
from dataclasses import asdict, dataclass

from stripe_sandbox.records import Json


@dataclass(slots=True)
class LoggedRequest:
    """One request. `at` is real time in Unix seconds, `sandbox_time` the sandbox's clock; `status` 0: never answered.

    `key` is masked; `violation` marks anything but a GET.
    """

    at: float
    sandbox_time: int
    request_id: str
    key: str
    method: str
    path: str
    params: list[tuple[str, str]]
    version: str | None
    status: int
    seconds: float
    violation: bool

    def as_json(self) -> Json:
        """Return the entry for the control API."""
        return asdict(self)


class RequestLog:
    """The newest requests, at most `size` of them, with counts that are never forgotten until cleared."""

    def __init__(self, size: int = 200_000) -> None:
        self._entries: deque[LoggedRequest] = deque(maxlen=size)
        self._lock = threading.Lock()
        self.total = 0
        self.violations = 0
        self._per_second: Counter[int] = Counter()

    def add(self, entry: LoggedRequest) -> None:
        """Remember a request when it comes; its status and duration follow."""
        with self._lock:
            self._entries.append(entry)
            self.total += 1
            self.violations += entry.violation
            self._per_second[int(entry.at)] += 1

    def find(
        self, *, path: str | None = None, status: int | None = None, method: str | None = None
    ) -> list[LoggedRequest]:
        """Return the requests that fit, oldest first; `path` is a regular expression for the whole path."""
        with self._lock:
            entries = list(self._entries)
        pattern = None if path is None else re.compile(path)
        return [
            entry
            for entry in entries
            if (pattern is None or pattern.fullmatch(entry.path))
            and (status is None or entry.status == status)
            and (method is None or entry.method == method)
        ]

    def per_second(self) -> dict[int, int]:
        """Return how many requests came in each second of real time."""
        with self._lock:
            return dict(self._per_second)

    def summary(self) -> Json:
        """Return totals: all, violations, by method and path, by status, and the busiest second."""
        entries = self.find()
        return {
            "total": self.total,
            "violations": self.violations,
            "by_path": dict(Counter(f"{entry.method} {entry.path}" for entry in entries)),
            "by_status": dict(Counter(str(entry.status) for entry in entries)),
            "busiest_second": max(self._per_second.values(), default=0),
        }

    def clear(self) -> None:
        """Forget everything, counts included."""
        with self._lock:
            self._entries.clear()
            self._per_second.clear()
            self.total = self.violations = 0


def real_time() -> float:
    """Return the real time of a log entry in Unix seconds."""
    return time.time()
