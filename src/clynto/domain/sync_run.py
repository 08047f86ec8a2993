"""One run of the six-step sync, as a state machine (guide, Setup walkthrough; guarantees 4 and 5)."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, replace

from clynto.domain.moments import UnixMicros


class StepName(enum.StrEnum):
    """The six steps, in the order in which the guide walks through them."""

    PRODUCTS = "products"
    PRICES = "prices"
    CUSTOMERS = "customers"
    SUBSCRIPTIONS = "subscriptions"
    INVOICES = "invoices"
    ACCOUNT_BILLING = "account_billing"


class StepState(enum.StrEnum):
    """Where a step stands."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class RunState(enum.StrEnum):
    """Where a run stands."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SUPERSEDED = "superseded"


ACTIVE_STATES = frozenset({RunState.QUEUED, RunState.RUNNING})

STEP_WEIGHTS = {
    StepName.PRODUCTS: 2,
    StepName.PRICES: 3,
    StepName.CUSTOMERS: 15,
    StepName.SUBSCRIPTIONS: 20,
    StepName.INVOICES: 45,
    StepName.ACCOUNT_BILLING: 15,
}
"""Shares of the bar, out of 100: roughly where the time of a typical portfolio goes."""


SKIPPED_KEPT = 50
DRIFT_KEPT = 200


@dataclass(frozen=True, slots=True)
class Step:
    """``records`` counts distinct objects stored; ``done_permille`` is how much of the step is behind us."""

    name: StepName
    state: StepState = StepState.PENDING
    records: int = 0
    done_permille: int = 0


@dataclass(frozen=True, slots=True)
class RunFault:
    """Why a run failed: a stable code, a finished sentence, the step, and Stripe's request id if there is one."""

    code: str
    message: str
    step: StepName | None = None
    request_id: str | None = None


def _initial_steps() -> tuple[Step, ...]:
    return tuple(Step(name) for name in StepName)


@dataclass(frozen=True, slots=True)
class SyncRun:
    """``attempt`` is the fencing number: it grows each time a worker takes the run up, and whoever holds an older
    one may not write. ``window_end`` is the fixed upper time bound of everything the run reads (guarantees D8)."""

    id: str
    state: RunState
    requested_by: str
    requested_at: UnixMicros
    steps: tuple[Step, ...]
    attempt: int = 0
    started_at: UnixMicros | None = None
    finished_at: UnixMicros | None = None
    heartbeat_at: UnixMicros | None = None
    window_end: UnixMicros | None = None
    fault: RunFault | None = None
    customers_matched: int | None = None
    skipped: tuple[str, ...] = ()
    """Objects that could not be used, as ``kind id: reason``, at most ``SKIPPED_KEPT`` of them."""
    drift: tuple[str, ...] = ()
    """What webhooks had left us believing against what Stripe says, at most ``DRIFT_KEPT`` lines."""

    @classmethod
    def request(cls, run_id: str, *, requested_by: str, at: UnixMicros) -> SyncRun:
        """A run that waits for a worker."""
        return cls(
            id=run_id,
            state=RunState.QUEUED,
            requested_by=requested_by,
            requested_at=at,
            steps=_initial_steps(),
        )

    @property
    def is_active(self) -> bool:
        """Queued or running."""
        return self.state in ACTIVE_STATES

    @property
    def percent(self) -> int:
        """0 to 100; never falls, since step progress never falls."""
        total = sum(STEP_WEIGHTS[step.name] * step.done_permille for step in self.steps)
        return total // 1000

    def step(self, name: StepName) -> Step:
        """The step called ``name``."""
        return next(step for step in self.steps if step.name is name)

    def take_up(self, at: UnixMicros) -> SyncRun:
        """A worker begins or resumes the run. Raises ``ValueError`` for a run that is over."""
        if not self.is_active:
            raise ValueError(f"a run that is {self.state} cannot be taken up")
        return replace(
            self,
            state=RunState.RUNNING,
            attempt=self.attempt + 1,
            started_at=self.started_at or at,
            heartbeat_at=at,
            window_end=self.window_end or at,
        )

    def beat(self, at: UnixMicros) -> SyncRun:
        """Give a sign of life."""
        return replace(self, heartbeat_at=at)

    def without_heartbeat(self) -> SyncRun:
        """Show no sign of life, so that the run may be taken up at once."""
        return replace(self, heartbeat_at=None)

    def begin_step(self, name: StepName) -> SyncRun:
        """Mark ``name`` as running; a step that is done stays done."""
        current = self.step(name)
        if current.state is StepState.DONE:
            return self
        return self._with(replace(current, state=StepState.RUNNING))

    def progress(self, name: StepName, *, records: int, done_permille: int) -> SyncRun:
        """Set the counts of a step. What would run backwards is held where it was."""
        current = self.step(name)
        return self._with(
            replace(
                current,
                records=max(records, current.records),
                done_permille=max(current.done_permille, min(done_permille, 999)),
            )
        )

    def skip(self, objects: Iterable[str]) -> SyncRun:
        """Note objects that could not be used; the same one is noted once."""
        skipped = tuple(dict.fromkeys((*self.skipped, *objects)))[:SKIPPED_KEPT]
        return self if skipped == self.skipped else replace(self, skipped=skipped)

    def note_drift(self, lines: Iterable[str]) -> SyncRun:
        """Add lines to the drift report; the same one is noted once."""
        drift = tuple(dict.fromkeys((*self.drift, *lines)))[:DRIFT_KEPT]
        return self if drift == self.drift else replace(self, drift=drift)

    def finish_step(self, name: StepName, *, records: int) -> SyncRun:
        """Mark ``name`` as complete with its final count."""
        return self._with(Step(name, StepState.DONE, records, 1000))

    def succeed(self, at: UnixMicros, *, customers_matched: int) -> SyncRun:
        """End well. Raises ``ValueError`` unless every step is done (guarantee 5)."""
        if any(step.state is not StepState.DONE for step in self.steps):
            raise ValueError("a run succeeds only when all six steps are complete")
        return replace(self, state=RunState.SUCCEEDED, finished_at=at, fault=None, customers_matched=customers_matched)

    def fail(self, fault: RunFault, at: UnixMicros) -> SyncRun:
        """End badly; the step that was running is named."""
        steps = tuple(
            replace(step, state=StepState.FAILED) if step.state is StepState.RUNNING else step for step in self.steps
        )
        return replace(self, state=RunState.FAILED, finished_at=at, fault=fault, steps=steps)

    def supersede(self, at: UnixMicros) -> SyncRun:
        """End because the connection went away or was replaced."""
        return replace(self, state=RunState.SUPERSEDED, finished_at=at)

    def _with(self, changed: Step) -> SyncRun:
        steps = tuple(changed if step.name is changed.name else step for step in self.steps)
        return replace(self, steps=steps)
