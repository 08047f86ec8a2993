"""``Identifiers`` from the operating system's randomness."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable

_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
_RANDOM_BITS = 80
_TOKEN_BYTES = 32


class RandomIdentifiers:
    """Ids are ULIDs in lower case behind their kind: 48 bits of milliseconds, then 80 random bits."""

    def __init__(self, *, nanoseconds: Callable[[], int] = time.time_ns) -> None:
        self._nanoseconds = nanoseconds
        self._lock = threading.Lock()
        self._latest = 0

    def new_id(self, kind: str) -> str:
        """A fresh id such as ``acc_01k...``. A clock that is set back does not break the order within a process."""
        with self._lock:
            self._latest = max(self._latest, self._nanoseconds() // 1_000_000)
            milliseconds = self._latest
        number = milliseconds << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
        return f"{kind}_" + "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))

    def new_token(self) -> str:
        """An unguessable URL-safe word of 256 random bits."""
        return secrets.token_urlsafe(_TOKEN_BYTES)
