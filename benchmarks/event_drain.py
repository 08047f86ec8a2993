"""How long 10,000 pending events of one workspace take to be worked off, on both databases.

Each event is of an invoice of its own whose payment was refused, of customers that the product knows: each stores a
fact, opens a signal and changes figures. One worker process does the work. Run: ``python -m benchmarks.event_drain``.
"""

from __future__ import annotations

import argparse
import time

from benchmarks.deliveries import SIGNING_SECRET, Failures, deliver, requests_of
from benchmarks.figures import Figure, show
from benchmarks.surroundings import PostgresServer, Sandbox, connect_stripe, databases, installation, sandbox, synced
from sqlalchemy import func, select
from tests.integration.product.installation import wait_for

from clynto.adapters.sql.engines import READING, open_database
from clynto.adapters.sql.event_intake import SqlEventIntake
from clynto.adapters.sql.tables import METADATA
from clynto.adapters.stripe_api.event_reading import StripeEventReading
from clynto.domain.moments import UnixMicros
from clynto.ports.webhooks import ArrivedEvent

EVENTS = 10_000
LIMIT_SECONDS = 20.0
AT_ONCE = 500
INBOX = METADATA.tables["event_inbox"]


def drained(stripe: Sandbox, server: PostgresServer | None, count: int) -> float:
    """Seconds from handing the work over to the last event's effect."""
    with installation(stripe.url, None if server is None else server.new_database()) as made:
        made.start_worker()
        made.start_web()
        api = made.new_workspace("benchmark")
        api.call("POST", "/accounts/import", data=stripe.companies_csv(), headers={"Content-Type": "text/csv"})
        connect_stripe(api)
        synced(api, seconds=600)
        secret = {"signing_secret": SIGNING_SECRET}
        card = api.call("PUT", "/integrations/stripe/webhook-secret", json=secret, expect=200)
        engine = open_database(made.extra.get("CLYNTO_DATABASE_URL") or f"sqlite:///{made.folder / 'clynto.sqlite3'}")
        with engine.connect() as connection:
            (workspace_id,) = connection.scalars(select(METADATA.tables["workspaces"].c.workspace_id)).all()
        bodies = [body for _, body in Failures(stripe).bodies(count, "drain")]
        reading, now = StripeEventReading(), UnixMicros(time.time_ns() // 1000)
        told = [(reading.envelope(body), body) for body in bodies[1:]]
        arrived = [ArrivedEvent(workspace_id, one, body, now) for one, body in told if one is not None]
        intake = SqlEventIntake(engine)
        for start in range(0, len(arrived), AT_ONCE):
            intake.store(arrived[start : start + AT_ONCE])
        begun = time.perf_counter()
        # The last event comes like any other, and its delivery has the worker look into the inbox.
        assert (
            deliver(card["webhook"]["url"], requests_of(card["webhook"]["url"], bodies[:1]), in_flight=1).refused == 0
        )
        # Not "none is pending": on SQLite they stand in the file of arrivals first, and the inbox is empty (ADR 0039).
        over = select(func.count()).select_from(INBOX).where(INBOX.c.state == "done")
        # A transaction that may write would take SQLite's one write lock with every look.
        looking = engine.execution_options(**READING[engine.dialect.name])

        def done() -> bool:
            with looking.connect() as connection:
                return connection.scalar(over) == count

        wait_for("the inbox", done, seconds=300, every=0.1)
        seconds = time.perf_counter() - begun
        engine.dispose()
        return seconds


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--customers", type=int, default=1_000)
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    chosen = parser.parse_args()
    figures = []
    with sandbox(customers=chosen.customers, invoices_each=6) as stripe, databases(chosen.only) as wanted:
        for name, server in wanted.items():
            seconds = drained(stripe, server, chosen.events)
            limit = LIMIT_SECONDS * chosen.events / EVENTS
            figures.append(Figure(f"drain of {chosen.events} pending events, {name}", seconds, limit, "s"))
    show(figures)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
