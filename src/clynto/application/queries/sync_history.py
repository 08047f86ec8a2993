"""Past and present sync runs (contract, GET syncs)."""

from __future__ import annotations

from collections.abc import Sequence

from clynto.application.actor import Actor
from clynto.domain.errors import NotFound
from clynto.domain.roles import Role
from clynto.domain.sync_run import SyncRun
from clynto.ports.unit_of_work import UnitsOfWork


class ReadSyncHistory:
    """Any member may look."""

    def __init__(self, *, units: UnitsOfWork) -> None:
        self._units = units

    def __call__(self, actor: Actor, *, limit: int = 50, before: str | None = None) -> Sequence[SyncRun]:
        """Newest first, behind the run id ``before``."""
        actor.must_be(Role.MEMBER)
        with self._units.reading(actor.workspace_id) as uow:
            return uow.sync_runs.history(before=before, limit=limit)

    def one(self, actor: Actor, run_id: str) -> SyncRun:
        """One run. Raises ``NotFound``."""
        actor.must_be(Role.MEMBER)
        with self._units.reading(actor.workspace_id) as uow:
            run = uow.sync_runs.get(run_id)
        if run is None:
            raise NotFound
        return run
