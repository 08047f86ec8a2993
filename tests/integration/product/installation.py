"""A real installation: migrated database, embedded Redis, web and worker processes, driven over the command line
and HTTP like an operator and an admin would."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from tests.integration.product.preforked import PreforkedProcess, nursery

Process = subprocess.Popen[bytes] | PreforkedProcess

PASSWORD = "correct horse battery staple"
START_SECONDS = 90.0
SHORTEST_PAUSE, LONGEST_PAUSE = 0.02, 0.5
SHARE_OF_THE_WAIT = 0.125


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: str, ask: Callable[[], Any], *, seconds: float = 60.0, every: float | None = None) -> Any:
    """The first answer of ``ask`` that says something: not None, False, nought or an empty list.

    Asks every so many seconds; else often at first and then ever less: each question costs the product and the test
    some seven milliseconds of processor time, which all tests that run meanwhile lack. What happened is noticed an
    eighth of the wait later at most.
    """
    began = time.monotonic()
    while not (answer := ask()):
        waited = time.monotonic() - began
        if waited >= seconds:
            raise AssertionError(f"waited {seconds:.0f} s in vain for {what}")
        pause = min(max(SHORTEST_PAUSE, waited * SHARE_OF_THE_WAIT), LONGEST_PAUSE) if every is None else every
        time.sleep(min(pause, seconds - waited))
    return answer


@dataclass
class Api:
    """One token's view of the JSON API."""

    base: str
    token: str
    workspace_id: str = ""
    session: requests.Session = field(default_factory=requests.Session)

    def call(self, method: str, path: str, *, expect: int | None = None, **details: Any) -> Any:
        """The parsed answer; asserts the status if one is expected."""
        answer = self.session.request(
            method,
            f"{self.base}/api/v1{path}",
            headers={"Authorization": f"Bearer {self.token}", **details.pop("headers", {})},
            timeout=details.pop("timeout", 30),
            **details,
        )
        if expect is not None:
            assert answer.status_code == expect, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if answer.content and "json" in answer.headers.get("Content-Type", "") else answer

    def get(self, path: str, **details: Any) -> Any:
        """GET, expecting 200."""
        return self.call("GET", path, expect=200, **details)

    def post(self, path: str, body: Any = None, *, expect: int | None = None) -> Any:
        """POST JSON."""
        return self.call("POST", path, json={} if body is None else body, expect=expect)

    def card(self) -> Any:
        """The Stripe card."""
        return self.get("/integrations/stripe")

    def everything(self, path: str) -> list[Any]:
        """All pages of a list."""
        found: list[Any] = []
        cursor = ""
        while True:
            glue = "&" if "?" in path else "?"
            page = self.get(f"{path}{glue}limit=200{cursor}")
            found.extend(page["items"])
            if page["next_cursor"] is None:
                return found
            cursor = f"&cursor={page['next_cursor']}"


@dataclass
class Installation:
    """``stop`` ends every process that was started."""

    folder: Path
    stripe_api_base: str
    extra: Mapping[str, str] = field(default_factory=dict)
    processes: list[Process] = field(default_factory=list)
    from_nothing: bool = False
    """Whether web servers and workers start with a new interpreter, as an operator's do."""
    port: int = field(default_factory=free_port)

    @property
    def environ(self) -> dict[str, str]:
        """What every process of the installation sees."""
        own = {key: value for key, value in os.environ.items() if not key.startswith("CLYNTO_")}
        return {
            **own,
            "CLYNTO_DATA_DIR": str(self.folder),
            "CLYNTO_STRIPE_API_BASE": self.stripe_api_base,
            "CLYNTO_PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "CLYNTO_LOG_FORMAT": "json",
            **self.extra,
        }

    @property
    def base(self) -> str:
        """Where the web server listens."""
        return f"http://127.0.0.1:{self.port}"

    def run(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """``clynto`` with these arguments, to its end."""
        return subprocess.run(
            [sys.executable, "-m", "clynto.entrypoints.cli", *arguments],
            env=self.environ,
            input=stdin,
            text=True,
            capture_output=True,
            timeout=120,
            check=False,
        )

    def clynto(self, *arguments: str, stdin: str = "") -> str:
        """What a command printed; it has to succeed."""
        done = self.run(*arguments, stdin=stdin)
        assert done.returncode == 0, f"clynto {' '.join(arguments)}: {done.stderr}"
        return done.stdout.strip()

    def start(self, *arguments: str) -> Process:
        """A process in a group of its own, with its messages in a file of the data folder."""
        log = self.folder / f"{arguments[0]}-{len(self.processes)}.log"
        process: Process
        if arguments[0] in ("web", "worker") and not self.from_nothing:
            process = nursery().start(arguments, self.environ, log)
        else:
            with log.open("wb") as messages:
                process = subprocess.Popen(
                    [sys.executable, "-m", "clynto.entrypoints.cli", *arguments],
                    env=self.environ,
                    stdin=subprocess.DEVNULL,
                    stdout=messages,
                    stderr=messages,
                    start_new_session=True,
                )
        self.processes.append(process)
        return process

    def start_web(self) -> Process:
        """The web server, answering."""
        process = self.start("web", "--port", str(self.port))
        wait_for("the web server", self.answers, seconds=START_SECONDS)
        return process

    def answers(self) -> bool:
        """Whether the web server is ready."""
        try:
            return requests.get(f"{self.base}/readyz", timeout=5).status_code == 200
        except requests.RequestException:
            return False

    def start_worker(self) -> Process:
        """A worker; it needs no waiting, since jobs wait for it."""
        return self.start("worker")

    def new_workspace(self, name: str) -> Api:
        """A workspace with an owner's API token."""
        email = f"owner-{name}@rheinwerk.example"
        workspace = self.clynto(
            "workspace", "create", "--name", name, "--owner-email", email, "--owner-password-stdin", stdin=PASSWORD
        )
        token = self.clynto("token", "create", "--workspace", workspace, "--role", "admin", "--name", "tests")
        return Api(self.base, token)

    def logs(self) -> str:
        """All that was ever logged."""
        return "\n".join(path.read_text("utf-8", "replace") for path in sorted(self.folder.glob("*.log")))

    def stop(self) -> None:
        """End everything, gently first."""
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            try:
                process.wait(timeout=12)
            except subprocess.TimeoutExpired:
                kill_group(process)
        self.processes.clear()


def kill_group(process: Process, number: signal.Signals = signal.SIGKILL) -> None:
    """Send a signal to a process and all of its children at once."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return
    if number is signal.SIGKILL:
        process.wait()
