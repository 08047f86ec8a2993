"""When a request has arrived as a whole (guarantees A11)."""

from __future__ import annotations

import pytest

from clynto.entrypoints.http.whole_requests import LARGEST_COLLECTED, Arriving

HEAD = b"POST /webhooks/stripe/x HTTP/1.1\r\nHost: a\r\n"
SIZED = HEAD + b"content-LENGTH: 5\r\n\r\nhello"
CHUNKED = HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n4;ext=1\r\n\r\n\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
TRAILED = CHUNKED[:-2] + b"X-Trailer: 1\r\n\r\n"
BARE = b"GET /accounts HTTP/1.1\r\nHost: a\r\n\r\n"


def came(*pieces: bytes) -> list[bool]:
    """What is said after each piece."""
    arriving = Arriving()
    said = []
    for piece in pieces:
        arriving.take(piece)
        said.append(arriving.is_ready())
    return said


@pytest.mark.parametrize("whole", [SIZED, CHUNKED, TRAILED, BARE])
def test_every_byte_but_the_last_is_waited_for(whole: bytes) -> None:
    said = came(*(bytes([byte]) for byte in whole))
    assert said == [False] * (len(whole) - 1) + [True]
    assert came(whole) == [True]


@pytest.mark.parametrize(
    "hopeless",
    [
        b"x" * 70_000,
        HEAD + b"Content-Length: 2000000\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nno chunk\r\n",
        HEAD + b"Content-Length: 1200000\r\n\r\n" + b"x" * LARGEST_COLLECTED,
    ],
)
def test_what_waiting_cannot_help_is_handed_over(hopeless: bytes) -> None:
    assert came(hopeless) == [True]


def test_leave_to_send_is_wanted_only_before_a_body() -> None:
    arriving = Arriving()
    arriving.take(HEAD + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n")
    assert not arriving.is_ready()
    assert arriving.wants_leave
    without = Arriving()
    without.take(HEAD + b"Expect: 100-continue\r\nContent-Length: 0\r\n\r\n")
    assert without.is_ready()
    assert not without.wants_leave
