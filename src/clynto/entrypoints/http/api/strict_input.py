"""Input that a route does not declare is refused, never ignored (contract, HTTP API)."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import IO, Any, NoReturn, TypeVar

import orjson
from flask import Flask, Request, request
from marshmallow import RAISE, Schema, ValidationError
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import RequestEntityTooLarge

from clynto.domain.errors import InvalidInput
from clynto.entrypoints.http.access import view_of
from clynto.entrypoints.http.api.input_wording import in_plain_words
from clynto.entrypoints.http.problem_answers import LARGEST_BODY_NOTED, MalformedJson, RefusedBody

View = TypeVar("View", bound=Callable[..., Any])

JSON = "application/json"
LARGEST_JSON_BODY = 1024 * 1024
_DECLARATION = "__clynto_input__"
_ESCAPED_NUL = b"\\u0000"


@dataclass(frozen=True, slots=True)
class DeclaredInput:
    """What a view takes. No media type: it takes no body."""

    query: frozenset[str] = frozenset()
    media_types: tuple[str, ...] = ()
    largest_body: int = LARGEST_JSON_BODY


NOTHING = DeclaredInput()


class StrictParser(FlaskParser):
    """Parses strictly and says what is wrong in our own error format."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": RAISE, "json": RAISE}  # noqa: RUF012

    def _raw_load_json(self, req: Request) -> Any:
        body = req.get_data(cache=True)
        try:
            content = orjson.loads(body)
        except orjson.JSONDecodeError as refusal:
            raise MalformedJson from refusal
        _demand_each_member_once(body)
        return content

    def handle_error(
        self,
        error: ValidationError,
        req: Request,  # noqa: ARG002 - the parser's own signature
        schema: Schema,  # noqa: ARG002
        *,
        error_status_code: int | None,  # noqa: ARG002
        error_headers: Mapping[str, str] | None,  # noqa: ARG002
    ) -> NoReturn:
        """Raise ``InvalidInput`` with one sentence for each field."""
        by_location = error.messages if isinstance(error.messages, dict) else {"body": error.messages}
        errors: dict[str, str] = {}
        for messages in by_location.values():
            _flatten(messages, (), errors)
        raise InvalidInput(errors) from error


def _demand_each_member_once(body: bytes) -> None:
    """Of a member that stands twice one would be ignored. Raises ``InvalidInput``."""

    def once(members: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(members)
        if len(found) < len(members):
            counts = Counter(name for name, _ in members)
            raise InvalidInput({name: "Give this member once." for name, count in counts.items() if count > 1})
        return found

    try:
        json.loads(body, object_pairs_hook=once)
    except RecursionError as refusal:
        raise MalformedJson from refusal


def accepting_json(view: View) -> View:
    """Declare that ``view`` takes a JSON body."""
    return accepting_body(JSON, largest=LARGEST_JSON_BODY)(view)


def accepting_body(*media_types: str, largest: int) -> Callable[[View], View]:
    """Declare that a view reads a body of one of these types itself, up to ``largest`` bytes."""

    def decorator(view: View) -> View:
        return _declare(view, replace(_declared_by(view), media_types=media_types, largest_body=largest))

    return decorator


def accepting_query(view: View, schema: type[Schema]) -> View:
    """Declare the query parameters that ``schema`` loads."""
    declared = _declared_by(view)
    names = {field.data_key or name for name, field in schema().load_fields.items()}
    return _declare(view, replace(declared, query=declared.query | names))


def limit_bodies(app: Flask) -> None:
    """Before anything reads a body: no more than the route declares."""

    def limit() -> None:
        if request.endpoint is not None:
            largest = _declared_by(view_of(app, request.endpoint, request.method)).largest_body
            request.environ[LARGEST_BODY_NOTED] = request.max_content_length = largest
            if request.content_length is None and request.environ.get("wsgi.input_terminated"):
                request.environ["wsgi.input"] = _NotLonger(request.environ["wsgi.input"], largest)
                request.max_content_length = largest + 1

    app.before_request(limit)


class _NotLonger(io.RawIOBase):
    """A body without a stated length. Werkzeug would cut it off at the limit, and half an import would be a whole one.

    Raises ``RequestEntityTooLarge`` where the first byte too many is read.
    """

    def __init__(self, stream: IO[bytes], largest: int) -> None:
        self._stream = stream
        self._left = largest

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """See ``io.RawIOBase``."""
        found = self._stream.read(len(buffer))
        self._left -= len(found)
        if self._left < 0:
            raise RequestEntityTooLarge
        buffer[: len(found)] = found
        return len(found)


def refuse_undeclared_input(app: Flask, prefix: str) -> None:
    """Check every request below ``prefix`` before its view sees it."""

    def check() -> None:
        if request.endpoint is not None and request.path.startswith(prefix):
            declared = _declared_by(view_of(app, request.endpoint, request.method))
            _check_query(declared)
            _check_body(declared)

    app.before_request(check)


def _check_query(declared: DeclaredInput) -> None:
    errors: dict[str, str] = {}
    for name, values in request.args.lists():
        if name not in declared.query:
            errors[name] = "Unknown query parameter."
        elif len(values) > 1:
            errors[name] = "Give this parameter once."
    if errors:
        raise InvalidInput(errors)


def _check_body(declared: DeclaredInput) -> None:
    if not declared.media_types:
        _check_that_there_is_none()
        return
    if request.mimetype not in declared.media_types:
        raise RefusedBody(" or ".join(declared.media_types))
    if JSON in declared.media_types and _ESCAPED_NUL in request.get_data(cache=True):
        raise InvalidInput({"body": "Text must not contain the character U+0000."})


def _check_that_there_is_none() -> None:
    body = request.get_data(cache=True).strip()
    if not body:
        return
    if request.mimetype != JSON:
        raise RefusedBody(f"{JSON}, or send none")
    try:
        sent = orjson.loads(body)
    except orjson.JSONDecodeError as refusal:
        raise MalformedJson from refusal
    if sent != {}:
        names = sent if isinstance(sent, dict) else ("body",)
        raise InvalidInput(dict.fromkeys(names, "Unknown field."))


def _declared_by(view: Any) -> DeclaredInput:
    declared: DeclaredInput = getattr(view, _DECLARATION, NOTHING)
    return declared


def _declare(view: View, declared: DeclaredInput) -> View:
    setattr(view, _DECLARATION, declared)
    return view


def _flatten(messages: Any, path: tuple[str, ...], errors: dict[str, str]) -> None:
    if isinstance(messages, dict):
        for key, inner in messages.items():
            _flatten(inner, path if key == "_schema" else (*path, str(key)), errors)
    elif messages:
        first = messages[0] if isinstance(messages, list) else messages
        errors.setdefault(".".join(path) or "body", in_plain_words(str(first)))
