"""End a run whose worker met a fault of our own, so that the card never stays at "Syncing..." (guarantees E1)."""

from __future__ import annotations

from clynto.application.run_sync import Describe
from clynto.domain.connection import ConnectionFault
from clynto.domain.errors import RunSuperseded, UnexpectedFault
from clynto.domain.sync_run import RunFault, StepState
from clynto.ports.clock import Clock
from clynto.ports.unit_of_work import UnitsOfWork


class EndFailedRun:
    """Does nothing for a run that is over or was taken over."""

    def __init__(self, *, units: UnitsOfWork, clock: Clock, describe: Describe) -> None:
        self._units = units
        self._clock = clock
        self._describe = describe

    def __call__(self, workspace_id: str, run_id: str) -> None:
        """Old data and last sync stay as they are."""
        error = UnexpectedFault()
        try:
            with self._units.writing(workspace_id) as uow:
                run = uow.sync_runs.get(run_id)
                if run is None or not run.is_active:
                    return
                step = next((step.name for step in run.steps if step.state is StepState.RUNNING), None)
                message = self._describe(error, step)
                failed = run.fail(RunFault(error.code, message, step), self._clock.now())
                uow.connections.save(uow.connections.get().sync_failed(ConnectionFault(error.code, message)))
                uow.sync_runs.save(failed, holding=run.attempt)
                uow.commit()
        except RunSuperseded:
            return
