"""What every ``Clock`` tells."""

from __future__ import annotations

from clynto.domain.moments import MICROS_PER_SECOND
from clynto.ports.clock import Clock

YEAR_2020, YEAR_2200 = 1_577_836_800, 7_258_118_400


class ClockContract:
    """Needs the fixture ``clock``."""

    def test_counts_whole_microseconds_since_1970(self, clock: Clock) -> None:
        now = clock.now()
        assert isinstance(now, int)
        assert YEAR_2020 * MICROS_PER_SECOND < now < YEAR_2200 * MICROS_PER_SECOND

    def test_never_runs_backwards(self, clock: Clock) -> None:
        moments = [clock.now() for _ in range(2000)]
        assert moments == sorted(moments)
