"""Lists in pages: ``limit`` and an opaque ``cursor`` in, ``items`` and ``next_cursor`` out."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import TypedDict, TypeVar

from marshmallow import Schema, fields, validate

from clynto.domain.errors import InvalidInput

SMALLEST_LIMIT = 1
LARGEST_LIMIT = 200
USUAL_LIMIT = 50
LONGEST_CURSOR = 1000

Row = TypeVar("Row")


class PageArguments(Schema):
    """Query parameters of every list; subclass it to add filters."""

    limit = fields.Integer(
        load_default=USUAL_LIMIT,
        validate=validate.Range(SMALLEST_LIMIT, LARGEST_LIMIT),
        metadata={"description": "How many items to answer at most."},
    )
    cursor = fields.String(
        load_default=None,
        validate=validate.Length(1, LONGEST_CURSOR),
        metadata={"description": "The `next_cursor` of the page before."},
    )


class PageSchema(Schema):
    """What every list answers; subclasses add ``items``."""

    next_cursor = fields.String(
        required=True, allow_none=True, metadata={"description": "Send it as `cursor`; null: this was the last page."}
    )


class PageOf(TypedDict):
    """Ready for a ``PageSchema``."""

    items: Sequence[object]
    next_cursor: str | None


def page_of(items: Sequence[object], next_position: str | None) -> PageOf:
    """A page whose next one begins behind ``next_position``."""
    return PageOf(items=items, next_cursor=None if next_position is None else cursor_to(next_position))


def cursor_to(position: str) -> str:
    """``position`` as a word that nobody is tempted to build by hand."""
    return base64.urlsafe_b64encode(position.encode()).decode("ascii").rstrip("=")


def position_of(cursor: str | None) -> str | None:
    """What ``cursor_to`` was given. Raises ``InvalidInput``."""
    if cursor is None:
        return None
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        position = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError) as refusal:
        raise _unusable() from refusal
    if not position.isprintable() or cursor_to(position) != cursor:
        raise _unusable()
    return position


def slice_of(rows: Sequence[Row], *, identity: Callable[[Row], str], limit: int, cursor: str | None) -> PageOf:
    """One page of a list that is short enough to be read as a whole, oldest identity first.

    By identity, so that rows that come or go between two pages are neither doubled nor lost.
    """
    behind = position_of(cursor)
    ordered = sorted((row for row in rows if behind is None or identity(row) > behind), key=identity)
    shown = ordered[:limit]
    return page_of(shown, identity(shown[-1]) if len(ordered) > limit else None)


def _unusable() -> InvalidInput:
    return InvalidInput({"cursor": "This cursor was not answered by this list."})
