"""Which requests are taken as deliveries without a thread of their own, and how they are answered (ADR 0023)."""

from __future__ import annotations

import http.client
import io
from typing import Any

import pytest
from gunicorn.config import Config

from clynto.application.receive_webhook import Delivery
from clynto.entrypoints.http.plain_deliveries import PlainDelivery, delivery_in, wire_of
from clynto.entrypoints.http.webhook_intake import LARGEST_BODY, Answer

LINE = b"POST /webhooks/stripe/tok-EN_1 HTTP/1.1\r\n"
HEAD = b"Host: clynto.example\r\nContent-Length: 5\r\n"
WHOLE = LINE + HEAD + b"Stripe-Signature: t=1,v1=ab\r\n\r\nhello"


def found(data: bytes) -> PlainDelivery | None:
    """What is seen in ``data``."""
    return delivery_in(data, Config(), ("127.0.0.1", 50_000))


def test_a_delivery_is_read_as_it_came() -> None:
    assert found(WHOLE) == PlainDelivery(Delivery("tok-EN_1", b"hello", "t=1,v1=ab"), keeps_alive=True, ahead=b"")


def test_what_comes_behind_it_is_kept() -> None:
    behind = found(WHOLE + WHOLE[:40])
    assert behind is not None
    assert (behind.delivery.body, behind.ahead) == (b"hello", WHOLE[:40])


def test_a_repeated_signature_is_joined_as_every_server_joins_it() -> None:
    twice = found(WHOLE.replace(b"Stripe-Signature", b"Stripe-Signature: t=2\r\nSTRIPE-signature"))
    without = found(WHOLE.replace(b"Stripe-Signature", b"X-Signature"))
    assert twice is not None
    assert without is not None
    assert (twice.delivery.signature_header, without.delivery.signature_header) == ("t=2,t=1,v1=ab", None)


def test_a_sender_may_want_to_close() -> None:
    closing = found(WHOLE.replace(b"Host:", b"Connection: close\r\nHost:"))
    assert closing is not None
    assert not closing.keeps_alive


@pytest.mark.parametrize(
    "odd",
    [
        WHOLE.replace(b"POST", b"GET"),
        WHOLE.replace(b"/webhooks/stripe/", b"/api/v1/"),
        WHOLE.replace(b"tok-EN_1", b""),
        WHOLE.replace(b"tok-EN_1", b"tok/en"),
        WHOLE.replace(b"tok-EN_1", b"tok%65n"),
        WHOLE.replace(b"tok-EN_1", b"t" * 201),
        WHOLE.replace(b"tok-EN_1", b"tok?a=b"),
        WHOLE.replace(b"HTTP/1.1", b"HTTP/1.0"),
        WHOLE.replace(b"Host:", b"Expect: 100-continue\r\nHost:"),
        WHOLE.replace(b"Host:", b"transfer-encoding: chunked\r\nHost:"),
        WHOLE.replace(b"Host:", b"Upgrade: h2c\r\nHost:"),
        WHOLE.replace(b"Host:", b"Content-Length: 6\r\nHost:"),
        WHOLE.replace(b"Host:", b"bad header\r\nHost:"),
        WHOLE.replace(b"Content-Length: 5", b"Content-Length: +5"),
        LINE + b"Host: a\r\nContent-Length: %d\r\n\r\n" % (LARGEST_BODY + 1) + b"x" * (LARGEST_BODY + 1),
        b"",
        b"\r\n" + WHOLE,
    ],
)
def test_whatever_is_unusual_goes_the_ordinary_way(odd: bytes) -> None:
    assert found(odd) is None


class _Heard:
    """A connection that holds what was sent over it."""

    def __init__(self, wire: bytes) -> None:
        self._wire = wire

    def makefile(self, *_: Any, **__: Any) -> io.BytesIO:
        """For ``http.client``."""
        return io.BytesIO(self._wire)


@pytest.mark.parametrize(("keeps", "said"), [(True, "keep-alive"), (False, "close")])
def test_an_answer_is_what_any_client_reads(keeps: bool, said: str) -> None:
    answer = Answer("400 Bad Request", (("Content-Type", "text/plain"), ("Content-Length", "3")), b"no!")
    heard = http.client.HTTPResponse(_Heard(wire_of(answer, keeps=keeps)))  # type: ignore[arg-type]
    heard.begin()
    assert (heard.status, heard.reason, heard.read()) == (400, "Bad Request", b"no!")
    told = dict(heard.getheaders())
    assert (told["Content-Type"], told["Connection"], told["Server"]) == ("text/plain", said, "gunicorn")
    assert told["Date"].endswith("GMT")
