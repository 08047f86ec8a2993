"""Whatever comes unsigned or wrongly signed leaves nothing behind but a note of the refusal (guarantees A2, A12,
J8)."""

from __future__ import annotations

import http.client
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
from sqlalchemy import select, text
from tests.integration.product.stored import database_dump, redis_dump
from tests.integration.webhooks.billed_workspace import SIGNING_SECRET, BilledWorkspace, StripeAccount
from tests.integration.webhooks.running_product import RunningProduct
from tests.integration.webhooks.usual_story import COMPANIES, UsualStory

from clynto.adapters.sql.tables import METADATA
from clynto.domain.secret import Secret
from clynto.domain.webhook_event import MISSED_TYPES
from clynto.entrypoints.container import container_for
from clynto.entrypoints.http.web_application import web_application
from clynto.entrypoints.services import WebSettings
from clynto.entrypoints.settings import load_settings
from clynto.entrypoints.web_services import services_of
from stripe_sandbox.webhooks.endpoint import signature_header

SWITCHES_OFF = (
    "account.application.deauthorized",
    "account.updated",
    "capability.updated",
    "customer.deleted",
    "v2.core.event_destination.disabled",
    "webhook_endpoint.deleted",
    "ping",
)
"""What a careless receiver acts on before it looks at the signature."""
CANARY = "c4naryThatNobodyWritesDown0001"
OF_EACH_TYPE = 50
BAD_REQUESTS = 10_000
AT_ONCE = 8
"""So many wait for their answers at a time: refusals that come together are noted together."""
MOST_GROWTH = 1_000_000
COUNTERS = frozenset({"refused_at", "refusal", "clock_skew_seconds"})
"""Columns in which the card remembers the last refusal."""
Headers = dict[str, str]


@dataclass(frozen=True)
class Target:
    """A fed workspace, and what Stripe has to tell of it that nobody has delivered."""

    workspace: BilledWorkspace
    path: str
    bodies: tuple[dict[str, Any], ...]

    def of_type(self, kind: str) -> dict[str, Any]:
        """A body of that type, about an object that it fits if there is one."""
        told = next((body for body in self.bodies if body["type"] == kind), self.bodies[0])
        return {**told, "type": kind}


@pytest.fixture
def target(product: RunningProduct, account: StripeAccount) -> Target:
    """Six customers have paid; since then they were refused, shrank, canceled and left."""
    workspace = product.workspace(account)
    for name in COMPANIES:
        workspace.add_company(name)
    story = UsualStory.begin(account)
    workspace.connect()
    workspace.save_secret()
    told = len(account.events())
    story.go_on()
    bodies = tuple(account.payload(event) for event in account.events()[told:])
    return Target(workspace, urlsplit(workspace.url).path, bodies)


def statuses(product: RunningProduct, requests: Iterator[tuple[str, bytes, Headers]]) -> set[int]:
    """What the posts of some outsiders, each over one connection, are answered with."""
    all_of_them = list(requests)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        shares = [all_of_them[number::AT_ONCE] for number in range(AT_ONCE)]
        return set().union(*pool.map(lambda share: _statuses(product, share), shares))


def _statuses(product: RunningProduct, requests: Sequence[tuple[str, bytes, Headers]]) -> set[int]:
    found = set()
    with closing(http.client.HTTPConnection("127.0.0.1", product.installation.port, timeout=30)) as connection:
        for path, body, headers in requests:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            answer.read()
            found.add(answer.status)
    return found


Application = Callable[[str, bytes, Headers], str]


@pytest.fixture
def application(product: RunningProduct) -> Iterator[Application]:
    """The web application in this process, over the database of the product: what a server would hand it, without the
    cost of ten thousand connections. Called with path, body and headers; what it answers, status and reason."""
    settings = load_settings(product.installation.environ, on_terminal=False)
    container = container_for(settings, product.redis.url, pool_size=1)
    web = WebSettings(product.installation.base, settings.secret_key, trusted_proxies=0)
    serve = web_application(services_of(container, web, Secret("unused")))

    def post(path: str, body: bytes, headers: Headers) -> str:
        told: list[str] = []
        environ = {"REQUEST_METHOD": "POST", "PATH_INFO": path, "CONTENT_LENGTH": str(len(body))}
        marks = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}

        def start(status: str, _: list[tuple[str, str]], __: object = None) -> Callable[[bytes], object]:
            told.append(status)
            return bytes

        answer = serve({**environ, **marks, "wsgi.input": BytesIO(body)}, start)
        assert b"".join(answer)
        return told[0]

    yield post
    container.database().dispose()


def dump(product: RunningProduct, workspace: BilledWorkspace) -> dict[str, list[str]]:
    """Every row that belongs to the workspace or to nobody, but for the counters of refusals."""
    found = {}
    with product.reading.connect() as connection:
        for name, table in METADATA.tables.items():
            columns = [column for column in table.c if column.name not in COUNTERS]
            rows = select(*columns)
            if "workspace_id" in table.c:
                rows = rows.where(table.c.workspace_id == workspace.id)
            found[name] = sorted(repr(tuple(row)) for row in connection.execute(rows))
    return found


