"""What the understanding needs of a library for fuzzy matching."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class NearWords(Protocol):
    """Finds words that differ by few letters."""

    def within(self, word: str, choices: Iterable[str], *, edits: int) -> tuple[str, ...]:
        """Those of ``choices`` that ``word`` becomes by at most ``edits`` edits (a letter inserted, left out or
        replaced, or two neighbours swapped), nearest first, then in the order of ``choices``."""
        ...
