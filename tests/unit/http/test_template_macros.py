"""Every part that pages share is written once, in the macros: no template makes its own card, table or dialog."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import clynto.entrypoints.http as http

TEMPLATES = Path(http.__file__).parent / "templates"
PAGES = sorted(path for path in TEMPLATES.rglob("*.html") if path.parent.name != "macros")

BY_HAND = {
    "card": r'class="[^"{]*\bcard(--\w+)?[ "{]',
    "badge": r'class="[^"]*\bbadge[ "-]',
    "money": r"<data\b",
    "date": r"<time\b",
    "table": r"<table\b",
    "empty state": r'class="[^"]*\bempty\b',
    "dialog": r"<dialog\b",
    "progress": r"<progress\b",
    "chart": r"<svg\b",
    "notice": r'class="[^"]*\bnotice\b',
    "a look of its own": r"\sstyle=|<style\b",
}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TEMPLATES)))
def test_no_template_makes_by_hand_what_a_macro_makes(page: Path) -> None:
    text = page.read_text()
    assert [what for what, written in BY_HAND.items() if re.search(written, text)] == []


@pytest.mark.parametrize("what", [what for what in BY_HAND if what != "a look of its own"])
def test_the_macros_make_each_of_them(what: str) -> None:
    macros = "".join(path.read_text() for path in (TEMPLATES / "macros").glob("*.html"))
    assert re.search(BY_HAND[what], macros)
