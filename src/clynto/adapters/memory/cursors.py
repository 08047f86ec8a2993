"""Opaque page cursors: where a page ended, and which query it belongs to."""

from __future__ import annotations

import base64
import json
from typing import NoReturn

from clynto.domain.errors import InvalidInput

Position = tuple[str | int | None, str]
"""The value a row is sorted by (None: missing) and its id."""


def encode(query: list[str], position: Position) -> str:
    """A cursor behind ``position`` in the answer to ``query``."""
    text = json.dumps([query, *position], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(cursor: str, query: list[str], value_type: type[str] | type[int]) -> Position:
    """The position a cursor stands for. Raises ``InvalidInput`` unless it was made for ``query``."""
    try:
        content = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except ValueError:
        _refuse()
    if not isinstance(content, list) or len(content) != 3:
        _refuse()
    made_for, value, row_id = content
    if made_for != query or not isinstance(row_id, str) or not (value is None or type(value) is value_type):
        _refuse()
    return value, row_id


def _refuse() -> NoReturn:
    raise InvalidInput({"cursor": "does not belong to this list"}) from None
