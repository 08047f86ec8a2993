"""What is wrong with a field, in the product's own words instead of the validation library's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

_SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "Missing data for required field.": "This is required.",
        "Field may not be null.": "This must not be null.",
        "Not a valid string.": "This must be text.",
        "Not a valid integer.": "This must be a whole number.",
        "Not a valid boolean.": "This must be true or false.",
        "Not a valid list.": "This must be a list.",
        "Not a valid mapping type.": "This must be an object.",
        "Invalid input type.": "This must be a JSON object.",
        "Not a valid aware datetime.": "Write a time with its zone, such as 2026-10-01T12:00:00Z.",
        "Not a valid datetime.": "Write a time with its zone, such as 2026-10-01T12:00:00Z.",
    }
)
_RANGE = re.compile(r"Must be greater than or equal to (\S+) and less than or equal to (\S+)\.")
_LENGTH = re.compile(r"Length must be between (\d+) and (\d+)\.")
_LONGEST = re.compile(r"Longer than maximum length (\d+)\.")


def in_plain_words(message: str) -> str:
    """``message`` as people would put it; what is no message of the library comes back as it is."""
    if found := _RANGE.fullmatch(message):
        return f"This must be from {found[1]} to {found[2]}."
    if found := _LENGTH.fullmatch(message):
        return f"Use {found[1]} to {found[2]} characters."
    if found := _LONGEST.fullmatch(message):
        return f"Use at most {found[1]} characters."
    return _SENTENCES.get(message, message)
