"""What is asked of payments, where the verb alone would mislead: "how much did Acme pay in October?" asks neither for
its MRR nor for those whose status is paid."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from clynto.domain.questions.filters import LifetimeRange, StatusWord
from clynto.domain.questions.lists import Received
from clynto.domain.questions.query import Metric, Query, Whether
from clynto.domain.questions.understanding.chunks import Chunk
from clynto.domain.questions.understanding.lexicon import Tag
from clynto.domain.questions.understanding.payer_words import payers_of
from clynto.domain.signals import SignalType

_LOOKING_BACK = re.compile(r"\W*(((when|why|how much|what) )?(did|has|have|had))\b", re.IGNORECASE)
_RECEIVED = re.compile(r"\b(how much|what|total)\b.*\b(did|was|were|has been|have been|has|have|paid)\b", re.IGNORECASE)
_PAY_WORD = re.compile(r"(total )?(pay|paid|spend|spent)\b", re.IGNORECASE)
_NEVER_PAID = re.compile(r"\bnever\b.*\b(pay|paid|payed)\b", re.IGNORECASE)
_NOT_NEVER_PAID = "accounts are found by never having paid at all, or by how much they have paid"
_SO_MANY_INVOICES = re.compile(
    r"\b(accounts?|customers?|clients?|companies|who)\b.*\b(with|have|has|having)\s+"
    r"((at least|at most|more than|over|fewer than|less than|exactly)\s+)?\d+\s+(\w+\s+){0,2}(invoices?|bills?)\b",
    re.IGNORECASE,
)
_NO_NUMBER_OF_INVOICES = "how many invoices an account has is no condition here"
_DID_THEY_PAY = re.compile(r"\W*(did|have|has)\b", re.IGNORECASE)
_NOT_WHO_PAID_WHEN = (
    "who paid in a period is told over all accounts, or by currency; what else is known of accounts is known for now"
)
_NOT_WHO_DID_NOT_PAY = (
    "who did not pay in a period is not told, since many had nothing to pay in it; who owes money now is, "
    "and who never paid"
)
_NOT_WHETHER_ALL_PAID = "whether everybody paid is not told; which accounts paid in a period is"
_EVER_PAID = re.compile(r"\W*(has|have|did)\b.*\bever (paid|pay)\b", re.IGNORECASE)
_NOT_COMPARED = "what was received in two periods is not compared: ask for each of them"
_OVERDUE_AMOUNT = re.compile(r"\b(overdue (amount|balance|total)|(amount|balance|total) overdue)\b", re.IGNORECASE)
_EARNED = re.compile(r"\b(did|have|has) we (make|earn|bring in)\b", re.IGNORECASE)
_EARNING = frozenset({"we make", "we earn", "we bring in"})
_PAID_WHAT = re.compile(r"\W*((and|so) )?(what|how much) did\b", re.IGNORECASE)
_DID_IT_PAY = re.compile(r"\W*((and|so) )?did\b", re.IGNORECASE)
_BY_MONTH = re.compile(r"\b(per|a|each|every|by) (month|week|quarter)\b|\bmonthly\b", re.IGNORECASE)
_NOT_BY_MONTH = "what was received is told for a period as a whole: ask for each month"
_ON_A_DAY = re.compile(r"\b(at the|at|by the) end of\b|\bas of\b", re.IGNORECASE)
_NOT_OPEN_THEN = "which invoices were open on a past day is not kept; those that are open now are"
_OPEN = frozenset({Tag.UNPAID, Tag.STATUS, Tag.STANDING})
_LISTED = frozenset({Tag.WHICH, Tag.ACCOUNTS, Tag.HOW_MANY, Tag.ALL})
_LISTING = frozenset({Tag.WHICH, Tag.HOW_MANY, Tag.ORDER, Tag.TOP, Tag.BOUND, Tag.BETWEEN, Tag.RANGE, Tag.INTERVAL})
_MORE = frozenset({Tag.BOUND, Tag.BETWEEN, Tag.RANGE, Tag.AMOUNT, Tag.STATUS, Tag.INVOICES, Tag.INTERVAL})
_BETWEEN = frozenset({Tag.NAME, Tag.ITS, Tag.ACCOUNTS})
"""What may stand between the verb and the period: "paid by Acme in October"."""


def as_payments(question: str, chunks: Sequence[Chunk], *, of_one: bool) -> list[Chunk]:
    """The same with verbs of payment as they are meant. ``of_one``: one account is asked about."""
    plain = _paid_so_far(question, chunks) if of_one else chunks
    found = _invoices_paid_in(_earned(question, _canceled(question, plain)))
    return _owed_late(question, _without_revenue(_received(question, found, of_one=of_one)))


def said_of_payments(
    question: str, chunks: Sequence[Chunk], previous: Query | None, *, of_one: bool
) -> Query | str | None:
    """What would be misread by its words alone: the query, or why there is none."""
    tags, names = {chunk.tag for chunk in chunks}, [chunk.value for chunk in chunks if chunk.tag is Tag.NAME]
    if _EVER_PAID.match(question) and len(names) == 1:
        return Whether(names[0], (LifetimeRange(above=Fraction(0)),))
    if _NEVER_PAID.search(question) and (Tag.NEVER_PAID not in tags or _says_more(chunks)):
        return _NOT_NEVER_PAID
    if _SO_MANY_INVOICES.search(question):
        return _NO_NUMBER_OF_INVOICES
    pays = any(chunk.tag is Tag.METRIC and _PAY_WORD.match(chunk.text) for chunk in chunks)
    # "Which customers paid their invoices?": theirs are those of nobody who was named before.
    of_some = not names and (not of_one or {Tag.WHICH, Tag.ACCOUNTS, Tag.ITS, Tag.INVOICES} <= tags)
    payers = payers_of(question, chunks) if of_some else None
    if payers is not None:
        return payers
    if Tag.PERIOD in tags and not of_one and tags & _LISTED and _denies_payment(chunks):
        return _NOT_WHO_DID_NOT_PAY
    if pays and Tag.PERIOD in tags and not of_one and _DID_THEY_PAY.match(question):
        return _NOT_WHETHER_ALL_PAID
    if not of_one and tags & _LISTED and Tag.INVOICES not in tags and _paid_then(chunks):
        return _NOT_WHO_PAID_WHEN
    if Tag.RECEIVED in tags and _BY_MONTH.search(question):
        return _NOT_BY_MONTH
    if {Tag.INVOICES, Tag.PERIOD} <= tags and tags & _OPEN and _ON_A_DAY.search(question):
        return _NOT_OPEN_THEN
    if isinstance(previous, Received) and Tag.COMPARE in tags and Tag.METRIC not in tags and not names:
        return _NOT_COMPARED
    return None


def _paid_then(chunks: Sequence[Chunk]) -> bool:
    """``Who paid in October?``: the period stands right behind the verb."""
    return any(_is_verb(chunk) and behind.tag is Tag.PERIOD for chunk, behind in itertools.pairwise(chunks))


def _denies_payment(chunks: Sequence[Chunk]) -> bool:
    """``Who has not paid this month?``"""
    if any(chunk.tag in (Tag.INVOICES, Tag.METRIC) and not _is_verb(chunk) for chunk in chunks):
        return False
    denied = any(first.tag is Tag.NOT and _is_verb(second) for first, second in itertools.pairwise(chunks))
    return denied or any(chunk.tag is Tag.UNPAID for chunk in chunks)


def _says_more(chunks: Sequence[Chunk]) -> bool:
    """``Never paid late`` and ``never paid more than 500`` are about payments that there were."""
    return any(
        chunk.tag is Tag.NEVER_PAID and behind.tag in _MORE and behind.start == chunk.end
        for chunk, behind in itertools.pairwise(chunks)
    )


def _canceled(question: str, chunks: Sequence[Chunk]) -> list[Chunk]:
    """``Did Acme cancel?`` asks for a signal, and not for what is scheduled; ``did it upgrade?`` orders nothing."""
    if not _LOOKING_BACK.match(question):
        return list(chunks)
    return [_looked_back_at(chunk) for chunk in chunks]


def _looked_back_at(chunk: Chunk) -> Chunk:
    if chunk.tag is Tag.CANCELING and chunk.text.casefold() in ("cancel", "leave"):
        return replace(chunk, tag=Tag.SIGNAL_TYPE, value=SignalType.SUBSCRIPTION_CANCELED)
    if chunk.tag is Tag.REFUSAL and chunk.text.casefold() == "upgrade":
        return replace(chunk, tag=Tag.ROSE, value=None)
    return chunk


def _owed_late(question: str, chunks: Sequence[Chunk]) -> list[Chunk]:
    """``The overdue amount`` is what accounts owe that are overdue, and not what they pay a month."""
    late = [chunk for chunk in chunks if chunk.tag is Tag.STATUS and chunk.value is StatusWord.OVERDUE]
    named = any(chunk.tag in (Tag.METRIC, Tag.INVOICES, Tag.NAME) for chunk in chunks)
    if not _OVERDUE_AMOUNT.search(question) or named or len(late) != 1:
        return list(chunks)
    return [*chunks, replace(late[0], tag=Tag.METRIC, value=Metric.OUTSTANDING)]


def _without_revenue(chunks: Sequence[Chunk]) -> list[Chunk]:
    """``How much revenue did we receive?`` asks for what came in, as ``money`` there does."""
    if all(chunk.tag is not Tag.RECEIVED for chunk in chunks):
        return list(chunks)
    return [chunk for chunk in chunks if not (chunk.tag is Tag.METRIC and chunk.text.casefold() == "revenue")]


def _paid_so_far(question: str, chunks: Sequence[Chunk]) -> list[Chunk]:
    """``What did Acme pay?`` without a period asks for all of it, ``did Acme pay?`` for its payment status, and neither
    for what it pays a month now."""
    what, whether = _PAID_WHAT.match(question), _DID_IT_PAY.match(question)
    if {chunk.tag for chunk in chunks} - {Tag.NAME, Tag.ITS, Tag.TOTAL, Tag.METRIC} or not (what or whether):
        return list(chunks)
    meant: dict[str, Any] = {"value": Metric.LIFETIME_VALUE} if what else {"tag": Tag.STATUS_NAME, "value": None}
    return [replace(chunk, **meant) if chunk.text.casefold() in ("pay", "spend") else chunk for chunk in chunks]


def _earned(question: str, chunks: Sequence[Chunk]) -> list[Chunk]:
    """``How much did we make in Q3?`` asks for what came in, and not for the MRR at the end of it."""
    metrics = {chunk.text.casefold() for chunk in chunks if chunk.tag is Tag.METRIC}
    dated = any(chunk.tag is Tag.PERIOD for chunk in chunks)
    if not _EARNED.search(question) or not dated or metrics - _EARNING - {"revenue"}:
        return list(chunks)
    return [replace(chunk, tag=Tag.RECEIVED) if chunk.text.casefold() in _EARNING else chunk for chunk in chunks]


def _is_verb(chunk: Chunk) -> bool:
    return chunk.tag in (Tag.METRIC, Tag.STATUS) and _PAY_WORD.match(chunk.text) is not None


def _invoices_paid_in(chunks: Sequence[Chunk]) -> list[Chunk]:
    """``Invoices paid in October``: the month is that of the payment. Of "paid October's invoice" it is not."""
    if all(chunk.tag is not Tag.INVOICES for chunk in chunks):
        return list(chunks)
    found = list(chunks)
    for place, chunk in enumerate(chunks):
        behind = chunks[place + 1].tag if place + 1 < len(chunks) else None
        if chunk.tag is not Tag.PERIOD or behind is Tag.INVOICES:
            continue
        first = place
        while first and chunks[first - 1].tag in _BETWEEN:
            first -= 1
        denied = first > 1 and chunks[first - 2].tag is Tag.NOT
        if first and _is_verb(chunks[first - 1]) and not denied:
            verb = chunks[first - 1]
            found[first - 1] = replace(verb, tag=Tag.STATUS, value=StatusWord.PAID)
            found[place] = replace(chunk, tag=Tag.PAID_IN)
    return found


def _received(question: str, chunks: Sequence[Chunk], *, of_one: bool) -> list[Chunk]:
    """``How much was paid in October?``, ``did Acme pay last month?``: what was paid in that time."""
    tags = {chunk.tag for chunk in chunks}
    verbs = [chunk for chunk in chunks if _is_verb(chunk)]
    if Tag.PERIOD not in tags or Tag.INVOICES in tags or not verbs:
        return list(chunks)
    if any(chunk.tag is Tag.METRIC and not _is_verb(chunk) for chunk in chunks):
        return list(chunks)
    asked = of_one and _LOOKING_BACK.match(question) is not None
    asked = asked or (_RECEIVED.search(question) is not None and not tags & _LISTING)
    return [replace(chunk, tag=Tag.RECEIVED) if asked and chunk in verbs else chunk for chunk in chunks]
