"""Write down every account's MRR once a day (billing rules 6.1: what was observed is never guessed later)."""

from __future__ import annotations

import datetime as dt

from clynto.domain.moments import MICROS_PER_SECOND
from clynto.ports.clock import Clock
from clynto.ports.unit_of_work import UnitsOfWork


class TakeSnapshots:
    """The last one of a UTC day stands. A workspace that is not connected is frozen and takes none."""

    def __init__(self, *, units: UnitsOfWork, clock: Clock) -> None:
        self._units = units
        self._clock = clock

    def __call__(self, workspace_id: str) -> int:
        """How many accounts were written down."""
        with self._units.writing(workspace_id) as uow:
            connection = uow.connections.get()
            if not connection.has_key or connection.last_sync_at is None:
                return 0
            now = self._clock.now()
            day = dt.datetime.fromtimestamp(now // MICROS_PER_SECOND, tz=dt.UTC).date()
            taken = uow.mrr_records.take_snapshots(day=day, at=now)
            uow.commit()
        return taken
