"""What the largest process of a worker needs for a first full sync of 30,000 and of 300,000 invoices.

Memory must not grow with the Stripe account (guarantees D12). Run: ``python -m benchmarks.sync_memory``.
"""

from __future__ import annotations

import argparse

from benchmarks.figures import Figure, show
from benchmarks.full_sync import UNLIMITED, Run, sync_once
from benchmarks.surroundings import PostgresServer, databases, sandbox

INVOICES_EACH = 13
"""Monthly ones that fit into the sync's window of twelve months."""
MOST_GROWTH = 1.2
MOST_MEGABYTES = 250
TIMES_LARGER = 10


def _measured(customers: int, server: PostgresServer | None) -> Run:
    rates = {"CLYNTO_STRIPE_MAX_RPS": str(UNLIMITED), "CLYNTO_STRIPE_ENDPOINT_RPS": str(UNLIMITED)}
    with sandbox(customers=customers, invoices_each=INVOICES_EACH) as stripe:
        run = sync_once(stripe, server, **rates)
        print(f"  {stripe.objects['invoices']} invoices: {run}", flush=True)
    return run


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=2_300)
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    chosen = parser.parse_args()
    figures: list[Figure] = []
    with databases(chosen.only) as wanted:
        for name, server in wanted.items():
            small = _measured(chosen.customers, server)
            large = _measured(chosen.customers * TIMES_LARGER, server)
            growth = large.peak_megabytes / small.peak_megabytes
            figures += [
                Figure(f"peak memory of a worker, {name}", large.peak_megabytes, MOST_MEGABYTES, "MB"),
                Figure(f"the same, ten times as many invoices, {name}", growth, MOST_GROWTH, "times"),
            ]
    show(figures)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
