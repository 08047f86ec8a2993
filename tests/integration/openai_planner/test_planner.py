"""The planner behind a chat endpoint, against one that does everything wrong."""

from __future__ import annotations

import gzip
import json
import logging
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from tests.contracts.query_planner_contract import (
    OVERDUE,
    QUESTION,
    TODAY,
    QueryPlannerContract,
    Stage,
    answer,
)
from tests.integration.openai_planner.chat_stub import ChatStub, chat_stub, envelope

from clynto.adapters.openai_planner.planner import MOST_AT_ONCE, ChatEndpoint, OpenAiPlanner
from clynto.domain.errors import PlannerUnreachable
from clynto.domain.questions.json_form import query_schema, query_to_json
from clynto.domain.secret import Secret
from clynto.ports.query_planner import QueryPlanner

KEY = "sk-stub-7f3a9c5d1e8b2046"
SECONDS = 20.0
"""More than a loaded machine needs; the tests of slowness take less."""
SHORT = 0.5


@pytest.fixture
def stub() -> Iterator[ChatStub]:
    with chat_stub() as running:
        yield running


@pytest.fixture
def endpoint(stub: ChatStub) -> ChatEndpoint:
    return ChatEndpoint(f"{stub.address}/v1", "small-model", Secret(KEY), SECONDS)


@pytest.fixture
def planner(endpoint: ChatEndpoint) -> OpenAiPlanner:
    return OpenAiPlanner(endpoint)


class _StubStage:
    def __init__(self, stub: ChatStub) -> None:
        self._stub = stub

    def model_says(self, text: str) -> None:
        self._stub.says(text)

    def model_is_gone(self) -> None:
        def hang_up(request: BaseHTTPRequestHandler) -> None:
            request.close_connection = True

        self._stub.behave = hang_up


class TestOpenAiPlanner(QueryPlannerContract):
    @pytest.fixture
    def stage(self, stub: ChatStub) -> Stage:
        return _StubStage(stub)


def _plan(planner: QueryPlanner) -> object:
    return planner.plan(QUESTION, today=TODAY, previous=None)


def test_nothing_leaves_but_question_day_previous_query_and_schema(planner: OpenAiPlanner, stub: ChatStub) -> None:
    stub.says(answer(OVERDUE))
    planner.plan(QUESTION, today=TODAY, previous=OVERDUE)
    (heard,) = stub.heard
    assert heard.path == "/v1/chat/completions"
    assert heard.headers["Authorization"] == f"Bearer {KEY}"
    assert "Cookie" not in heard.headers
    assert set(heard.body) == {"model", "messages", "stream"}
    assert heard.body["model"] == "small-model"
    told, asked = (message["content"] for message in heard.body["messages"])
    assert json.loads(told.partition("JSON Schema:\n")[2]) == query_schema()
    assert json.loads(asked) == {
        "today": "2026-11-26",
        "previous_query": query_to_json(OVERDUE),
        "question": QUESTION,
    }


def test_without_a_key_no_credential_is_sent(
    stub: ChatStub, endpoint: ChatEndpoint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n", encoding="ascii")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    stub.says(answer(OVERDUE))
    assert _plan(OpenAiPlanner(ChatEndpoint(endpoint.address, "m", None, SECONDS))) == OVERDUE
    assert "Authorization" not in stub.heard[0].headers


@pytest.mark.parametrize("status", [201, 204, 400, 401, 403, 404, 418, 429, 500, 502, 503])
def test_any_status_but_200_is_no_service(planner: OpenAiPlanner, stub: ChatStub, status: int) -> None:
    stub.sends(b"" if status == 204 else json.dumps(envelope(answer(OVERDUE))).encode(), status=status)
    with pytest.raises(PlannerUnreachable) as refused:
        _plan(planner)
    assert refused.value.facts["reason"] == f"status {status}"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(planner: OpenAiPlanner, stub: ChatStub, status: int) -> None:
    stub.sends(b"", status=status, headers={"Location": f"{stub.address}/elsewhere"})
    with pytest.raises(PlannerUnreachable):
        _plan(planner)
    assert [heard.path for heard in stub.heard] == ["/v1/chat/completions"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"7",
        b"\xff\xfe\x00",
        b'{"choices": []}',
        b'{"choices": [null]}',
        b'{"choices": [{"message": null}]}',
        b'{"choices": [{"message": {"content": null}}]}',
        b'{"choices": [{"message": {"content": {"query": {"kind": "accounts"}}}}]}',
        b'{"choices": {"0": 1}}',
        b'{"error": {"message": "the model is overloaded"}}',
        b'{"choices": [{"message": {"content": "' + b"\\u0022" * 9_000 + b'"}}]}',
        b"[" * 60_000,
        b"<html>Welcome to the captive portal</html>",
        json.dumps(envelope(answer(OVERDUE)))[:-9].encode(),
    ],
    ids=lambda body: repr(body[:50]),
)
def test_what_is_no_chat_completion_is_no_query(planner: OpenAiPlanner, stub: ChatStub, body: bytes) -> None:
    stub.sends(body)
    assert _plan(planner) is None


