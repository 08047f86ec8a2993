"""Cursors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clynto.adapters.sql.cursors import cursor_after, fingerprint, place_of
from clynto.domain.errors import InvalidInput

WHERE = fingerprint("mrr", False)


@given(st.integers(-(2**63), 2**63 - 1), st.text(st.characters(exclude_categories=["Cs"])))
def test_leads_back_to_its_place(key: int, last_id: str) -> None:
    assert place_of(cursor_after((key, last_id), WHERE), WHERE, int) == (key, last_id)


@given(st.text())
def test_anything_else_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidInput):
        place_of(cursor, WHERE, int)


def test_fits_only_its_query_and_kind_of_key() -> None:
    cursor = cursor_after((5, "acc_1"), WHERE)
    for query, kind in ((fingerprint("mrr", True), int), (WHERE, str)):
        with pytest.raises(InvalidInput):
            place_of(cursor, query, kind)
    for key in (True, 1.5, 2**63):
        with pytest.raises(InvalidInput):
            place_of(cursor_after((key, "acc_1"), WHERE), WHERE, int)  # type: ignore[arg-type]
