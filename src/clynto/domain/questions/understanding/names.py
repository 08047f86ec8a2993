"""Which accounts, plans and products a question names: exactly, by a part, or but for a letter; never guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from clynto.domain.questions.understanding.near_words import NearWords
from clynto.domain.questions.understanding.words import folded

SHORTEST_PART = 3
"""Letters of a word that may stand for the beginning of a name's word."""
SHORTEST_FUZZY = 4
"""Letters from which a word may differ by one: shorter ones become too many other words."""
LONGEST_NAME_IN_WORDS = 8
_SPLIT = re.compile(r"[^\w]+")


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """An account as it can be called. ``aliases`` are its outside id and the names of its Stripe customers."""

    id: str
    name: str
    domains: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


class NameBook(Protocol):
    """The names of one workspace."""

    def called(self, texts: Sequence[str]) -> Mapping[str, tuple[KnownAccount, ...]]:
        """Accounts whose name (case-folded, single blanks), domain, id or outside id is exactly one of ``texts``, by
        that text; at most a few of each."""
        ...

    def containing(self, pieces: Sequence[str]) -> Sequence[KnownAccount]:
        """Accounts in whose name, domains or aliases one of the case-folded ``pieces`` occurs, in any order."""
        ...

    def plans(self) -> Sequence[str]:
        """Names of the plans in use."""
        ...

    def products(self) -> Sequence[str]:
        """Names of the products."""
        ...


def pieces_of(words: Iterable[str]) -> tuple[str, ...]:
    """Parts of which at least one survives any single edit (or swap of neighbours) of each word.

    An edit touches the left part, the right part, or the two letters between them.
    """
    found: dict[str, None] = {}
    for word in words:
        if len(word) < SHORTEST_FUZZY:
            found[word] = None
            continue
        middle = len(word) // 2
        found[word[: middle - 1] or word[:1]] = None
        found[word[middle + 1 :] or word[-1:]] = None
    return tuple(found)


def accounts_by_part(accounts: Iterable[KnownAccount], words: Sequence[str]) -> list[KnownAccount]:
    """Those in one of whose names every word stands, or is the beginning of a word."""
    return [account for account in accounts if any(_has_all(called, words) for called in _ways_to_call(account))]


def accounts_by_likeness(accounts: Iterable[KnownAccount], words: Sequence[str], near: NearWords) -> list[KnownAccount]:
    """Those in one of whose names every word stands but for one letter."""
    return [
        account for account in accounts if any(_resembles(called, words, near) for called in _ways_to_call(account))
    ]


def _ways_to_call(account: KnownAccount) -> list[list[str]]:
    names = [account.name, *account.aliases]
    called = [[word for word in _SPLIT.split(folded(name)) if word] for name in names]
    called += [[domain, *domain.split(".")[:-1]] for domain in account.domains]
    # "Overdue Analytics" may be written in one word, as in a domain.
    return called


def _has_all(called: Sequence[str], words: Sequence[str]) -> bool:
    def stands(word: str) -> bool:
        return any(
            other == word or (len(word) >= SHORTEST_PART and other.startswith(word) and len(word) * 2 >= len(other))
            for other in called
        )

    return all(stands(word) for word in words)


def _resembles(called: Sequence[str], words: Sequence[str], near: NearWords) -> bool:
    def stands(word: str) -> bool:
        if len(word) < SHORTEST_FUZZY:
            return word in called
        return bool(near.within(word, called, edits=1))

    return all(stands(word) for word in words)
