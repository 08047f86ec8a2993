"""A job function that writes down what happens to it, and a worker that serves it."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from clynto.adapters.rq_queue.job_routes import QueueName
from clynto.adapters.rq_queue.stop_signal import StopSignal
from clynto.adapters.rq_queue.supervisor import Periodic, WorkerSupervisor
from clynto.ports.work_queue import Job, JobKind

PERFORM = "tests.integration.recorded_jobs.perform"
_stop: list[StopSignal] = []


def keep_signal(stop: StopSignal) -> None:
    """What a real worker would build its use cases in."""
    _stop[:] = [stop]


def perform(kind: str, workspace_id: str, subject_id: str) -> None:
    """Record the job; subjects that begin with ``long`` go on until they are asked to stop."""
    _record(f"begin {kind} {workspace_id} {subject_id}")
    if subject_id.startswith("fails"):
        raise RuntimeError("jane@canary.example was refused with rk_live_canary123")
    if subject_id.startswith("stubborn"):
        time.sleep(60)
    if subject_id.startswith("brief"):
        time.sleep(2)
    while subject_id.startswith("long") and _stop[0].still_wanted():
        time.sleep(0.02)
    _record(f"end {kind} {workspace_id} {subject_id}")


def _record(line: str) -> None:
    with Path(os.environ["RECORDED_JOBS"]).open("a") as file:
        file.write(f"{line} {os.getpid()}\n")


def _seconds() -> float:
    """The time, or what a test wrote down instead."""
    written = Path(os.environ["RECORDED_JOBS"]).with_name("clock")
    return float(written.read_text()) if written.exists() else time.time()


def main() -> None:
    """``python -c ... REDIS_URL``: a worker with one place for each queue."""
    every_second = (Periodic(1, Job(JobKind.SWEEP, "all")),) if "--sweep" in sys.argv else ()
    every_year = (Periodic(365 * 86_400, Job(JobKind.SNAPSHOT, "all")),) if "--clock" in sys.argv else ()
    WorkerSupervisor(
        redis_url=sys.argv[1],
        prepare=keep_signal,
        places={QueueName.ALERTS: 1, QueueName.SYNCS: 1},
        periodic=(*every_second, *every_year),
        seconds=_seconds,
        perform=PERFORM,
        grace_seconds=3.0,
    ).run()
