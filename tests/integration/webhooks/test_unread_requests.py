"""Requests that the server's parser refuses are told so in the format of all errors, without their own words."""

from __future__ import annotations

import json
import socket
from urllib.parse import urlsplit

import pytest
from tests.integration.webhooks.running_product import RunningProduct

CANARY = "sk_test_canaryInTheWrongPlace000000001"


def said_to(product: RunningProduct, request: bytes) -> tuple[bytes, dict[str, object], dict[str, str]]:
    """Status line, problem and headers; the connection has ended."""
    parts = urlsplit(product.installation.base)
    with socket.create_connection((parts.hostname or "", parts.port or 80), timeout=20) as connection:
        connection.sendall(request)
        answer = b""
        while piece := connection.recv(65_536):
            answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.split(b"\r\n")
    headers = dict(line.decode().split(": ", 1) for line in lines)
    assert len(body) == int(headers["Content-Length"])
    return status, json.loads(body), headers


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        (f"GET /accounts?q={CANARY}{'x' * 9_000} HTTP/1.1\r\nHost: a\r\n\r\n", b"414 URI Too Long", "address_too_long"),
        (
            f"GET /accounts HTTP/1.1\r\nHost: a\r\nX-Key: {CANARY}{'x' * 9_000}\r\n\r\n",
            b"431 Request Header Fields Too Large",
            "headers_too_large",
        ),
        (f"{CANARY} is my key\r\n\r\n", b"400 Bad Request", "malformed_request"),
        (f"GET /accounts HTTP/1.1\r\n{CANARY}\r\n\r\n", b"400 Bad Request", "malformed_request"),
        (f"GET /accounts HTTP/{CANARY}\r\n\r\n", b"400 Bad Request", "malformed_request"),
    ],
)
def test_it_is_a_problem_like_all_others(product: RunningProduct, request_: str, status: bytes, code: str) -> None:
    line, problem, headers = said_to(product, request_.encode())
    assert line == b"HTTP/1.1 " + status
    assert headers["Content-Type"] == "application/problem+json"
    assert headers["Connection"] == "close"
    assert (problem["status"], problem["code"]) == (int(status[:3]), code)
    assert set(problem) == {"status", "title", "detail", "code"}
    assert CANARY not in json.dumps(problem)
    assert CANARY not in product.installation.logs()
