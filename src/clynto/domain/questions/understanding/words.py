"""A question as tokens: words, amounts, days, and what stands in quotes."""

from __future__ import annotations

import datetime as dt
import enum
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

LONGEST_QUESTION = 500
"""Characters: the longest question that a person types. More is cut off by nobody but refused."""

_THOUSANDS = {"k": 1_000, "m": 1_000_000, "mn": 1_000_000, "mio": 1_000_000, "thousand": 1_000, "million": 1_000_000}
_SIGNS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY"}
_AMOUNT = r"""[$€£¥]?(?:[1-9]\d{0,2}(?:\.\d{3})+(?:,\d{1,2})?|\d{1,3}(?:'\d{3})+(?:\.\d+)?|\d+,\d{1,2}
        |\d+(?:,\d{3})*(?:\.\d+)?)(?:\s?(?:k|m|mn|mio)\b)?%?(?:\s?[$€£¥](?!\s?\d))?"""
_BEHIND_AN_AMOUNT = r"(?![\w@-]|[.,']\w)"
_TOKEN = re.compile(
    rf"""\s*(?:
      (?P<quoted>"(?:[^"\\]|\\.)*"|“[^”]*”|«[^»]*»)
    | (?P<day>\d{{4}}-\d{{2}}-\d{{2}})(?![\w-])
    | (?P<range>{_AMOUNT}\s?[-–—−]\s?{_AMOUNT}){_BEHIND_AN_AMOUNT}
    | (?P<amount>{_AMOUNT}){_BEHIND_AN_AMOUNT}
    | (?P<bound>(?:[<>]=?|[≤≥])(?=\s*[$€£¥]?\d))
    | (?P<plus>(?<=[\dkm])\+(?!\w))
    | (?P<word>[^\W_](?:[\w&'’+@-]|\.(?=\w))*)
    | (?P<sign>\S)
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_FIRST_YEAR, _LAST_YEAR = 1990, 2099
_POINTS_IN_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+(?!\d|\.)")
_DECIMAL_COMMA = re.compile(r"\d+,\d{1,2}(?!\d)")
_BOUNDS = {
    "+": "or more",
    ">": "over",
    "<": "under",
    ">=": "at least",
    "<=": "at most",
    "≥": "at least",
    "≤": "at most",
}
COUNT_WORDS = {
    word: count
    for count, word in enumerate(
        ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"], start=2
    )
}
"""``Top three``. In small letters only: with a capital it may begin a name."""
_CONTRACTED = {
    "what's": "what is",
    "whats": "what is",
    "whos": "who is",
    "hows": "how is",
    "wheres": "where is",
    "hasnt": "has not",
    "havent": "have not",
    "didnt": "did not",
    "dont": "do not",
    "doesnt": "does not",
    "isnt": "is not",
    "arent": "are not",
    "payed": "paid",
    "who's": "who is",
    "how's": "how is",
    "where's": "where is",
    "when's": "when is",
    "why's": "why is",
    "that's": "that is",
    "there's": "there is",
    "let's": "let us",
    "it's": "it is",
    "haven't": "have not",
    "hasn't": "has not",
    "didn't": "did not",
    "don't": "do not",
    "doesn't": "does not",
    "isn't": "is not",
    "aren't": "are not",
    "we've": "we have",
    "we're": "we are",
    "they're": "they are",
    "i'd": "i would",
    "i'm": "i am",
}


class TokenKind(enum.StrEnum):
    """What a token is by its looks."""

    WORD = "word"
    AMOUNT = "amount"
    RANGE = "range"
    DAY = "day"
    QUOTED = "quoted"


@dataclass(frozen=True, slots=True)
class Token:
    """``text`` is case-folded and without a possessive ending, ``written`` as it was typed.

    ``amount`` is in major units; ``currency`` only if a sign stood before it. ``scaled``: it had a k, an m, a sign or
    decimals, so it cannot be a plain count. ``ends`` are the two amounts of a range. ``start`` and ``end`` are its
    place in the normalised question.
    """

    kind: TokenKind
    text: str
    written: str
    possessive: bool = False
    amount: Fraction | None = None
    currency: str | None = None
    scaled: bool = False
    day: dt.date | None = None
    ends: tuple[Token, Token] | None = None
    start: int = 0
    end: int = 0

    @property
    def capitalised(self) -> bool:
        """Begins with a capital letter."""
        return self.written[:1].isupper()

    @property
    def count(self) -> int | None:
        """The plain whole number that it is."""
        if self.amount is None or self.scaled or self.amount.denominator != 1:
            return None
        return self.amount.numerator


def normalised(question: str) -> str:
    """The question in the form that tokens point into."""
    return unicodedata.normalize("NFKC", question).replace("’", "'")


def tokens_of(text: str) -> list[Token]:
    """The tokens of a normalised question; signs between them say nothing."""
    tokens: list[Token] = []
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        found = match[kind] if kind is not None else ""
        if kind is None or kind == "sign":
            continue
        start, end = match.span(kind)
        tokens.extend(replace(token, start=start, end=end) for token in _READERS[kind](found))
    return tokens


def folded(text: str) -> str:
    """How names are compared: case-folded, with single blanks."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _quoted(found: str) -> list[Token]:
    inner = found[1:-1]
    if found[0] == '"':
        inner = re.sub(r"\\(.)", r"\1", inner)
    return [Token(TokenKind.QUOTED, folded(inner), inner.strip())]


def _day(found: str) -> list[Token]:
    try:
        return [Token(TokenKind.DAY, found, found, day=dt.date.fromisoformat(found))]
    except ValueError:
        return [Token(TokenKind.WORD, found, found)]


def _amount(found: str) -> list[Token]:
    currency = _SIGNS.get(found[0]) or _SIGNS.get(found[-1])
    plain = _in_english(found.strip("$€£¥ ").rstrip("%")).casefold()
    digits = re.match(r"[\d.]+", plain)
    number = digits[0] if digits is not None else "0"
    suffix = plain[len(number) :].strip()
    amount = Fraction(number) * _THOUSANDS.get(suffix, 1)
    scaled = bool(currency or suffix or "." in number or any(sign in found for sign in ".,'"))
    return [Token(TokenKind.AMOUNT, plain, found, amount=amount, currency=currency, scaled=scaled)]


def _range(found: str) -> list[Token]:
    """``1-3k`` are thousands at both ends, ``500-2k`` at one, ``$100-300`` dollars at both. Years are no amounts, and
    what falls (``24-7``) is no range: such a thing is a word."""
    first, last = re.split(r"\s?[-–—−]\s?", found, maxsplit=1)
    (low,), (high,) = _amount(first), _amount(last)
    suffix = re.search(r"(?:k|m|mn|mio)\b", high.text)
    if suffix is not None and not low.text.endswith(tuple(_THOUSANDS)):
        alike = _amount(f"{first.strip('$€£¥ ')}{suffix[0]}")[0]
        if alike.amount is not None and high.amount is not None and alike.amount < high.amount:
            low = replace(low, amount=alike.amount, scaled=True)
    currencies = {end.currency for end in (low, high) if end.currency is not None}
    if len(currencies) == 1:
        low, high = (replace(end, currency=next(iter(currencies)), scaled=True) for end in (low, high))
    years = all(end.count is not None and _FIRST_YEAR <= end.count <= _LAST_YEAR for end in (low, high))
    if years or "%" in found or (low.amount or 0) >= (high.amount or 0):
        return [Token(TokenKind.WORD, found.casefold(), found)]
    return [Token(TokenKind.RANGE, found.casefold(), found, ends=(low, high))]


def _in_english(found: str) -> str:
    """``1.000,50``, ``1,5`` and ``1'000`` are written as they are in other languages. No amount that a person means has
    three decimals: ``2.500`` are thousands."""
    if _POINTS_IN_THOUSANDS.match(found):
        return found.replace(".", "").replace(",", ".")
    if _DECIMAL_COMMA.match(found):
        return found.replace(",", ".")
    return found.replace(",", "").replace("'", "")


def _bound(found: str) -> list[Token]:
    """``> 500`` is over 500."""
    return [Token(TokenKind.WORD, word, word) for word in _BOUNDS[found].split()]


def _words(found: str) -> list[Token]:
    written = found.rstrip("'-&")
    lowered = written.casefold()
    possessive = found.rstrip("-&").endswith("'") and lowered.endswith("s")
    if written in COUNT_WORDS:
        return [Token(TokenKind.AMOUNT, lowered, written, amount=Fraction(COUNT_WORDS[written]))]
    if lowered in _CONTRACTED:
        first, *others = _CONTRACTED[lowered].split(" ", 1)
        return [
            Token(TokenKind.WORD, first, written[: len(first)]),
            *(Token(TokenKind.WORD, other, other) for other in others),
        ]
    if lowered.endswith("'s"):
        return [Token(TokenKind.WORD, lowered[:-2], written[:-2], possessive=True)]
    return [Token(TokenKind.WORD, lowered, written, possessive=possessive)]


_READERS: dict[str, Callable[[str], list[Token]]] = {
    "quoted": _quoted,
    "day": _day,
    "amount": _amount,
    "range": _range,
    "bound": _bound,
    "plus": _bound,
    "word": _words,
}
