"""Reading values out of JSON objects of unknown version, tolerantly and without surprises (stripe_facts 1.5).

Every reader takes the JSON object and a key. A missing key and null are the same: None. A value of the wrong type
raises ``UnusablePayload``, so that mapping never ends in a ``KeyError`` or ``TypeError`` whatever arrives.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from clynto.domain.moments import UnixTime

JsonObject = Mapping[str, Any]
"""A decoded JSON object; its values are checked as they are read."""

LONGEST_NAME = 500
LONGEST_ID = 255
LARGEST_INTEGER = 2**63 - 1
"""Both databases hold 64-bit integers."""
MOST_DIGITS = 60
"""A longer number is no amount, and exact arithmetic on it would never end."""

_DECIMAL = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?")
_FLOAT = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?(e[+-]?[0-9]{1,2})?")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class UnusablePayload(Exception):
    """An object that cannot be taken in. ``object_id`` is None where not even the id could be read.

    ``reason`` names the key and what is wrong, never the value, as it may be personal.
    """

    def __init__(self, kind: str, object_id: str | None, reason: str) -> None:
        super().__init__(f"{kind} {object_id or 'without id'}: {reason}")
        self.kind = kind
        self.object_id = object_id
        self.reason = reason


class _WrongType(Exception):
    """Raised by readers, which do not know whose value they read; ``kind`` and id are added by ``FaultsOf``."""


def wrong(key: str, expected: str) -> _WrongType:
    """The exception for a value under ``key`` that is not ``expected``."""
    return _WrongType(f"{key} is not {expected}")


class FaultsOf:
    """Turn faults of the readers inside into ``UnusablePayload`` of the named object."""

    __slots__ = ("_kind", "_object_id")

    def __init__(self, kind: str, object_id: str | None) -> None:
        self._kind = kind
        self._object_id = object_id

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, fault: BaseException | None, trace: object) -> None:
        if isinstance(fault, _WrongType):
            raise UnusablePayload(self._kind, self._object_id, str(fault)) from fault


def object_with_id(payload: object, kind: str) -> tuple[JsonObject, str]:
    """``payload`` as a JSON object and its id. Raises ``UnusablePayload`` if it has none."""
    if not isinstance(payload, dict):
        raise UnusablePayload(kind, None, "not a JSON object")
    try:
        object_id = identifier(payload, "id")
    except _WrongType as fault:
        raise UnusablePayload(kind, None, str(fault)) from fault
    if object_id is None:
        raise UnusablePayload(kind, None, "id is missing")
    return payload, object_id


def storable(value: str) -> str:
    """``value`` without NUL, and with lone surrogates replaced: neither database takes them."""
    if value.isascii():
        return value.replace("\x00", "") if "\x00" in value else value
    return _UNSTORABLE.sub(lambda found: "" if found.group() == "\x00" else "\ufffd", value)


def text(payload: JsonObject, key: str) -> str | None:
    """A string as written, fit to be stored."""
    value = payload.get(key)
    if value is None:
        return None
    if type(value) is not str:
        raise wrong(key, "a string")
    return storable(value)


def name(payload: JsonObject, key: str) -> str | None:
    """A string for people: trimmed, at most 500 characters (a cut is shown by an ellipsis); None if empty."""
    value = text(payload, key)
    if value is None:
        return None
    value = value.strip()
    if len(value) > LONGEST_NAME:
        value = value[: LONGEST_NAME - 1].rstrip() + "\u2026"
    return value or None


def word(payload: JsonObject, key: str) -> str | None:
    """A short code such as a status; None if empty."""
    value = payload.get(key)
    if value is None:
        return None
    if type(value) is not str:
        raise wrong(key, "a string")
    if len(value) > LONGEST_ID:
        raise wrong(key, "short enough to be a code")
    # Nearly every value is plain ASCII, and this runs dozens of times per object.
    return (value if value.isascii() and "\x00" not in value else storable(value)) or None


identifier = word
"""The id of an object."""


def reference(payload: JsonObject, key: str) -> str | None:
    """The id of another object, whether it is written as an id or expanded (or expanded and deleted)."""
    value = payload.get(key)
    if type(value) is str or value is None:
        return word(payload, key)
    if isinstance(value, dict):
        return identifier(value, "id")
    raise wrong(key, "an id or an object")


def integer(payload: JsonObject, key: str) -> int | None:
    """A 64-bit integer."""
    value: int | None = payload.get(key)
    if value is None or (type(value) is int and -LARGEST_INTEGER <= value <= LARGEST_INTEGER):
        return value
    raise _no_integer(key, value)


def moment(payload: JsonObject, key: str) -> UnixTime | None:
    """A time in whole Unix seconds."""
    # As ``integer``, but without another call: every object has a dozen of these.
    value: UnixTime | None = payload.get(key)
    if value is None or (type(value) is int and -LARGEST_INTEGER <= value <= LARGEST_INTEGER):
        return value
    raise _no_integer(key, value)


def _no_integer(key: str, value: object) -> _WrongType:
    return wrong(key, "a 64-bit integer" if type(value) is int else "an integer")


def flag(payload: JsonObject, key: str) -> bool:
    """A boolean; missing and null are False."""
    value = payload.get(key)
    if value is None:
        return False
    if type(value) is not bool:
        raise wrong(key, "a boolean")
    return value


def json_object(payload: JsonObject, key: str) -> JsonObject | None:
    """A nested object."""
    value = payload.get(key)
    if value is None:
        return None
    if not isinstance(value, dict):
        raise wrong(key, "an object")
    return value


def expanded(payload: JsonObject, key: str) -> JsonObject | None:
    """A nested object where it is expanded; None where only its id is written."""
    value = payload.get(key)
    return None if type(value) is str else json_object(payload, key)


def json_list(payload: JsonObject, key: str) -> list[Any] | None:
    """A nested array."""
    value = payload.get(key)
    if value is None:
        return None
    if type(value) is not list:
        raise wrong(key, "an array")
    return value


def nested_page(payload: JsonObject, key: str) -> tuple[list[JsonObject], bool]:
    """The objects of a nested list (``{"data": [...], "has_more": ...}``) and whether they are all of it.

    Without the key nothing is known, so the list is not complete (stripe_facts, trap 13).
    """
    page = json_object(payload, key)
    if page is None:
        return [], False
    entries = json_list(page, "data")
    if entries is None:
        return [], False
    for entry in entries:
        if not isinstance(entry, dict):
            raise wrong(f"{key}.data", "an array of objects")
    return entries, not flag(page, "has_more")


def currency(payload: JsonObject, key: str = "currency") -> str | None:
    """A currency code in upper case; None if missing or empty."""
    value = word(payload, key)
    return None if value is None else value.upper()


def exact(payload: JsonObject, key: str) -> Fraction | None:
    """An exact number, written as an integer, a decimal string or (percentages) a JSON number.

    A JSON number is read as the digits that were written, not as the nearest binary fraction.
    """
    value = payload.get(key)
    if value is None:
        return None
    if type(value) is int:
        if -LARGEST_INTEGER <= value <= LARGEST_INTEGER:
            return Fraction(value)
        raise wrong(key, "a 64-bit number")
    if type(value) is str:
        return _exact_text(key, value)
    if isinstance(value, (float, Decimal)):
        written = str(value).lower()
        if _FLOAT.fullmatch(written):
            return Fraction(written)
    raise wrong(key, "a number")


@lru_cache(maxsize=1024)
def _exact_text(key: str, value: str) -> Fraction:
    # Few prices are behind many lines.
    if value.isascii() and value.isdigit() and len(value) <= MOST_DIGITS:
        return Fraction(int(value))
    if not _DECIMAL.fullmatch(value):
        raise wrong(key, "a decimal number")
    return Fraction(value)


def exact_amount(payload: JsonObject, stem: str) -> Fraction | None:
    """``<stem>_decimal``, else ``<stem>``: the decimal string is the precise one (stripe_facts 2.2)."""
    precise = exact(payload, f"{stem}_decimal")
    return exact(payload, stem) if precise is None else precise


def is_deleted(payload: JsonObject) -> bool:
    """Whether this is the tombstone of a deleted object."""
    return payload.get("deleted") is True
