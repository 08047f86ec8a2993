"""Bounds one HTTP call as a whole, and lets it be given up at any moment (guarantees G8).

A socket timeout only bounds the silence between two bytes: an answer of one byte a second would last for hours. Here
every receive is bounded by the deadline of the call it belongs to, and looks up a few times a second whether the call
is still wanted.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import requests.adapters
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

_LOOK_UP_SECONDS = 0.25
_BUFFER_BYTES = 64 * 1024
_PIECE_BYTES = 1024 * 1024


class CallAbandoned(Exception):
    """Nobody waits for the answer any more."""


@dataclass(frozen=True, slots=True)
class CallLimit:
    """``deadline`` is a moment of ``time.monotonic``; ``abandoned`` tells that the answer is no longer wanted."""

    deadline: float
    abandoned: Callable[[], bool]

    @classmethod
    def of(cls, seconds: float, abandoned: Callable[[], bool]) -> CallLimit:
        """A limit that starts to run now."""
        return cls(deadline=time.monotonic() + seconds, abandoned=abandoned)


CALL_LIMIT: ContextVar[CallLimit] = ContextVar("call_limit")
"""The limit of the call that this thread makes."""


class _LimitedReceiver(io.RawIOBase):
    """Receives from a socket for as long as the call may last."""

    def __init__(self, connection: socket.socket, owner: Any) -> None:
        super().__init__()
        self._connection = connection
        self._owner = owner
        self._limit = CALL_LIMIT.get()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while True:
            if self._limit.abandoned():
                raise CallAbandoned
            remaining = self._limit.deadline - time.monotonic()
            if remaining <= 0:
                raise TimeoutError("the answer took too long")
            self._connection.settimeout(min(remaining, _LOOK_UP_SECONDS))
            try:
                return self._connection.recv_into(buffer)
            except TimeoutError:
                continue

    def close(self) -> None:
        if not self.closed:
            # The owner is the socket's own file object: it keeps count of who still uses the socket.
            self._owner.close()
        super().close()


class _LimitedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_LimitedReceiver(sock, self.fp.detach()), _BUFFER_BYTES)


class _PlainConnection(HTTPConnection):
    response_class = _LimitedResponse


class _SecureConnection(HTTPSConnection):
    response_class = _LimitedResponse


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class LimitedAdapter(requests.adapters.HTTPAdapter):
    """The requests library's own adapter over connections that keep to ``CALL_LIMIT``."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        manager: urllib3.PoolManager = self.poolmanager
        manager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}

    def build_response(self, req: requests.PreparedRequest, resp: urllib3.BaseHTTPResponse) -> requests.Response:
        """The library's own, but for the size of the pieces in which the body is taken: with those of 10 KB that it
        asks for, a third of what a page costs to fetch goes into putting it together."""
        pieces = resp.stream

        def large_pieces(amt: int | None = None, decode_content: bool | None = None) -> Iterator[bytes]:
            return pieces(max(amt or 0, _PIECE_BYTES), decode_content)

        resp.stream = large_pieces  # type: ignore[method-assign]  # an answer in plain Python, made for this call
        return super().build_response(req, resp)
