"""English number words, and what a sequence of them says."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction


def _listed(words: str) -> tuple[str, ...]:
    return tuple(words.split())


_UNITS = _listed(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS = _listed("twenty thirty forty fifty sixty seventy eighty ninety")
_ORDINALS = _listed(
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth"
)
SMALL = {
    **{word: number for number, word in enumerate(_UNITS)},
    **{word: number * 10 for number, word in enumerate(_TENS, start=2)},
    **{word: number for number, word in enumerate(_ORDINALS)},
    **{f"{word[:-1]}ieth": number * 10 for number, word in enumerate(_TENS, start=2)},
    "nil": 0,
    "none": 0,
    "nobody": 0,
    "nothing": 0,
    "single": 1,
    "once": 1,
    "couple": 2,
    "pair": 2,
    "both": 2,
    "twice": 2,
    "trio": 3,
    "thrice": 3,
}
SCALES = {
    "hundred": 100,
    "thousand": 1_000,
    "million": 1_000_000,
    "billion": 1_000_000_000,
    "trillion": 1_000_000_000_000,
    "dozen": 12,
    "lakh": 100_000,
    "crore": 10_000_000,
}
VAGUE = frozenset(
    {
        *(f"{word}s" for word in (*SCALES, *_TENS, "ten", "one", "zero", "nine")),
        *("nineties", "eighties", "seventies", "sixties", "fifties", "forties", "thirties", "twenties"),
        *("half", "halves", "halved", "thirds", "fifths", "tenths", "hundredths", "quarters", "three-quarters"),
        *("double", "doubled", "doubles", "doubling", "triple", "tripled", "triples", "tripling", "treble", "trebled"),
        *("quadruple", "quadrupled", "quintuple", "quintupled", "tenfold", "twofold", "threefold", "fourfold"),
        *("hundredth", "thousandth", "millionth", "hundredfold", "thousandfold", "myriad", "googol"),
        *("neither", "umpteen", "fiftyfold", "bn", "mio", "mrd", "tsd"),
    }
)
"""Words that state a quantity without saying it exactly; no result founds them."""


def is_number_word(word: str) -> bool:
    """Whether ``word`` (case-folded, without hyphens) may be part of a number in words."""
    return word in SMALL or word in SCALES or word in VAGUE


def value_of(words: Sequence[str]) -> Fraction | None:
    """What ``words`` say, such as twenty, five, thousand; None if they say no exact number."""
    total = group = 0
    decimals: list[int] | None = None
    held = [word for word in words if word != "and"]
    if not held or any(word not in SMALL and word not in SCALES and word not in ("point", "a", "an") for word in held):
        return None
    for place, word in enumerate(held):
        if word in ("a", "an"):
            group += 1
        elif word == "point":
            decimals = []
        elif word in SMALL:
            if decimals is not None:
                decimals.append(SMALL[word])
            elif not _follows(held, place):
                return None
            else:
                group += SMALL[word]
        elif decimals:
            # one point five million: what follows the point counts with the scale, and nothing follows the scale.
            return None if place != len(held) - 1 else _with_decimals(total + group, decimals) * SCALES[word]
        elif SCALES[word] in (100, 12):
            group = (group or 1) * SCALES[word]
        else:
            total, group = total + (group or 1) * SCALES[word], 0
    return Fraction(total + group) if decimals is None else _with_decimals(total + group, decimals)


def _follows(words: Sequence[str], place: int) -> bool:
    """Twenty-five says a number; five twenty, or five five, says two."""
    before = words[place - 1] if place else ""
    return before not in SMALL or (SMALL[before] >= 20 and SMALL[before] % 10 == 0 and 0 < SMALL[words[place]] < 10)


def _with_decimals(whole: int, decimals: Sequence[int]) -> Fraction:
    return whole + sum((Fraction(digit, 10 ** (place + 1)) for place, digit in enumerate(decimals)), Fraction(0))
