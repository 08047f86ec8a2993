"""What is answered to a request that the server's parser could not read, so that no route and no handler saw it."""

from __future__ import annotations

import orjson
from gunicorn.http.errors import (
    ConfigurationProblem,
    InvalidResponseHeader,
    InvalidResponseHeaderName,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
)

from clynto.entrypoints.http.plain_deliveries import wire_of
from clynto.entrypoints.http.problem_answers import PROBLEM_MEDIA_TYPE
from clynto.entrypoints.http.problem_details import problem
from clynto.entrypoints.http.webhook_intake import Answer

LONGEST_REQUEST_LINE = 8190
"""Bytes, gunicorn's own limit."""
_OF_OURS = (ConfigurationProblem, InvalidResponseHeader, InvalidResponseHeaderName)
_STATUS_LINES = {
    400: "400 Bad Request",
    414: "414 URI Too Long",
    431: "431 Request Header Fields Too Large",
}


def refusal_of(fault: Exception) -> bytes | None:
    """The answer as it goes over the connection, which ends with it. None: not the sender's fault.

    It repeats nothing of what was sent, since that may be a key in the wrong place.
    """
    if not isinstance(fault, ParseException) or isinstance(fault, _OF_OURS):
        return None
    if isinstance(fault, LimitRequestLine):
        told = problem("address_too_long", {"limit": LONGEST_REQUEST_LINE})
    elif isinstance(fault, LimitRequestHeaders):
        told = problem("headers_too_large")
    else:
        told = problem("malformed_request")
    body = orjson.dumps(told.as_json())
    headers = (
        ("Content-Type", PROBLEM_MEDIA_TYPE),
        ("Content-Length", str(len(body))),
        ("X-Content-Type-Options", "nosniff"),
        ("Cache-Control", "no-store"),
    )
    return wire_of(Answer(_STATUS_LINES[told.status], headers, body), keeps=False)
