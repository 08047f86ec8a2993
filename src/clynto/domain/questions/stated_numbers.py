"""Every number that a text states: in digits, with separators, decimals, k and m, percent, as a date, or in words.

Made to miss nothing rather than to be clever: what looks like a number and cannot be read as one has no value, and so
is never found in any result.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction

from clynto.domain.questions.number_words import SCALES, is_number_word, value_of
from clynto.domain.questions.phrases import MONTH_NAMES

_SUFFIXES = {"k": 3, "m": 6, "mn": 6, "mio": 6, "b": 9, "bn": 9, "g": 9, "t": 12, "tn": 12}
_MONTHS = {name.casefold()[:3]: number for number, name in enumerate(MONTH_NAMES, start=1)}
_MONTH = rf"(?P<month>{'|'.join(MONTH_NAMES)}|{'|'.join(name[:3] for name in MONTH_NAMES)})\.?"
_ORDINAL = r"(?:st|nd|rd|th)?"
_DATES = (
    re.compile(r"(?<![\w.,-])(?P<year>\d{4})-(?P<number>\d{2})-(?P<day>\d{2})(?![\w-])", re.ASCII),
    re.compile(rf"\b(?P<day>\d{{1,2}}){_ORDINAL}\s+{_MONTH},?\s+(?P<year>\d{{4}})\b", re.IGNORECASE | re.ASCII),
    re.compile(rf"\b{_MONTH}\s+(?P<day>\d{{1,2}}){_ORDINAL},?\s+(?P<year>\d{{4}})\b", re.IGNORECASE | re.ASCII),
    re.compile(rf"\b{_MONTH},?\s+(?P<year>\d{{4}})\b", re.IGNORECASE | re.ASCII),
)
_SEPARATED = r"\d{1,3}(?:(?:,\d{3})+|(?:['’]\d{3})+|(?:[ \u00a0\u2009\u202f]\d{3})+)(?!\d)|\d+"
_NUMBER = re.compile(
    rf"(?P<minus>[-−–]\s?)?(?P<sign>[$€£¥])?\s?(?P<digits>(?:{_SEPARATED})(?:\.\d+)?)"
    r"(?:(?P<suffix>k|mn|mio|m|bn|b|g|tn|t)(?![^\W_]))?(?P<ordinal>st|nd|rd|th)?",
    re.IGNORECASE | re.ASCII,
)
_GLUED = re.compile(r"[\w.,'’#/:+@~^*-]*\d[\w.,'’#/:+@~^*-]*")
_WORD = re.compile(r"[^\W\d_]+")
_PERCENT = re.compile(r"\s?(?:%|‰|\bper\s?cent(?:age points?)?\b|\bpct\b|\bpp\b)", re.IGNORECASE)
_CODE_BEHIND = re.compile(r"\s?(?P<code>[A-Z]{3})\b|\s?(?P<sign>[$€£¥])|\s(?P<word>dollars?|euros?|pounds?|yen)\b")
_CODE_BEFORE = re.compile(r"\b(?P<code>[A-Z]{3})\s?$")
_CURRENCIES = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY"}
_CURRENCY_WORDS = {"dollar": "USD", "euro": "EUR", "pound": "GBP", "yen": "JPY"}
_NO_CURRENCY = frozenset({"MRR", "ARR", "UTC", "GMT", "LTV"})
_PREFIXED_CURRENCY = re.compile(r"\s?[kKmMTbB][A-Z]{3}\b")
"""5 kEUR, 3 MUSD: the power stands with the currency."""
_PART_OF = re.compile(
    r"\b(?:third|quarter|fourth|fifth|sixth|seventh|eighth|ninth|tenth)s?\s+of\b|\bone[\s-](?:third|quarter|fifth|tenth)\b",
    re.IGNORECASE,
)
_NO = re.compile(
    r"\b(?:there\s+(?:is|are|was|were)|has|have|had|owes?|with)\s+no\b|(?:^|[.!?]\s+)no\b(?!\.)", re.IGNORECASE
)
"""Says zero of something; elsewhere "no" mostly denies."""
_ROMAN = re.compile(r"(?=[MDCLXVI]{2})M{0,4}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")


@dataclass(frozen=True, slots=True)
class Stated:
    """One number of a text. ``value`` None: it looks like a number, ``written`` so, and cannot be read as one.

    ``unit`` is ``%``, ``day``, ``month`` or a currency code; None if the text gives none. A day's value counts days
    (proleptic, as ``date.toordinal``), a month's months."""

    written: str
    value: Fraction | None
    unit: str | None = None


def numbers_stated(text: str) -> tuple[Stated, ...]:
    """All of them, in no order that matters."""
    plain = "".join(sign for sign in text if unicodedata.category(sign) != "Cf")
    foreign = [Stated(sign, None) for sign in plain if _is_foreign_number(sign)]
    found: list[Stated] = list(foreign)
    for pattern in _DATES:
        found += [_date(match) for match in pattern.finditer(plain)]
        plain = pattern.sub(" ¦ ", plain)
    spans = []
    place = 0
    while (match := _GLUED.search(plain, place)) is not None:
        stated, end = _in_digits(plain, match)
        spans.append((match.start(), end))
        found.append(stated)
        place = max(end, match.start() + 1)
    for start, end in reversed(spans):
        plain = f"{plain[:start]} ¦ {plain[end:]}"
    found += [Stated(word[0], None) for word in re.finditer(r"\b[MDCLXVI]{2,}\b", plain) if _ROMAN.fullmatch(word[0])]
    found += [Stated(part[0], None) for part in _PART_OF.finditer(plain)]
    found += [Stated(none[0], Fraction(0)) for none in _NO.finditer(plain)]
    return (*found, *_in_words(plain))


