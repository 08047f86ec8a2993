"""The worker process: turns jobs into use cases. Whatever goes wrong here is logged and told on the card."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from functools import partial

from clynto.adapters.rq_queue.stop_signal import StopSignal
from clynto.adapters.rq_queue.supervisor import Periodic, WorkerSupervisor
from clynto.application.catch_up_events import CatchUpEvents
from clynto.application.drain_events import DrainEvents
from clynto.application.end_failed_run import EndFailedRun
from clynto.application.match_customers import RematchWorkspace
from clynto.application.rebuild_history import HistoryGap, RebuildHistory
from clynto.application.run_sync import RunSync, SyncTools
from clynto.application.sweep_work import SWEEP_EVERY_SECONDS, SweepWork
from clynto.application.take_snapshots import TakeSnapshots
from clynto.domain.moments import seconds_of
from clynto.entrypoints.container import Container, clock_for, container_for
from clynto.entrypoints.http.problem_details import describe_sync_fault
from clynto.entrypoints.logging_setup import configure_logging
from clynto.entrypoints.process_tuning import tune_process
from clynto.entrypoints.settings import Settings
from clynto.ports.webhooks import WaitingEvents
from clynto.ports.work_queue import Job, JobKind, WorkQueue
from clynto.ports.workspaces import WorkspaceDirectory

EVERY_HOUR = 3600
CAUGHT_UP_WITHIN_SECONDS = 60.0
"""How long a sync waits for missed events to be worked off; what is left is worked off beside it."""
GAP_LOOK_SECONDS = 15
GAP_LOOKS = 200
"""A gap in the history waits until events are worked off, looking every so often, but for less than an hour."""
_LOG = logging.getLogger("clynto.worker")


class Performer:
    """Does one job at a time. ``stopping`` turns True when this process has been asked to end."""

    def __init__(self, container: Container, stopping: Callable[[], bool]) -> None:
        self._stopping = stopping
        units, clock = container.units(), container.clock()
        matching = container.matching()
        self._queue: WorkQueue = container.queue()
        self._workspaces: WorkspaceDirectory = container.workspaces()
        self._rebuild = RebuildHistory(units=units, clock=clock)
        self._run_sync = RunSync(
            SyncTools(
                units=units,
                clock=clock,
                readers=container.list_readers(),
                opener=container.stripe_opener(),
                matching=matching,
                history=self._rebuild,
                describe=describe_sync_fault,
            )
        )
        self._end_failed_run = EndFailedRun(units=units, clock=clock, describe=describe_sync_fault)
        self._drain = DrainEvents(
            units=units,
            clock=clock,
            intake=container.event_intake(),
            reading=container.event_reading(),
            readers=container.event_readers(),
            opener=container.stripe_opener(),
            matching=matching,
            signals=container.signals(),
        )
        self._catch_up = CatchUpEvents(
            units=units,
            clock=clock,
            reading=container.event_reading(),
            readers=container.readers(),
            opener=container.stripe_opener(),
            intake=container.event_intake(),
        )
        self._rematch = RematchWorkspace(units=units, matching=matching)
        self._history_gap = HistoryGap(units=units, clock=clock)
        self._snapshots = TakeSnapshots(units=units, clock=clock)
        self._clock = clock
        self._waiting: WaitingEvents = container.waiting_events()
        self._sweep = SweepWork(
            stalled=container.stalled_runs(),
            waiting=self._waiting,
            clock=clock,
            queue=self._queue,
        )
        self._by_kind: Mapping[JobKind, Callable[[str, str], None]] = {
            JobKind.RUN_SYNC: self._sync,
            JobKind.DRAIN_EVENTS: lambda workspace, _: self._drain_in_turn(workspace),
            JobKind.RECOMPUTE: lambda workspace, _: self._rematch(workspace),
            JobKind.REBUILD_HISTORY: self._rebuild_history,
            JobKind.SWEEP: lambda _, __: self._ignore(self._sweep()),
            JobKind.SNAPSHOT: lambda _, __: self._every_workspace(),
        }

    def __call__(self, job: Job) -> None:
        """Do it. What is raised ends up in the log; the database says what is still to be done."""
        self._by_kind[job.kind](job.workspace_id, job.subject_id)

    def _drain_in_turn(self, workspace_id: str) -> None:
        """Whoever has more than fits into its slice of time goes to the end of the queue (guarantees L5)."""
        if self._drain(workspace_id, stopping=self._stopping).more and not self._stopping():
            self._queue.enqueue(Job(JobKind.DRAIN_EVENTS, workspace_id))

    def _drain_before_sync(self, workspace_id: str) -> None:
        """What events tell goes first: they know when things happened, and a list only that they did."""
        until = time.monotonic() + CAUGHT_UP_WITHIN_SECONDS
        while self._drain(workspace_id, stopping=self._stopping).more and time.monotonic() < until:
            if self._stopping():
                return

    def _sync(self, workspace_id: str, run_id: str) -> None:
        try:
            if self._catch_up(workspace_id, run_id, stopping=self._stopping):
                self._drain_before_sync(workspace_id)
            ended = self._run_sync(workspace_id, run_id, stopping=self._stopping)
        except Exception:  # noqa: BLE001 - the outermost edge of a job
            # The last line of defence: a fault of our own must not leave the card at "Syncing..." (guarantees E1).
            _LOG.exception("sync run %s of workspace %s failed unexpectedly", run_id, workspace_id)
            self._end_failed_run(workspace_id, run_id)
            return
        if ended:
            self._snapshots(workspace_id)
            self._queue.enqueue(Job(JobKind.REBUILD_HISTORY, workspace_id))

    def _every_workspace(self) -> None:
        """Once an hour: what follows from the mere passing of time (a due date, the end of a day)."""
        for workspace_id in self._workspaces.ids():
            if self._stopping():
                return
            self._rematch(workspace_id)
            self._snapshots(workspace_id)
            self._close_history_gap(workspace_id)

    def _close_history_gap(self, workspace_id: str) -> None:
        if self._history_gap(workspace_id):
            self._queue.enqueue_in(GAP_LOOK_SECONDS, Job(JobKind.REBUILD_HISTORY, workspace_id, "1"))

    def _rebuild_history(self, workspace_id: str, look: str) -> None:
        """``look`` counts how often a gap was come back to; empty for a rebuild that waits for nothing."""
        if look and int(look) < GAP_LOOKS and self._has_due_events(workspace_id):
            # What ended the silence tends to come with more: events of the very months that are missing.
            later = Job(JobKind.REBUILD_HISTORY, workspace_id, str(int(look) + 1))
            self._queue.enqueue_in(GAP_LOOK_SECONDS, later)
            return
        self._rebuild(workspace_id, stopping=self._stopping)

    def _has_due_events(self, workspace_id: str) -> bool:
        return workspace_id in self._waiting.workspaces_with_due_events(at=self._clock.now())

    @staticmethod
    def _ignore(_: int) -> None:
        """Counts are for callers who look at them."""


_performer: Performer | None = None


def perform(kind: str, workspace_id: str, subject_id: str) -> None:
    """What a queued job names: done by the performer that ``prepare`` made in this process."""
    if _performer is None:
        raise RuntimeError("prepare() has not been called in this process")
    _performer(Job(JobKind(kind), workspace_id, subject_id))


def prepare(settings: Settings, redis_url: str, stop: StopSignal) -> None:
    """Build, after the fork, what the jobs of this process need."""
    global _performer  # noqa: PLW0603 - rq calls a plain function by name; this is its only state
    configure_logging(settings.log_format)
    _performer = Performer(container_for(settings, redis_url, pool_size=4), stop.is_set)
    tune_process()


def run_worker(settings: Settings, redis_url: str) -> None:
    """Work until SIGTERM or SIGINT."""
    _LOG.info("worker takes jobs")
    clock = clock_for(settings.clock_offset_file)
    WorkerSupervisor(
        redis_url,
        prepare=partial(prepare, settings, redis_url),
        seconds=lambda: seconds_of(clock.now()),
        periodic=(
            Periodic(SWEEP_EVERY_SECONDS, Job(JobKind.SWEEP, "")),
            Periodic(EVERY_HOUR, Job(JobKind.SNAPSHOT, "")),
        ),
    ).run()
