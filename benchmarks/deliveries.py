"""Signed deliveries by the thousand: bodies, and a sender that costs little beside the server that is measured."""

from __future__ import annotations

import re
import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson
import requests
from benchmarks.surroundings import Sandbox

from stripe_sandbox import keys
from stripe_sandbox.webhooks.endpoint import signature_header

SIGNING_SECRET = "whsec_ofTheBenchmarkOnly000001"
PATIENCE_SECONDS = 60.0


@dataclass(slots=True)
class Sent:
    """When each delivery was sent and acknowledged, by its number, in seconds of ``time.perf_counter``."""

    began: dict[int, float] = field(default_factory=dict)
    ended: dict[int, float] = field(default_factory=dict)
    refused: int = 0

    @property
    def seconds(self) -> list[float]:
        """How long each acknowledgement took."""
        return [self.ended[number] - began for number, began in self.began.items() if number in self.ended]

    @property
    def rate(self) -> float:
        """Acknowledgements a second over the whole run."""
        return len(self.ended) / (max(self.ended.values()) - min(self.began.values()))


class Failures:
    """Makes events ``invoice.payment_failed``, each of an invoice of its own, of customers the product knows."""

    def __init__(self, stripe: Sandbox) -> None:
        headers = {"Authorization": f"Bearer {keys.RESTRICTED_LIVE_KEY}"}
        found: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while len(found) < 400:
            page = requests.get(
                f"{stripe.url}/v1/invoices", params={"limit": "100", **cursor}, headers=headers, timeout=60
            ).json()
            found += [invoice for invoice in page["data"] if invoice["lines"]["has_more"] is False]
            if not page["has_more"]:
                break
            cursor = {"starting_after": page["data"][-1]["id"]}
        self._invoices = found

    def bodies(self, count: int, name: str) -> Iterator[tuple[str, bytes]]:
        """Invoice ids and event bodies."""
        now = int(time.time())
        for number in range(count):
            invoice_id = f"in_{name}{number:06}"
            invoice = {
                **self._invoices[number % len(self._invoices)],
                "id": invoice_id,
                "status": "open",
                "attempted": True,
                "attempt_count": 1,
                "created": now,
                "amount_paid": 0,
                "amount_remaining": 12_000,
                "amount_due": 12_000,
                "next_payment_attempt": now + 86_400,
            }
            event = {
                "id": f"evt_{name}{number:06}",
                "object": "event",
                "api_version": "2026-10-28.endive",
                "created": now,
                "data": {"object": invoice},
                "livemode": True,
                "pending_webhooks": 1,
                "request": {"id": None, "idempotency_key": None},
                "type": "invoice.payment_failed",
            }
            yield invoice_id, orjson.dumps(event, option=orjson.OPT_INDENT_2)


def requests_of(url: str, bodies: Sequence[bytes]) -> list[bytes]:
    """What goes over the wire, signed now: they have to be sent within five minutes."""
    parts = urlsplit(url)
    at = int(time.time())
    return [
        (
            f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nUser-Agent: Stripe/1.0\r\n"
            f"Content-Type: application/json; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
            f"Stripe-Signature: {signature_header(body, [SIGNING_SECRET], at)}\r\n\r\n"
        ).encode()
        + body
        for body in bodies
    ]


def deliver(url: str, wire: Sequence[bytes], *, in_flight: int, rate: float | None = None) -> Sent:
    """Send everything over ``in_flight`` connections that stay open; with ``rate``, no faster than so many a second,
    and then a delivery's time counts from the moment it was due, even if all connections were busy."""
    parts = urlsplit(url)
    address = parts.hostname or "", parts.port or 80
    sent, chooser = Sent(), selectors.DefaultSelector()
    free = [socket.create_connection(address) for _ in range(in_flight)]
    for connection in free:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    heard: dict[socket.socket, bytes] = {}
    begun, following, busy = time.perf_counter(), 0, 0
    while following < len(wire) or busy:
        now = time.perf_counter()
        while free and following < len(wire) and (rate is None or begun + following / rate <= now):
            connection = free.pop()
            sent.began[following] = now if rate is None else begun + following / rate
            connection.sendall(wire[following])
            chooser.register(connection, selectors.EVENT_READ, following)
            following, busy = following + 1, busy + 1
        due = None if rate is None or following == len(wire) else max(0.0, begun + following / rate - now)
        for key, _ in chooser.select(PATIENCE_SECONDS if due is None or not free else due):
            answered = key.fileobj
            assert isinstance(answered, socket.socket)
            piece = answered.recv(65_536)
            heard[answered] = heard.get(answered, b"") + piece
            if piece and not _is_whole(heard[answered]):
                continue
            if not heard.pop(answered).startswith(b"HTTP/1.1 200"):
                sent.refused += 1
            sent.ended[key.data] = time.perf_counter()
            chooser.unregister(answered)
            free.append(answered)
            busy -= 1
    for connection in free:
        connection.close()
    chooser.close()
    return sent


def _is_whole(answer: bytes) -> bool:
    """Head and body may come in two pieces."""
    head, end, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    return bool(end and length and len(body) >= int(length[1]))