def _is_foreign_number(sign: str) -> bool:
    return not sign.isascii() and unicodedata.numeric(sign, None) is not None


def _date(match: re.Match[str]) -> Stated:
    parts = match.groupdict()
    year = int(parts["year"])
    month = int(parts["number"]) if parts.get("number") else _MONTHS[parts["month"].casefold()[:3]]
    if parts.get("day") is None:
        return Stated(match[0], Fraction(year * 12 + month), "month")
    return Stated(match[0], Fraction((year * 12 + month) * 100 + int(parts["day"])), "day")


def _in_digits(text: str, glued: re.Match[str]) -> tuple[Stated, int]:
    """The number that begins in ``glued``, and where it ends. Digits that hang together with letters or other signs
    are a code, which has no value."""
    number = _number_at(text, glued.start())
    if number is None or not _stands_alone(text, glued, number) or _PREFIXED_CURRENCY.match(text, number.end()):
        return Stated(glued[0].strip(".,'’:-"), None), glued.end()
    value = Fraction(re.sub(r"[^\d.]", "", number["digits"]))
    value *= 10 ** _SUFFIXES.get((number["suffix"] or "").lower(), 0)
    end = number.end()
    scale = re.compile(r"[\s-](k|m|mn|mio|bn|tn|[a-z]+)\b", re.IGNORECASE).match(text, end)
    while scale is not None and (factor := _scale(scale[1])) is not None:
        value *= factor
        end = scale.end()
        scale = re.compile(r"[\s-]([a-z]+)\b", re.IGNORECASE).match(text, end)
    unit, end = _unit(text, number, end)
    negative = number["minus"] is not None and not text[: number.start()][-1:].isalnum()
    return Stated(text[number.start() : end].strip(), -value if negative else value, unit), end


def _number_at(text: str, start: int) -> re.Match[str] | None:
    """The number whose first digit stands at ``start`` or right behind, with a minus or a currency's sign before."""
    for place in range(max(0, start - 3), start + 3):
        found = _NUMBER.match(text, place)
        if found is not None and found.start("digits") >= start:
            return found
    return None


def _stands_alone(text: str, glued: re.Match[str], number: re.Match[str]) -> bool:
    before = text[glued.start() : number.start("digits")]
    behind = text[number.end() : glued.end()]
    if number["suffix"] and number["ordinal"]:
        return False
    return re.fullmatch(r"[-+~]?\s?", before) is not None and re.fullmatch(r"[.,'’:]*|-[a-z]+[.,]?", behind) is not None


def _scale(word: str) -> Fraction | None:
    small = word.casefold()
    if small in SCALES:
        return Fraction(SCALES[small])
    stands_for_power = word in ("k", "m") or (small in _SUFFIXES and len(small) > 1)
    return Fraction(10 ** _SUFFIXES[small]) if stands_for_power else None


def _unit(text: str, number: re.Match[str], end: int) -> tuple[str | None, int]:
    percent = _PERCENT.match(text, end)
    if percent is not None:
        return "%", percent.end()
    if number["sign"]:
        return _CURRENCIES[number["sign"]], end
    behind = _CODE_BEHIND.match(text, end)
    if behind is not None and behind["code"] not in _NO_CURRENCY:
        word = behind["word"]
        named = behind["code"] or _CURRENCIES.get(behind["sign"] or "") or _CURRENCY_WORDS[word.rstrip("s")]
        return named, behind.end()
    before = _CODE_BEFORE.search(text[: number.start()])
    if before is not None and before["code"] not in _NO_CURRENCY:
        return before["code"], end
    return None, end


def _in_words(text: str) -> list[Stated]:
    found, words = [], list(_WORD.finditer(text))
    place = 0
    while place < len(words):
        if not is_number_word(words[place][0].casefold()):
            place += 1
            continue
        last = place
        while last + 1 < len(words) and _goes_on(text, words[last], words[last + 1], words[last + 2 : last + 3]):
            last += 1
        said = [word[0].casefold() for word in words[place : last + 1]]
        if place and words[place - 1][0].casefold() in ("a", "an"):
            said = ["a", *said] if said[0] in SCALES else said
        written = text[words[place].start() : words[last].end()]
        unit = "%" if _PERCENT.match(text, words[last].end()) else None
        found.append(Stated(written, value_of(said), unit))
        place = last + 1
    return found


def _goes_on(text: str, here: re.Match[str], then: re.Match[str], after: list[re.Match[str]]) -> bool:
    if re.fullmatch(r"[\s-]+", text[here.end() : then.start()]) is None:
        return False
    word = then[0].casefold()
    joins = word in ("and", "point") and after and is_number_word(after[0][0].casefold())
    return is_number_word(word) or bool(joins)
