"""Reads forms of pages: what a person typed, as the use cases take it."""

from __future__ import annotations

import re
from collections.abc import Mapping

_BETWEEN_WORDS = re.compile(r"[\s,;]+")
DIALOG = "dialog"


def words_of(text: str) -> list[str]:
    """Words set apart by blanks, commas, semicolons or lines."""
    return [word for word in _BETWEEN_WORDS.split(text) if word]


def whole_number(text: str, otherwise: int) -> int:
    """A whole number; ``otherwise`` where none was typed, for the use case to refuse."""
    try:
        return int(text.strip())
    except ValueError:
        return otherwise


def wanted_dialog(arguments: Mapping[str, str]) -> str | None:
    """The dialog a link without script asks for."""
    return arguments.get(DIALOG)
