"""A webhook delivery in the bytes that came over a connection, and the bytes of the answer.

What is one request here must be the same request everywhere else. So a request is read here only if there are no two
opinions about it: one line, plain headers, none of them twice, none that changes how the body is read. Everything else
is read by gunicorn's own parser, which takes as long as all the rest of an acknowledgement.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

from gunicorn import SERVER
from gunicorn.http import get_parser

from clynto.application.queries.show_webhooks import WEBHOOK_PATH
from clynto.application.receive_webhook import Delivery
from clynto.entrypoints.http.webhook_intake import LARGEST_BODY, TOKEN, Answer

_BEGINS = b"POST " + WEBHOOK_PATH.encode()
_UNUSUAL = re.compile(rb"\r\n(?:transfer-encoding|upgrade|expect|content-encoding)[ \t]*:", re.IGNORECASE)
_SIGNATURE = "STRIPE-SIGNATURE"

LONGEST_PLAIN_HEAD = 8_000
MOST_PLAIN_HEADERS = 64
"""Both within what gunicorn takes."""
_PLAIN_LINE = re.compile(re.escape(_BEGINS) + rb"([A-Za-z0-9_-]{1,200}) HTTP/1\.1")
_PLAIN_HEADER = re.compile(rb"([A-Za-z0-9-]+): ?([!-~](?:[ -~]*[!-~])?)")
_PLAIN_LENGTH = re.compile(rb"0|[1-9][0-9]{0,6}")
_KEEPS_ALIVE = {None: True, b"keep-alive": True, b"close": False}
_NEVER_PLAIN = frozenset(
    {b"transfer-encoding", b"upgrade", b"expect", b"content-encoding", b"x-forwarded-protocol", b"x-forwarded-ssl"}
)
"""Besides what changes the body: gunicorn refuses requests whose headers differ in what they say of the scheme."""


@dataclass(frozen=True, slots=True)
class PlainDelivery:
    """``ahead`` is what came behind the request on the same connection."""

    delivery: Delivery
    keeps_alive: bool
    ahead: bytes


def delivery_in(data: bytes, settings: Any, client: Any) -> PlainDelivery | None:
    """The delivery with which ``data`` begins; ``data`` holds the whole of its first request. None for every other
    request, and for whatever a sender of webhooks would not write. ``settings`` are gunicorn's, ``client`` an address.
    """
    if not data.startswith(_BEGINS):
        return None
    return plain_delivery_in(data) or parsed_delivery_in(data, settings, client)


def plain_delivery_in(data: bytes) -> PlainDelivery | None:
    """As ``delivery_in``; None as well for what is better read by the parser."""
    head_ends = data.find(b"\r\n\r\n", 0, LONGEST_PLAIN_HEAD)
    first, *lines = data[: max(0, head_ends)].split(b"\r\n", MOST_PLAIN_HEADERS)
    line = _PLAIN_LINE.fullmatch(first)
    headers = _plain_headers(lines)
    if line is None or headers is None or b"host" not in headers:
        return None
    length, connection = headers.get(b"content-length", b""), headers.get(b"connection")
    if not _PLAIN_LENGTH.fullmatch(length) or connection not in _KEEPS_ALIVE:
        return None
    body_begins, size = head_ends + 4, int(length)
    if size > LARGEST_BODY or len(data) < body_begins + size:
        return None
    signature = headers.get(b"stripe-signature")
    return PlainDelivery(
        Delivery(
            line[1].decode(), data[body_begins : body_begins + size], None if signature is None else signature.decode()
        ),
        keeps_alive=_KEEPS_ALIVE[connection],
        ahead=data[body_begins + size :],
    )


def _plain_headers(lines: Iterable[bytes]) -> dict[bytes, bytes] | None:
    headers: dict[bytes, bytes] = {}
    for line in lines:
        header = _PLAIN_HEADER.fullmatch(line)
        if header is None:
            return None
        name = header[1].lower()
        if name in headers or name in _NEVER_PLAIN:
            return None
        headers[name] = header[2]
    return headers


def parsed_delivery_in(data: bytes, settings: Any, client: Any) -> PlainDelivery | None:
    """As ``delivery_in``, by gunicorn's parser."""
    if not data.startswith(_BEGINS) or _UNUSUAL.search(data, 0, data.find(b"\r\n\r\n")):
        return None
    parser = get_parser(settings, iter((data,)), client)
    try:
        request = next(parser)
        body = request.body.read(LARGEST_BODY + 1)
    except Exception:  # noqa: BLE001 - whatever is wrong with it is told by those who answer all other requests
        return None
    token = TOKEN.fullmatch(request.path, len(WEBHOOK_PATH))
    if token is None or len(body) > LARGEST_BODY or request.query or request.version != (1, 1):
        return None
    signatures = [value for name, value in request.headers if name == _SIGNATURE]
    return PlainDelivery(
        Delivery(token[0], body, ",".join(signatures) if signatures else None),
        keeps_alive=not request.should_close(),
        ahead=parser.unreader.take_buffered(),
    )


def wire_of(answer: Answer, *, keeps: bool) -> bytes:
    """``answer`` as it goes over the connection, with the headers that every answer of the server has."""
    own = ("Server", SERVER), ("Date", _date()), ("Connection", "keep-alive" if keeps else "close")
    lines = (f"{name}: {value}\r\n" for name, value in (*own, *answer.headers))
    return f"HTTP/1.1 {answer.status}\r\n{''.join(lines)}\r\n".encode("latin-1") + answer.body


_dated: tuple[int, str] = (0, "")


def _date() -> str:
    """Of this second, made once for all of its answers."""
    global _dated  # noqa: PLW0603 - a pair that is replaced as a whole, so that threads see one or the other
    second = int(time.time())
    if _dated[0] != second:
        _dated = second, formatdate(second, usegmt=True)
    return _dated[1]
