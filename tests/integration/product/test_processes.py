"""``clynto up``, ``web`` and ``worker`` as an operator meets them: begin, serve, end within ten seconds (guarantee 4,
E13, K15)."""

from __future__ import annotations

import re
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests
from tests.integration.product.installation import PASSWORD, Installation, Process, free_port, kill_group, wait_for

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("product-processes")]
ENDED_SECONDS = 10.0


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """Nothing but an empty folder: no database, no keys, no Redis."""
    made = Installation(tmp_path, "http://127.0.0.1:9", from_nothing=True)
    yield made
    made.stop()
    for process in psutil.process_iter(["cmdline"]):
        if any(str(tmp_path) in part for part in process.info["cmdline"] or ()):
            process.kill()


def children_of(process: Process) -> list[psutil.Process]:
    """Everything that a process started, directly or not."""
    return list(psutil.Process(process.pid).children(recursive=True))


def stopped(process: Process, number: signal.Signals = signal.SIGTERM) -> int:
    """Ask a process to end; its exit status. Neither it nor a child outlives ten seconds."""
    children = children_of(process)
    began = time.monotonic()
    process.send_signal(number)
    status = process.wait(timeout=15)
    assert time.monotonic() - began < ENDED_SECONDS
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    return status


def test_everything_in_one_go_from_an_empty_folder(installation: Installation) -> None:
    """``up``: address and set-up code are printed once somebody answers there, the first visit founds the workspace,
    Ctrl-C ends all of it, and a second start finds what was there."""
    process = installation.start("up", "--port", str(installation.port))
    log = installation.folder / "up-0.log"
    code = wait_for("the set-up code", lambda: re.search(r"set-up code (\S+)", log.read_text()), seconds=90)[1]
    assert f"Clynto on {installation.base}" in log.read_text()
    with requests.Session() as visitor:
        page = visitor.get(f"{installation.base}/setup", timeout=30).text
        form = {
            "csrf_token": re.search(r'name="csrf_token" value="([^"]+)"', page)[1],  # type: ignore[index]
            "code": code,
            "name": "Rheinwerk",
            "owner_email": "ann@rheinwerk.example",
            "owner_password": PASSWORD,
        }
        answer = visitor.post(f"{installation.base}/setup", data=form, timeout=30)
        assert answer.status_code == 200
        assert visitor.get(f"{installation.base}/accounts", timeout=30).url.endswith("/accounts")
    health = requests.get(f"{installation.base}/healthz", timeout=30)
    metrics = requests.get(f"{installation.base}/metrics", timeout=30)
    assert (health.status_code, metrics.status_code) == (200, 200)
    assert stopped(process, signal.SIGINT) == 0
    again = installation.start("up", "--port", str(installation.port))
    wait_for("the web server", installation.answers, seconds=90)
    with requests.Session() as visitor:
        # The form is gone: whoever comes by is shown the way to sign in.
        answer = visitor.get(f"{installation.base}/setup", timeout=30)
        assert (answer.status_code, answer.url) == (200, f"{installation.base}/login")
        assert "set-up code" not in answer.text.lower()
    assert "set-up code" not in (installation.folder / "up-1.log").read_text()
    assert "Traceback" not in installation.logs()
    assert stopped(again) == 0


def test_a_part_that_dies_ends_the_whole_and_is_named(installation: Installation) -> None:
    """``up`` does not go on half: the exit status is 1 and one line says which part ended."""
    process = installation.start("up", "--port", str(installation.port))
    wait_for("the web server", installation.answers, seconds=90)
    worker = next(child for child in psutil.Process(process.pid).children() if child.cmdline()[-1] == "worker")
    kill_group_of(worker)
    assert process.wait(timeout=20) == 1
    told = (installation.folder / "up-0.log").read_text().splitlines()
    assert "clynto: The worker process ended by itself; its messages stand above." in told


def kill_group_of(process: psutil.Process) -> None:
    """SIGKILL to a process and what it started."""
    for each in [*process.children(recursive=True), process]:
        each.kill()


def test_a_taken_port_is_one_line(installation: Installation) -> None:
    """``web``, ``up`` and ``demo`` say so and end."""
    installation.clynto("migrate")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for command in ("web", "up", "demo"):
            done = installation.run(command, "--port", port)
            assert (done.returncode, done.stdout) == (1, ""), done.stderr
            assert f"Port {port} is taken" in done.stderr
            assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_web_and_worker_end_by_themselves_in_time(installation: Installation) -> None:
    """One Redis of the folder serves both, whoever began it; each ends alone and cleanly."""
    installation.clynto("migrate")
    web = installation.start_web()
    worker = installation.start_worker()
    wait_for("the worker's processes", lambda: len(psutil.Process(worker.pid).children()) >= 3, seconds=60)
    assert stopped(worker) == 0
    assert requests.get(f"{installation.base}/healthz", timeout=10).status_code == 200
    assert stopped(web) == 0
    said = installation.logs()
    assert f"web listens on 127.0.0.1:{installation.port} with 1 process" in said
    assert "worker takes jobs" in said
    assert "Traceback" not in said


def test_second_web_server_on_another_port_shares_everything(installation: Installation) -> None:
    """An operator adds a web process while the first serves; a workspace made on the command line is seen by both."""
    installation.clynto("migrate")
    installation.start_web()
    api = installation.new_workspace("shared")
    port = free_port()
    second = installation.start("web", "--port", str(port))
    own = {"Authorization": f"Bearer {api.token}"}

    def seen() -> bool:
        try:
            answer = requests.get(f"http://127.0.0.1:{port}/api/v1/workspace", headers=own, timeout=10)
        except requests.RequestException:
            return False
        return answer.status_code == 200

    wait_for("the second web server", seen, seconds=90)
    assert stopped(second) == 0
    assert api.get("/workspace")["name"] == "shared"
    kill_group(installation.processes[0])
