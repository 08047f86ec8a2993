"""How often a failed read is tried again, and how long to wait in between (stripe_facts 4; guarantees G3, G8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from clynto.adapters.stripe_api.transport import CALL_SECONDS


@dataclass(frozen=True, slots=True)
class Patience:
    """Limits for one read, all durations in seconds.

    ``tries`` counts the first one. ``longest`` is from the first try until we give up; no try starts that could last
    beyond it. Being refused for lack of budget is normal under a shared limit, so only ``longest`` bounds that.
    """

    tries: int = 6
    unusable_tries: int = 3
    longest: float = 120.0
    first_pause: float = 0.5
    longest_pause: float = 16.0

    def pause(self, failures: int, random_share: Callable[[], float]) -> float:
        """Exponential back-off with full jitter: anything from 0 to the doubled step, so that clients spread.

        ``failures`` counts from 1; ``random_share`` gives a number from 0 to 1.
        """
        step = min(self.first_pause * 2.0 ** min(failures - 1, 30), self.longest_pause)
        return step * random_share()


SYNC_PATIENCE = Patience()


def call_seconds_within(longest: float) -> float:
    """How long one call may last so that a silent one is tried again before ``longest`` is over (guarantees E8, G8)."""
    return min(CALL_SECONDS, longest / 4)


KEY_CHECK_PATIENCE = Patience(tries=3, unusable_tries=2, longest=5.0, first_pause=0.3, longest_pause=1.0)
"""A person waits: the account and then all probes at once take about 10 s together, at most."""
EVENT_PATIENCE = Patience(tries=2, unusable_tries=1, longest=8.0, first_pause=0.2, longest_pause=0.5)
EVENT_CALL_SECONDS = 10.0
"""An event that cannot be settled now is put off and tried again, while other workspaces' events wait for their turn:
patience with one object would hold all of them up (guarantees A14, L5)."""
