"""What every ``Identifiers`` makes."""

from __future__ import annotations

import re
import threading

import pytest

from clynto.ports.identifiers import Identifiers

A_FEW_MILLISECONDS = 0.004


class IdentifiersContract:
    """Needs the fixture ``identifiers``."""

    @pytest.mark.parametrize("kind", ["acc", "usr", "run"])
    def test_ids_tell_their_kind(self, identifiers: Identifiers, kind: str) -> None:
        made = identifiers.new_id(kind)
        assert re.fullmatch(rf"{kind}_[0-9A-Za-z]{{14,}}", made), "80 bits need at least 14 letters and digits"

    def test_ids_are_never_reused(self, identifiers: Identifiers) -> None:
        assert len({identifiers.new_id("acc") for _ in range(5000)}) == 5000

    def test_ids_are_all_of_one_length(self, identifiers: Identifiers) -> None:
        assert len({len(identifiers.new_id("acc")) for _ in range(500)}) == 1

    def test_ids_made_later_sort_later(self, identifiers: Identifiers) -> None:
        made = []
        for _ in range(20):
            made.append(identifiers.new_id("acc"))
            threading.Event().wait(A_FEW_MILLISECONDS)
        assert made == sorted(made)

    def test_tokens_are_long_enough_and_safe_in_a_url(self, identifiers: Identifiers) -> None:
        token = identifiers.new_token()
        assert re.fullmatch(r"[0-9A-Za-z_-]{32,}", token), "192 bits need at least 32 such characters"

    def test_tokens_are_never_reused(self, identifiers: Identifiers) -> None:
        assert len({identifiers.new_token() for _ in range(2000)}) == 2000
