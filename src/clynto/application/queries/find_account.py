"""Which account a question means: exactly, by a part of a name, or but for a letter; never guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clynto.domain.questions.answers import NamedAccount
from clynto.domain.questions.filters import check_name
from clynto.domain.questions.understanding.names import (
    SHORTEST_FUZZY,
    KnownAccount,
    accounts_by_likeness,
    accounts_by_part,
    pieces_of,
)
from clynto.domain.questions.understanding.near_words import NearWords
from clynto.domain.questions.understanding.words import folded
from clynto.ports.question_names import CatalogueNames, QuestionNames

LOOKED_AT = 200
"""Accounts that a piece of a name is compared with: more have the piece in common than a person can tell apart."""


class WorkspaceNames:
    """See ``domain.questions.understanding.names.NameBook``: the names of one workspace, each asked for once."""

    def __init__(self, names: QuestionNames) -> None:
        self._names = names
        self._catalogue: CatalogueNames | None = None

    def called(self, texts: Sequence[str]) -> Mapping[str, tuple[KnownAccount, ...]]:
        """Accounts called exactly so."""
        return self._names.called(texts)

    def containing(self, pieces: Sequence[str]) -> Sequence[KnownAccount]:
        """Accounts with a piece in one of their names."""
        return self._names.containing(pieces, limit=LOOKED_AT)

    def plans(self) -> Sequence[str]:
        """What plans are called."""
        return self._known().plans

    def products(self) -> Sequence[str]:
        """What products are called."""
        return self._known().products

    def _known(self) -> CatalogueNames:
        if self._catalogue is None:
            self._catalogue = self._names.catalogue()
        return self._catalogue


def accounts_meant(reference: str, book: WorkspaceNames, near: NearWords) -> tuple[NamedAccount, ...]:
    """The accounts that a reference in a query fits: none, the one, or several for the person to choose from."""
    ways = list(dict.fromkeys([folded(reference), reference]))
    called = book.called(ways)
    exact = next((called[way] for way in ways if called.get(way)), ())
    if exact:
        return _named(exact)
    words = folded(reference).replace("-", " ").split()
    longest = max(words, key=len, default="")
    if not longest:
        return ()
    parts = accounts_by_part(book.containing([longest]), words)
    if parts:
        return _named(parts)
    if len(longest) < SHORTEST_FUZZY:
        return ()
    return _named(accounts_by_likeness(book.containing(pieces_of([longest])), words, near))


def reference_to(account: NamedAccount, book: WorkspaceNames) -> str:
    """The name if only this account has it and it can be written down, else the id."""
    try:
        check_name(account.name)
    except ValueError:
        return account.id
    key = folded(account.name)
    return account.name if len(book.called([key]).get(key, ())) == 1 else account.id


def _named(accounts: Sequence[KnownAccount]) -> tuple[NamedAccount, ...]:
    return tuple(NamedAccount(account.id, account.name, account.domains) for account in accounts)
