"""The `/v1` side as an ASGI application: keys, limits, ordered faults, the log, and the answer."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from email.utils import formatdate
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import orjson
from starlette.types import Receive, Scope, Send

from stripe_sandbox.api.access import admit, presented_key
from stripe_sandbox.api.answers import Answers
from stripe_sandbox.api.connections import reset_connection
from stripe_sandbox.api.endpoints import Endpoint, endpoint_for
from stripe_sandbox.api.query_parameters import Parameters
from stripe_sandbox.api.stripe_errors import StripeError, rate_limited
from stripe_sandbox.faults import FaultRule
from stripe_sandbox.keys import mask
from stripe_sandbox.records import Json
from stripe_sandbox.request_log import LoggedRequest, real_time

if TYPE_CHECKING:
    from stripe_sandbox.world import World

Found = tuple[Endpoint, str]

_WEB_PAGE = b"<!doctype html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>"


class Answer:
    """What is about to be sent."""

    __slots__ = ("body", "content_type", "headers", "status")

    def __init__(
        self, status: int, body: bytes, headers: dict[str, str], content_type: str = "application/json"
    ) -> None:
        self.status = status
        self.body = body
        self.headers = headers
        self.content_type = content_type


class _Request:
    """The parts of an ASGI scope that are needed here."""

    def __init__(self, scope: Scope) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"].removesuffix("/")
        self.query: bytes = scope["query_string"]
        headers = dict(scope["headers"])
        self.authorization = headers.get(b"authorization", b"").decode("latin-1") or None
        self.version = headers.get(b"stripe-version", b"").decode("latin-1") or None
        self.secret = presented_key(self.authorization)
        self.params = parse_qsl(self.query.decode("utf-8", "replace"), keep_blank_values=True)
        self.id = f"req_{secrets.token_hex(9)}"


class StripeApp:
    """Answers Stripe's read endpoints for one or more accounts; the key tells which.

    The first world's `traffic` holds the knobs and the log for all.
    """

    def __init__(self, worlds: Sequence[World]) -> None:
        self._worlds = list(worlds)
        self._answers = {id(world): Answers(world) for world in worlds}
        self._first = worlds[0]
        self._traffic = worlds[0].traffic

    @property
    def worlds(self) -> tuple[World, ...]:
        """The accounts that are answered for."""
        return tuple(self._worlds)

    def add(self, world: World) -> None:
        """Answer for one more account from now on."""
        self._answers[id(world)] = Answers(world)
        self._worlds.append(world)

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Serve one request."""
        began = time.perf_counter()
        request = _Request(scope)
        query = request.query.decode("utf-8", "replace")
        fault = self._traffic.faults.hit(request.method, request.path, query, request.secret or "")
        found = endpoint_for(request.path)
        entry = self._log(request)
        with self._traffic.limiter.in_flight(_limited_name(request, found)):
            try:
                answer = self._respond(request, fault, found)
                if self._traffic.latency:
                    await asyncio.sleep(self._traffic.latency)
                await self._deliver(answer, fault, scope, send, entry)
            finally:
                entry.seconds = time.perf_counter() - began

    def _respond(self, request: _Request, fault: FaultRule | None, found: Found | None) -> Answer:
        headers = {"Request-Id": request.id}
        if request.version is not None:
            headers["Stripe-Version"] = request.version
        if fault is not None and fault.kind == "fail":
            return _ordered_failure(fault, headers)
        try:
            reason = self._traffic.limiter.refusal(_limited_name(request, found))
            if reason is not None:
                raise rate_limited(reason)
            body = self._body(request, fault, found)
        except StripeError as error:
            return Answer(error.status, orjson.dumps(error.body()), {**headers, **error.headers})
        if fault is not None and fault.kind == "html":
            return Answer(200, _WEB_PAGE, headers, "text/html; charset=utf-8")
        if fault is not None and fault.kind == "truncate":
            body = body[: len(body) // 2]
        return Answer(200, body, headers)

    def _body(self, request: _Request, fault: FaultRule | None, found: Found | None) -> bytes:
        query = Parameters.parse(request.params)
        world, key = admit(self._worlds, request.secret)
        if request.method != "GET":
            raise StripeError(405, f"This sandbox only reads: {request.method} is not allowed here.")
        if found is None:
            raise StripeError(404, f"Unrecognized request URL (GET: {request.path}).")
        endpoint, object_id = found
        with world.lock:
            world.catch_up()
            if fault is not None and fault.kind == "mutate" and fault.action is not None:
                fault.action(world)
            if fault is not None and fault.kind in ("empty_page", "repeat_page"):
                for cursor in ("starting_after", "ending_before"):
                    query.values.pop(cursor, None)
            answers = self._answers[id(world)]
            body = answers.answer(endpoint, request.path, object_id, query, key, request.version)
        if fault is not None and fault.kind in ("empty_page", "repeat_page"):
            body = _endless(body, empty=fault.kind == "empty_page")
        return body

    # --- sending ---

    async def _deliver(
        self, answer: Answer, fault: FaultRule | None, scope: Scope, send: Send, entry: LoggedRequest
    ) -> None:
        kind = None if fault is None else fault.kind
        if fault is not None and kind in ("hold", "silent"):
            await asyncio.wrap_future(fault.released)
            if kind == "silent":
                reset_connection(scope)
                return
        if fault is not None and kind == "slow":
            await asyncio.sleep(fault.seconds)
        # Before the first byte, so that whoever has the answer also finds it in the log.
        entry.status = answer.status
        await send(self._start(answer, fault))
        if kind == "cut":
            await _send_part(send, answer.body[: len(answer.body) // 2], more=True)
            # The half must have left before the connection is torn down.
            await asyncio.sleep(0.02)
            reset_connection(scope)
        elif fault is not None and kind == "drip":
            for place in range(len(answer.body)):
                await _send_part(send, answer.body[place : place + 1], more=True)
                await asyncio.sleep(fault.seconds)
            await _send_part(send, b"", more=False)
        else:
            await _send_part(send, answer.body, more=False)

    def _start(self, answer: Answer, fault: FaultRule | None) -> Json:
        moment = self._first.now if self._traffic.date_header == "sandbox" else int(real_time())
        headers = {
            "Content-Type": answer.content_type,
            "Content-Length": str(len(answer.body)),
            "Date": formatdate(moment, usegmt=True),
            **answer.headers,
        }
        if fault is not None:
            headers.update(fault.headers)
        raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
        return {"type": "http.response.start", "status": answer.status, "headers": raw}

    def _log(self, request: _Request) -> LoggedRequest:
        entry = LoggedRequest(
            at=real_time(),
            sandbox_time=self._first.now,
            request_id=request.id,
            key="" if request.secret is None else mask(request.secret),
            method=request.method,
            path=request.path,
            params=request.params,
            version=request.version,
            status=0,
            seconds=0.0,
            violation=request.method != "GET",
        )
        self._traffic.log.add(entry)
        return entry


def _limited_name(request: _Request, found: Found | None) -> str:
    """Return what a request counts as in rate limits: different ids of one endpoint share its budget."""
    return request.path if found is None else found[0].name


def _ordered_failure(fault: FaultRule, headers: dict[str, str]) -> Answer:
    if isinstance(fault.body, str):
        return Answer(fault.status, fault.body.encode(), headers, "text/html; charset=utf-8")
    default = {"error": {"type": "api_error", "message": "An unknown error occurred."}}
    return Answer(fault.status, orjson.dumps(fault.body or default), headers)


def _endless(body: bytes, *, empty: bool) -> bytes:
    page: Json = orjson.loads(body)
    page["has_more"] = True
    if empty:
        page["data"] = []
    return orjson.dumps(page)


async def _send_part(send: Callable[[Json], Awaitable[None]], body: bytes, *, more: bool) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})
