"""How long a first full sync takes: held back by Stripe's rate limits, and as fast as it can, on both databases.

A sandbox in a process of its own plays Stripe; a real worker process fetches, maps, stores, matches, raises signals
and computes. Run: ``python -m benchmarks.full_sync``.
"""

from __future__ import annotations

import argparse
import datetime as dt
import time
from dataclasses import dataclass
from typing import Any

from benchmarks.figures import Figure, show
from benchmarks.surroundings import (
    PostgresServer,
    Sandbox,
    connect_stripe,
    cpu_seconds,
    databases,
    installation,
    peak_megabytes,
    sandbox,
    synced,
)

ENDPOINT_RATE = 25
KEY_RATE = 100
LATENCY_MILLISECONDS = 120
PAGE = 100
ALLOWED = 1.3
LEAST_OBJECTS_A_SECOND = 5_000
UNLIMITED = 10_000
PATIENCE_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Run:
    """One sync: its wall time, the processor time of everybody who took part, and the largest worker process."""

    seconds: float
    worker_cpu: float
    sandbox_cpu: float
    database_cpu: float
    requests: dict[str, int]
    peak_megabytes: float

    def __str__(self) -> str:
        parts = f"worker {self.worker_cpu:.1f} s, sandbox {self.sandbox_cpu:.1f} s, database {self.database_cpu:.1f} s"
        asked = sum(self.requests.values())
        return f"{self.seconds:.1f} s; processor time: {parts}; {asked} requests; peak {self.peak_megabytes:.0f} MB"


def sync_once(stripe: Sandbox, server: PostgresServer | None, **settings: str) -> Run:
    """Connect a fresh installation to the sandbox and wait for its first sync."""
    database = None if server is None else server.new_database()
    with installation(stripe.url, database, **settings) as made:
        api = made.new_workspace("benchmark")
        worker = made.start_worker()
        made.start_web()
        api.call("POST", "/accounts/import", data=stripe.companies_csv(), headers={"Content-Type": "text/csv"})
        stripe.forget_requests()
        measured = [(worker.pid,), (stripe.pid,), (server.pid,) if server else ()]
        before = [cpu_seconds(*pids) for pids in measured]
        connect_stripe(api)
        run = synced(api, seconds=PATIENCE_SECONDS)
        by_worker, by_sandbox, by_database = (
            cpu_seconds(*pids) - earlier for pids, earlier in zip(measured, before, strict=True)
        )
        requests = stripe.ask("/requests/summary")["by_path"]
        return Run(_seconds(run), by_worker, by_sandbox, by_database, requests, peak_megabytes(worker.pid))


def _seconds(run: dict[str, Any]) -> float:
    begun, ended = (dt.datetime.fromisoformat(run[name]) for name in ("started_at", "finished_at"))
    return (ended - begun).total_seconds()


def _with_limits(stripe: Sandbox, server: PostgresServer | None, database: str) -> Figure:
    stripe.tell("/latency", milliseconds=LATENCY_MILLISECONDS)
    stripe.tell("/rate_limits", global_rate=KEY_RATE, endpoint_rate=ENDPOINT_RATE)
    rates = {"CLYNTO_STRIPE_MAX_RPS": str(KEY_RATE), "CLYNTO_STRIPE_ENDPOINT_RPS": str(ENDPOINT_RATE)}
    run = sync_once(stripe, server, **rates)
    pages = -(-stripe.objects["invoices"] // PAGE)
    print(f"  {run}; refused for their rate: {stripe.ask('/requests/summary')['by_status'].get('429', 0)}")
    limit = ALLOWED * pages / ENDPOINT_RATE
    return Figure(f"full sync at Stripe's limits, {database}", run.seconds, limit, "s")


def _without_limits(stripe: Sandbox, server: PostgresServer | None, database: str) -> Figure:
    stripe.tell("/latency", milliseconds=0)
    stripe.tell("/rate_limits")
    rates = {"CLYNTO_STRIPE_MAX_RPS": str(UNLIMITED), "CLYNTO_STRIPE_ENDPOINT_RPS": str(UNLIMITED)}
    run = sync_once(stripe, server, **rates)
    objects = sum(stripe.objects[kind] for kind in ("products", "prices", "customers", "subscriptions", "invoices"))
    print(f"  {objects} objects in {run}")
    return Figure(f"full sync without limits, {database}", objects / run.seconds, LEAST_OBJECTS_A_SECOND, "/s", True)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=2_300)
    parser.add_argument("--invoices-each", type=int, default=13, help="more than 13 lie before the sync's window")
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    parser.add_argument("--skip-limits", action="store_true")
    chosen = parser.parse_args()
    figures: list[Figure] = []
    begun = time.monotonic()
    with (
        sandbox(customers=chosen.customers, invoices_each=chosen.invoices_each) as stripe,
        databases(chosen.only) as wanted,
    ):
        stripe.render_everything()
        print(f"sandbox with {stripe.objects} in {time.monotonic() - begun:.0f} s")
        for name, server in wanted.items():
            figures.append(_without_limits(stripe, server, name))
            if not chosen.skip_limits:
                figures.append(_with_limits(stripe, server, name))
    show(figures)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
