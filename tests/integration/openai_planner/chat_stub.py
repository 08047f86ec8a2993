"""A local chat endpoint that answers as it is told: well, wrongly, slowly, endlessly or not at all."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Behaviour = Callable[[BaseHTTPRequestHandler], None]


@dataclass(frozen=True, slots=True)
class Heard:
    """One request."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass(slots=True)
class ChatStub:
    """``heard`` are the requests so far. ``released`` ends everything that still drips."""

    address: str
    behave: Behaviour
    heard: list[Heard] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def says(self, text: str) -> None:
        """The model writes ``text``, in the envelope of the protocol."""
        self.sends(json.dumps(envelope(text)).encode())

    def sends(self, body: bytes, *, status: int = 200, headers: dict[str, str] | None = None) -> None:
        """Exactly these bytes."""

        def behave(request: BaseHTTPRequestHandler) -> None:
            request.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
                request.send_header(name, value)
            request.end_headers()
            request.wfile.write(body)

        self.behave = behave


def envelope(text: str) -> dict[str, Any]:
    """A chat completion that holds ``text``."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"total_tokens": 5000},
    }


@contextmanager
def chat_stub() -> Iterator[ChatStub]:
    """A running endpoint on this machine."""
    stub = ChatStub("", lambda request: None)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            stub.heard.append(Heard(self.path, dict(self.headers.items()), json.loads(self.rfile.read(length))))
            try:
                stub.behave(self)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def do_GET(self) -> None:
            stub.heard.append(Heard(self.path, dict(self.headers.items()), {}))
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    stub.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield stub
    finally:
        stub.released.set()
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
