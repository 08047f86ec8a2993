"""Keeps hold of client connections, so that a fault can reset one in the middle of an answer."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct

from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

_TRANSPORTS: dict[tuple[str, int], asyncio.Transport] = {}


class TrackedProtocol(H11Protocol):
    """uvicorn's HTTP protocol that also remembers its connection by the client's address."""

    _peer: tuple[str, int] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Remember the connection."""
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        if peer is not None:
            self._peer = (peer[0], peer[1])
            _TRANSPORTS[self._peer] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        if self._peer is not None:
            _TRANSPORTS.pop(self._peer, None)
        super().connection_lost(exc)


def reset_connection(scope: Scope) -> None:
    """Tear the request's connection down with a TCP reset instead of an orderly close."""
    client = scope.get("client")
    transport = _TRANSPORTS.get((client[0], client[1])) if client else None
    if transport is None:
        return
    sock = transport.get_extra_info("socket")
    with contextlib.suppress(OSError):
        # Lingering for zero seconds makes the kernel send RST on close.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