def disk_used(product: RunningProduct) -> int:
    """Bytes of the database, the logs and the queue."""
    used = sum(file.stat().st_size for file in product.installation.folder.rglob("*") if file.is_file())
    if product.engine.dialect.name == "postgresql":
        with product.reading.connect() as connection:
            used += connection.scalar(text("SELECT pg_database_size(current_database())")) or 0
    return used


def test_unsigned_bodies_of_every_type_change_nothing(product: RunningProduct, target: Target) -> None:
    """A2: fifty of each type that we act on, and of those that switch something off elsewhere, without a signature or
    with what is none; the database is what it was, and the genuine events still have their effect."""
    unsigned: tuple[Headers, ...] = ({}, {"Stripe-Signature": ""}, {"Stripe-Signature": "t=0,v0="})
    before, logged = dump(product, target.workspace), len(product.installation.logs())

    def deliveries() -> Iterator[tuple[str, bytes, Headers]]:
        headers = itertools.cycle(unsigned)
        for kind in sorted({*MISSED_TYPES, *SWITCHES_OFF, *(body["type"] for body in target.bodies)}):
            body = target.of_type(kind)
            for number in range(OF_EACH_TYPE):
                yield target.path, orjson.dumps({**body, "id": f"evt_{kind}_{number}"}), next(headers)

    assert statuses(product, deliveries()) == {400}
    assert dump(product, target.workspace) == before
    assert len(product.installation.logs()) - logged < 10_000, "a line for each of them fills a disk, too"
    for body in target.bodies:
        assert target.workspace.send(body).status_code == 200
    target.workspace.wait_until_worked_off()
    assert target.workspace.open_facts(), "the same bodies raise signals once they are signed"
    assert target.workspace.panel()["state"] == "receiving"


def test_ten_thousand_bad_requests_take_no_room(
    product: RunningProduct, target: Target, application: Application
) -> None:
    """A12: unsigned, signed by others, outdated, broken and misaddressed; tables are unchanged, and the disk holds
    less than a megabyte more."""
    stamp = int(time.time())
    nobody = f"{target.path.rpartition('/')[0]}/{'n' * 43}"

    others, outdated = "whsec_ofSomebodyElse00000000001", stamp - 3_600

    def deliveries() -> Iterator[tuple[str, bytes, Headers]]:
        for number in range(BAD_REQUESTS):
            body = orjson.dumps({**target.bodies[number % len(target.bodies)], "id": f"evt_bad_{number}"})
            match number % 5:
                case 0:
                    yield target.path, body, {}
                case 1:
                    yield target.path, body, signed(body, others, stamp)
                case 2:
                    yield target.path, body, signed(body, SIGNING_SECRET, outdated)
                case 3:
                    yield target.path, body[:-9], signed(body, SIGNING_SECRET, stamp)
                case _:
                    yield nobody, body, signed(body, SIGNING_SECRET, stamp)

    before, used = dump(product, target.workspace), disk_used(product)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert set(pool.map(lambda one: application(*one), deliveries())) == {"400 Bad Request"}
    assert dump(product, target.workspace) == before
    assert disk_used(product) - used < MOST_GROWTH


def test_of_a_refused_body_nothing_is_written_down(product: RunningProduct, target: Target) -> None:
    """J8: refused for its signature, its age, its size, or read by nobody although it is genuine; nothing of body,
    header or address is in a log, in Redis or in the database."""
    stamp = int(time.time())
    told = {**target.bodies[0], "id": "evt_canary", "note": f"{CANARY}@acme.example"}
    body = orjson.dumps(told)
    nowhere = f"{target.path.rpartition('/')[0]}/{CANARY}"
    large = body[:-1] + b" " * (2 * 1024 * 1024) + b"}"
    deliveries: tuple[tuple[str, bytes, Headers, int], ...] = (
        (target.path, body, {}, 400),
        (target.path, body, {"Stripe-Signature": f"t={stamp},v1={CANARY}"}, 400),
        (target.path, body, {"Stripe-Signature": f"t={stamp},v1=\xe9{CANARY}"}, 400),
        (target.path, body, signed(body, f"whsec_{CANARY}", stamp), 400),
        (target.path, body, signed(body, SIGNING_SECRET, stamp - 3_600), 400),
        (target.path, body[:-9] + b"\xff\xfe", signed(body, SIGNING_SECRET, stamp), 400),
        (target.path, large, signed(large, SIGNING_SECRET, stamp), 413),
        (nowhere, body, signed(body, SIGNING_SECRET, stamp), 400),
        (target.path, body[:-1], signed(body[:-1], SIGNING_SECRET, stamp), 200),
    )
    for path, sent, headers, status in deliveries:
        assert _statuses(product, [(path, sent, headers)]) == {status}, headers
    target.workspace.wait_until_worked_off()
    logs = product.installation.logs()
    assert "web listens" in logs, "these are the logs of what answered"
    assert CANARY not in logs
    assert CANARY.encode() not in redis_dump(product.redis.url)
    assert CANARY.encode() not in database_dump(product.database_url)


def signed(body: bytes, secret: str, at: int) -> Headers:
    """The header of a delivery."""
    return {"Stripe-Signature": signature_header(body, [secret], at)}
