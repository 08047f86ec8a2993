"""Which requests are taken as deliveries without a thread of their own, and how they are answered (ADR 0023)."""

from __future__ import annotations

import http.client
import io
from typing import Any

import pytest
from gunicorn.config import Config
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clynto.application.receive_webhook import Delivery
from clynto.entrypoints.http.plain_deliveries import (
    PlainDelivery,
    delivery_in,
    parsed_delivery_in,
    plain_delivery_in,
    wire_of,
)
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


PIECES = {
    "before": [b"", b"\r\n", b" "],
    "line": [LINE, LINE.replace(b"1.1", b"1.0"), LINE.replace(b"EN", b"%20"), LINE.replace(b" H", b"  H")],
    "header": [
        b"Host: clynto.example",
        b"host:clynto.example",
        b"Content-Length: 5",
        b"content-length:5",
        b"Content-Length: 05",
        b"Content-Length: 3",
        b"Content-Length: 5, 5",
        b"Content-Length:\t5",
        b"Content-Length: 9999999",
        b"Content-Length : 5",
        b"Stripe-Signature: t=1,v1=ab",
        b"stripe-signature:  t=2 ,v1=cd \t",
        b"Stripe-Signature:",
        b"Stripe_Signature: t=3",
        b"Connection: close",
        b"Connection: Keep-Alive",
        b"Connection: keep-alive, upgrade",
        b"Transfer-Encoding: chunked",
        b"Expect: 100-continue",
        b"X-Forwarded-Proto: https",
        b"X-Forwarded-Proto: http",
        b"X-Forwarded-Ssl: on",
        b"X: \x80",
        b"X: a\x00b",
        b"X: a\nb",
        b"X: a\rb",
        b" folded",
        b"nothing",
        b": nameless",
        b"X-Long: " + b"x" * 8_200,
    ],
    "body": [b"hello", b"hell", b"hello again", b"5\r\nhello\r\n0\r\n\r\n", b"he\r\n\r\n"],
}


@given(
    before=st.sampled_from(PIECES["before"]),
    line=st.sampled_from(PIECES["line"]),
    headers=st.lists(st.sampled_from(PIECES["header"]), max_size=6),
    many=st.sampled_from([0, 0, 0, 60, 101]),
    ending=st.sampled_from([b"\r\n\r\n", b"\r\n\r\n", b"\n\n", b"\r\n"]),
    body=st.sampled_from(PIECES["body"]),
)
@example(
    before=b"",
    line=LINE,
    headers=PIECES["header"][:1] + PIECES["header"][2:3],
    many=60,
    ending=b"\r\n\r\n",
    body=b"hello",
)
@settings(max_examples=600)
def test_what_is_read_without_the_parser_is_what_the_parser_reads(
    before: bytes, line: bytes, headers: list[bytes], many: int, ending: bytes, body: bytes
) -> None:
    lines = [*headers, *(b"X-%d: y" % number for number in range(many))]
    data = before + line + b"\r\n".join(lines) + ending + body
    read = plain_delivery_in(data)
    assert read is None or read == parsed_delivery_in(data, Config(), ("127.0.0.1", 50_000))


def test_what_stripe_sends_needs_no_parser() -> None:
    sent = (
        LINE
        + HEAD
        + b"Cache-Control: no-cache\r\nContent-Type: application/json; charset=utf-8\r\nAccept: */*; q=0.5\r\n"
        b"X-Forwarded-For: 3.18.12.63\r\nX-Forwarded-Proto: https\r\nAccept-Encoding: gzip\r\n"
        b"User-Agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)\r\nStripe-Signature: t=1,v1=ab,v0=cd\r\n\r\nhello"
    )
    read = plain_delivery_in(sent)
    assert read is not None
    assert read == parsed_delivery_in(sent, Config(), ("127.0.0.1", 50_000))
    assert read.delivery == Delivery("tok-EN_1", b"hello", "t=1,v1=ab,v0=cd")


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
