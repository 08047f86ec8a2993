"""Stripe's rate limits: token buckets per account and per endpoint, and limits of requests in flight.

Stripe states 100 requests a second for a live account and 25 a second for each endpoint; list and retrieve are two
endpoints, different ids of one endpoint share its budget. By default nothing is limited here.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


class TokenBucket:
    """Allows `rate` requests a second on average and as many at once."""

    def __init__(self, rate: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._tokens = float(rate)
        self._filled_at = clock()

    def take(self) -> bool:
        """Use one token if there is one."""
        now = self._clock()
        self._tokens = min(float(self._rate), self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


@dataclass(slots=True)
class RateLimits:
    """Requests a second, and requests at a time; None is no limit."""

    global_rate: int | None = None
    endpoint_rate: int | None = None
    global_concurrency: int | None = None
    endpoint_concurrency: int | None = None


STRIPE_TEST_LIMITS = RateLimits(global_rate=25, endpoint_rate=25)
STRIPE_LIVE_LIMITS = RateLimits(global_rate=100, endpoint_rate=25)


class RateLimiter:
    """Judges each request by the limits in force."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._limits = RateLimits()
        self._buckets: dict[str, TokenBucket] = {}
        self._in_flight: Counter[str] = Counter()

    @property
    def limits(self) -> RateLimits:
        """The limits in force."""
        return self._limits

    def set(self, limits: RateLimits) -> None:
        """Put other limits in force, with full buckets."""
        self._limits = limits
        self._buckets = {}

    def refusal(self, endpoint: str) -> str | None:
        """Return why to refuse a request in flight, as `Stripe-Rate-Limited-Reason` names it, or None."""
        limits = self._limits
        if limits.global_concurrency is not None and self._in_flight[""] > limits.global_concurrency:
            return "global-concurrency"
        busy = self._in_flight[endpoint]
        if limits.endpoint_concurrency is not None and busy > limits.endpoint_concurrency:
            return "endpoint-concurrency"
        if limits.global_rate is not None and not self._bucket("", limits.global_rate).take():
            return "global-rate"
        if limits.endpoint_rate is not None and not self._bucket(endpoint, limits.endpoint_rate).take():
            return "endpoint-rate"
        return None

    @contextmanager
    def in_flight(self, endpoint: str) -> Iterator[None]:
        """Count a request as running while inside."""
        self._in_flight[""] += 1
        self._in_flight[endpoint] += 1
        try:
            yield
        finally:
            self._in_flight[""] -= 1
            self._in_flight[endpoint] -= 1

    def _bucket(self, name: str, rate: int) -> TokenBucket:
        if name not in self._buckets:
            self._buckets[name] = TokenBucket(rate, self._clock)
        return self._buckets[name]
