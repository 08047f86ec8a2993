"""Cells of CSV files that people open in a spreadsheet (guarantees K11)."""

from __future__ import annotations

import re

# Apostrophes that were there before are counted in, so that what was guarded always comes back as it was.
_FORMULA = re.compile(r"^'*\s*[=+\-@\t\r]")
_GUARDED = re.compile(r"^'+\s*[=+\-@\t\r]")


def neutralised(text: str) -> str:
    """``text`` with an apostrophe before it if a spreadsheet would run it as a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def original(text: str) -> str:
    """What stood in the cell before ``neutralised``."""
    return text[1:] if _GUARDED.match(text) else text
