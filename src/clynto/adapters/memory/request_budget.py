"""A request budget whose time only moves when it is told to."""

from __future__ import annotations

import threading
from fractions import Fraction

FULL_RECOVERY_SECONDS = 30
SLOWEST_PACE = Fraction(1, 32)


class MemoryRequestBudget:
    """See ``ports.request_budget.RequestBudget``. Rates are in requests a second; ``advance`` lets time pass."""

    def __init__(self, *, key_rate: int = 50, endpoint_rate: int = 25) -> None:
        self._width = Fraction(1, key_rate)
        self._endpoint_rate = endpoint_rate
        self._now = Fraction(0)
        self._taken: dict[str, list[Fraction]] = {}
        self._next_free: dict[tuple[str, str], Fraction] = {}
        self._refusals: dict[tuple[str, str], tuple[Fraction, Fraction]] = {}
        self._lock = threading.Lock()
        self.reservations: list[tuple[str, str]] = []
        """Every (key fingerprint, endpoint) that was reserved, in order."""

    def reserve(self, key_fingerprint: str, endpoint: str) -> float:
        """Take the next slot that is free for the endpoint and for the key."""
        scope = (key_fingerprint, endpoint)
        with self._lock:
            self.reservations.append(scope)
            slot = max(self._now, self._next_free.get(scope, self._now))
            taken = sorted(
                moment for moment in self._taken.get(key_fingerprint, []) if moment + self._width > self._now
            )
            for moment in taken:
                if abs(moment - slot) < self._width:
                    slot = moment + self._width
            self._taken[key_fingerprint] = [*taken, slot]
            self._next_free[scope] = slot + 1 / (self._endpoint_rate * self._pace(scope))
            return float(slot - self._now)

    def refused(self, key_fingerprint: str, endpoint: str) -> None:
        """Halve the pace of this key and endpoint; it recovers in half a minute."""
        scope = (key_fingerprint, endpoint)
        with self._lock:
            self._refusals[scope] = (max(SLOWEST_PACE, self._pace(scope) / 2), self._now)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        with self._lock:
            self._now += Fraction(seconds)

    def _pace(self, scope: tuple[str, str]) -> Fraction:
        pace, refused_at = self._refusals.get(scope, (Fraction(1), self._now))
        recovered = min(Fraction(1), (self._now - refused_at) / FULL_RECOVERY_SECONDS)
        return pace + (1 - pace) * recovered
