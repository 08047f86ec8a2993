"""How long the server takes for the first page of the Accounts table, HTML and all, with 100,000 accounts.

The whole application answers in this process, as for a browser: session, shell, page, totals, coverage, trends,
template, packing. The workspace is the one that Larry is measured with: 100,000 accounts, 95,000 Stripe customers,
1,000,000 invoices and 13 months of history. Prints the p95 of each order and filter by the clock, and how long
processors worked for one, the database's included, which other load on the machine does not lengthen; the worst one's
ratio to the limit of 150 ms. Run: ``python -m benchmarks.accounts_page``.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import Figure, percentile, show
from benchmarks.portfolio.companies import NOW
from benchmarks.portfolio.filled_workspace import WORKSPACE, fill, keep_in_order
from benchmarks.surroundings import PostgresServer, cpu_seconds, databases
from dependency_injector import providers
from flask.testing import FlaskClient

from clynto.adapters.memory.settable_clock import SettableClock
from clynto.application.actor import Actor
from clynto.application.add_user import AddUser
from clynto.application.audit import AuditTrail
from clynto.domain.errors import Conflict
from clynto.domain.roles import Role
from clynto.domain.secret import Secret
from clynto.entrypoints.container import Container, container_for
from clynto.entrypoints.http.app import create_app
from clynto.entrypoints.services import WebSettings
from clynto.entrypoints.settings import Settings, load_settings
from clynto.entrypoints.start_up import prepare_storage
from clynto.entrypoints.web_services import services_of

LIMIT_MS = 150.0
EMAIL, PASSWORD = "owner@rheinwerk.example", "correct horse battery staple"
PATHS = (
    "/accounts",
    "/accounts?sort=name",
    "/accounts?sort=renewal_at",
    "/accounts?payment_status=overdue",
    "/accounts?payment_status=failed",
)
SEARCHES = ("/accounts?q=0077", "/accounts?q=gmbh")
"""Not first pages, but what the next keystroke asks for: a rare text, and one that every fifth account has."""
_TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')


def _add_owner(container: Container) -> None:
    clock, identifiers = container.clock(), container.identifiers()
    add = AddUser(
        units=container.units(),
        hashing=container.hashing(),
        clock=clock,
        identifiers=identifiers,
        audit=AuditTrail(clock, identifiers),
    )
    try:
        add(Actor(WORKSPACE, Role.OWNER, "benchmark"), email=EMAIL, role=Role.OWNER, password=Secret(PASSWORD))
    except Conflict:
        return


def _signed_in(container: Container, settings: Settings) -> FlaskClient:
    app = create_app(
        services_of(container, WebSettings("http://127.0.0.1:8000", settings.secret_key), Secret("unused"))
    )
    client = app.test_client()
    found = _TOKEN.search(client.get("/login").text)
    assert found is not None
    answer = client.post("/login", data={"email": EMAIL, "password": PASSWORD, "csrf_token": found.group(1)})
    assert answer.status_code == 303, answer.status
    return client


def _milliseconds(client: FlaskClient, path: str) -> float:
    began = time.perf_counter()
    answer = client.get(path, headers={"Accept-Encoding": "gzip"})
    taken = (time.perf_counter() - began) * 1000
    assert answer.status_code == 200, answer.status
    return taken


def _measured(
    client: FlaskClient, server: PostgresServer | None, paths: Sequence[str], repeats: int
) -> tuple[float, float]:
    """Of the slowest path the p95 by the clock, of the hardest the mean work of processors, both in milliseconds."""
    slowest = hardest = 0.0
    for path in paths:
        _milliseconds(client, path)
        worked = _work(server)
        taken = [_milliseconds(client, path) for _ in range(repeats)]
        p95, work = percentile(taken, 95), (_work(server) - worked) * 1000 / repeats
        print(f"  {path:36} p95 {p95:6.1f} ms, work {work:6.1f} ms", flush=True)
        slowest, hardest = max(slowest, p95), max(hardest, work)
    return slowest, hardest


def _work(server: PostgresServer | None) -> float:
    return time.process_time() + (0.0 if server is None else cpu_seconds(server.pid))


def _container(folder: Path, server: PostgresServer | None, accounts: int) -> tuple[Container, Settings]:
    """Everything a web process has, over a filled database."""
    environ, is_there = {"CLYNTO_DATA_DIR": str(folder)}, (folder / "filled").exists()
    if server is not None:
        environ["CLYNTO_DATABASE_URL"], is_there = server.database("accounts_page")
    settings = load_settings(environ, on_terminal=False)
    prepare_storage(settings)
    container = container_for(settings, "redis://unused")
    clock = SettableClock()
    clock.set(NOW)
    container.clock.override(providers.Object(clock))
    if not is_there:
        fill(container.database(), container.units(), accounts)
        (folder / "filled").touch()
    keep_in_order(container.database())
    _add_owner(container)
    return container, settings


def main() -> int:
    """0 if every database keeps the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    parser.add_argument("--keep", type=Path, help="Folder in which the databases are kept, and used again if there.")
    chosen = parser.parse_args()
    figures = []
    kept_in = None if chosen.keep is None else chosen.keep / "postgresql"
    with databases(chosen.only, kept_in) as found:
        for name, server in found.items():
            print(name)
            with tempfile.TemporaryDirectory(prefix="clynto-benchmark-") as temporary:
                folder = Path(temporary) if chosen.keep is None else chosen.keep / name
                folder.mkdir(parents=True, exist_ok=True)
                container, settings = _container(folder, server, chosen.accounts)
                client = _signed_in(container, settings)
                for kind, paths in (("first page of", PATHS), ("search among", SEARCHES)):
                    what = f"{kind} {chosen.accounts:,} accounts, {name}"
                    slowest, hardest = _measured(client, server, paths, chosen.repeats)
                    figures.append(Figure(f"{what}, p95", slowest, LIMIT_MS, "ms"))
                    figures.append(Figure(f"{what}, processor time", hardest, LIMIT_MS, "ms"))
                container.database().dispose()
    show(figures)
    return int(not all(figure.kept for figure in figures))


if __name__ == "__main__":
    raise SystemExit(main())
