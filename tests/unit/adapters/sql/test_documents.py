"""Text and documents that every database can hold."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clynto.adapters.sql.documents import clean_text, exact, fraction, pack, unpack


@given(st.text(st.characters(codec=None)))
def test_cleaned_text_can_be_stored_anywhere(text: str) -> None:
    cleaned = clean_text(text)
    cleaned.encode()
    assert "\x00" not in cleaned
    assert len(cleaned) == len(text)
    assert unpack(pack([text])) == [cleaned]


@pytest.mark.parametrize("text", ["plain", "\\u0000 written out", "🙂", "שלום", ""])
def test_storable_text_is_left_alone(text: str) -> None:
    assert clean_text(text) == text
    assert unpack(pack({text: [text]})) == {text: [text]}


@given(st.none() | st.fractions() | st.integers().map(Fraction))
def test_fractions_survive(amount: Fraction | None) -> None:
    assert fraction(unpack(pack([exact(amount)]))[0]) == amount
