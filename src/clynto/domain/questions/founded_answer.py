"""The checker: no sentence passes that states a number which the result does not hold (ADR 0033).

It judges any sentence, whoever wrote it, and knows nothing but the sentence and the figures of the result.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from clynto.domain.questions.stated_numbers import Stated, numbers_stated


def unfounded_numbers(sentence: str, *, figures: Iterable[str], names: Iterable[str] = ()) -> tuple[str, ...]:
    """The numbers of ``sentence``, as written there, that no text in ``figures`` holds.

    Equal means equal: a rounded figure, another currency or none, a percentage in place of an amount or the wrong
    sign is another number. A fall may be told as a positive amount. ``names`` (of accounts, plans, invoices) are no
    figures: one that holds a number may stand in quotes, and founds nothing.
    """
    held = [stated for figure in figures for stated in numbers_stated(figure)]
    rest = sentence
    for name in sorted(names, key=len, reverse=True):
        for opening, closing in (('"', '"'), ("“", "”")):
            rest = rest.replace(f"{opening}{name}{closing}", " ¦ ")
    return tuple(stated.written for stated in numbers_stated(rest) if not any(_founds(one, stated) for one in held))


def founded(sentence: str, *, figures: Iterable[str], names: Iterable[str] = ()) -> str | None:
    """``sentence`` as it is, or None if it states a number that the result does not hold."""
    return None if unfounded_numbers(sentence, figures=figures, names=names) else sentence


def _founds(held: Stated, stated: Stated) -> bool:
    if stated.value is None or held.value is None:
        # Codes, such as an invoice's number, have no value: letter by letter or not at all.
        return stated.value is held.value and _same_code(held.written, stated.written)
    if held.value != stated.value and (held.value >= 0 or -held.value != stated.value):
        return False
    return stated.unit == held.unit


def _same_code(held: str, stated: str) -> bool:
    return held == stated and re.search(r"\d", stated, re.ASCII) is not None
