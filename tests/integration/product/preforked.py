"""Web servers and workers that begin with their modules read.

Reading the product's modules costs a process some two seconds of processor time, and the tests start hundreds. One
process reads them once and forks each of these: real processes with a session, an environment and messages of their
own, which run what ``clynto`` runs. What is said about the command line itself is shown on processes that start from
nothing (``test_processes``, ``test_demo``).
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_READ_FIRST = ("cli", "web", "worker", "start_up", "services", "container")
_LONGEST_MESSAGE = 1 << 17
_LOOK_SECONDS = 0.02
_ROOT = Path(__file__).parents[3]


class PreforkedProcess:
    """As much of ``subprocess.Popen`` as tests use."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self._nursery = nursery
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit status, or None while it runs; below zero it is the signal that ended it."""
        if self.returncode is None:
            self.returncode = self._nursery.ask({"ended": self.pid})
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit status. Raises ``subprocess.TimeoutExpired``."""
        until = None if timeout is None else time.monotonic() + timeout
        while (status := self.poll()) is None:
            if until is not None and time.monotonic() > until:
                raise subprocess.TimeoutExpired("clynto", timeout or 0.0)
            time.sleep(_LOOK_SECONDS)
        return status

    def send_signal(self, number: int) -> None:
        """Unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


class Nursery:
    """The process that has read the modules, seen from the tests."""

    def __init__(self) -> None:
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._lock = threading.Lock()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.integration.product.preforked", str(theirs.fileno())],
                cwd=_ROOT,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def start(self, arguments: tuple[str, ...], environ: Mapping[str, str], log: Path) -> PreforkedProcess:
        """``clynto`` with these arguments, its messages in ``log``."""
        wanted = {"arguments": arguments, "environ": dict(environ), "log": str(log), "folder": str(Path.cwd())}
        return PreforkedProcess(self, self.ask({"start": wanted}))

    def ask(self, question: Mapping[str, Any]) -> Any:
        """One question, one answer."""
        with self._lock:
            self._line.send(json.dumps(question).encode())
            return json.loads(self._line.recv(_LONGEST_MESSAGE))

    def close(self) -> None:
        """End it, and with it whatever it started and is still there."""
        self._line.close()
        self._process.wait(timeout=30)


_nurseries: list[Nursery] = []


def nursery() -> Nursery:
    """The one of this test process."""
    if not _nurseries:
        _nurseries.append(Nursery())
        atexit.register(_nurseries[0].close)
    return _nurseries[0]


def _serve(line: socket.socket) -> dict[str, Any] | None:
    """Fork what is asked for and tell how it ended, until the tests are gone. In a fork: what it is to become."""
    statuses: dict[int, int | None] = {}
    while True:
        readable, _, _ = select.select([line], [], [], 0.5)
        _bury(statuses)
        if not readable:
            continue
        message = line.recv(_LONGEST_MESSAGE)
        if not message:
            break
        question = json.loads(message)
        if "start" in question:
            pid = _forked()
            if not pid:
                return dict(question["start"])
            statuses[pid] = None
            line.send(json.dumps(pid).encode())
        else:
            line.send(json.dumps(statuses[question["ended"]]).encode())
    for pid, status in statuses.items():
        if status is None:
            os.killpg(pid, signal.SIGKILL)
    return None


def _bury(statuses: dict[int, int | None]) -> None:
    while None in statuses.values():
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        statuses[pid] = os.waitstatus_to_exitcode(status)


def _forked() -> int:
    """The new process leads its own session before anybody knows its number; 0 in the new process."""
    ready, tell = os.pipe()
    pid = os.fork()
    if pid:
        os.close(tell)
        os.read(ready, 1)
        os.close(ready)
    else:
        os.close(ready)
        os.setsid()
        os.close(tell)
    return pid


def _become(wanted: dict[str, Any]) -> None:
    log = os.open(wanted["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    os.chdir(wanted["folder"])
    os.environ.clear()
    os.environ.update(wanted["environ"])
    time.tzset()
    sys.argv = ["clynto", *wanted["arguments"]]


if __name__ == "__main__":
    for name in _READ_FIRST:
        __import__(f"clynto.entrypoints.{name}")
    # Else each of those forked collects, and thereby copies, what is the same in all of them.
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=int(sys.argv[1])) as mine:
        to_become = _serve(mine)
    if to_become is not None:
        _become(to_become)
        sys.modules["clynto.entrypoints.cli"].main()
