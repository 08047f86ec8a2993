"""How fast deliveries are acknowledged, and how soon a signal shows, on both databases (issue 3, "Speed").

One web process and one worker, as ``clynto up`` starts them. A sandbox in a process of its own plays Stripe while the
customers are read and read again; deliveries are signed beforehand, so that the sender costs little.
Run: ``python -m benchmarks.webhook_intake``.
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.deliveries import SIGNING_SECRET, Failures, Sent, deliver, requests_of
from benchmarks.figures import Figure, percentile, show
from benchmarks.surroundings import PostgresServer, Sandbox, connect_stripe, databases, installation, sandbox, synced
from sqlalchemy import Engine, text
from tests.integration.product.installation import Api, wait_for

from clynto.adapters.sql.engines import READING, open_database

LEAST_A_SECOND = {"SQLite": 400.0, "PostgreSQL": 700.0}
ACK_MILLISECONDS = 25.0
STEADY_RATE = 200.0
SIGNAL_SECONDS = 1.0
SIGNAL_RATE = 100.0
WORSE_BY = 2.0
LOOK_EVERY_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Numbers:
    """How much is sent."""

    burst: int
    steady: int
    signals: int


def measure(stripe: Sandbox, server: PostgresServer | None, database: str, numbers: Numbers) -> list[Figure]:
    """All figures of one database."""
    with installation(stripe.url, None if server is None else server.new_database()) as made:
        made.start_worker()
        made.start_web()
        api = made.new_workspace("benchmark")
        api.call("POST", "/accounts/import", data=stripe.companies_csv(), headers={"Content-Type": "text/csv"})
        connect_stripe(api)
        synced(api, seconds=600)
        card = api.call(
            "PUT", "/integrations/stripe/webhook-secret", json={"signing_secret": SIGNING_SECRET}, expect=200
        )
        address = made.extra.get("CLYNTO_DATABASE_URL") or f"sqlite:///{made.folder / 'clynto.sqlite3'}"
        bench = Bench(api, card["webhook"]["url"], Failures(stripe), open_database(address), numbers)
        calm = bench.steady("calm"), bench.until_visible("seen")
        print(f"  calm: ack p99 {calm[0]:.1f} ms, visible p95 {calm[1]:.2f} s", flush=True)
        with Syncing(api):
            busy = bench.steady("busy"), bench.until_visible("seenbusy")
        print(f"  beside a sync: ack p99 {busy[0]:.1f} ms, visible p95 {busy[1]:.2f} s", flush=True)
        figures = [
            Figure(f"acknowledged with 8 in flight, {database}", bench.burst(), LEAST_A_SECOND[database], "/s", True),
            Figure(f"ack p99 at 200/s, {database}", calm[0], ACK_MILLISECONDS, "ms"),
            Figure(f"ack to visible signal p95 at 100/s, {database}", calm[1], SIGNAL_SECONDS, "s"),
            Figure(f"ack p99 beside a full sync, {database}", busy[0] / calm[0], WORSE_BY, "x"),
            Figure(f"visible signal p95 beside a full sync, {database}", busy[1] / calm[1], WORSE_BY, "x"),
        ]
        bench.engine.dispose()
        return figures


@dataclass(frozen=True, slots=True)
class Bench:
    """One workspace that knows its customers."""

    api: Api
    url: str
    failures: Failures
    engine: Engine
    numbers: Numbers

    def burst(self) -> float:
        """Acknowledgements a second, 8 in flight; the best of three, since others use the machine too."""
        return max(self._sent(f"burst{turn}", self.numbers.burst, in_flight=8).rate for turn in range(3))

    def steady(self, name: str) -> float:
        """The 99th percentile of an acknowledgement at a steady rate, in milliseconds."""
        sent = self._sent(name, self.numbers.steady, in_flight=8, rate=STEADY_RATE)
        self._worked_off()
        return percentile(sent.seconds, 99) * 1000

    def until_visible(self, name: str) -> float:
        """The 95th percentile of the seconds from an acknowledgement to a signal that can be read."""
        wanted = list(self.failures.bodies(self.numbers.signals, name))
        wire = requests_of(self.url, [body for _, body in wanted])
        watcher = Watcher(self.engine, [invoice_id for invoice_id, _ in wanted])
        watcher.start()
        sent = deliver(self.url, wire, in_flight=8, rate=SIGNAL_RATE)
        watcher.join(timeout=120)
        assert sent.refused == 0
        assert len(watcher.seen) == len(wanted), f"{len(watcher.seen)} of {len(wanted)} signals"
        self._worked_off()
        waited = [watcher.seen[invoice_id] - sent.ended[number] for number, (invoice_id, _) in enumerate(wanted)]
        return max(0.0, percentile(waited, 95))

    def _sent(self, name: str, count: int, *, in_flight: int, rate: float | None = None) -> Sent:
        wire = requests_of(self.url, [body for _, body in self.failures.bodies(count, name)])
        sent = deliver(self.url, wire, in_flight=in_flight, rate=rate)
        assert sent.refused == 0, f"{sent.refused} of {count} were refused"
        return sent

    def _worked_off(self) -> None:
        wait_for("the inbox", lambda: self.api.card()["webhook"]["pending"] == 0, seconds=300, every=0.5)


class Watcher(threading.Thread):
    """Looks for signals as a reader of the inbox would find them, and notes when each was there first.

    As a reader: a transaction that may write would take SQLite's one write lock with every look, out of turn, and
    what was measured would be how long the watcher and the worker wait for each other.
    """

    def __init__(self, engine: Engine, invoice_ids: Sequence[str]) -> None:
        super().__init__(daemon=True)
        self._engine = engine.execution_options(**READING[engine.dialect.name])
        self._wanted = set(invoice_ids)
        self._prefix = invoice_ids[0][:-6]
        self.seen: dict[str, float] = {}

    def run(self) -> None:
        """Until all were seen, or nobody waits any more."""
        query = text("SELECT identity FROM signals WHERE type = 'payment_failed' AND identity LIKE :named")
        until = time.perf_counter() + 120
        while len(self.seen) < len(self._wanted) and time.perf_counter() < until:
            with self._engine.connect() as connection:
                found = list(connection.scalars(query, {"named": f"{self._prefix}%"}))
            now = time.perf_counter()
            for identity in found:
                if identity in self._wanted:
                    self.seen.setdefault(identity, now)
            time.sleep(LOOK_EVERY_SECONDS)


class Syncing:
    """One full sync after the other, as long as the block lasts."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()
        time.sleep(1.0)

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(timeout=600)

    def _run(self) -> None:
        api = Api(self._api.base, self._api.token)
        while not self._over.is_set():
            api.post("/integrations/stripe/syncs", expect=202)
            synced_or_not(api)


def synced_or_not(api: Api) -> None:
    """Wait until no sync runs."""
    wait_for("the sync", lambda: api.card()["state"] != "syncing", seconds=600, every=0.5)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000)
    parser.add_argument("--burst", type=int, default=4_000)
    parser.add_argument("--steady", type=int, default=2_000)
    parser.add_argument("--signals", type=int, default=1_000)
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    chosen = parser.parse_args()
    figures: list[Figure] = []
    numbers = Numbers(chosen.burst, chosen.steady, chosen.signals)
    with sandbox(customers=chosen.customers, invoices_each=12) as stripe, databases(chosen.only) as wanted:
        for name, server in wanted.items():
            figures += measure(stripe, server, name, numbers)
    show(figures)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