def test_too_much_is_not_read_to_its_end(planner: OpenAiPlanner, stub: ChatStub) -> None:
    sent = [0]

    def flood(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        piece = b" " * 65_536
        for _ in range(2_000):
            request.wfile.write(piece)
            sent[0] += len(piece)

    stub.behave = flood
    assert _plan(planner) is None
    assert sent[0] < 2_000 * 65_536


def test_compressed_answers_are_refused_unopened(planner: OpenAiPlanner, stub: ChatStub) -> None:
    packed = gzip.compress(json.dumps(envelope(answer(OVERDUE))).encode())
    stub.sends(packed, headers={"Content-Encoding": "gzip"})
    assert _plan(planner) is None
    assert stub.heard[0].headers["Accept-Encoding"] == "identity"


def _silence(stub: ChatStub) -> Callable[[BaseHTTPRequestHandler], None]:
    def behave(request: BaseHTTPRequestHandler) -> None:
        stub.released.wait(30)
        request.close_connection = True

    return behave


def _drip(stub: ChatStub, first: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    def behave(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(first)
        while not stub.released.wait(0.05):
            request.wfile.write(b" ")
        request.close_connection = True

    return behave


@pytest.mark.parametrize("kind", ["silent", "dripping headers", "dripping body"])
def test_a_slow_answer_is_given_up(stub: ChatStub, endpoint: ChatEndpoint, kind: str) -> None:
    stub.behave = {
        "silent": _silence(stub),
        "dripping headers": _drip(stub, b"HTTP/1.1 200 OK\r\nX-Long: "),
        "dripping body": _drip(stub, b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n"),
    }[kind]
    hasty = OpenAiPlanner(ChatEndpoint(endpoint.address, "m", Secret(KEY), SHORT))
    started = time.monotonic()
    with pytest.raises(PlannerUnreachable):
        _plan(hasty)
    assert time.monotonic() - started < SHORT + 3


def test_calls_that_were_given_up_do_not_pile_up(stub: ChatStub, endpoint: ChatEndpoint) -> None:
    stub.behave = _drip(stub, b"HTTP/1.1 200 OK\r\nX-Long: ")
    patient = OpenAiPlanner(ChatEndpoint(endpoint.address, "m", Secret(KEY), 2.0))
    reasons: list[object] = []

    def ask() -> None:
        with pytest.raises(PlannerUnreachable) as refused:
            _plan(patient)
        reasons.append(refused.value.facts["reason"])

    threads = [threading.Thread(target=ask) for _ in range(MOST_AT_ONCE + 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reasons.count("busy") == 3
    assert reasons[:3] == ["busy"] * 3, "who finds no place is told at once"


def test_nobody_listens(endpoint: ChatEndpoint) -> None:
    with pytest.raises(PlannerUnreachable):
        _plan(OpenAiPlanner(ChatEndpoint("http://127.0.0.1:9/v1", "m", Secret(KEY), SECONDS)))


def test_the_key_is_nowhere_to_be_read(
    stub: ChatStub, endpoint: ChatEndpoint, planner: OpenAiPlanner, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    stub.sends(KEY.encode(), status=401)
    try:
        _plan(planner)
    except PlannerUnreachable as error:
        told = "".join(traceback.format_exception(error)) + repr(error) + repr(error.facts)
    assert KEY not in told
    assert KEY not in caplog.text
    assert KEY not in repr(endpoint) + str(endpoint)
    assert KEY not in repr(planner)


def test_many_may_ask_at_once(planner: OpenAiPlanner, stub: ChatStub) -> None:
    stub.says(answer(OVERDUE))
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(_plan(planner))) for _ in range(MOST_AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [OVERDUE] * MOST_AT_ONCE
