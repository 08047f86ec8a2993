"""Bounds of amounts and scores: ``over 5k``, ``between 1k and 2k``, ``500 or more``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from clynto.domain.money import half_up
from clynto.domain.policies import MONTHS_PER_YEAR
from clynto.domain.questions.filters import HealthIs, StatusWord
from clynto.domain.questions.query import Metric
from clynto.domain.questions.understanding.chunks import Chunk
from clynto.domain.questions.understanding.lexicon import Tag
from clynto.domain.questions.understanding.words import Token

CENTS = 100
_EXACTLY = "exactly"
LATE = (StatusWord.OVERDUE, StatusWord.FAILED)


def bounds_of(chunk: Chunk, behind: list[Chunk]) -> dict[str, Fraction] | None:
    """The bounds that ``chunk`` opens, taken out of what stands behind it. None: it opens none; empty: drop it."""
    if chunk.tag is Tag.RANGE:
        ends = [end.amount or Fraction(0) for end in chunk.value]
        return {"minimum": min(ends), "maximum": max(ends)}
    amounts = _amounts_behind(behind)
    if chunk.tag is Tag.BETWEEN and len(amounts) > 1:
        del behind[:2]
        return {"minimum": min(amounts[:2]), "maximum": max(amounts[:2])}
    if chunk.tag is Tag.BOUND and amounts:
        if chunk.value != _EXACTLY:
            del behind[:1]
            return {chunk.value: amounts[0]}
        if len(behind) > 1 and behind[1].tag is Tag.ACCOUNTS:
            # So many accounts, and no amount.
            return {}
        del behind[:1]
        return {"minimum": amounts[0], "maximum": amounts[0]}
    if chunk.tag is Tag.AMOUNT and behind and behind[0].text.casefold() in ("or more", "or higher", "+"):
        del behind[:1]
        return {"minimum": _amount(chunk)}
    return {} if chunk.tag is Tag.BOUND and chunk.text.casefold() in ("from", "over", _EXACTLY) else None


def _amounts_behind(chunks: Sequence[Chunk]) -> list[Fraction]:
    """The amounts that follow directly."""
    amounts: list[Fraction] = []
    for chunk in chunks:
        if chunk.tag is not Tag.AMOUNT:
            break
        amounts.append(_amount(chunk))
    return amounts


def _amount(chunk: Chunk) -> Fraction:
    token: Token = chunk.value
    return token.amount if token.amount is not None else Fraction(0)


def metric_beside(before: list[Chunk], behind: list[Chunk]) -> Metric | None:
    """Take out the metric that a bound is about: the one directly before it, or directly behind its amount."""
    if before and before[-1].tag is Tag.METRIC:
        found: Metric = before.pop().value
        return found
    of_the_next = len(behind) > 1 and behind[1].tag in (Tag.BOUND, Tag.BETWEEN)
    if behind and behind[0].tag is Tag.METRIC and not of_the_next:
        stated: Metric = behind.pop(0).value
        return stated
    return None


def paid_in_all_said(before: Sequence[Chunk]) -> Metric | None:
    """``That paid over 50k`` is about money that was paid: neither a payment status nor an MRR is meant."""
    status_named = len(before) > 1 and before[-2].tag is Tag.STATUS_NAME
    verb = bool(before) and before[-1].tag is Tag.STATUS and before[-1].text.casefold() in ("paid", "fully paid")
    return Metric.LIFETIME_VALUE if verb and not status_named else None


def is_said_to_be_late(before: Sequence[Chunk], behind: Sequence[Chunk]) -> bool:
    """``More than 500 EUR overdue`` is about what is owed: the word stands right behind the amount or its currency."""
    taken = before[len(before) - len(behind) - 1] if len(before) > len(behind) else None
    if taken is None or not behind or behind[0].start != taken.end:
        return False
    return behind[0].tag is Tag.UNPAID or (behind[0].tag is Tag.STATUS and behind[0].value in LATE)


def is_late_by(before: Sequence[Chunk], bound: Chunk) -> bool:
    """``Overdue by more than 500``: the word stands right before the bound, with nothing but "by" between."""
    if not before or before[-1].tag is not Tag.STATUS or before[-1].value not in LATE:
        return False
    return bound.tag is Tag.BOUND and bound.start - before[-1].end <= 1


def units_of(bound: Sequence[Chunk]) -> list[Chunk]:
    """``Over $1k`` is over a thousand dollars, so yen are not meant: the sign says as much as "in USD" does."""
    tokens: list[tuple[Chunk, Token]] = [(chunk, chunk.value) for chunk in bound if chunk.tag is Tag.AMOUNT]
    tokens += [(chunk, end) for chunk in bound if chunk.tag is Tag.RANGE for end in chunk.value]
    signs = {token.currency: chunk for chunk, token in tokens if token.currency is not None}
    return [replace(chunk, tag=Tag.CURRENCY, value=currency) for currency, chunk in signs.items()]


def as_mrr(amount: Fraction, metric: Metric) -> Fraction:
    """A bound of ARR as one of shown MRR, which has cents: 10,000 a year is 833.33 a month on every page."""
    if metric is not Metric.ARR:
        return amount
    return Fraction(half_up(amount * CENTS / MONTHS_PER_YEAR), CENTS)


def range_words(found: dict[str, Fraction]) -> str:
    """The bounds as they are named to a person."""
    return " and ".join(f"{bound} {int(amount)}" for bound, amount in found.items())


def health_range(found: dict[str, Fraction]) -> HealthIs:
    """Whole scores. Raises ``ValueError`` for others."""
    if any(amount.denominator != 1 for amount in found.values()):
        raise ValueError("health scores are whole numbers")
    whole = {bound: int(amount) for bound, amount in found.items()}
    low = whole.get("minimum", whole["above"] + 1 if "above" in whole else None)
    high = whole.get("maximum", whole["below"] - 1 if "below" in whole else None)
    return HealthIs(low, high)
