"""The request budget of a single process: what is left when Redis cannot be reached.

The rules are those of ``redis_budget``, which explains them; two processes that both fall back may together ask for
more than the limit for a while, and Stripe's refusals then slow each of them down.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

FULL_RECOVERY_SECONDS = 30.0
"""How long a halved pace takes back to full speed."""
ONE_REFUSAL_SECONDS = 1.0
"""Refusals this close together are one: requests in flight are refused side by side."""
SLOWEST_PACE = 1 / 32
"""The pace never falls below this share of the limit, or one bad minute would cost an hour."""
IDLE_SECONDS = 60.0
"""What nobody used for this long is forgotten."""


@dataclass(slots=True)
class _Key:
    anchor: float = 0.0
    last_slot: float = -math.inf
    taken: set[int] = field(default_factory=set)


@dataclass(slots=True)
class _Endpoint:
    next_free: float = -math.inf
    pace: float = 1.0
    refused_at: float = -math.inf

    def pace_at(self, now: float) -> float:
        recovered = min(1.0, (now - self.refused_at) / FULL_RECOVERY_SECONDS)
        return self.pace + (1.0 - self.pace) * recovered


class LocalRequestBudget:
    """Implements ``RequestBudget`` for the threads of one process. Rates are in requests a second."""

    def __init__(
        self, *, key_rate: int, endpoint_rate: int = 25, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._key_rate = key_rate
        self._endpoint_rate = endpoint_rate
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._keys: dict[str, _Key] = {}
        self._endpoints: dict[tuple[str, str], _Endpoint] = {}

    def reserve(self, key_fingerprint: str, endpoint: str) -> float:
        """Take the next free slot and return how many seconds to wait before sending (0.0: now)."""
        with self._lock:
            now = self._monotonic()
            self._forget_idle(now)
            key = self._keys.setdefault(key_fingerprint, _Key())
            scope = self._endpoints.setdefault((key_fingerprint, endpoint), _Endpoint())
            slot = self._take(key, max(now, scope.next_free), now)
            scope.next_free = slot + 1.0 / (self._endpoint_rate * scope.pace_at(now))
            return max(0.0, slot - now)

    def refused(self, key_fingerprint: str, endpoint: str) -> None:
        """Stripe answered 429: halve the pace of this key and endpoint."""
        with self._lock:
            now = self._monotonic()
            scope = self._endpoints.setdefault((key_fingerprint, endpoint), _Endpoint())
            if now - scope.refused_at < ONE_REFUSAL_SECONDS:
                return
            scope.pace = max(SLOWEST_PACE, scope.pace_at(now) / 2)
            scope.refused_at = now

    def _take(self, key: _Key, earliest: float, now: float) -> float:
        aligned = self._key_rate <= self._endpoint_rate
        width = 1.0 / (self._key_rate if aligned else self._key_rate - 1)
        if key.last_slot + (width if aligned else 2 * width) <= now:
            key.anchor, key.taken = now, set()
        cell = (earliest - key.anchor) / width
        index = max(0, math.ceil(cell - 1e-3) if aligned else math.floor(cell))
        while index in key.taken:
            index += 1
        key.taken.add(index)
        slot = max(key.anchor + index * width, earliest)
        key.last_slot = max(key.last_slot, slot)
        return slot

    def _forget_idle(self, now: float) -> None:
        """Called before each reservation, so only a handful of entries is ever looked at."""
        for name, key in list(self._keys.items()):
            if key.last_slot > -math.inf and now - key.last_slot > IDLE_SECONDS:
                del self._keys[name]
        for pair, scope in list(self._endpoints.items()):
            if now - max(scope.next_free, scope.refused_at) > IDLE_SECONDS:
                del self._endpoints[pair]
