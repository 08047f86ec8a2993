"""One tenant's flood, or one tenant's slow sender, holds nobody else up (guarantees A11, L5)."""

from __future__ import annotations

import socket
import time
from urllib.parse import urlsplit

import orjson
import psutil
import pytest
import requests
from tests.integration.webhooks.billed_workspace import BilledWorkspace, StripeAccount
from tests.integration.webhooks.running_product import RunningProduct

from clynto.adapters.sql.event_intake import SqlEventIntake
from clynto.adapters.stripe_api.event_reading import StripeEventReading
from clynto.domain.moments import UnixMicros
from clynto.ports.webhooks import ArrivedEvent

FLOOD = 3_000
SLOW_SENDERS = 200


@pytest.fixture
def workspace(product: RunningProduct, account: StripeAccount) -> BilledWorkspace:
    """Acme is a customer; events come by hand."""
    made = product.workspace(account)
    made.add_company("Acme")
    made.connect()
    made.save_secret()
    return made


def test_a_flood_of_one_tenant_delays_another_by_little(
    product: RunningProduct, account: StripeAccount, workspace: BilledWorkspace
) -> None:
    """L5: thousands of pending events here, one refused payment there: it shows within five seconds."""
    crowded = product.workspace(account)
    crowded.connect()
    crowded.save_secret()
    customer = account.customer("Acme", paying=False)
    account.subscription(customer)
    body = crowded.customer_event(customer)
    reading, now = StripeEventReading(), UnixMicros(time.time_ns() // 1000)
    arrived = []
    for number in range(FLOOD):
        raw = orjson.dumps({**body, "id": f"evt_flood_{number}_{crowded.id}", "created": body["created"] + number})
        envelope = reading.envelope(raw)
        assert envelope is not None
        arrived.append(ArrivedEvent(crowded.id, envelope, raw, now))
    for event in account.events():
        if event.type != "invoice.payment_failed":
            workspace.send_event(event)
    workspace.wait_until_worked_off()
    SqlEventIntake(product.engine).store(arrived)
    crowded.send(crowded.customer_event(customer))
    workspace.send_event(next(event for event in account.events() if event.type == "invoice.payment_failed"))
    begun = time.monotonic()
    workspace.wait_for_signal("payment_failed")
    took = time.monotonic() - begun
    left = crowded.panel()["pending"]
    assert took < 5
    assert left > 0, "the flood was over before it could be in anybody's way"


def test_a_body_over_the_limit_is_refused_early(product: RunningProduct, workspace: BilledWorkspace) -> None:
    """A11: two megabytes with and without a length: 413, and memory stays flat."""
    assert product.web is not None
    process = psutil.Process(product.web.pid)
    url, large = workspace.url, b"x" * (2 * 1024 * 1024)
    assert requests.post(url, data=large, timeout=30).status_code == 413
    before = _memory(process)
    for _ in range(10):
        assert requests.post(url, data=large, timeout=30).status_code == 413
        pieces = (large[:65_536] for _ in range(32))
        assert requests.post(url, data=pieces, timeout=30).status_code == 413
    assert _memory(process) - before < 24 * 1024 * 1024


def test_slow_senders_delay_nobody(account: StripeAccount, workspace: BilledWorkspace) -> None:
    """A11: bodies that come byte by byte are cut off after ten seconds, and genuine events go through meanwhile."""
    parts = urlsplit(workspace.url)
    body = workspace.customer_event(account.customer("Acme"))
    head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: 4096\r\n\r\n".encode()
    slow = [socket.create_connection((parts.hostname or "", parts.port or 80)) for _ in range(SLOW_SENDERS)]
    try:
        for connection in slow:
            connection.sendall(head)
        seconds = []
        begun = time.monotonic()
        for number in range(40):
            for connection in slow[number % 2 :: 2]:
                _drip(connection)
            sent = time.monotonic()
            answer = workspace.send({**body, "id": f"evt_quick_{number}_{workspace.id}"}, url=workspace.url)
            seconds.append(time.monotonic() - sent)
            assert answer.status_code == 200
        assert sorted(seconds)[int(len(seconds) * 0.95)] < 1
        time.sleep(max(0.0, 16 - (time.monotonic() - begun)))
        assert all(_is_closed(connection) for connection in slow)
    finally:
        for connection in slow:
            connection.close()


def test_a_sender_that_never_reads_its_answers_delays_nobody(
    account: StripeAccount, workspace: BilledWorkspace
) -> None:
    """A11: thousands of requests on one connection, of whose answers none is read."""
    parts = urlsplit(workspace.url)
    body = workspace.customer_event(account.customer("Acme"))
    request = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: 2\r\n\r\n{{}}".encode()
    deaf = socket.create_connection((parts.hostname or "", parts.port or 80))
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.settimeout(0.2)
    try:
        for number in range(20):
            _pour(deaf, request * 500)
            begun = time.monotonic()
            answer = workspace.send({**body, "id": f"evt_heard_{number}_{workspace.id}"}, url=workspace.url)
            assert answer.status_code == 200
            assert time.monotonic() - begun < 2
    finally:
        deaf.close()


def _pour(connection: socket.socket, data: bytes) -> None:
    try:
        connection.sendall(data)
    except OSError:
        # Full, or already left alone by the server.
        return


def _drip(connection: socket.socket) -> None:
    try:
        connection.sendall(b"x")
    except OSError:
        return


def _is_closed(connection: socket.socket) -> bool:
    connection.settimeout(3.0)
    try:
        answer = connection.recv(65_536)
        return answer == b"" or answer.startswith(b"HTTP/1.1 4")
    except TimeoutError:
        return False
    except OSError:
        return True


def _memory(process: psutil.Process) -> int:
    return sum(one.memory_info().rss for one in (process, *process.children(recursive=True)))
