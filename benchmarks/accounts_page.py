"""How long the server takes for the first page of the Accounts table, HTML and all, with 100,000 accounts.

The whole application answers in this process, as for a browser: session, totals, coverage, trends, template, packing.
Prints the p95 of each order and filter, with the processor time, which other load on the machine does not lengthen, and
the worst one's ratio to the limit of 150 ms. Run: ``python -m benchmarks.accounts_page``.
"""

from __future__ import annotations

import argparse
import random
import re
import tempfile
import time
from collections.abc import Iterator
from fractions import Fraction

from benchmarks.figures import Figure, percentile, show
from benchmarks.surroundings import databases
from flask.testing import FlaskClient

from clynto.application.create_workspace import CreateWorkspace
from clynto.application.founding import Founder, FoundingRequest
from clynto.domain.account import Account
from clynto.domain.account_billing import AccountBilling, PaymentStatus
from clynto.domain.moments import UnixMicros, UnixTime, seconds_of
from clynto.domain.money import MoneyBag
from clynto.domain.secret import Secret
from clynto.entrypoints.container import Container, container_for
from clynto.entrypoints.http.app import create_app
from clynto.entrypoints.services import WebSettings
from clynto.entrypoints.settings import load_settings
from clynto.entrypoints.start_up import prepare_storage
from clynto.entrypoints.web_services import services_of

LIMIT_MS = 150.0
EMAIL, PASSWORD = "owner@rheinwerk.example", "correct horse battery staple"
STATUSES = [PaymentStatus.PAID] * 70 + [PaymentStatus.OVERDUE] * 8 + [PaymentStatus.FAILED] * 2 + [None] * 20
PATHS = (
    "/accounts",
    "/accounts?sort=name",
    "/accounts?sort=renewal_at",
    "/accounts?payment_status=overdue",
    "/accounts?payment_status=failed",
)
_TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')
_DAY = 86_400


def _accounts(count: int, now: UnixMicros) -> Iterator[Account]:
    for number in range(count):
        yield Account(f"acc_{number:026}", f"Company {number:06} GmbH", (f"company-{number}.example",), None, now)


def _billings(count: int, now: UnixMicros) -> Iterator[tuple[AccountBilling, int]]:
    draw = random.Random(11)
    for number in range(count):
        mrr = MoneyBag.of(
            draw.choice(("USD", "EUR", "JPY")), Fraction(draw.randrange(0, 500_000), draw.choice((1, 12)))
        )
        billing = AccountBilling(
            account_id=f"acc_{number:026}",
            list_mrr=mrr,
            net_mrr=mrr,
            partial=False,
            payment_status=draw.choice(STATUSES),
            renewal_at=UnixTime(seconds_of(now) + draw.randrange(366) * _DAY),
            lifetime_value=MoneyBag.of("USD", draw.randrange(10**7)),
            oldest_invoice_at=UnixTime(seconds_of(now) - 300 * _DAY),
            live_subscriptions=1,
            customers=1,
            as_of=now,
            computed_at=now,
        )
        yield billing, sum(amount.__floor__() for _, amount in mrr)


def _fill(container: Container, count: int) -> None:
    identifiers, clock = container.identifiers(), container.clock()
    founder = Founder(hashing=container.hashing(), clock=clock, identifiers=identifiers)
    create = CreateWorkspace(workspaces=container.workspaces(), founder=founder)
    workspace = create(FoundingRequest("Rheinwerk", EMAIL, Secret(PASSWORD)))
    for store in ("accounts", "billing"):
        with container.units().writing(workspace) as unit:
            if store == "accounts":
                unit.accounts.put_many(_accounts(count, clock.now()))
            else:
                unit.billing.put_accounts(_billings(count, clock.now()))
            unit.commit()


def _signed_in(container: Container, public_url: str, secret_key: Secret) -> FlaskClient:
    app = create_app(services_of(container, WebSettings(public_url, secret_key), Secret("unused")))
    client = app.test_client()
    found = _TOKEN.search(client.get("/login").text)
    assert found is not None
    answer = client.post("/login", data={"email": EMAIL, "password": PASSWORD, "csrf_token": found.group(1)})
    assert answer.status_code == 303, answer.status
    return client


def _milliseconds(client: FlaskClient, path: str) -> tuple[float, float]:
    """By the clock, and of processor time."""
    began, worked = time.perf_counter(), time.process_time()
    answer = client.get(path, headers={"Accept-Encoding": "gzip"})
    taken = (time.perf_counter() - began) * 1000, (time.process_time() - worked) * 1000
    assert answer.status_code == 200, answer.status
    return taken


def main() -> int:
    """0 if every database keeps the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    chosen = parser.parse_args()
    figures = []
    with databases(chosen.only) as found:
        for name, server in found.items():
            with tempfile.TemporaryDirectory(prefix="clynto-benchmark-") as folder:
                environ = {"CLYNTO_DATA_DIR": folder}
                if server is not None:
                    environ["CLYNTO_DATABASE_URL"] = server.new_database()
                settings = load_settings(environ, on_terminal=False)
                prepare_storage(settings)
                container = container_for(settings, "redis://unused")
                _fill(container, chosen.accounts)
                client = _signed_in(container, "http://127.0.0.1:8000", settings.secret_key)
                slowest = 0.0
                for path in PATHS:
                    _milliseconds(client, path)
                    taken = [_milliseconds(client, path) for _ in range(chosen.repeats)]
                    p95 = percentile((elapsed for elapsed, _ in taken), 95)
                    worked = percentile((processor for _, processor in taken), 50)
                    print(f"  {name}  {path:36} p95 {p95:6.1f} ms, processor {worked:6.1f} ms", flush=True)
                    slowest = max(slowest, p95)
                container.database().dispose()
            figures.append(Figure(f"first page of {chosen.accounts:,} accounts, {name}", slowest, LIMIT_MS, "ms"))
    show(figures)
    return int(not all(figure.kept for figure in figures))


if __name__ == "__main__":
    raise SystemExit(main())
