"""The words that a word with a slip of one letter may have been meant as."""

from __future__ import annotations

from functools import lru_cache

from clynto.domain.questions.understanding.lexicon import known_words, singular
from clynto.domain.questions.understanding.names import SHORTEST_FUZZY

_TIME_VOCABULARY = frozenset(
    [
        "last",
        "this",
        "next",
        "previous",
        "month",
        "week",
        "quarter",
        "year",
        "today",
        "yesterday",
        "tomorrow",
        "since",
        "months",
        "weeks",
        "years",
        "days",
        "january",
        "february",
        "march",
        "april",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "ago",
        "coming",
    ]
)


@lru_cache(maxsize=1)
def correctable() -> tuple[str, ...]:
    """Words that a slip of one letter can be of."""
    return tuple(sorted(word for word in known_words() | _TIME_VOCABULARY if len(word) >= SHORTEST_FUZZY))


def root_of(word: str) -> str:
    """Singular and plural are one word."""
    return singular(word) or word.rstrip("s")
