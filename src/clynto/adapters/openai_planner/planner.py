"""Asks a language model for a typed query, and bounds what that can cost (ADR 0033).

What leaves the process is the question, the day, the previous query and the schema of the language. Everything that
comes back is a stranger's text: bounded in time and size, never followed elsewhere, never kept, never shown.
"""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from dataclasses import dataclass
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from queue import Empty, SimpleQueue

import requests
import requests.auth
import urllib3

from clynto.domain.errors import PlannerUnreachable
from clynto.domain.questions.model_answer import query_of_answer, question_for_model, task_for_model
from clynto.domain.questions.query import Query
from clynto.domain.secret import Secret

CONNECT_SECONDS = 2.0
LARGEST_ANSWER_BYTES = 64 * 1024
MOST_AT_ONCE = 8
"""Calls of one process, those that were given up and still wait for a slow server included."""

_CHUNK_BYTES = 4 * 1024
_NETWORK_FAULTS = (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError, ValueError)


@dataclass(frozen=True, slots=True)
class ChatEndpoint:
    """``address`` is the one below which ``/chat/completions`` stands. ``key`` None: the endpoint asks for none.
    ``seconds`` bounds a call as a whole."""

    address: str
    model: str
    key: Secret | None = None
    seconds: float = 10.0


class _BearerKey(requests.auth.AuthBase):
    """Puts the key into the request at the last moment. Without a key no other credential takes its place."""

    def __init__(self, key: Secret | None) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._key is not None:
            request.headers["Authorization"] = f"Bearer {self._key.reveal()}"
        return request


@dataclass(frozen=True, slots=True)
class _Came:
    """``text`` is what the endpoint sent with status 200; None if it sent too much. ``fault`` is a type's name."""

    text: str | None = None
    fault: str | None = None


class OpenAiPlanner:
    """See ``ports.query_planner.QueryPlanner``. May be used by many threads at once."""

    def __init__(self, endpoint: ChatEndpoint) -> None:
        self._endpoint = endpoint
        self._places = threading.BoundedSemaphore(MOST_AT_ONCE)

    def plan(self, question: str, *, today: dt.date, previous: Query | None) -> Query | None:
        """One call, without a second try: a person waits for the answer."""
        body = {
            "model": self._endpoint.model,
            "messages": [
                {"role": "system", "content": task_for_model()},
                {"role": "user", "content": question_for_model(question, today, previous)},
            ],
            "stream": False,
        }
        content = _content_of(self._answer_to(json.dumps(body).encode("ascii")))
        return None if content is None else query_of_answer(content)

    def _answer_to(self, body: bytes) -> str | None:
        """In a thread of its own: a socket's timeout bounds the silence between two bytes, not an answer of one byte
        a second. One that is given up ends by itself; until then it keeps its place."""
        if not self._places.acquire(blocking=False):
            raise PlannerUnreachable(reason="busy")
        came: SimpleQueue[_Came] = SimpleQueue()

        def call() -> None:
            try:
                came.put(self._exchange(body))
            finally:
                self._places.release()

        threading.Thread(target=call, name="clynto-planner", daemon=True).start()
        try:
            answer = came.get(timeout=self._endpoint.seconds)
        except Empty:
            raise PlannerUnreachable(reason="time") from None
        if answer.fault is not None:
            raise PlannerUnreachable(reason=answer.fault)
        return answer.text

    def _exchange(self, body: bytes) -> _Came:
        """Raises nothing that the network can cause: exceptions of the library refer to the request and so to the
        key (guarantees J1), hence only their type's name goes on."""
        seconds = self._endpoint.seconds
        deadline = time.monotonic() + seconds
        try:
            with _session(self._endpoint.key) as session:
                answer = session.post(
                    f"{self._endpoint.address}/chat/completions",
                    data=body,
                    timeout=(min(CONNECT_SECONDS, seconds), seconds),
                    allow_redirects=False,
                    stream=True,
                )
                with answer:
                    if answer.status_code != requests.codes.ok:
                        return _Came(fault=f"status {answer.status_code}")
                    return _bounded(answer, deadline)
        except _NETWORK_FAULTS as fault:
            return _Came(fault=type(fault).__name__)


def _session(key: Secret | None) -> requests.Session:
    """Nothing is taken from the environment (proxies, passwords), and no cookie is kept."""
    session = requests.Session()
    session.trust_env = False
    session.auth = _BearerKey(key)
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.update(
        {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "identity"}
    )
    return session


def _bounded(answer: requests.Response, deadline: float) -> _Came:
    # Compression was not asked for; it would let a few bytes become very many.
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        return _Came()
    held = bytearray()
    for chunk in answer.iter_content(_CHUNK_BYTES):
        held += chunk
        if len(held) > LARGEST_ANSWER_BYTES:
            return _Came()
        if time.monotonic() > deadline:
            return _Came(fault="time")
    return _Came(text=held.decode("utf-8", errors="replace"))


def _content_of(text: str | None) -> str | None:
    """What the model wrote, out of the endpoint's envelope; None for any other document."""
    if text is None:
        return None
    try:
        content = json.loads(text)["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return content if isinstance(content, str) else None
