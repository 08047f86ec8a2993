"""A gunicorn worker that gives a thread only to requests that have arrived as a whole (guarantees A11).

Gunicorn's own threads wait for the body: two dozen senders of one byte a second would hold all of them, and genuine
deliveries would find none. Here the main loop collects what comes, as long as it is neither larger than what anybody
but a signed-in person may send nor slower than ten seconds, and threads never wait for a sender.

Deliveries need no thread of their own at all: they are handed to the webhook intake, which answers many at once (ADR
0023). Whatever is unusual about one goes the ordinary way and meets the same intake there.
"""

from __future__ import annotations

import errno
import re
import selectors
import socket
import time
from functools import partial
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

from clynto.entrypoints.http.plain_deliveries import delivery_in, wire_of
from clynto.entrypoints.http.unread_requests import refusal_of
from clynto.entrypoints.http.webhook_intake import Answer, WebhookIntake

WHOLE_WITHIN_SECONDS = 10.0
LARGEST_COLLECTED = 1024 * 1024 + 128 * 1024
"""A delivery at its limit with its headers. What says that it is larger is handed over at once: it is refused unread,
or it is an import by somebody who has signed in."""
LARGEST_HEAD = 64 * 1024
READ_AT_ONCE = 256 * 1024

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,18})[ \t]*\r\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[^\r\n]*chunked[ \t]*\r\n", re.IGNORECASE)
_WAITS_FOR_LEAVE = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*\r\n", re.IGNORECASE)
_CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,15})[^\r\n]*\r\n")
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Arriving:
    """The bytes of one request as far as they have come."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.wants_leave = False
        self._head_ends = 0
        self._length: int | None = None
        self._chunk_at = 0

    def take(self, piece: bytes) -> None:
        """Add what has come."""
        self.data += piece

    def is_ready(self) -> bool:
        """Whether a thread may have it: it is whole, or waiting for more of it makes no sense."""
        if not self._head_ends and not self._read_head():
            return len(self.data) > LARGEST_HEAD
        if len(self.data) >= LARGEST_COLLECTED:
            return True
        if self._length is not None:
            return self._length > LARGEST_COLLECTED or len(self.data) >= self._head_ends + self._length
        return self._has_last_chunk()

    def is_sized(self) -> bool:
        """Whether it is whole and was announced with its length."""
        return self._length is not None and len(self.data) >= self._head_ends + self._length

    def _read_head(self) -> bool:
        found = self.data.find(b"\r\n\r\n")
        if found < 0:
            return False
        self._head_ends = self._chunk_at = found + 4
        head = bytes(self.data[: found + 2])
        if not _CHUNKED.search(head):
            length = _LENGTH.search(head)
            self._length = int(length[1]) if length else 0
        self.wants_leave = self._length != 0 and _WAITS_FOR_LEAVE.search(head) is not None
        return True

    def _has_last_chunk(self) -> bool:
        """Walk on over the chunks that are there; what is no chunk at all is for the parser to refuse."""
        while True:
            size = _CHUNK_SIZE.match(self.data, self._chunk_at)
            if size is None:
                return len(self.data) - self._chunk_at > LARGEST_HEAD or b"\r\n" in self.data[self._chunk_at :]
            length = int(size[1], 16)
            if length == 0:
                # Trailers may follow; an empty line ends them.
                return self.data.find(b"\r\n\r\n", size.end() - 2) >= 0
            if len(self.data) < size.end() + length + 2:
                return False
            self._chunk_at = size.end() + length + 2


class Connection(TConn):  # type: ignore[misc]  # gunicorn ships no types
    """A client's connection and the request that is arriving on it."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.arriving = Arriving()


class _Over:
    """What gunicorn asks about a request that a thread has answered, for one that none did."""

    def __init__(self, *, kept: bool) -> None:
        self._kept = kept

    def cancelled(self) -> bool:
        return False

    def exception(self) -> None:
        return None

    def result(self) -> bool:
        return self._kept


class WholeRequestWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """See the module."""

    def accept(self, listener: Any) -> None:
        """Take a connection in."""
        try:
            client, address = listener.accept()
        except OSError as fault:
            if fault.errno not in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                raise
            return
        self.nr_conns += 1
        self._await_request(Connection(self.cfg, client, address, listener.getsockname()))

    def on_client_socket_readable(self, conn: Connection, client: Any) -> None:
        """The next request on a connection that was kept."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._await_request(conn)

    def finish_request(self, conn: Connection, fs: Any) -> None:
        """A request is answered. What came right behind it is the beginning of another one, and no more than that."""
        kept = not fs.cancelled() and fs.exception() is None and bool(fs.result())
        ahead = conn.parser.unreader.take_buffered() if kept and self.alive else b""
        if ahead:
            conn.sock.setblocking(False)
            self._await_request(conn, ahead)
        else:
            super().finish_request(conn, fs)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """A request that cannot be read is refused in the format of all errors; its words are not logged."""
        refusal = refusal_of(exc)
        if refusal is None:
            super().handle_error(req, client, addr, exc)
            return
        self.log.warning("refused a request that cannot be read: %s", type(exc).__name__)
        try:
            client.sendall(refusal)
        except OSError:
            # Who sent it is gone.
            return

    def _await_request(self, conn: Connection, ahead: bytes = b"") -> None:
        conn.arriving = Arriving()
        conn.arriving.take(ahead)
        if ahead and conn.arriving.is_ready():
            self._hand_over(conn)
            return
        if self._collect(conn):
            return
        # All wait equally long, so the ones that wait stay in the order in which their time is up.
        conn.timeout = time.monotonic() + WHOLE_WITHIN_SECONDS
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._on_more, conn))

    def _on_more(self, conn: Connection, client: Any) -> None:
        if self._collect(conn, waiting=client):
            self.pending_conns.remove(conn)

    def _collect(self, conn: Connection, *, waiting: Any = None) -> bool:
        """Read what is there. True once nothing more is to be waited for: handed over, or gone."""
        while True:
            try:
                piece = conn.sock.recv(READ_AT_ONCE)
            except (BlockingIOError, InterruptedError):
                return False
            except OSError:
                piece = b""
            if not piece:
                self._forget(waiting)
                self.nr_conns -= 1
                conn.close()
                return True
            conn.arriving.take(piece)
            ready = conn.arriving.is_ready()
            if conn.arriving.wants_leave and not ready:
                conn.arriving.wants_leave = False
                self._give_leave(conn)
            if ready:
                self._forget(waiting)
                self._hand_over(conn)
                return True

    def _forget(self, waiting: Any) -> None:
        if waiting is not None:
            self.poller.unregister(waiting)

    def _give_leave(self, conn: Connection) -> None:
        try:
            conn.sock.send(_CONTINUE)
        except OSError:
            # The next read finds out what became of the sender.
            return

    def _hand_over(self, conn: Connection) -> None:
        arrived, conn.arriving = conn.arriving, Arriving()
        data = bytes(arrived.data)
        conn.data_ready = True
        if arrived.is_sized() and self._submit(conn, data):
            return
        conn.init()
        conn.parser.unreader.unread(data)
        self.enqueue_req(conn)

    def _submit(self, conn: Connection, data: bytes) -> bool:
        """Hand a delivery to the intake. False for everything else, and for whatever is unusual about it."""
        if not isinstance(self.wsgi, WebhookIntake):
            return False
        found = delivery_in(data, self.cfg, conn.client)
        if found is None:
            return False
        conn.init()
        conn.parser.unreader.unread(found.ahead)
        keeps = found.keeps_alive and self.alive and len(self.keepalived_conns) < self.max_keepalived
        self.wsgi.submit(found.delivery, partial(self._reply, conn, keeps=keeps))
        return True

    def _reply(self, conn: Connection, answer: Answer, *, keeps: bool) -> None:
        """Called by the thread that everybody waits for, so a sender that does not read what it is told is left."""
        wire = wire_of(answer, keeps=keeps)
        try:
            kept = conn.sock.send(wire, socket.MSG_DONTWAIT) == len(wire) and keeps
        except OSError:
            kept = False
        self.method_queue.defer(self.finish_request, conn, _Over(kept=kept))
