"""A webhook delivery in the bytes that came over a connection, and the bytes of the answer.

Requests are read by gunicorn's own parser, so that what is one request here is the same request everywhere else.
"""

from __future__ import annotations

import re
import time
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
