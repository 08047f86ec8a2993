"""A question as a row of meanings, each with the place where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from clynto.domain.questions.periods import Period
from clynto.domain.questions.understanding.lexicon import Tag
from clynto.domain.questions.understanding.names import KnownAccount


@dataclass(frozen=True, slots=True)
class Chunk:
    """One meaning over the tokens ``start`` up to ``end``. ``text`` is how it was written."""

    tag: Tag
    value: Any
    start: int
    end: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class TimeMeant:
    """A period; the two differ where the year was left out."""

    past: Period
    ahead: Period


@dataclass(frozen=True, slots=True)
class SeveralAccounts:
    """``written`` fits each of these."""

    written: str
    candidates: tuple[KnownAccount, ...]


@dataclass(frozen=True, slots=True)
class NoSuchAccount:
    """``written`` was meant as a name and fits nothing."""

    written: str
