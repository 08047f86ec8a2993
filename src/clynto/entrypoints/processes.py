"""Starting several processes together, watching them, and ending them together within ten seconds."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

GRACE_SECONDS = 9.0
_LOOK_SECONDS = 0.25


@dataclass(slots=True)
class _Child:
    name: str
    process: subprocess.Popen[bytes]


@dataclass(slots=True)
class ProcessGroup:
    """Children of this process, ended in the reverse order of their start.

    ``environ`` is what they see. Each gets a session of its own, so that Ctrl-C in the terminal reaches only this
    process, which then ends them in order.
    """

    environ: Mapping[str, str]
    children: list[_Child] = field(default_factory=list)

    def start(self, name: str, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
        """Start ``clynto`` with these arguments."""
        process = subprocess.Popen(  # noqa: S603 - our own program, without a shell
            [sys.executable, "-m", "clynto.entrypoints.cli", *arguments], env=dict(self.environ), start_new_session=True
        )
        self.children.append(_Child(name, process))
        return process

    def ended(self) -> str | None:
        """The name of a child that ended by itself, if any."""
        return next((child.name for child in self.children if child.process.poll() is not None), None)

    def wait(self, at_each_look: Callable[[], None] | None = None) -> str | None:
        """Until a child ends by itself (its name) or SIGTERM or SIGINT comes (None); looks four times a second."""
        stopping = False

        def stop(*_: object) -> None:
            nonlocal stopping
            stopping = True

        former = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            while not stopping:
                gone = self.ended()
                if gone is not None:
                    return gone
                if at_each_look is not None:
                    at_each_look()
                time.sleep(_LOOK_SECONDS)
            return None
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)

    def stop(self) -> None:
        """End all of them: ask first, kill after the grace period."""
        for child in reversed(self.children):
            _ask(child.process)
        deadline = time.monotonic() + GRACE_SECONDS
        for child in reversed(self.children):
            try:
                child.process.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _kill(child.process)
        self.children.clear()


def somebody_listens(host: str, port: int) -> bool:
    """Whether a connection is taken there."""
    with suppress(OSError), socket.create_connection((host, port), timeout=1):
        return True
    return False


def _ask(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the child with everything it started itself."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()
