"""Turns every error into an answer: problem documents for scripts, a page for people, nothing leaked to either."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest, HTTPException, MethodNotAllowed, UnsupportedMediaType
from werkzeug.wrappers import Response as AnyResponse

from clynto.domain.errors import ClyntoError
from clynto.entrypoints.http.current import actor_or_none, services
from clynto.entrypoints.http.problem_details import Problem, problem, problem_of
from clynto.entrypoints.http.security import remember_who_is_here

PROBLEM_MEDIA_TYPE = "application/problem+json"
FOR_SCRIPTS = ("/api/", "/webhooks/", "/healthz", "/readyz", "/metrics")
LARGEST_BODY_NOTED = "clynto.largest_body"
"""Where the request's environment holds how many bytes its route takes."""
LOGIN_ENDPOINT = "sign_in.login"

_CODES_BY_STATUS = {
    400: "malformed_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "payload_too_large",
    415: "unsupported_media_type",
}

_WITH_NAVIGATION = (403, 404, 405, 409, 422)

log = logging.getLogger(__name__)


class MalformedJson(BadRequest):
    """The body claims to be JSON and is not."""


class RefusedBody(UnsupportedMediaType):
    """The body is not of a type this route takes."""

    def __init__(self, media_types: str) -> None:
        super().__init__()
        self.media_types = media_types


def answer_problems(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(ClyntoError, _expected)
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(Exception, _unexpected)


def problem_answer(told: Problem) -> Response:
    """``told`` as a problem document."""
    body = current_app.json.dumps(told.as_json())
    return Response(body, told.status, headers=told.headers, content_type=PROBLEM_MEDIA_TYPE)


def _expected(error: Exception) -> AnyResponse:
    if not isinstance(error, ClyntoError):
        raise error
    return _answer(problem_of(error))


def _of_http(error: Exception) -> AnyResponse:
    if not isinstance(error, HTTPException):
        raise error
    if error.code is not None and error.code < 400:
        return error.get_response()
    if isinstance(error, MethodNotAllowed) and request.method == "GET" and (page := _page_above()) is not None:
        return redirect(page, 303)
    code = _CODES_BY_STATUS.get(error.code or 500, "request_refused")
    facts: dict[str, str | int | list[str] | None] = {"limit": request.environ.get(LARGEST_BODY_NOTED)}
    if isinstance(error, MalformedJson):
        code = "malformed_json"
    if isinstance(error, RefusedBody):
        facts["media_types"] = error.media_types
    answer = _answer(problem(code, facts))
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        answer.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return answer


def _page_above() -> str | None:
    """The page that a form stands on. A refused form is answered at an address that only takes forms; a browser that
    comes back to it later, with a tab that it had put away, asks for it like for any page."""
    if request.path.startswith(FOR_SCRIPTS):
        return None
    addresses, path = current_app.create_url_adapter(request), request.path
    while addresses is not None and path:
        path = path.rpartition("/")[0]
        try:
            addresses.match(path or "/", method="GET")
        except HTTPException:
            continue
        return path or "/"
    return None


def _unexpected(error: Exception) -> AnyResponse:
    incident = services().identifiers.new_id("inc")
    # The path is the route's pattern: a real one may hold a webhook's unguessable token.
    route = request.url_rule.rule if request.url_rule else "unknown"
    log.error("unexpected fault, incident %s at %s %s", incident, request.method, route, exc_info=error)
    return _answer(problem("internal_error", {"incident": incident}))


def _answer(told: Problem) -> AnyResponse:
    if request.path.startswith(FOR_SCRIPTS) or request.accept_mimetypes.best == "application/json":
        return problem_answer(told)
    if told.code == "not_signed_in":
        return _to_login()
    if request.endpoint is None:
        # No route, so nobody was asked for: an address that was mistyped by somebody who is signed in.
        remember_who_is_here()
    # Who is signed in keeps the navigation; after a fault of ours nothing is read for a frame that may fail as well.
    in_frame = actor_or_none() is not None and told.status in _WITH_NAVIGATION
    return Response(render_template("problem.html", problem=told, in_frame=in_frame), told.status, headers=told.headers)


def _to_login() -> AnyResponse:
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    target = url_for(LOGIN_ENDPOINT, next=wanted)
    if "HX-Request" in request.headers:
        # htmx would put the sign-in page into a corner of the open one; this header makes it leave the page.
        return Response("", 401, headers={"HX-Redirect": url_for(LOGIN_ENDPOINT, next=_open_page())})
    return redirect(target, 303)


def _open_page() -> str | None:
    """The page that htmx asked from, to come back to after signing in."""
    address = urlsplit(request.headers.get("HX-Current-URL", ""))
    if address.netloc != request.host or not address.path.startswith("/"):
        return None
    return f"{address.path}?{address.query}" if address.query else address.path
