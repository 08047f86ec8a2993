"""Ids and words that can be told beforehand."""

from __future__ import annotations

import itertools


class SequentialIdentifiers:
    """See ``ports.identifiers.Identifiers``. Fresh and in order, but guessable: never for production."""

    def __init__(self) -> None:
        # One call of ``next`` on a counter cannot be torn apart by threads.
        self._ids = itertools.count(1)
        self._tokens = itertools.count(1)

    def new_id(self, kind: str) -> str:
        """``acc_00000000000000000000000001`` and so on, counted over all kinds."""
        return f"{kind}_{next(self._ids):026d}"

    def new_token(self) -> str:
        """``token-0000...1`` and so on, of 40 characters."""
        return f"token-{next(self._tokens):034d}"
