"""Nested parts of our own records as compact JSON text, and text that every database can hold."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from typing import Any

import orjson

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_ESCAPED_NUL = b"\\u0000"
_WIDEST = 2**63


def clean_text(text: str) -> str:
    """``text`` without NUL, which PostgreSQL refuses, and lone surrogates, which are no UTF-8 (guarantees D11)."""
    if text.isascii():
        return text.replace("\x00", "\ufffd") if "\x00" in text else text
    return _UNSTORABLE.sub("\ufffd", text)


def clean_or_none(text: str | None) -> str | None:
    """``clean_text`` where there is text."""
    return None if text is None else clean_text(text)


def pack(value: Any) -> str:
    """``value`` (lists, dicts, text, integers, booleans, None) as JSON text."""
    try:
        packed = orjson.dumps(value)
    except orjson.JSONEncodeError:
        packed = orjson.dumps(_cleaned(value))
    if _ESCAPED_NUL in packed:
        packed = orjson.dumps(_cleaned(value))
    return packed.decode()


def unpack(document: str) -> Any:
    """What ``pack`` was given."""
    return orjson.loads(document)


def exact(amount: Fraction | None) -> int | str | None:
    """A fraction as an integer, or as ``p/q`` where it is none or too long for JSON."""
    if amount is None:
        return None
    numerator, denominator = amount.numerator, amount.denominator
    if denominator == 1 and -_WIDEST < numerator < _WIDEST:
        return numerator
    return f"{numerator}/{denominator}"


@lru_cache(maxsize=4096)
def fraction(written: int | str | None) -> Fraction | None:
    """What ``exact`` was given. A few prices stand in nearly every row."""
    if isinstance(written, str):
        numerator, _, denominator = written.partition("/")
        return Fraction(int(numerator), int(denominator))
    return None if written is None else Fraction(written)


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {clean_text(key): _cleaned(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(held) for held in value]
    return value
