"""Lengths of time that are no period: how often something is billed, and for how long it has been late."""

from __future__ import annotations

from collections.abc import Sequence

from clynto.domain.questions.periods import DAYS_PER_WEEK
from clynto.domain.questions.understanding.words import Token

_UNIT_WORDS = {word: word.rstrip("s") for unit in ("day", "week", "month", "year") for word in (unit, f"{unit}s")}
_DAYS = {"day": 1, "days": 1, "week": DAYS_PER_WEEK, "weeks": DAYS_PER_WEEK}
_BOUNDS = {("more", "than"): 1, ("over",): 1, ("at", "least"): 0}
"""How many days more each asks for."""
_LATE = (("overdue",), ("late",), ("past", "due"))
_JOINTS = ("by", "for", "since")


def days_late_at(place: int, tokens: Sequence[Token]) -> tuple[int, int] | None:
    """``more than 30 days overdue`` and ``overdue by 30 days``, as the least number of days and the tokens taken."""
    texts = [token.text for token in tokens[place : place + 8]]
    for late in _LATE:
        if tuple(texts[: len(late)]) == late:
            at = len(late) + (len(texts) > len(late) and texts[len(late)] in _JOINTS)
            found = _length_at(tokens, place + at)
            return None if found is None else (found[0], at + found[1])
    found = _length_at(tokens, place)
    if found is None:
        return None
    behind = texts[found[1] :]
    return next(((found[0], found[1] + len(late)) for late in _LATE if tuple(behind[: len(late)]) == late), None)


def _length_at(tokens: Sequence[Token], place: int) -> tuple[int, int] | None:
    texts = [token.text for token in tokens[place : place + 5]]
    skipped, more = 0, 0
    for words, extra in _BOUNDS.items():
        if tuple(texts[: len(words)]) == words:
            skipped, more = len(words), extra
    if len(texts) < skipped + 2 or texts[skipped + 1] not in _DAYS:
        return None
    count = tokens[place + skipped].count
    return None if not count else (count * _DAYS[texts[skipped + 1]] + more, skipped + 2)


def interval_at(place: int, tokens: Sequence[Token]) -> tuple[str, int] | None:
    """``every 3 months``, with or without a verb before it."""
    verb = tokens[place].text in ("billed", "pay", "pays", "paying", "invoiced", "charged", "paid")
    at = place + 1 if verb else place
    texts = [token.text for token in tokens[at : at + 3]]
    if len(texts) == 3 and texts[0] == "every" and texts[2] in _UNIT_WORDS and tokens[at + 1].count:
        count, unit = tokens[at + 1].count, _UNIT_WORDS[texts[2]]
        return (unit if count == 1 else f"{count} {unit}s"), at + 3 - place
    if len(texts) > 1 and texts[0] == "every" and texts[1] in _UNIT_WORDS:
        return _UNIT_WORDS[texts[1]], at + 2 - place
    return None
