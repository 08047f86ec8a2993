"""Slows down guessing without letting anybody lock the real owner out (guarantees K7)."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from clynto.domain.errors import TooManyAttempts
from clynto.domain.moments import MICROS_PER_SECOND, UnixMicros
from clynto.ports.clock import Clock
from clynto.ports.people import SignInDirectory

WINDOW_SECONDS = 15 * 60
IPV6_NETWORK_BITS = 64
"""One household or server owns a whole /64, so single addresses of it would be no limit."""


def network_of(address: str) -> str:
    """What counts as one place: an IPv4 address, or the /64 of an IPv6 one. Anything else is one place of its own."""
    try:
        parsed = ipaddress.ip_address(address.split("%", 1)[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, IPV6_NETWORK_BITS), strict=False))
    return str(parsed)


class AttemptLimit:
    """Counts failed tries by key within a sliding window."""

    def __init__(self, directory: SignInDirectory, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock

    def check(self, limits: Mapping[str, int]) -> None:
        """Raise ``TooManyAttempts`` once a key has as many failed tries as its limit."""
        since = UnixMicros(self._clock.now() - WINDOW_SECONDS * MICROS_PER_SECOND)
        if any(self._directory.failed_sign_ins(key, since=since) >= limit for key, limit in limits.items()):
            raise TooManyAttempts(retry_after=WINDOW_SECONDS)

    def note_failure(self, limits: Mapping[str, int]) -> None:
        """Count one failed try for every key."""
        now = self._clock.now()
        for key in limits:
            self._directory.note_failed_sign_in(key, at=now)
