"""Takes Stripe's deliveries in before anything else of the web application sees them (guarantees A10 to A15).

A delivery needs no session, no cookie, no template and no routing table, and several hundred of them may come in a
second, so this stands in front of Flask as a small WSGI application of its own. It reads no more than the limit,
whether or not the sender says how much it is going to send, and hands the raw bytes over as they came.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import IO, TYPE_CHECKING

import orjson
from gunicorn.http.errors import ParseException

from clynto.application.queries.show_webhooks import WEBHOOK_PATH
from clynto.application.receive_webhook import Delivery, Receiving
from clynto.domain.errors import ClyntoError, PayloadTooLarge, WebhookRefused
from clynto.entrypoints.http.answer_headers import HSTS
from clynto.entrypoints.http.metrics import RequestMetrics
from clynto.entrypoints.http.problem_answers import PROBLEM_MEDIA_TYPE
from clynto.entrypoints.http.problem_details import Problem, problem, problem_of
from clynto.ports.identifiers import Identifiers

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LARGEST_BODY = 1024 * 1024
READ_AT_ONCE = 64 * 1024
ROUTE = f"{WEBHOOK_PATH}<string:endpoint_token>"
"""How metrics name it: never by the real path, which holds the unguessable token."""

TOKEN = re.compile(r"[A-Za-z0-9_-]{1,200}")
_LENGTH = re.compile(r"[0-9]{1,18}")
_NOBODYS_TOKEN = ""
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a sender is told. ``status`` is a status line without the version."""

    status: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


class WebhookIntake:
    """Answers ``POST /webhooks/stripe/{token}`` and passes everything else on to ``app``.

    As a WSGI application it holds a thread of the server until the event is durable. A server that has collected a
    delivery as a whole can ``submit`` it instead, and hears of the answer later.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        receive: Receiving,
        identifiers: Identifiers,
        metrics: RequestMetrics,
        is_https: bool,
    ) -> None:
        self._app = app
        self._receive = receive
        self._identifiers = identifiers
        self._metrics = metrics
        transport = (("Strict-Transport-Security", HSTS),) if is_https else ()
        self._headers = (("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-store"), *transport)
        # Made once: every acknowledgement and every refusal is the same, byte for byte.
        self._accepted = self._with_body(HTTPStatus.OK, b'{"received":true}', "application/json")
        self._refused = self._told(problem_of(WebhookRefused()))
        # Nobody waits for the rest of what is too large.
        self._too_large = self._told(problem_of(PayloadTooLarge(limit=LARGEST_BODY)), ("Connection", "close"))

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """See PEP 3333."""
        path: str = environ.get("PATH_INFO", "")
        if not path.startswith(WEBHOOK_PATH) or environ["REQUEST_METHOD"] != "POST":
            return self._app(environ, start_response)
        token = path[len(WEBHOOK_PATH) :]
        if not token or "/" in token:
            return self._app(environ, start_response)
        begun_at = time.perf_counter()
        answer = self._take_in(token, environ)
        self._count(answer, begun_at)
        start_response(answer.status, list(answer.headers))
        return (answer.body,)

    def submit(self, delivery: Delivery, reply: Callable[[Answer], None]) -> None:
        """Take a delivery in that has come as a whole: a body of at most ``LARGEST_BODY`` bytes, a token of the usual
        letters. ``reply`` is called once, by another thread, and must not linger."""
        begun_at = time.perf_counter()

        def answered(fault: Exception | None) -> None:
            answer = self._accepted if fault is None else self._answer_to(fault)
            self._count(answer, begun_at)
            reply(answer)

        self._receive.submit(delivery, answered)

    def _take_in(self, token: str, environ: WSGIEnvironment) -> Answer:
        try:
            body = _body_of(environ)
            known_form = token if TOKEN.fullmatch(token) else _NOBODYS_TOKEN
            self._receive(known_form, body, environ.get("HTTP_STRIPE_SIGNATURE"))
        except Exception as fault:  # noqa: BLE001 - the outermost edge
            return self._answer_to(fault)
        return self._accepted

    def _answer_to(self, fault: Exception) -> Answer:
        """Stripe gets an answer that leaks nothing, and sends again."""
        if isinstance(fault, WebhookRefused):
            return self._refused
        if isinstance(fault, PayloadTooLarge):
            return self._too_large
        if isinstance(fault, ClyntoError):
            return self._told(problem_of(fault))
        incident = self._identifiers.new_id("inc")
        _LOG.error("unexpected fault, incident %s at POST %s", incident, ROUTE, exc_info=fault)
        return self._told(problem("internal_error", {"incident": incident}))

    def _count(self, answer: Answer, begun_at: float) -> None:
        self._metrics.count("POST", ROUTE, answer.status[:3], time.perf_counter() - begun_at)

    def _told(self, told: Problem, *headers: tuple[str, str]) -> Answer:
        body = orjson.dumps(told.as_json())
        return self._with_body(HTTPStatus(told.status), body, PROBLEM_MEDIA_TYPE, *told.headers.items(), *headers)

    def _with_body(self, status: HTTPStatus, body: bytes, media_type: str, *headers: tuple[str, str]) -> Answer:
        own = (("Content-Type", media_type), ("Content-Length", str(len(body))))
        return Answer(f"{status.value} {status.phrase}", (*own, *self._headers, *headers), body)


def _body_of(environ: WSGIEnvironment) -> bytes:
    """The whole body. Raises ``PayloadTooLarge``, or ``WebhookRefused`` for one that does not arrive."""
    length = _declared_length(environ)
    if length is None:
        # Without a length only a server that marks the end of the body, as for chunks, can be read to its end.
        return _read(environ["wsgi.input"], LARGEST_BODY + 1) if environ.get("wsgi.input_terminated") else b""
    if length > LARGEST_BODY:
        raise PayloadTooLarge(limit=LARGEST_BODY)
    return _read(environ["wsgi.input"], length)


def _declared_length(environ: WSGIEnvironment) -> int | None:
    if environ.get("HTTP_TRANSFER_ENCODING"):
        return None
    text: str = environ.get("CONTENT_LENGTH") or ""
    return int(text) if _LENGTH.fullmatch(text) else None


def _read(stream: IO[bytes], most: int) -> bytes:
    pieces: list[bytes] = []
    wanted = most
    try:
        while wanted and (piece := stream.read(min(wanted, READ_AT_ONCE))):
            pieces.append(piece)
            wanted -= len(piece)
    except (OSError, ParseException) as fault:
        # The sender went away or sends broken chunks: what is not whole cannot be genuinely signed.
        raise WebhookRefused from fault
    body = b"".join(pieces)
    if len(body) > LARGEST_BODY:
        raise PayloadTooLarge(limit=LARGEST_BODY)
    return body
