"""Cursors of keyset paging: where the last row stood, for exactly the query that handed it out."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import NoReturn

import orjson

from clynto.adapters.sql.documents import pack
from clynto.domain.errors import InvalidInput

Place = tuple[int | str, str]
"""Sort key and id of the last row of a page."""


def fingerprint(*parts: object) -> str:
    """A short word that differs for queries whose pages do not follow each other."""
    return hashlib.blake2b(pack([str(part) for part in parts]).encode(), digest_size=8).hexdigest()


def cursor_after(place: Place, query: str) -> str:
    """The cursor for what comes behind ``place`` in the query with that fingerprint."""
    return base64.urlsafe_b64encode(orjson.dumps([query, *place])).decode().rstrip("=")


def place_of(cursor: str, query: str, key_type: type[int] | type[str]) -> Place:
    """Where ``cursor`` points. Raises ``InvalidInput`` if it is damaged or belongs to another query."""
    try:
        made_for, key, last_id = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, TypeError):
        _refuse()
    fits = made_for == query and type(key) is key_type and isinstance(last_id, str)
    if not fits or (isinstance(key, int) and not -(2**63) <= key < 2**63):
        _refuse()
    return key, last_id


def _refuse() -> NoReturn:
    raise InvalidInput({"cursor": "This cursor does not belong to this list."}) from None
