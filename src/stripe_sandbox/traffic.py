"""How the server treats requests: delays, limits, ordered faults, and the log of them all."""

from __future__ import annotations

from typing import Literal

from stripe_sandbox.faults import Faults
from stripe_sandbox.rate_limits import RateLimiter
from stripe_sandbox.request_log import RequestLog


class Traffic:
    """The knobs of the server in front of a world.

    `latency` is in seconds and added to every answer. `date_header` says which clock the `Date` header shows: the
    sandbox's own, or the real one.
    """

    def __init__(self) -> None:
        self.log = RequestLog()
        self.faults = Faults()
        self.limiter = RateLimiter()
        self.latency = 0.0
        self.date_header: Literal["sandbox", "real"] = "sandbox"
